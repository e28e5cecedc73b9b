//! A tenant's own guidelines.
use super::super::catalogue::Catalogue;
use super::super::edition::{Edition, EditionSummary};
use super::super::own::{MOST, MOST_CONTROLS, OwnEdition, OwnSummary, held};
use super::super::store;
use super::broken;
use crate::answer;
use crate::audit;
use crate::body::{self, Whole};
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::idempotency::{self, Created, Idempotency, once};
use crate::oscal::{self, CatalogDocument};
use crate::problem::{Fault, Problem, Removing, Writing, kinds};
use crate::text::LocalizedText;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use utoipa::ToSchema;

/// A guideline to put beside the shipped ones: an OSCAL document, and the name it is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "guideline": "own-baseline", "edition": "2026.1",
    "catalog": {
        "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
        "metadata": {"title": "当社の基準", "last-modified": "2026-11-01T00:00:00+09:00", "version": "2026.1", "oscal-version": "1.2.1"},
        "groups": [{"id": "backup", "title": "バックアップ", "controls": [
            {"id": "bk-1", "title": "週次の取得", "parts": [{"id": "bk-1_smt", "name": "statement", "prose": "重要なデータを週に1度以上バックアップする。"}]}
        ]}]
    }
}))]
pub struct NewGuideline {
    /// Begins with `own-`, so that no shipped guideline is ever called the same.
    #[schema(pattern = "^own-[a-z0-9][a-z0-9.-]*$", max_length = 40)]
    guideline: String,
    #[schema(pattern = "^[a-z0-9][a-z0-9.]*$", max_length = 20)]
    edition: String,
    /// An OSCAL catalog as NIST's JSON schema for OSCAL 1.2 has it; one that says 1.0 or 1.1 and obeys it is
    /// accepted too.
    #[schema(value_type = Object)]
    catalog: Value,
}

/// Put a guideline of one's own
///
/// Takes an OSCAL catalog and serves it like the shipped guidelines, to this tenant only: its controls, and
/// the questionnaire `{guideline}-{edition}`, which asks for each control that says something itself: not for
/// one that only heads others, and not for one that the catalog marks as withdrawn, which is not served
/// either. Everything that is wrong with it is told, and then nothing is stored. An edition never changes:
/// sending the same again answers the one that is there. Needs `admin`; a token that is narrowed to one
/// client may not.
#[utoipa::path(tag = "guidelines", operation_id = "createGuideline", request_body = NewGuideline,
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = Edition, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/guidelines")]
pub async fn create_guideline(
    caller: Caller,
    db: Data<Db>,
    idempotency: Idempotency,
    Whole(body, said): Whole<NewGuideline>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let (subject, digest) = (caller.subject().to_owned(), said.clone());
    // A large catalog is held against its schema where nobody else waits for it.
    let taken = web::block(move || taken_in(body, &subject, &digest)).await;
    let own = taken.map_err(|error| StoreError::Broken(error.into()))??;
    let created = db
        .write(move |conn| once(conn, &tenant, &idempotency, &said, |conn| put_once(conn, &tenant, &own)))
        .await?;
    Ok(idempotency::answer(created))
}

