//! `/v1/routings`, and `/v1/routing-rules`, which are open to everybody.
use super::check::{FactRefusal, refusals};
use super::dto::DecisionOut;
use super::engine::decide;
use super::facts::{FactFault, Facts};
use super::forms::Form;
use super::rule_dto::{RuleDocument, VersionDocument};
use super::rules::{Ruleset, Rulesets};
use super::schema::RoutingFacts;
use super::writer::Writer;
use crate::answer;
use crate::body::{Json, Query};
use crate::caller::{Caller, Scope};
use crate::contacts::{self, Directory};
use crate::db::Db;
use crate::era;
use crate::metrics::Metrics;
use crate::page::Page;
use crate::problem::{Deciding, Fault, Open, Problem};
use crate::routes::Routes;
use crate::shelf;
use crate::text::{Language, LocalizedText};
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::{IntoParams, ToSchema};

pub fn routes(to: &mut impl Routes) {
    to.service(decide_routing)
        .service(list_rulesets)
        .service(list_forms)
        .service(list_rules)
        .service(show_rule);
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoutingParams {
    /// Decide with this version of the rules; the current one when left out.
    #[param(max_length = 32, example = "2026.11.26")]
    ruleset: Option<String>,
}

/// Bytes of a decision: most take no more.
const USUAL: usize = 32 * 1024;

/// Decide whom to contact
///
/// Facts of an incident in, an ordered and explained list of contacts out. Stateless: nothing is
/// stored, and the same facts give the same decision. Facts that contradict each other are refused. Plain texts (`why`, `legal_basis`, `hours`,
/// `deadline_steps`) are in the language of `Accept-Language`. Needs `incidents:read`; with `contacts:read` as
/// well, it leads to the tenant's own contacts.
#[utoipa::path(tag = "routing", operation_id = "decideRouting", request_body = RoutingFacts,
    params(RoutingParams), responses((status = 200, body = DecisionOut<'_>), Deciding))]
#[post("/v1/routings")]
#[allow(clippy::too_many_arguments)] // Each is something to ask for.
async fn decide_routing(
    caller: Caller,
    language: Language,
    rulesets: Data<Rulesets>,
    db: Data<Db>,
    directory: Data<Directory>,
    metrics: Data<Metrics>,
    Query(params): Query<RoutingParams>,
    Json(json, _): Json<RoutingFacts>,
) -> Result<HttpResponse, Problem> {
    caller.with(Scope::IncidentsRead)?;
    let directory = directory_of(&caller, &db, &directory).await?;
    let ruleset = chosen(&rulesets, params.ruleset.as_deref())?;
    let facts = Facts::read(&ruleset.schema, &json)?;
    let refusals = refusals(ruleset, &directory, &facts);
    if !refusals.is_empty() {
        return Err(refusals.into());
    }
    metrics.count_decision(facts.stage.as_str());
    let writer = Writer { directory: &directory, ruleset, language };
    let body = answer::roomy(&writer.decision(decide(ruleset, &facts)), USUAL)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, "Accept-Language"))
        .content_type("application/json")
        .body(body))
}

/// Whoever may read the tenant's own contacts is led to them.
async fn directory_of<'a>(
    caller: &Caller,
    db: &Db,
    shipped: &'a Data<Directory>,
) -> Result<Cow<'a, Directory>, Problem> {
    let Ok(tenant) = caller.with(Scope::ContactsRead) else {
        return Ok(Cow::Borrowed(shipped.get_ref()));
    };
    let all = shipped.clone();
    let own = db.read(move |conn| contacts::directory_of(conn, &tenant, &all)).await?;
    Ok(Cow::Owned(own))
}

impl From<Vec<FactRefusal>> for Problem {
    fn from(refusals: Vec<FactRefusal>) -> Self {
        Self::invalid(refusals.into_iter().map(|r| Fault::new(r.pointer, r.code, r.text)).collect())
    }
}

