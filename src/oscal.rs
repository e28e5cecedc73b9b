//! The form in which other tools take our content over, and give theirs: OSCAL 1.2 (NIST).
mod check;
mod model;
mod params;

pub use check::check;
pub use model::{
    BackMatter, Catalog, CatalogDocument, Control, Group, Import, Link, Map, MapItem, Mapping,
    MappingCollection, MappingDocument, Merge, Metadata, Part, Party, Profile, ProfileDocument, Prop,
    Provenance, Resource, ResourceRef, ResponsibleParty, Rlink, Role, Selection,
};
pub use params::filled;

use chrono::NaiveDate;
use jsonschema::Validator;
use serde::Serialize;
use std::sync::LazyLock;
use utoipa::ToSchema;
use uuid::Uuid;

/// An OSCAL document: one object with one field, `catalog`, `profile` or `mapping-collection`, as NIST's JSON
/// schemas for OSCAL 1.2 have it.
#[derive(Serialize, ToSchema)]
#[schema(as = OscalDocument, value_type = Object)]
pub struct Document(serde_json::Value);

/// The version that our documents are written in.
pub const VERSION: &str = "1.2.1";

/// What our own properties and parts are named in. A name, not an address.
pub const NS: &str = "https://tasuke.invalid/ns/oscal";

/// Our documents' identifiers are made from what they are of (UUID version 5), so that the same
/// content has the same ones everywhere.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f2b_4a4e_9d4c_5b0e_8f0a_1c8d_54a5_75e1);

/// NIST's JSON schema of a catalog, as published for OSCAL 1.2 (a work of the United States Government).
static CATALOG_SCHEMA: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    let schema =
        serde_json::from_str(include_str!("oscal/catalog-schema.json")).map_err(|e| e.to_string())?;
    jsonschema::options().build(&schema).map_err(|error| error.to_string())
});

/// Compiled at the first use.
pub fn catalog_schema() -> Result<&'static Validator, String> {
    CATALOG_SCHEMA.as_ref().map_err(Clone::clone)
}

/// The identifier of what `parts` name.
pub fn uuid(parts: &[&str]) -> String {
    Uuid::new_v5(&NAMESPACE, parts.join("\n").as_bytes()).to_string()
}

/// The head of a document of ours: version, date of the data, and who made it.
pub fn metadata(title: &str, version: &str, revised_on: NaiveDate) -> Metadata {
    let maker = uuid(&["party", "tasuke"]);
    Metadata {
        title: title.to_owned(),
        published: None,
        last_modified: midnight(revised_on),
        version: version.to_owned(),
        oscal_version: VERSION.to_owned(),
        props: vec![],
        links: vec![],
        roles: vec![Role { id: "creator".to_owned(), title: "Creator of this document".to_owned() }],
        parties: vec![Party {
            uuid: maker.clone(),
            r#type: "organization".to_owned(),
            name: "Tasuke".to_owned(),
        }],
        responsible_parties: vec![ResponsibleParty {
            role_id: "creator".to_owned(),
            party_uuids: vec![maker],
        }],
        remarks: None,
    }
}

/// The start of a day in Japan.
pub fn midnight(day: NaiveDate) -> String {
    format!("{day}T00:00:00+09:00")
}

/// One of our own properties.
pub fn own(name: &str, value: impl Into<String>) -> Prop {
    Prop { name: name.to_owned(), ns: Some(NS.to_owned()), value: value.into(), class: None }
}