/// Take an own edition away
///
/// Only while no assessment has ever answered it. Needs `admin` and `If-Match`; a token that is narrowed to one
/// client may not.
#[utoipa::path(tag = "guidelines", operation_id = "deleteEdition",
    params(("guideline" = String, Path, example = "own-baseline"), ("edition" = String, Path, example = "2026.1"),
        ("If-Match" = String, Header, description = "The ETag of the edition", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/guidelines/{guideline}/editions/{edition}")]
pub async fn delete_edition(
    caller: Caller,
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let precondition = answer::precondition(&request)?;
    let (guideline, edition) = path.into_inner();
    if catalogue.edition(&guideline, &edition).is_some() {
        return Err(Problem::new(&kinds::IN_USE).with_detail(LocalizedText::new(
            "同梱のガイドラインは取り除けません。",
            "A shipped guideline cannot be taken away.",
        )));
    }
    db.write(move |conn| {
        let own = store::get(conn, &tenant, &guideline, &edition)?;
        precondition.holds(&own.held().map_err(broken)?.edition)?;
        match store::remove(conn, &tenant, &guideline, &edition) {
            Err(StoreError::Stale) => return Err(Problem::new(&kinds::IN_USE)),
            other => other?,
        }
        audit::removed(conn, &tenant, &own, &[]).map_err(Problem::from)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What a provider follows is no single client's.
fn allowed(caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = caller.with(Scope::Admin)?;
    if tenant.only_client().is_some() {
        return Err(Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
            "このトークンは1社に限定されています。",
            "This token is narrowed to one client.",
        )));
    }
    Ok(tenant)
}

/// The guideline as it is to be stored, or everything that is wrong with it.
fn taken_in(body: NewGuideline, subject: &str, said: &str) -> Result<OwnEdition, Problem> {
    let NewGuideline { guideline, edition, catalog } = body;
    let document = json!({ "catalog": catalog });
    let schema = oscal::catalog_schema().map_err(StoreError::corrupt)?;
    let mut faults = body::held_against(schema, &document);
    // What the schema refuses cannot be read any further.
    if faults.is_empty() {
        let read: CatalogDocument = serde_json::from_value(document.clone()).map_err(broken)?;
        faults.extend(
            oscal::check(&read.catalog)
                .into_iter()
                .map(|flaw| Fault::new(flaw.pointer, flaw.code, flaw.message)),
        );
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let held = held(&guideline, &edition, &document).map_err(broken)?;
    let keys: Vec<&str> = held.controls.iter().map(|control| control.key.as_str()).collect();
    let mut faults = ids(&keys);
    faults.extend(groups(&held.edition));
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    Ok(OwnEdition {
        summary: OwnSummary { items: held.asked().count(), edition: EditionSummary::from(&held.edition) },
        guideline,
        edition,
        catalog: document,
        fingerprint: said.to_owned(),
        created_by: subject.to_owned(),
        created_at: clock::now(),
        used_at: None,
    })
}

/// A group is found by its key: no two may have the same, also where one is made up for a group without an id.
fn groups(edition: &Edition) -> Vec<Fault> {
    let mut seen = HashSet::new();
    let twice = edition.groups.iter().filter(|group| !seen.insert(group.key.as_str()));
    twice
        .map(|group| {
            let key = &group.key;
            let text = LocalizedText::new(
                format!("グループ {key} が二つあります"),
                format!("there are two groups {key}"),
            );
            Fault::new("/catalog/groups", "duplicate-id", text)
        })
        .collect()
}

/// Ids become keys in URLs and answers: they are short, and plain letters.
fn ids(keys: &[&str]) -> Vec<Fault> {
    let plain = |key: &str| {
        key.len() <= 64 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let mut faults: Vec<Fault> = keys
        .iter()
        .filter(|key| !plain(key))
        .map(|key| {
            Fault::new(
                "/catalog",
                "control-id",
                LocalizedText::new(
                    format!("管理策のidは英数字と . _ - で64文字までです: {key}"),
                    format!("the id of a control is at most 64 ASCII letters, digits and . _ -: {key}"),
                ),
            )
        })
        .collect();
    if keys.is_empty() || keys.len() > MOST_CONTROLS {
        faults.push(Fault::new(
            "/catalog",
            "control-count",
            LocalizedText::new(
                format!("管理策は1件から{MOST_CONTROLS}件までです（{}件あります）", keys.len()),
                format!("must have 1 to {MOST_CONTROLS} controls; there are {}", keys.len()),
            ),
        ));
    }
    faults
}

/// Stores the edition, or finds that it is stored already.
fn put_once(conn: &mut AnyConnection, tenant: &Tenant, own: &OwnEdition) -> Result<Created, Problem> {
    let location = format!("/v1/guidelines/{}/editions/{}", own.guideline, own.edition);
    let there = match store::get(conn, tenant, &own.guideline, &own.edition) {
        Ok(there) => Some(there),
        Err(StoreError::Missing) => None,
        Err(error) => return Err(error.into()),
    };
    let replayed = there.is_some();
    match there {
        Some(there) if there.fingerprint != own.fingerprint => {
            return Err(Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
                format!("{} {} は別の内容ですでにあります。", own.guideline, own.edition),
                format!("{} {} is there already, with other content.", own.guideline, own.edition),
            )));
        }
        Some(_) => {}
        None => {
            if store::count(conn, tenant)? >= MOST {
                return Err(Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
                    format!("登録できる版は{MOST}件までです。使っていない版を取り除いてください。"),
                    format!("There may be {MOST} editions; take away those that are not used."),
                )));
            }
            // Whoever was first has it: looking again finds it.
            store::add(conn, tenant, own).map_err(StoreError::look_again)?;
            audit::created(conn, tenant, own)?;
        }
    }
    let held = own.held().map_err(broken)?;
    Ok(Created { location, body: answer::text(&held.edition)?, replayed })
}
