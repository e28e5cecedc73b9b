//! An assessment that is about to be made: what it says, held against what is there.
use super::super::domain::{Answer, Assessment, Refusal, State, check_answers, merged, missing};
use super::super::dto::{NewAssessment, NewState};
use super::super::store;
use super::create::found;
use super::fault;
use crate::answer;
use crate::audit;
use crate::caller::Tenant;
use crate::clients;
use crate::clock;
use crate::db::{AnyConnection, StoreError};
use crate::problem::{Fault, Problem, kinds};
use crate::questionnaires::{self, Questionnaire, Questionnaires};
use crate::text::LocalizedText;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// An assessment that is about to be made: everything that needs no database has been checked.
#[derive(Debug, Clone)]
pub struct Making {
    body: NewAssessment,
    questionnaire: Arc<Questionnaire>,
    id: String,
    by: String,
    now: DateTime<Utc>,
}

impl Making {
    /// `needs_name`: whether it must have an `external_id`.
    pub fn of(
        body: NewAssessment,
        questionnaire: Option<Arc<Questionnaire>>,
        all: &Questionnaires,
        by: &str,
        needs_name: bool,
    ) -> Result<Self, Problem> {
        let questionnaire = checked(&body, questionnaire, all, needs_name)?;
        Ok(Self { body, questionnaire, id: clock::new_id(), by: by.to_owned(), now: clock::now() })
    }

    /// The questionnaire that is submitted by it, for the metrics.
    pub fn submits(&self) -> Option<String> {
        (state_of(&self.body) == NewState::Submitted).then(|| self.questionnaire.id.clone())
    }

    /// Stores the assessment, or finds that it is stored already: then the second is true.
    pub fn make(
        &self,
        conn: &mut AnyConnection,
        tenant: &Tenant,
        shipped: &Questionnaires,
    ) -> Result<(Assessment, bool), Problem> {
        let client_id = client_of(conn, tenant, &self.body)?;
        if let Some(kept) = self.begun_from_another(conn, tenant, &client_id)? {
            let fingerprint = fingerprint_of(&client_id, &self.body)?;
            return replayed(kept, &fingerprint);
        }
        match questionnaires::take_into_use(conn, tenant, &self.body.questionnaire, self.now) {
            // Somebody took it away since it was looked for.
            Err(StoreError::Missing) => return Err(unknown_questionnaire(shipped)),
            other => other?,
        }
        // It stays from now on; but it may have been put there anew since the answers were held against it.
        let is_own = shipped.get(&self.body.questionnaire).is_none();
        let now = if is_own { found(conn, tenant, shipped, &self.body.questionnaire)? } else { None };
        if is_own && now.is_none_or(|now| !asks_the_same(&now, &self.questionnaire)) {
            return Err(StoreError::Contended("the questionnaire was put there anew".into()).into());
        }
        let carried = self.carried(conn, tenant, shipped, &client_id)?;
        save_once(conn, tenant, self.assessment(client_id, &carried)?)
    }

