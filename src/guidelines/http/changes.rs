//! What an edition changed, and the edition for other tools.
use super::super::catalogue::{Catalogue, Held};
use super::super::changes::{EditionChanges, before, between};
use super::super::oscal;
use super::super::store;
use super::Found;
use super::find;
use crate::answer;
use crate::body::Query;
use crate::caller::{Scope, Visitor};
use crate::db::Db;
use crate::oscal::Document;
use crate::problem::{Fault, Problem, Visiting};
use crate::shelf;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangesParams {
    /// An earlier edition; the published one before it when left out.
    #[param(max_length = 64, example = "3.1")]
    since: Option<String>,
}

/// Show what an edition changed
///
/// Every control that was added, changed, moved, renumbered or withdrawn since an earlier edition, with
/// what is known of each change; the appendices, and what the editions changed as a whole. With a token that
/// holds `assessments:read`, also of the tenant's own guidelines, whose texts are compared.
#[utoipa::path(tag = "guidelines", operation_id = "getEditionChanges", security((), ("bearer" = [])),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "4.0"), ChangesParams),
    responses((status = 200, body = EditionChanges), Visiting))]
#[get("/v1/guidelines/{guideline}/editions/{edition}/changes")]
pub async fn show_changes(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    path: Path<(String, String)>,
    Query(params): Query<ChangesParams>,
) -> Result<HttpResponse, Problem> {
    match find(&catalogue, &db, &visitor, &path.0, &path.1).await? {
        Found::Shipped(now) => shelf::json(&request, || {
            let all = catalogue.editions(&path.0);
            let since = earlier(&all, now, params.since.as_deref())?;
            Ok(between(&all, since, now))
        }),
        Found::Own(_, now) => {
            let tenant = visitor.with(Scope::AssessmentsRead).ok_or_else(Problem::not_found)?;
            let own = db.read(move |conn| store::summaries(conn, &tenant)).await?;
            // In the order in which they were put there.
            let all = own
                .iter()
                .filter(|(guideline, _)| *guideline == path.0)
                .map(|(_, own)| own.edition.edition.as_str());
            let before: Vec<&str> = all.take_while(|edition| *edition != path.1).collect();
            let name = match &params.since {
                Some(since) => before.iter().copied().find(|edition| edition == since),
                None => before.last().copied(),
            };
            let name = name.ok_or_else(|| which(&before))?;
            let since = find(&catalogue, &db, &visitor, &path.0, name).await?;
            let all = [since.held(), &*now];
            answer::private(&request, &between(&all, since.held(), &now))
        }
    }
}

/// The edition to compare with.
fn earlier<'a>(all: &[&'a Held], now: &Held, since: Option<&str>) -> Result<&'a Held, Problem> {
    let at = all.iter().position(|held| held.edition.edition == now.edition.edition).unwrap_or_default();
    let known: Vec<&str> = all[..at].iter().map(|held| held.edition.edition.as_str()).collect();
    let found = match since {
        Some(since) => all[..at].iter().find(|held| held.edition.edition == since).copied(),
        None => before(all, &now.edition.edition),
    };
    found.ok_or_else(|| which(&known))
}

fn which(known: &[&str]) -> Problem {
    let fault = if known.is_empty() {
        let rule = LocalizedText::new(
            "比べられる以前の版を指定してください",
            "must name an earlier edition to compare with",
        );
        Fault::new("/query/since", "unknown-value", rule)
    } else {
        Fault::unknown_value("/query/since", known)
    };
    Problem::invalid(vec![fault])
}

/// Show an edition as an OSCAL catalog
///
/// OSCAL 1.2, JSON. Standard fields hold Japanese; English and what OSCAL has no field for stand in
/// properties and parts of our own namespace. With a token that holds `assessments:read`, a guideline of the
/// tenant's own comes back as it was sent.
#[utoipa::path(tag = "guidelines", operation_id = "getOscalCatalog", security((), ("bearer" = [])),
    params(("guideline" = String, Path, example = "ipa-sme"), ("edition" = String, Path, example = "3.1")),
    responses((status = 200, body = Document), Visiting))]
#[get("/v1/guidelines/{guideline}/editions/{edition}/oscal-catalog")]
pub async fn show_oscal_catalog(
    visitor: Visitor,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    match find(&catalogue, &db, &visitor, &path.0, &path.1).await? {
        Found::Shipped(held) => shelf::json(&request, || Ok(oscal::catalog(&held.edition, &held.controls))),
        Found::Own(own, _) => answer::private(&request, &own.catalog),
    }
}
