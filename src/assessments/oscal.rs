//! An assessment as OSCAL assessment results, and its plan as a plan of action and milestones.
use super::domain::{Answer, Assessment, Source};
use super::plan::{AssessmentPlan, PlanItem};
use crate::oscal::{self, Metadata, Prop, own};
use crate::questionnaires::{Item, Questionnaire, Status};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The head of a document about an assessment: it is as new as the assessment.
fn metadata(title: &str, assessment: &Assessment) -> Metadata {
    let day = assessment.updated_at.date_naive();
    let mut metadata = oscal::metadata(title, &assessment.revision.to_string(), day);
    metadata.last_modified = time(assessment.updated_at);
    metadata.props =
        vec![own("state", assessment.state.as_str()), own("questionnaire", &assessment.questionnaire)];
    metadata
}

/// The parts of the catalog that findings are about.
#[derive(Debug)]
pub enum Statements {
    /// Our own catalogs: every control has one, and it is named after the control.
    Shipped,
    /// As a tenant's catalog names them, by control; a control may have none with a name.
    Own(HashMap<String, String>),
}

impl Statements {
    /// Kind and id of what a finding about the control is about.
    fn target(&self, control: &str) -> (&'static str, String) {
        let statement = match self {
            Self::Shipped => Some(format!("{control}_smt")),
            Self::Own(known) => known.get(control).cloned(),
        };
        statement.map_or_else(|| ("objective-id", control.to_owned()), |part| ("statement-id", part))
    }
}

/// What a company says of itself, control by control. An item without an answer has no finding.
pub fn results(assessment: &Assessment, questionnaire: &Questionnaire, statements: &Statements) -> Value {
    let id = assessment.id.as_str();
    let plan = oscal::uuid(&["assessment-plan", id]);
    let answered: Vec<(&Item, &Answer)> = questionnaire
        .items()
        .filter_map(|at| Some((at.item, assessment.answers.iter().find(|a| a.control == at.item.control)?)))
        .collect();
    let controls: Vec<Value> =
        questionnaire.items().map(|at| json!({ "control-id": at.item.control })).collect();
    let at = assessment.submitted.as_ref().map_or(assessment.updated_at, |submitted| submitted.at);
    let mut result = json!({
        "uuid": oscal::uuid(&["assessment-result", id]),
        "title": questionnaire.title.ja,
        "description": questionnaire.description.ja,
        "start": time(assessment.created_at),
        "reviewed-controls": { "control-selections": [{ "include-controls": controls }] },
    });
    if assessment.submitted.is_some() {
        result["end"] = json!(time(at));
    }
    if !answered.is_empty() {
        result["observations"] =
            answered.iter().map(|(item, answer)| observation(id, item, answer, at)).collect();
        result["findings"] =
            answered.iter().map(|(item, answer)| finding(id, item, answer, statements)).collect();
    }
    let Questionnaire { guideline, edition, .. } = questionnaire;
    json!({ "assessment-results": {
        "uuid": oscal::uuid(&["assessment-results", id]),
        "metadata": metadata(&questionnaire.title.ja, assessment),
        // There is no plan but the questionnaire itself.
        "import-ap": { "href": format!("#{plan}") },
        "results": [result],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": questionnaire.title.ja,
            "rlinks": [
                { "href": format!("/v1/questionnaires/{}/oscal-profile", questionnaire.id) },
                { "href": format!("/v1/guidelines/{guideline}/editions/{edition}/oscal-catalog") },
            ],
        }] },
    } })
}

fn observation(id: &str, item: &Item, answer: &Answer, at: DateTime<Utc>) -> Value {
    let method = match answer.source {
        Source::Own => "INTERVIEW",
        Source::Automated => "TEST",
        Source::Reviewer => "EXAMINE",
    };
    let mut observation = json!({
        "uuid": oscal::uuid(&["observation", id, &item.control]),
        "title": item.title.ja,
        "description": answer.note.as_deref().unwrap_or(&item.statement.ja),
        "methods": [method],
        "types": ["finding"],
        "collected": time(answer.observed_at.unwrap_or(at)),
    });
    if let Some(url) = &answer.evidence_url {
        observation["relevant-evidence"] = json!([{ "href": url, "description": item.title.ja }]);
    }
    observation
}

fn finding(id: &str, item: &Item, answer: &Answer, statements: &Statements) -> Value {
    let (kind, target) = statements.target(&item.control);
    let done = answer.status == Status::Implemented;
    let props: Vec<Prop> = vec![
        own("control", &item.control),
        own("answer", word(&answer.status)),
        own("source", word(&answer.source)),
    ];
    json!({
        "uuid": oscal::uuid(&["finding", id, &item.control]),
        "title": item.title.ja,
        "description": item.statement.ja,
        "props": props,
        "target": {
            "type": kind,
            "target-id": target,
            "status": {
                "state": if done { "satisfied" } else { "not-satisfied" },
                "reason": match answer.status {
                    Status::Implemented => "pass",
                    Status::NotApplicable | Status::Unknown => "other",
                    Status::Partial | Status::NotImplemented => "fail",
                },
            },
        },
        "related-observations": [{ "observation-uuid": oscal::uuid(&["observation", id, &item.control]) }],
    })
}

fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// What to do next; `None` where there is nothing: OSCAL has no plan without an item.
pub fn plan_of_action(
    assessment: &Assessment,
    questionnaire: &Questionnaire,
    plan: &AssessmentPlan,
) -> Option<Value> {
    if plan.items.is_empty() {
        return None;
    }
    let items: Vec<Value> = plan.items.iter().map(|item| step(&assessment.id, item)).collect();
    Some(json!({ "plan-of-action-and-milestones": {
        "uuid": oscal::uuid(&["plan-of-action", &assessment.id]),
        "metadata": metadata(&questionnaire.title.ja, assessment),
        "system-id": { "identifier-type": "https://ietf.org/rfc/rfc4122", "id": assessment.client_id },
        "poam-items": items,
    } }))
}

fn step(id: &str, item: &PlanItem) -> Value {
    let props: Vec<Prop> = vec![
        own("sequence", item.sequence.to_string()),
        own("control", &item.control),
        own("answer", word(&item.status)),
        own("effort", word(&item.effort)),
        own("points-to-gain", item.points_to_gain.to_string()),
    ];
    json!({
        "uuid": oscal::uuid(&["poam-item", id, &item.control]),
        "title": item.title.ja,
        "description": item.advice.as_ref().unwrap_or(&item.reason).ja,
        "props": props,
        "remarks": item.reason.ja,
    })
}
