//! Contacts of a tenant's own, and overrides of shipped ones.
use super::super::directory::Directory;
use super::super::own::{MOST, NewContact, OwnContact, PREFIX, Refusal};
use super::super::store;
use super::ContactOut;
use super::broken;
use crate::answer;
use crate::audit;
use crate::body::{Body, Patch};
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::idempotency::{self, Created, Idempotency, once};
use crate::problem::{Fault, Problem, Removing, Updating, Writing, kinds};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, patch, post};
use chrono::{DateTime, Utc};

/// Put a contact of one's own, or override a shipped one
///
/// An own contact (`own-...`) stands beside the shipped ones; with `stands_for` and its name decisions lead
/// to it. With the id of a shipped entry, what is said replaces what ships, also after an update. Needs
/// `contacts:write`; a token that is narrowed to one client may not.
#[utoipa::path(tag = "contacts", operation_id = "createContact", request_body = NewContact,
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = ContactOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/contacts")]
pub async fn create_contact(
    caller: Caller,
    db: Data<Db>,
    directory: Data<Directory>,
    idempotency: Idempotency,
    Body(body, said): Body<NewContact>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    accept(&body, &directory)?;
    let now = clock::now();
    let own = made(body, &directory, now)?;
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                if store::count(conn, &tenant)? >= MOST {
                    return Err(Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
                        format!("登録できる連絡先は{MOST}件までです。"),
                        format!("There may be {MOST} contacts of one's own."),
                    )));
                }
                store::add(conn, &tenant, &own)?;
                audit::created(conn, &tenant, &own)?;
                let location = format!("/v1/contacts/{}", own.said.id);
                let body = answer::text(&ContactOut::own(&own, &directory, now)?)?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

/// Change a contact
///
/// A JSON merge patch to what the tenant says of the contact: what is null goes away, and then what ships
/// stands there again. A shipped contact that was not overridden yet is overridden by this. Needs
/// `contacts:write` and `If-Match`; a token that is narrowed to one client may not.
#[utoipa::path(tag = "contacts", operation_id = "updateContact",
    request_body(content = NewContact, content_type = "application/merge-patch+json"),
    params(("contact" = String, Path, example = "own-hoshu-m"),
        ("If-Match" = String, Header, description = "The ETag of the contact", max_length = 200)),
    responses((status = 200, body = ContactOut, headers(("etag" = String))), Updating))]
#[patch("/v1/contacts/{contact}")]
pub async fn update_contact(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    directory: Data<Directory>,
    id: Path<String>,
    patch: Patch<NewContact>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let precondition = answer::precondition(&request)?;
    let now = clock::now();
    let changed = db
        .write(move |conn| {
            let found = found(conn, &tenant, &id)?;
            precondition.holds(&shown(found.as_ref(), &directory, &id, now)?)?;
            let before = found.as_ref().map_or_else(|| NewContact::of(&id), |own| own.said.clone());
            let said = patch.onto(&before)?;
            if said.id != *id {
                let rule = LocalizedText::new("idは変えられません", "the id stays as it is");
                return Err(Problem::invalid(vec![Fault::new("/id", "fixed", rule)]));
            }
            accept(&said, &directory)?;
            let made = made(said, &directory, now)?;
            let Some(found) = found else {
                store::add(conn, &tenant, &made).map_err(StoreError::look_again)?;
                audit::created(conn, &tenant, &made)?;
                return ContactOut::own(&made, &directory, now);
            };
            let next = OwnContact { revision: found.revision + 1, created_at: found.created_at, ..made };
            store::save(conn, &tenant, &next)?;
            audit::changed(conn, &tenant, &found, &next)?;
            ContactOut::own(&next, &directory, now)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &changed)
}

/// Take an own contact or an override away
///
/// Where a shipped contact was overridden, what ships stands there again. Needs `contacts:write` and
/// `If-Match`; a token that is narrowed to one client may not.
#[utoipa::path(tag = "contacts", operation_id = "deleteContact",
    params(("contact" = String, Path, example = "own-hoshu-m"),
        ("If-Match" = String, Header, description = "The ETag of the contact", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/contacts/{contact}")]
pub async fn delete_contact(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    directory: Data<Directory>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let precondition = answer::precondition(&request)?;
    let now = clock::now();
    db.write(move |conn| {
        let found = found(conn, &tenant, &id)?;
        precondition.holds(&shown(found.as_ref(), &directory, &id, now)?)?;
        match found {
            Some(own) => {
                store::remove(conn, &tenant, &own)?;
                audit::removed(conn, &tenant, &own, &[]).map_err(Problem::from)
            }
            None => Err(Problem::new(&kinds::IN_USE).with_detail(LocalizedText::new(
                "同梱の連絡先は取り除けません。",
                "A shipped contact cannot be taken away.",
            ))),
        }
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Contacts are the provider's, and no single client's.
fn allowed(caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = caller.with(Scope::ContactsWrite)?;
    if tenant.only_client().is_some() {
        return Err(Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
            "このトークンは1社に限定されています。",
            "This token is narrowed to one client.",
        )));
    }
    Ok(tenant)
}

fn found(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Option<OwnContact>, StoreError> {
    match store::get(conn, tenant, id) {
        Err(StoreError::Missing) => Ok(None),
        found => found.map(Some),
    }
}

/// The contact as its tenant sees it now.
fn shown(
    own: Option<&OwnContact>,
    directory: &Directory,
    id: &str,
    now: DateTime<Utc>,
) -> Result<ContactOut, Problem> {
    if let Some(own) = own {
        return ContactOut::own(own, directory, now);
    }
    let shipped = directory.contact(id).ok_or_else(Problem::not_found)?;
    Ok(ContactOut::shipped(shipped, now))
}

fn made(said: NewContact, directory: &Directory, now: DateTime<Utc>) -> Result<OwnContact, Problem> {
    let shipped = directory.contact(&said.id);
    let shipped = shipped.map(|shipped| said.shipped_fields(shipped)).transpose().map_err(broken)?;
    Ok(OwnContact { said, shipped, revision: 1, created_at: now, updated_at: now })
}

fn accept(said: &NewContact, directory: &Directory) -> Result<(), Problem> {
    let faults: Vec<Fault> = said.check(directory).into_iter().map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

fn fault(refusal: Refusal) -> Fault {
    let (pointer, code, ja, en) = match refusal {
        Refusal::Id => (
            "/id".to_owned(),
            "unknown-value",
            format!("{PREFIX} で始まるidか、同梱の連絡先のidにしてください"),
            format!("must begin with {PREFIX}, or be the id of a shipped contact"),
        ),
        Refusal::Missing(field) => (
            format!("/{field}"),
            "required",
            "自社の連絡先には必要です".to_owned(),
            "is needed for a contact of one's own".to_owned(),
        ),
        Refusal::NotShipped => (
            "/stands_for".to_owned(),
            "unknown-value",
            "同梱の連絡先のidにしてください".to_owned(),
            "must be the id of a shipped contact".to_owned(),
        ),
        Refusal::Hours(index) => (
            format!("/channels/{index}/opening"),
            "incomplete",
            "always か、曜日のある weekly が必要です".to_owned(),
            "needs always, or weekly with days".to_owned(),
        ),
    };
    Fault::new(pointer, code, LocalizedText::new(ja, en))
}
