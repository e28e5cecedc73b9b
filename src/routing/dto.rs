//! A decision on the wire. Plain strings for people (`why`, `legal_basis`, `hours`,
//! `deadline_steps`) are in the language asked for, like `title` and `detail` of a problem.
use super::decision::{Action, Completed, Decision, Due, DueKind, Reason, Status};
use super::words::{BasisType, Obligation, Stage, Tri};
use crate::contacts::{ChannelType, Confidence, Directory};
use crate::text::{Language, LocalizedText};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Whom to contact, in order, by when and why, for the facts as given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingDecision)]
pub struct DecisionOut {
    pub as_of: DateTime<Utc>,
    /// Version of the rules.
    #[schema(example = "2026.11.23")]
    pub ruleset: String,
    pub stage: Stage,
    /// What follows from the facts, e.g. `appi_reportable`.
    pub derived: BTreeMap<String, Tri>,
    /// To be kept in mind whatever is done.
    pub guardrails: Vec<GuardrailOut>,
    /// In the order to do them.
    pub actions: Vec<ActionOut>,
    /// Done already, by the facts' history.
    pub completed: Vec<CompletedOut>,
    /// Duties that do not hold here, and rules that a more special one replaced.
    pub not_applied: Vec<NotAppliedOut>,
    /// What these rules are, and are not.
    pub notice: Option<LocalizedText>,
}

/// A warning that goes with every action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guardrail)]
pub struct GuardrailOut {
    #[schema(example = "G-NO-POWEROFF")]
    pub id: String,
    pub text: LocalizedText,
}

/// One thing to do, with one contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingAction)]
pub struct ActionOut {
    /// 1 comes first.
    #[schema(minimum = 1)]
    pub sequence: usize,
    /// Id of the contact.
    #[schema(example = "ppc_leak_report")]
    pub contact: String,
    pub contact_name: LocalizedText,
    #[schema(example = "prelim_report")]
    pub action: String,
    pub action_name: LocalizedText,
    /// Whom among several: which vendor, which customer.
    pub party: Option<String>,
    pub obligation: Obligation,
    /// 0 to 8; 8 is a calendar item with nothing to do today.
    #[schema(maximum = 8)]
    pub tier: u8,
    pub tier_name: LocalizedText,
    pub status: Status,
    /// It is not known yet whether this is needed; `open_questions` would settle it.
    pub provisional: bool,
    pub due: DueOut,
    pub channel: Option<ActionChannel>,
    /// Forms that can be used.
    pub forms: Vec<String>,
    /// What each of these forms is, and why it helps.
    pub form_notes: Vec<FormNote>,
    /// Sets of particulars that the report asks for.
    pub info_sets: Vec<String>,
    /// Contacts to turn to before this one.
    pub after: Vec<String>,
    /// Facts that would settle it.
    pub open_questions: Vec<String>,
    /// Set where another contact takes the place of the usual one.
    pub substitution: Option<SubstitutionOut>,
    pub reasons: Vec<ReasonOut>,
}

/// A form that can be used for a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormNote {
    #[schema(example = "common_form_ransomware")]
    pub form: String,
    pub title: LocalizedText,
    /// Why it helps.
    pub text: LocalizedText,
}

/// By when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Due)]
pub struct DueOut {
    pub kind: DueKind,
    /// Due by the end of this day, in Tokyo.
    #[schema(format = Date)]
    pub date: Option<NaiveDate>,
    /// The day to aim for.
    #[schema(format = Date)]
    pub target: Option<NaiveDate>,
    /// Due at this moment.
    pub at: Option<DateTime<Utc>>,
}

/// The way to take.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionChannel {
    /// `phone`, `email`, `web_form`, `web`, `in_person`, `post` or `contract_contact`; more may come.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "web_form")]
    pub kind: ChannelType,
    /// Null where the company's own contract holds it.
    pub value: Option<String>,
    /// In the language asked for.
    pub hours: Option<String>,
}

/// The contact that was replaced, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactSubstitution)]
pub struct SubstitutionOut {
    pub rule: String,
    /// Id of the contact that was replaced.
    pub contact: String,
    pub text: LocalizedText,
}

/// One rule that asks for the action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingReason)]
pub struct ReasonOut {
    #[schema(example = "R-PPC-01")]
    pub rule: String,
    pub text: LocalizedText,
    /// In the language asked for.
    pub legal_basis: String,
    /// `statute`, `supervisory`, `admin_guidance`, `contract`, `guideline` or `practice`; more may come.
    #[schema(value_type = String, example = "statute")]
    pub basis_type: BasisType,
    /// Keys of sources; `GET /v1/routing-rules/{rule}` has them in full.
    pub sources: Vec<String>,
    pub confidence: Confidence,
    /// Not confirmed by a source.
    pub unverified: bool,
    pub provisional: bool,
    /// The facts that made the rule hold.
    pub facts: Vec<FactFinding>,
    /// How the date was found, in the language asked for.
    pub deadline_steps: Vec<String>,
}

/// A fact and its value.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactFinding {
    #[schema(example = "incident.types")]
    pub fact: String,
    #[schema(example = "ransomware")]
    pub value: String,
}

