//! `/v1/guidelines/{guideline}/editions/{edition}/controls`.
use super::super::catalogue::{Catalogue, Filter, Held};
use super::super::domain::{Control, Term};
use super::Found;
use super::find;
use crate::body::Query;
use crate::caller::{Scope, Visitor};
use crate::db::Db;
use crate::page::Page;
use crate::problem::{Fault, Problem, Visiting};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of controls: in the order of the guideline, or with `q` what fits best first.
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
    /// Key of a control: those that are parts of it.
    #[param(max_length = 64)]
    parent: Option<String>,
    /// For the SCS evaluation scheme: controls that this star asks for.
    #[param(minimum = 1, maximum = 5)]
    star: Option<u8>,
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
    /// Words that must all occur, in Japanese or English, whatever their width, case or kana.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List controls
///
/// The controls of an edition, in its order; every filter that is given must hold. With `q` those that
/// fit best come first. With a token that holds `assessments:read`, also those of the tenant's own.
#[utoipa::path(tag = "guidelines", operation_id = "listControls", security((), ("bearer" = [])),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1"), ControlParams),
    responses((status = 200, body = ControlPage), Visiting))]
#[get("/v1/guidelines/{guideline}/editions/{edition}/controls")]
pub async fn list_controls(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    path: Path<(String, String)>,
    Query(params): Query<ControlParams>,
) -> Result<HttpResponse, Problem> {
    let found = find(&catalogue, &db, &visitor, &path.0, &path.1).await?;
    // A list of the visitor's own is theirs; what ships is everybody's.
    let whose = visitor.with(Scope::AssessmentsRead).filter(|_| matches!(found, Found::Own(..)));
    found.show(&request, |held| {
        let filter = params.filter(held)?;
        // The request's own words, without the position in the list, name the list.
        let list = format!("{filter:?}");
        let parts = ["controls", &path.0, &path.1, &list];
        let page = Page::read(whose.as_ref(), params.after.as_deref(), params.limit, &parts)?;
        let (items, next_cursor) = page.of(held.find(&filter), |control| &control.key)?;
        Ok(ControlPage { items: items.into_iter().cloned().collect(), next_cursor })
    })
}

/// Show a control
///
/// One control of an edition, in both languages, with its sources and how sure they are. With a token that holds
/// `assessments:read`, also of the tenant's own.
#[utoipa::path(tag = "guidelines", operation_id = "getControl", security((), ("bearer" = [])),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1"),
        ("control" = String, Path, example = "self-check-01")),
    responses((status = 200, body = Control), Visiting))]
#[get("/v1/guidelines/{guideline}/editions/{edition}/controls/{control}")]
pub async fn show_control(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let found = find(&catalogue, &db, &visitor, &path.0, &path.1).await?;
    found.show(&request, |held| held.control(&path.2).cloned().ok_or_else(Problem::not_found))
}

impl ControlParams {
    /// The filter, or every value that the edition does not know.
    fn filter<'a>(&'a self, held: &'a Held) -> Result<Filter<'a>, Problem> {
        let edition = &held.edition;
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
        if self.parent.as_ref().is_some_and(|parent| held.control(parent).is_none()) {
            let rule = LocalizedText::new("この版の管理策ではありません", "is no control of this edition");
            faults.push(Fault::new("/query/parent", "unknown-value", rule));
        }
        if self.star.is_some() && held.controls.iter().all(|control| control.star.is_none()) {
            let rule = LocalizedText::new("この版に星はありません", "this edition has no stars");
            faults.push(Fault::new("/query/star", "unknown-value", rule));
        }
        if self.q.as_ref().is_some_and(|q| q.trim().is_empty()) {
            let rule = LocalizedText::new("空白だけにはできません", "must not be blank");
            faults.push(Fault::new("/query/q", "too-short", rule));
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        Ok(Filter {
            group: self.group.as_deref(),
            part: self.part.as_deref(),
            stage: self.stage.as_deref(),
            parent: self.parent.as_deref(),
            star: self.star,
            tags: self.tag.iter().map(String::as_str).collect(),
            telework_method: self.telework_method.as_deref(),
            workplace: self.workplace.as_deref(),
            incident_type: self.incident_type.as_deref(),
            q: self.q.as_deref(),
        })
    }
}