/// The version that the caller names, or the current one.
fn chosen<'a>(rulesets: &'a Rulesets, version: Option<&str>) -> Result<&'a Ruleset, Problem> {
    let Some(version) = version else {
        return Ok(rulesets.current());
    };
    rulesets.version(version).ok_or_else(|| {
        let known: Vec<_> = rulesets.all().iter().map(|ruleset| ruleset.version.as_str()).collect();
        Problem::invalid(vec![Fault::unknown_value("/query/ruleset", &known)])
    })
}

impl From<Vec<FactFault>> for Problem {
    fn from(faults: Vec<FactFault>) -> Self {
        Self::invalid(faults.into_iter().map(|fault| fault.told("")).collect())
    }
}

impl FactFault {
    /// As the caller is told; pointers start at `root`.
    pub fn told(self, root: &str) -> Fault {
        let Self { pointer, expected } = self;
        let (code, ja, en) = if expected == era::CODE {
            (era::CODE, era::RULE.0.to_owned(), era::RULE.1.to_owned())
        } else {
            ("format", format!("{expected} として読めません"), format!("cannot be read as {expected}"))
        };
        Fault::new(format!("{root}{pointer}"), code, LocalizedText::new(ja, en))
    }
}

/// What each report asks for.
#[derive(Serialize, ToSchema)]
pub struct ReportFormList {
    items: Vec<Form>,
}

/// List the forms of reports
///
/// What each report asks for, in our own words, and which facts fill it. These are not the forms
/// themselves.
#[utoipa::path(tag = "routing", operation_id = "listRoutingForms", security(()),
    responses((status = 200, body = ReportFormList), Open))]
#[get("/v1/routing-forms")]
async fn list_forms(request: HttpRequest, rulesets: Data<Rulesets>) -> Result<HttpResponse, Problem> {
    shelf::json(&request, || Ok(ReportFormList { items: rulesets.current().reports.clone() }))
}

/// Every version of the rules, newest first.
#[derive(Serialize, ToSchema)]
pub struct RoutingRulesetList {
    items: Vec<VersionDocument>,
}

/// List versions of the routing rules
///
/// Every version that ships, with what it changed. A decision can be made with each of them.
#[utoipa::path(tag = "routing", operation_id = "listRoutingRulesets", security(()),
    responses((status = 200, body = RoutingRulesetList), Open))]
#[get("/v1/routing-rulesets")]
async fn list_rulesets(request: HttpRequest, rulesets: Data<Rulesets>) -> Result<HttpResponse, Problem> {
    let items = rulesets.all().iter().map(|ruleset| ruleset.about.clone()).collect();
    shelf::json(&request, || Ok(RoutingRulesetList { items }))
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
    /// Rules of this version; of the current one when left out.
    #[param(max_length = 32, example = "2026.11.26")]
    ruleset: Option<String>,
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
    rulesets: Data<Rulesets>,
    Query(params): Query<RuleParams>,
) -> Result<HttpResponse, Problem> {
    let contact = params.contact.as_deref();
    let list = format!("{contact:?}");
    let ruleset = chosen(&rulesets, params.ruleset.as_deref())?;
    let parts = ["routing-rules", &ruleset.version, &list];
    let page = Page::read(None, params.after.as_deref(), params.limit, &parts)?;
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
    params(("rule" = String, Path, example = "R-PPC-01"), RoutingParams),
    responses((status = 200, body = RuleDocument), Open))]
#[get("/v1/routing-rules/{rule}")]
async fn show_rule(
    request: HttpRequest,
    rulesets: Data<Rulesets>,
    id: Path<String>,
    Query(params): Query<RoutingParams>,
) -> Result<HttpResponse, Problem> {
    let ruleset = chosen(&rulesets, params.ruleset.as_deref())?;
    let rule = ruleset.documents.iter().find(|rule| rule.id == *id).ok_or_else(Problem::not_found)?;
    shelf::json(&request, || Ok(rule))
}
