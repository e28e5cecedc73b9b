//! `/v1/guidelines`: open to everybody.
use super::catalogue::{Catalogue, Filter};
use super::domain::{Control, Edition, Guideline, Term};
use crate::answer;
use crate::body::Query;
use crate::page::Page;
use crate::problem::{Fault, Open, Problem};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_guidelines).service(show_edition).service(list_controls).service(show_control);
}

/// The guidelines that are served.
#[derive(Serialize, ToSchema)]
pub struct GuidelinePage {
    items: Vec<Guideline>,
    /// Always null: the list is short.
    next_cursor: Option<String>,
}

/// A page of controls, in the order of the guideline.
#[derive(Serialize, ToSchema)]
pub struct ControlPage {
    items: Vec<Control>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ControlParams {
    /// Key of a group of the edition.
    #[param(max_length = 64, example = "self-check")]
    group: Option<String>,
    /// Key of a part of the edition.
    #[param(max_length = 64)]
    part: Option<String>,
    /// Key of a stage of the edition.
    #[param(max_length = 64)]
    stage: Option<String>,
    /// A tag that must be among the control's applicability; given several times, all must.
    #[serde(default)]
    #[param(max_items = 10)]
    tag: Vec<String>,
    /// Controls about this telework method.
    #[param(max_length = 64)]
    telework_method: Option<String>,
    /// Controls about this place of work.
    #[param(max_length = 64)]
    workplace: Option<String>,
    /// Controls about this type of incident.
    #[param(max_length = 64)]
    incident_type: Option<String>,
    /// Words that must all occur, in Japanese or English.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List guidelines
///
/// Every guideline with the editions that are served of it.
#[utoipa::path(tag = "guidelines", operation_id = "listGuidelines", security(()),
    responses((status = 200, body = GuidelinePage), Open))]
#[get("/v1/guidelines")]
async fn list_guidelines(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
) -> Result<HttpResponse, Problem> {
    let page = GuidelinePage { items: catalogue.guidelines().to_vec(), next_cursor: None };
    answer::public(&request, &page)
}

/// Show an edition
///
/// Date, structure, appendices, counts per group, the words its controls are filed under,
/// attribution, reuse note and sources.
#[utoipa::path(tag = "guidelines", operation_id = "getEdition", security(()),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1")),
    responses((status = 200, body = Edition), Open))]
#[get("/v1/guidelines/{guideline}/editions/{edition}")]
async fn show_edition(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (edition, _) = catalogue.edition(&path.0, &path.1).ok_or_else(Problem::not_found)?;
    answer::public(&request, edition)
}

/// List controls
///
/// The controls of an edition, in its order; every filter that is given must hold.
#[utoipa::path(tag = "guidelines", operation_id = "listControls", security(()),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1"), ControlParams),
    responses((status = 200, body = ControlPage), Open))]
#[get("/v1/guidelines/{guideline}/editions/{edition}/controls")]
async fn list_controls(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    path: Path<(String, String)>,
    Query(params): Query<ControlParams>,
) -> Result<HttpResponse, Problem> {
    let (edition, controls) = catalogue.edition(&path.0, &path.1).ok_or_else(Problem::not_found)?;
    let filter = params.filter(edition)?;
    // The request's own words, without the position in the list, name the list.
    let list = format!("{filter:?}");
    let page = Page::read(params.after.as_deref(), params.limit, &["controls", &path.0, &path.1, &list])?;
    let found: Vec<&Control> = controls.iter().filter(|c| filter.accepts(c)).collect();
    let (items, next_cursor) = page.of(found, |control| &control.key)?;
    let page = ControlPage { items: items.into_iter().cloned().collect(), next_cursor };
    answer::public(&request, &page)
}

/// Show a control
///
/// One control of an edition, in both languages, with its sources and how sure they are.
#[utoipa::path(tag = "guidelines", operation_id = "getControl", security(()),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1"),
        ("control" = String, Path, example = "self-check-01")),
    responses((status = 200, body = Control), Open))]
#[get("/v1/guidelines/{guideline}/editions/{edition}/controls/{control}")]
async fn show_control(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let control = catalogue.control(&path.0, &path.1, &path.2).ok_or_else(Problem::not_found)?;
    answer::public(&request, control)
}

impl ControlParams {
    /// The filter, or every value that the edition does not know.
    fn filter<'a>(&'a self, edition: &'a Edition) -> Result<Filter<'a>, Problem> {
        let keys = |terms: &'a [Term]| terms.iter().map(|term| term.key.as_str()).collect::<Vec<_>>();
        let groups = edition.groups.iter().map(|group| group.key.as_str()).collect();
        let mut faults = vec![];
        for (name, given, known) in [
            ("group", self.group.as_slice(), groups),
            ("part", self.part.as_slice(), keys(&edition.parts)),
            ("stage", self.stage.as_slice(), keys(&edition.stages)),
            ("tag", &self.tag, keys(&edition.tags)),
            ("telework_method", self.telework_method.as_slice(), keys(&edition.telework_methods)),
            ("workplace", self.workplace.as_slice(), keys(&edition.workplaces)),
            ("incident_type", self.incident_type.as_slice(), keys(&edition.incident_types)),
        ] {
            for value in given {
                if !known.contains(&value.as_str()) {
                    faults.push(Fault::unknown_value(format!("/query/{name}"), &known));
                }
            }
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        Ok(Filter {
            group: self.group.as_deref(),
            part: self.part.as_deref(),
            stage: self.stage.as_deref(),
            tags: self.tag.iter().map(String::as_str).collect(),
            telework_method: self.telework_method.as_deref(),
            workplace: self.workplace.as_deref(),
            incident_type: self.incident_type.as_deref(),
            q: self.q.as_deref(),
        })
    }
}
