//! Changing and taking away drafts, and what happened to an assessment.
use super::super::domain::{Answer, Assessment, check_answers, check_removed, merged};
use super::super::dto::AssessmentOut;
use super::super::events::{AnswerChange, Detail, Event, Kind, changes};
use super::super::store;
use super::asked;
use super::fault;
use crate::answer;
use crate::audit;
use crate::body::{Body, Query};
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::page::Page;
use crate::problem::{Problem, Reading, Removing, Updating};
use crate::questionnaires::{Questionnaire, Questionnaires};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Answers to merge into an assessment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"answers": [{"control": "self-check-11", "status": "partial", "note": "週次。復元は未確認"}], "remove": ["self-check-12"]}))]
pub struct AnswersPatch {
    /// Each takes the place of the answer to the same control.
    #[serde(default)]
    #[schema(max_items = 3000)]
    pub answers: Vec<Answer>,
    /// Controls whose answers are taken back.
    #[serde(default)]
    #[schema(max_items = 3000, min_length = 1, max_length = 64)]
    pub remove: Vec<String>,
}

impl AnswersPatch {
    /// Everything that is wrong with it.
    pub fn check(&self, questionnaire: &Questionnaire, all: &Questionnaires) -> Result<(), Problem> {
        let mut refusals = check_answers(questionnaire, all, &self.answers);
        refusals.extend(check_removed(questionnaire, all, &self.answers, &self.remove));
        if refusals.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid(refusals.into_iter().map(fault).collect()))
    }
}

/// Saves what an assessment answers now, and notes it; where that is what it answered, nothing happened.
pub fn save(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    (before, after): (&Assessment, &Assessment),
    kind: Kind,
    by: &str,
) -> Result<(), StoreError> {
    if before.revision == after.revision {
        return Ok(());
    }
    store::save(conn, tenant, after).map_err(StoreError::look_again)?;
    audit::changed(conn, tenant, before, after)?;
    let detail = Detail::of(changes(&before.answers, &after.answers));
    store::events::add(conn, tenant, after, kind, &detail, (by, after.updated_at))
}

/// Change the answers of an assessment
///
/// Answers are merged by control: what is not named stays as it is, and what says what was said is no change. Only
/// while it is a draft or changes are
/// requested. Needs `assessments:write` and `If-Match`.
#[utoipa::path(tag = "assessments", operation_id = "updateAssessment", request_body = AnswersPatch,
    params(("assessment" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the assessment", max_length = 200)),
    responses((status = 200, body = AssessmentOut, headers(("etag" = String))), Updating))]
#[patch("/v1/assessments/{assessment}")]
pub async fn update_assessment(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
    Body(body, _): Body<AnswersPatch>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let precondition = answer::precondition(&request)?;
    let subject = caller.subject().to_owned();
    let now = clock::now();
    let changed = db
        .write(move |conn| {
            let before = store::held(conn, &tenant, &id)?;
            precondition.holds(&AssessmentOut::from(before.clone()))?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &before)?;
            body.check(&questionnaire, &questionnaires)?;
            let answers = merged(&questionnaire, &before.answers, &body.answers, &body.remove);
            let changed = before.clone().answer(answers, now)?;
            save(conn, &tenant, (&before, &changed), Kind::Answered, &subject)?;
            Ok::<_, Problem>(changed)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &AssessmentOut::from(changed))
}

/// Delete a draft
///
/// What was ever submitted stays, also after it was reopened. Responses and links go with the draft; the audit log
/// says how many. Needs `assessments:write` and `If-Match`.
#[utoipa::path(tag = "assessments", operation_id = "deleteAssessment",
    params(("assessment" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the assessment", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/assessments/{assessment}")]
pub async fn delete_assessment(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let precondition = answer::precondition(&request)?;
    db.write(move |conn| {
        let draft = store::held(conn, &tenant, &id)?;
        precondition.holds(&AssessmentOut::from(draft.clone()))?;
        draft.may_go(store::events::any(conn, &tenant, &draft, Kind::Reopened)?)?;
        let links = store::links::count(conn, &tenant, &draft)?;
        let responses = store::responses::count(conn, &tenant, &draft)?;
        store::remove(conn, &tenant, &draft)?;
        let with = [("links", links), ("responses", responses)]
            .map(|(name, count)| (name, usize::try_from(count).unwrap_or_default()));
        audit::removed(conn, &tenant, &draft, &with).map_err(Problem::from)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// One thing that happened to an assessment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssessmentEvent)]
pub struct EventOut {
    /// From 0, its making, on; without gaps.
    sequence: i32,
    /// `created`, `answered`, `merged`, `submitted`, `accepted`, `changes_requested`, `reopened`; `responded`,
    /// `response_changed`, `response_removed` where several answer; more may come.
    #[schema(value_type = String, example = "answered")]
    kind: Kind,
    at: DateTime<Utc>,
    /// Subject of the token that did it.
    by: String,
    comment: Option<String>,
    /// Whose answers they are, where several answer; then the assessment's own are as they were.
    respondent: Option<String>,
    /// What became of each answer that changed; of `created` the answers that it was made with.
    changes: Vec<AnswerChange>,
}

impl From<Event> for EventOut {
    fn from(event: Event) -> Self {
        let Event { sequence, kind, detail: Detail { changes, comment, respondent }, by, at } = event;
        Self { sequence, kind, at, by, comment, respondent, changes }
    }
}

/// A page of what happened, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentEventPage {
    items: Vec<EventOut>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List what happened to an assessment
///
/// Who made it, who answered what and when, what it said before, and who decided what; oldest first. Needs
/// `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "listAssessmentEvents",
    params(("assessment" = String, Path, format = Uuid), EventParams),
    responses((status = 200, body = AssessmentEventPage), Reading))]
#[get("/v1/assessments/{assessment}/events")]
pub async fn list_events(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    Query(params): Query<EventParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let parts = ["assessment-events", &**id];
    let page = Page::read(Some(&tenant), params.after.as_deref(), params.limit, &parts)?;
    // The making is no row of its own: it stands in the assessment.
    let after: i32 = page.after.as_deref().map_or(-1, |after| after.parse().unwrap_or(i32::MAX));
    let fetch = page.fetch();
    let found = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            let is_first = after < 0;
            let made = is_first.then(|| store::events::making(conn, &tenant, &assessment)).transpose()?;
            let later = store::events::page(conn, &tenant, &assessment, after.max(0), fetch)?;
            Ok::<_, Problem>(made.into_iter().chain(later).collect::<Vec<_>>())
        })
        .await?;
    let keyed: Vec<(String, Event)> =
        found.into_iter().map(|event| (event.sequence.to_string(), event)).collect();
    let (items, next_cursor) = page.cut(keyed, |(key, _)| key);
    let items = items.into_iter().map(|(_, event)| EventOut::from(event)).collect();
    answer::private(&request, &AssessmentEventPage { items, next_cursor })
}