    /// The assessment that an earlier try of the same call has stored. Only where the answers came from another
    /// one: that may have gone since, and what is there would not be found.
    fn begun_from_another(
        &self,
        conn: &mut AnyConnection,
        tenant: &Tenant,
        client_id: &str,
    ) -> Result<Option<Assessment>, StoreError> {
        let (Some(_), Some(external_id)) = (&self.body.carry_forward_from, &self.body.external_id) else {
            return Ok(None);
        };
        match store::by_external_id(conn, tenant, client_id, external_id) {
            Err(StoreError::Missing) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Whether it needs nothing of the database but its client.
    pub fn is_plain(&self, shipped: &Questionnaires) -> bool {
        self.body.carry_forward_from.is_none() && shipped.get(&self.body.questionnaire).is_some()
    }

    /// The client that is named, by its id or by the provider's own name.
    pub fn client(&self) -> (Option<&str>, Option<&str>) {
        (self.body.client_id.as_deref(), self.body.client_external_id.as_deref())
    }

    /// What is to be stored, for this client and with the answers that are taken over.
    pub fn assessment(&self, client_id: String, carried: &[Answer]) -> Result<Assessment, Problem> {
        let fingerprint = fingerprint_of(&client_id, &self.body)?;
        let Self { body, questionnaire, id, by, now } = self;
        let draft = Assessment {
            id: id.clone(),
            fingerprint,
            client_id,
            questionnaire: questionnaire.id.clone(),
            external_id: body.external_id.clone(),
            state: State::Draft,
            answers: merged(questionnaire, carried, &body.answers, &[]),
            carried_from: body.carry_forward_from.as_ref().map(|id| id.to_string()),
            revision: 1,
            created_by: by.clone(),
            created_at: *now,
            updated_at: *now,
            submitted: None,
            reviewed: None,
        };
        Ok(match state_of(body) {
            NewState::Draft => draft,
            NewState::Submitted => Assessment { revision: 1, ..draft.submit(questionnaire, by, *now)? },
        })
    }

    /// The answers of the earlier assessment that still answer what is asked: to the same controls, where
    /// they ask for the same.
    fn carried(
        &self,
        conn: &mut AnyConnection,
        tenant: &Tenant,
        shipped: &Questionnaires,
        client_id: &str,
    ) -> Result<Vec<Answer>, Problem> {
        let Some(from) = &self.body.carry_forward_from else { return Ok(vec![]) };
        let earlier = match store::get(conn, tenant, from) {
            Ok(earlier) if earlier.client_id == client_id => earlier,
            Ok(_) | Err(StoreError::Missing) => {
                return Err(Problem::invalid(vec![Fault::new(
                    "/carry_forward_from",
                    "unknown-assessment",
                    LocalizedText::new("この顧客の評価ではありません", "is no assessment of this client"),
                )]));
            }
            Err(error) => return Err(error.into()),
        };
        let before = super::asked_by(conn, tenant, shipped, &self.questionnaire, &earlier)?;
        Ok(earlier
            .answers
            .into_iter()
            .filter(|answer| same(&before, &self.questionnaire, &answer.control))
            .collect())
    }
}

fn unknown_questionnaire(shipped: &Questionnaires) -> Problem {
    let known: Vec<_> = shipped.all().map(|q| q.id.as_str()).collect();
    Problem::invalid(vec![Fault::unknown_value("/questionnaire", &known)])
}

fn asks_the_same(one: &Questionnaire, other: &Questionnaire) -> bool {
    let asked = |questionnaire: &Questionnaire| -> Vec<(String, LocalizedText)> {
        questionnaire.items().map(|at| (at.item.control.clone(), at.item.statement.clone())).collect()
    };
    one.id == other.id && asked(one) == asked(other)
}

/// Whether both ask for the same by this control.
fn same(before: &Questionnaire, now: &Questionnaire, control: &str) -> bool {
    let item = |questionnaire: &Questionnaire| {
        let found = questionnaire.items().find(|at| at.item.control == control);
        found.map(|at| (at.item.title.clone(), at.item.statement.clone()))
    };
    item(now).is_some() && item(before) == item(now)
}

/// What the call says, in whatever order the answers come. Not by which name the client is called.
fn fingerprint_of(client_id: &str, body: &NewAssessment) -> Result<String, StoreError> {
    let mut answers: Vec<_> = body.answers.iter().collect();
    answers.sort_by(|a, b| a.control.cmp(&b.control));
    let from = body.carry_forward_from.as_deref();
    let said = (client_id, &body.questionnaire, state_of(body), answers, from);
    let bytes = serde_json::to_vec(&said).map_err(|error| StoreError::Broken(error.into()))?;
    Ok(answer::fingerprint(&[&bytes]))
}

fn state_of(body: &NewAssessment) -> NewState {
    body.state.unwrap_or(NewState::Draft)
}

/// Everything about a new assessment that can be checked without the database, at once.
fn checked(
    body: &NewAssessment,
    questionnaire: Option<Arc<Questionnaire>>,
    questionnaires: &Questionnaires,
    needs_name: bool,
) -> Result<Arc<Questionnaire>, Problem> {
    let mut faults = vec![];
    if needs_name && body.external_id.is_none() {
        faults.push(super::name_needed());
    }
    if body.client_id.is_some() == body.client_external_id.is_some() {
        faults.push(Fault::new(
            "/client_id",
            "one-of",
            LocalizedText::new(
                "client_id と client_external_id のどちらか一方だけを指定してください",
                "give either client_id or client_external_id",
            ),
        ));
    }
    if body.carry_forward_from.is_some() && state_of(body) == NewState::Submitted {
        faults.push(Fault::new(
            "/carry_forward_from",
            "only-draft",
            LocalizedText::new("引き継ぎは draft だけでできます", "is only for a draft"),
        ));
    }
    match &questionnaire {
        None => {
            let known: Vec<_> = questionnaires.all().map(|q| q.id.as_str()).collect();
            faults.push(Fault::unknown_value("/questionnaire", &known));
        }
        Some(questionnaire) => {
            let mut refusals = check_answers(questionnaire, questionnaires, &body.answers);
            if state_of(body) == NewState::Submitted {
                let missing = missing(questionnaire, &body.answers);
                refusals.extend(missing.into_iter().map(|control| Refusal::Missing { control }));
            }
            faults.extend(refusals.into_iter().map(fault));
        }
    }
    match questionnaire {
        Some(questionnaire) if faults.is_empty() => Ok(questionnaire),
        _ => Err(Problem::invalid(faults)),
    }
}

/// The id of the client that the body names. A client that is not there is a fault of the body: the
/// URL of the call is right.
fn client_of(conn: &mut AnyConnection, tenant: &Tenant, body: &NewAssessment) -> Result<String, Problem> {
    let (found, pointer) = match (&body.client_id, &body.client_external_id) {
        (Some(id), _) => (clients::get(conn, tenant, id), "/client_id"),
        (None, Some(external_id)) => {
            (clients::by_external_id(conn, tenant, external_id), "/client_external_id")
        }
        (None, None) => (Err(StoreError::Missing), "/client_id"),
    };
    match found {
        Ok(client) => Ok(client.id),
        Err(StoreError::Missing) => Err(unknown_client(pointer)),
        Err(error) => Err(error.into()),
    }
}

pub fn unknown_client(pointer: &str) -> Problem {
    Problem::invalid(vec![Fault::new(
        pointer,
        "unknown-client",
        LocalizedText::new("この顧客はありません", "there is no such client"),
    )])
}

/// Stores the assessment, or finds that it is stored already.
fn save_once(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    assessment: Assessment,
) -> Result<(Assessment, bool), Problem> {
    if store::add(conn, tenant, &assessment)? {
        store::events::begin_submitted(conn, tenant, &[&assessment])?;
        audit::created(conn, tenant, &assessment)?;
        return Ok((assessment, false));
    }
    let external_id = assessment.external_id.as_deref().unwrap_or_default();
    let kept = store::by_external_id(conn, tenant, &assessment.client_id, external_id)?;
    replayed(kept, &assessment.fingerprint)
}

/// What is there already, where it is what the call says.
fn replayed(kept: Assessment, fingerprint: &str) -> Result<(Assessment, bool), Problem> {
    if kept.fingerprint == fingerprint { Ok((kept, true)) } else { Err(external_id_taken(&kept)) }
}

fn external_id_taken(kept: &Assessment) -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("同じ external_id で内容の違う評価 {} がすでにあります。", kept.id),
        format!("The assessment {} has this external_id and says something else.", kept.id),
    ))
}
