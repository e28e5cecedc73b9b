//! `POST /v1/incidents/{incident}/completions`.
use super::super::domain::{Completion, What};
use super::super::dto::{NewCompletion, TimelineEntry};
use super::super::plan::{Plan, Refusal};
use super::Case;
use crate::answer;
use crate::audit;
use crate::body::Body;
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::db::Db;
use crate::era;
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::problem::{Fault, Problem, Writing, kinds};
use crate::routing::Rulesets;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};

/// Complete something of the plan
///
/// What is done leaves the plan; the timeline keeps it. What the plan does not ask for is refused, and so is
/// a time before it happened; where the plan asks for it with several parties, one is to be named. Needs
/// `incidents:write`.
#[utoipa::path(tag = "incidents", operation_id = "completeAction", request_body = NewCompletion,
    params(("incident" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = TimelineEntry, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/incidents/{incident}/completions")]
pub async fn complete_action(
    caller: Caller,
    db: Data<Db>,
    rulesets: Data<Rulesets>,
    id: Path<Id>,
    idempotency: Idempotency,
    Body(body, said): Body<NewCompletion>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsWrite)?;
    let by = caller.subject().to_owned();
    let (event, now) = (clock::new_id(), clock::now());
    let created = db
        .write(move |conn| {
            let case = Case::load(conn, &tenant, &id)?;
            once(conn, &tenant, &idempotency, &said, |conn| {
                let NewCompletion { contact, action, party, at, note } = body.clone();
                let done = Completion { contact, action, party, at: at.unwrap_or(now), note };
                let plan = case.plan(rulesets.current(), &case.standing(), now)?;
                let done = accepted(&plan, done, now)?;
                let event = case.note(conn, &tenant, &by, (&event, now), What::Completed(done))?;
                audit::created(conn, &tenant, &event)?;
                let location = format!("/v1/incidents/{}/timeline", event.incident_id);
                let body = answer::text(&TimelineEntry::from(event))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

fn accepted(plan: &Plan<'_>, done: Completion, now: DateTime<Utc>) -> Result<Completion, Problem> {
    if !era::holds(done.at) {
        let (ja, en) = era::RULE;
        return Err(Problem::invalid(vec![Fault::new("/at", era::CODE, LocalizedText::new(ja, en))]));
    }
    plan.accept(done, now).map_err(refused)
}

fn refused(refusals: Vec<Refusal>) -> Problem {
    if refusals.contains(&Refusal::AlreadyDone) {
        return Problem::new(&kinds::DUPLICATE)
            .with_detail(LocalizedText::new("すでに済んでいます。", "That is done already."));
    }
    let mut faults = vec![];
    for refusal in refusals {
        match refusal {
            Refusal::NotInPlan { asked } => {
                let asked = asked.join(", ");
                let rule = LocalizedText::new(
                    format!("計画にありません。計画が求めているのは: {asked}"),
                    format!("is not in the plan, which asks for: {asked}"),
                );
                faults.push(Fault::new("/contact", "not-in-plan", rule));
            }
            Refusal::Later => {
                let rule = LocalizedText::new("まだ来ていない日時です", "is still to come");
                faults.push(Fault::new("/at", "in-the-future", rule));
            }
            Refusal::Earlier => {
                let rule = LocalizedText::new("事案より前の日時です", "is before it happened");
                faults.push(Fault::new("/at", "contradiction", rule));
            }
            Refusal::Which { parties } => {
                let rule = LocalizedText::new(
                    format!("相手が複数います。一つを指定してください: {}", parties.join("、")),
                    format!("there are several; name one of {}", parties.join(", ")),
                );
                faults.push(Fault::new("/party", "required", rule));
            }
            Refusal::AlreadyDone => {}
        }
    }
    Problem::invalid(faults)
}