/// Something that is done already.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompletedAction)]
pub struct CompletedOut {
    pub contact: String,
    pub contact_name: LocalizedText,
    pub action: String,
    pub party: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub rules: Vec<String>,
}

/// A rule that does not apply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleNotApplied)]
pub struct NotAppliedOut {
    #[schema(example = "R-CRD-01")]
    pub rule: String,
    /// In the language asked for.
    pub why: String,
}

/// What a decision is written with: names from the directory, in a language.
#[derive(Debug)]
pub struct Writer<'a> {
    pub directory: &'a Directory,
    pub ruleset: &'a super::Ruleset,
    pub language: Language,
}

impl Writer<'_> {
    pub fn decision(&self, decision: Decision) -> DecisionOut {
        DecisionOut {
            as_of: decision.as_of.to_utc(),
            ruleset: self.ruleset.version.clone(),
            stage: decision.stage,
            derived: decision.derived.into_iter().collect(),
            guardrails: decision
                .guardrails
                .into_iter()
                .map(|(id, text)| GuardrailOut { id, text })
                .collect(),
            actions: decision
                .actions
                .into_iter()
                .zip(1..)
                .map(|(action, sequence)| self.action(action, sequence))
                .collect(),
            completed: decision.completed.into_iter().map(|completed| self.completed(completed)).collect(),
            not_applied: decision
                .not_applied
                .into_iter()
                .map(|not_applied| NotAppliedOut {
                    rule: not_applied.rule,
                    why: self.say(&not_applied.why),
                })
                .collect(),
            notice: self.ruleset.notice.clone(),
        }
    }

    fn say(&self, text: &LocalizedText) -> String {
        text.get(self.language).to_owned()
    }

    fn action(&self, action: Action, sequence: usize) -> ActionOut {
        ActionOut {
            sequence,
            contact_name: self.contact_name(&action.contact),
            action_name: named(&self.ruleset.actions, &action.action),
            due: action.due.into(),
            channel: self.channel(&action),
            contact: action.contact,
            action: action.action,
            party: action.party,
            obligation: action.obligation,
            tier: action.tier,
            tier_name: named(&self.ruleset.tiers, &action.tier),
            form_notes: self.form_notes(&action.forms),
            status: action.status,
            provisional: action.provisional,
            forms: action.forms,
            info_sets: action.info_sets,
            after: action.after,
            open_questions: action.open_questions,
            substitution: action.substituted.map(|s| SubstitutionOut {
                rule: s.rule,
                contact: s.contact,
                text: s.reason,
            }),
            reasons: action.reasons.into_iter().map(|r| self.reason(r)).collect(),
        }
    }

    fn reason(&self, reason: Reason) -> ReasonOut {
        ReasonOut {
            rule: reason.rule,
            legal_basis: self.say(&reason.legal_basis),
            text: reason.text,
            basis_type: reason.basis_type,
            sources: reason.sources,
            confidence: reason.confidence,
            unverified: reason.unverified,
            provisional: reason.provisional,
            facts: reason
                .facts
                .into_iter()
                .map(|finding| FactFinding { fact: finding.fact, value: finding.value })
                .collect(),
            deadline_steps: reason.deadline_steps.iter().map(|s| self.say(s)).collect(),
        }
    }

    fn channel(&self, action: &Action) -> Option<ActionChannel> {
        let channel = self.directory.contact(&action.contact)?.channel(action.channel)?;
        Some(ActionChannel {
            kind: channel.kind,
            value: channel.value.clone(),
            hours: channel.hours.as_ref().map(|hours| self.say(hours)),
        })
    }

    fn completed(&self, completed: Completed) -> CompletedOut {
        CompletedOut {
            contact_name: self.contact_name(&completed.contact),
            contact: completed.contact,
            action: completed.action,
            party: completed.party,
            at: completed.at.map(|at| at.to_utc()),
            rules: completed.rules,
        }
    }

    /// The rules are checked at start to name contacts of the directory only.
    fn contact_name(&self, id: &str) -> LocalizedText {
        self.directory.contact(id).map_or_else(|| LocalizedText::new(id, id), |c| c.name.clone())
    }

    fn form_notes(&self, forms: &[String]) -> Vec<FormNote> {
        let known = self.ruleset.annotations.iter().filter(|note| forms.contains(&note.form));
        known
            .map(|note| FormNote {
                form: note.form.clone(),
                title: named(&self.ruleset.forms, &note.form),
                text: note.reason.clone(),
            })
            .collect()
    }
}

/// The title of a word; the files are checked to have one for each.
fn named<K: PartialEq + ToString>(titles: &[(K, LocalizedText)], word: &K) -> LocalizedText {
    let title = titles.iter().find(|(known, _)| known == word);
    title.map_or_else(|| LocalizedText::new(word.to_string(), word.to_string()), |(_, title)| title.clone())
}

impl From<Due> for DueOut {
    fn from(due: Due) -> Self {
        Self { kind: due.kind, date: due.date, target: due.target, at: due.at.map(|at| at.to_utc()) }
    }
}
