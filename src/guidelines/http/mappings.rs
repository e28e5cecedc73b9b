//! `/v1/mappings`: how the controls of shipped guidelines are related. Open to everybody.
use super::super::catalogue::Catalogue;
use super::super::mapping::Related;
use super::super::oscal;
use crate::body::Query;
use crate::oscal::Document;
use crate::page::Page;
use crate::problem::{Fault, Open, Problem};
use crate::shelf;
use crate::text::LocalizedText;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of related controls, in the order of their keys.
#[derive(Serialize, ToSchema)]
pub struct MappingPage {
    items: Vec<Related>,
    next_cursor: Option<String>,
    /// How the mappings that these relations rest on were made, and what they are not.
    notes: Vec<LocalizedText>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MappingParams {
    /// Key of a guideline.
    #[param(max_length = 64, example = "ipa-sme")]
    from: String,
    /// Key of another guideline.
    #[param(max_length = 64, example = "scs")]
    to: String,
    /// Only what this control of `from` is related to.
    #[param(max_length = 64)]
    control: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List mappings
///
/// How the controls of one guideline are related to those of another: as somebody stated it, or over a
/// third guideline, where the weakest hop decides. A relation is shown, never a claim: meeting the one does
/// not prove the other.
#[utoipa::path(tag = "guidelines", operation_id = "listMappings", security(()), params(MappingParams),
    responses((status = 200, body = MappingPage), Open))]
#[get("/v1/mappings")]
pub async fn list_mappings(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    Query(params): Query<MappingParams>,
) -> Result<HttpResponse, Problem> {
    shelf::json(&request, || {
        let all = related(&catalogue, &params.from, &params.to)?;
        if let Some(control) = &params.control
            && catalogue.editions(&params.from).iter().all(|held| held.control(control).is_none())
        {
            let rule = LocalizedText::new("from の管理策ではありません", "is no control of `from`");
            return Err(Problem::invalid(vec![Fault::new("/query/control", "unknown-value", rule)]));
        }
        let wanted =
            |one: &&Related| params.control.as_ref().is_none_or(|control| one.from.control == *control);
        let list = format!("{:?}", (&params.from, &params.to, &params.control));
        let page = Page::read(None, params.after.as_deref(), params.limit, &["mappings", &list])?;
        let keyed: Vec<(String, &Related)> = all.iter().filter(wanted).map(|one| (key(one), one)).collect();
        let (items, next_cursor) = page.of(keyed, |(key, _)| key)?;
        let notes = catalogue.mapping_notes(all);
        Ok(MappingPage {
            notes,
            items: items.into_iter().map(|(_, one)| one.clone()).collect(),
            next_cursor,
        })
    })
}

/// What a cursor remembers of an item.
fn key(one: &Related) -> String {
    format!("{}_{}", one.from.control, one.to.control)
}

/// The guidelines to show as OSCAL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OscalMappingParams {
    /// Key of a guideline.
    #[param(max_length = 64, example = "ipa-sme")]
    from: String,
    /// Key of another guideline.
    #[param(max_length = 64, example = "scs")]
    to: String,
}

/// Show mappings as an OSCAL mapping collection
///
/// OSCAL 1.2, JSON: the relations from one guideline to another that follow from what was stated.
#[utoipa::path(tag = "guidelines", operation_id = "getOscalMapping", security(()), params(OscalMappingParams),
    responses((status = 200, body = Document), Open))]
#[get("/v1/mappings/oscal-mapping")]
pub async fn show_oscal_mapping(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    Query(params): Query<OscalMappingParams>,
) -> Result<HttpResponse, Problem> {
    shelf::json(&request, || {
        let related = related(&catalogue, &params.from, &params.to)?;
        let revised = catalogue.editions(&params.from).last().map(|held| held.edition.revised_on);
        Ok(oscal::mapping_collection(&params.from, &params.to, related, revised.unwrap_or_default()))
    })
}

/// The relations, or which names of guidelines are not known.
fn related<'a>(catalogue: &'a Catalogue, from: &str, to: &str) -> Result<&'a [Related], Problem> {
    let known: Vec<&str> = catalogue.guidelines().iter().map(|guideline| guideline.key.as_str()).collect();
    let other: Vec<&str> = known.iter().copied().filter(|key| *key != from).collect();
    let mut faults = vec![];
    if !known.contains(&from) {
        faults.push(Fault::unknown_value("/query/from", &known));
    }
    if !other.contains(&to) {
        faults.push(Fault::unknown_value("/query/to", &other));
    }
    if faults.is_empty() { Ok(catalogue.all_related(from, to)) } else { Err(Problem::invalid(faults)) }
}
