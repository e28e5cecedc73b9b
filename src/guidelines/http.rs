//! `/v1/guidelines`: open to everybody; with a token, the tenant's own guidelines stand beside the shipped.
mod changes;
mod controls;
mod mappings;
mod own;

use super::catalogue::{Catalogue, Held};
use super::edition::{Edition, Guideline};
use super::own::{OwnEdition, PREFIX, guidelines as own_guidelines};
use super::store;
use crate::answer;
use crate::caller::{Scope, Visitor};
use crate::db::{Db, StoreError};
use crate::problem::{Problem, Visiting};
use crate::routes::Routes;
use crate::shelf;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(to: &mut impl Routes) {
    // What is asked for most comes first: the router tries one template after the other.
    to.service(controls::show_control)
        .service(controls::list_controls)
        .service(list_guidelines)
        .service(own::create_guideline)
        .service(show_guideline)
        .service(show_edition)
        .service(own::delete_edition)
        .service(changes::show_changes)
        .service(changes::show_oscal_catalog)
        .service(mappings::list_mappings)
        .service(mappings::show_oscal_mapping);
}

/// The guidelines that are served.
#[derive(Serialize, ToSchema)]
pub struct GuidelinePage {
    items: Vec<Guideline>,
    /// Always null: the list is short.
    next_cursor: Option<String>,
}

/// An edition that was found: everybody's, or the visitor's own.
enum Found<'a> {
    Shipped(&'a Held),
    Own(Box<OwnEdition>, Box<Held>),
}

impl Found<'_> {
    fn held(&self) -> &Held {
        match self {
            Self::Shipped(held) => held,
            Self::Own(_, held) => held,
        }
    }

    /// Answers with what `make` makes of the edition.
    fn show<T: Serialize>(
        &self,
        request: &HttpRequest,
        make: impl FnOnce(&Held) -> Result<T, Problem>,
    ) -> Result<HttpResponse, Problem> {
        match self {
            Self::Shipped(held) => shelf::json(request, || make(held)),
            Self::Own(_, held) => answer::private(request, &make(held)?),
        }
    }
}

/// The edition that a path names, for this visitor.
async fn find<'a>(
    catalogue: &'a Catalogue,
    db: &Db,
    visitor: &Visitor,
    guideline: &str,
    edition: &str,
) -> Result<Found<'a>, Problem> {
    if let Some(held) = catalogue.edition(guideline, edition) {
        return Ok(Found::Shipped(held));
    }
    // Only what can be somebody's is asked for.
    let tenant = visitor.with(Scope::AssessmentsRead).filter(|_| guideline.starts_with(PREFIX));
    let Some(tenant) = tenant else {
        let known = catalogue.editions(guideline);
        return Err(no_such(known.iter().map(|held| held.edition.edition.as_str())));
    };
    let (guideline, edition) = (guideline.to_owned(), edition.to_owned());
    let own = db
        .read(move |conn| match store::get(conn, &tenant, &guideline, &edition) {
            Err(StoreError::Missing) => {
                let own = store::summaries(conn, &tenant)?;
                let known = own.iter().filter(|(other, _)| *other == guideline);
                Err(no_such(known.map(|(_, own)| own.edition.edition.as_str())))
            }
            other => other.map_err(Problem::from),
        })
        .await?;
    let held = own.held().map_err(broken)?;
    Ok(Found::Own(Box::new(own), Box::new(held)))
}

/// There is no such edition, but perhaps there are others of that guideline.
fn no_such<'a>(known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        return Problem::not_found();
    }
    let known = known.join(", ");
    Problem::not_found().with_detail(LocalizedText::new(
        format!("この版はありません。あるのは次の版です: {known}"),
        format!("There is no such edition; these are there: {known}"),
    ))
}

/// What is stored was read before it was stored.
fn broken(error: serde_json::Error) -> Problem {
    StoreError::corrupt(error.to_string()).into()
}

/// Every guideline for this visitor; `None`: the shipped ones.
async fn with_own(
    catalogue: &Catalogue,
    db: &Db,
    visitor: &Visitor,
) -> Result<Option<Vec<Guideline>>, Problem> {
    let Some(tenant) = visitor.with(Scope::AssessmentsRead) else { return Ok(None) };
    let own = db.read(move |conn| store::summaries(conn, &tenant)).await?;
    if own.is_empty() {
        return Ok(None);
    }
    Ok(Some(catalogue.guidelines().iter().cloned().chain(own_guidelines(&own)).collect()))
}

/// List guidelines
///
/// Every guideline with the editions that are served of it. With a token that holds `assessments:read`,
/// the tenant's own too.
#[utoipa::path(tag = "guidelines", operation_id = "listGuidelines", security((), ("bearer" = [])),
    responses((status = 200, body = GuidelinePage), Visiting))]
#[get("/v1/guidelines")]
async fn list_guidelines(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
) -> Result<HttpResponse, Problem> {
    match with_own(&catalogue, &db, &visitor).await? {
        Some(items) => answer::private(&request, &GuidelinePage { items, next_cursor: None }),
        None => shelf::json(&request, || {
            Ok(GuidelinePage { items: catalogue.guidelines().to_vec(), next_cursor: None })
        }),
    }
}

/// Show a guideline
///
/// One guideline with its editions, oldest first. With a token that holds `assessments:read`, also one of the
/// tenant's own.
#[utoipa::path(tag = "guidelines", operation_id = "getGuideline", security((), ("bearer" = [])),
    params(("guideline" = String, Path, example = "ipa-sme")),
    responses((status = 200, body = Guideline), Visiting))]
#[get("/v1/guidelines/{guideline}")]
async fn show_guideline(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    if let Some(shipped) = catalogue.guideline(&key) {
        return shelf::json(&request, || Ok(shipped));
    }
    let all = with_own(&catalogue, &db, &visitor).await?.unwrap_or_default();
    let own = all.into_iter().find(|guideline| guideline.key == *key).ok_or_else(Problem::not_found)?;
    answer::private(&request, &own)
}

/// Show an edition
///
/// Date, structure, appendices, counts per group, the words its controls are filed under, what it changed,
/// attribution, reuse note and sources. With a token that holds `assessments:read`, also of the tenant's own.
#[utoipa::path(tag = "guidelines", operation_id = "getEdition", security((), ("bearer" = [])),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1")),
    responses((status = 200, body = Edition), Visiting))]
#[get("/v1/guidelines/{guideline}/editions/{edition}")]
async fn show_edition(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let found = find(&catalogue, &db, &visitor, &path.0, &path.1).await?;
    found.show(&request, |held| Ok(held.edition.clone()))
}
