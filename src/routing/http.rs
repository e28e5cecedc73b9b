//! `/v1/routings`, and `/v1/routing-rules`, which are open to everybody.
use super::dto::{DecisionOut, Writer};
use super::engine::decide;
use super::facts::{FactFault, Facts};
use super::rule_dto::RuleDocument;
use super::rules::Ruleset;
use super::schema::RoutingFacts;
use crate::body::{Body, Query};
use crate::caller::{Caller, Scope};
use crate::contacts::Directory;
use crate::metrics::Metrics;
use crate::page::Page;
use crate::problem::{Deciding, Fault, Open, Problem};
use crate::shelf;
use crate::text::{Language, LocalizedText};
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(decide_routing).service(list_rules).service(show_rule);
}

/// Decide whom to contact
///
/// Facts of an incident in, an ordered and explained list of contacts out. Stateless: nothing is
/// stored, and the same facts give the same decision. Plain texts (`why`, `legal_basis`, `hours`,
/// `deadline_steps`) are in the language of `Accept-Language`. Needs `incidents:read`.
#[utoipa::path(tag = "routing", operation_id = "decideRouting", request_body = RoutingFacts,
    responses((status = 200, body = DecisionOut), Deciding))]
#[post("/v1/routings")]
async fn decide_routing(
    caller: Caller,
    language: Language,
    ruleset: Data<Ruleset>,
    directory: Data<Directory>,
    metrics: Data<Metrics>,
    Body(RoutingFacts(json), _): Body<RoutingFacts>,
) -> Result<HttpResponse, Problem> {
    caller.with(Scope::IncidentsRead)?;
    let facts = Facts::read(&ruleset.schema, &json)?;
    check_done(&facts, &ruleset, &directory)?;
    metrics.count_decision(facts.stage.as_str());
    let writer = Writer { directory: &directory, ruleset: &ruleset, language };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, "Accept-Language"))
        .json(writer.decision(decide(&ruleset, &facts))))
}

/// Something done that no one knows would leave the list as it is, and its caller in error.
fn check_done(facts: &Facts, ruleset: &Ruleset, directory: &Directory) -> Result<(), Problem> {
    let mut faults = vec![];
    let mut unknown = |index: usize, field: &str, ja: &str, en: &str| {
        let pointer = format!("/history/done/{index}/{field}");
        faults.push(Fault::new(pointer, "unknown-value", LocalizedText::new(ja, en)));
    };
    for (index, done) in facts.done.iter().enumerate() {
        if directory.contact(&done.contact).is_none() {
            unknown(index, "contact", "この連絡先はありません", "there is no such contact");
        }
        if !ruleset.actions.iter().any(|(action, _)| *action == done.action) {
            unknown(index, "action", "この行動はどの規則にもありません", "no rule has such an action");
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

impl From<Vec<FactFault>> for Problem {
    fn from(faults: Vec<FactFault>) -> Self {
        let faults = faults.into_iter().map(|fault| {
            let expected = fault.expected;
            let text = LocalizedText::new(
                format!("{expected} として読めません"),
                format!("cannot be read as {expected}"),
            );
            Fault::new(fault.pointer, "format", text)
        });
        Self::invalid(faults.collect())
    }
}

/// A page of rules, in the order of their files.
#[derive(Serialize, ToSchema)]
pub struct RoutingRulePage {
    items: Vec<RuleDocument>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RuleParams {
    /// Rules that lead to this contact.
    #[param(max_length = 64, example = "ppc_leak_report")]
    contact: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List routing rules
///
/// The rules themselves: when each holds, whom it leads to, by when, and on what basis.
#[utoipa::path(tag = "routing", operation_id = "listRoutingRules", security(()), params(RuleParams),
    responses((status = 200, body = RoutingRulePage), Open))]
#[get("/v1/routing-rules")]
async fn list_rules(
    request: HttpRequest,
    ruleset: Data<Ruleset>,
    Query(params): Query<RuleParams>,
) -> Result<HttpResponse, Problem> {
    let contact = params.contact.as_deref();
    let list = format!("{contact:?}");
    let page = Page::read(params.after.as_deref(), params.limit, &["routing-rules", &list])?;
    let found: Vec<&RuleDocument> = ruleset
        .documents
        .iter()
        .filter(|rule| contact.is_none_or(|contact| rule.contact == contact))
        .collect();
    let (items, next_cursor) = page.of(found, |rule| &rule.id)?;
    let page = RoutingRulePage { items: items.into_iter().cloned().collect(), next_cursor };
    shelf::json(&request, || Ok(page))
}

/// Show a routing rule
///
/// One rule with its condition, basis and sources.
#[utoipa::path(tag = "routing", operation_id = "getRoutingRule", security(()),
    params(("rule" = String, Path, example = "R-PPC-01")),
    responses((status = 200, body = RuleDocument), Open))]
#[get("/v1/routing-rules/{rule}")]
async fn show_rule(
    request: HttpRequest,
    ruleset: Data<Ruleset>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let rule = ruleset.documents.iter().find(|rule| rule.id == *id).ok_or_else(Problem::not_found)?;
    shelf::json(&request, || Ok(rule))
}
