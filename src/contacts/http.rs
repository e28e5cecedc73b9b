//! `/v1/contacts`: the shipped directory is open to everybody; with a token, the tenant's own on top.
mod own;

use super::directory::Directory;
use super::domain::{Category, Contact, Function};
use super::helpers::helpers;
use super::own::{ContactDifference, OwnContact};
use super::store;
use crate::answer;
use crate::body::Query;
use crate::calendar::TOKYO;
use crate::caller::{Scope, Tenant, Visitor};
use crate::clock;
use crate::db::{Db, StoreError};
use crate::page::Page;
use crate::problem::{Fault, Problem, Visiting};
use crate::routes::Routes;
use crate::shelf;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub fn routes(to: &mut impl Routes) {
    to.service(list_contacts)
        .service(own::create_contact)
        .service(show_contact)
        .service(own::update_contact)
        .service(own::delete_contact);
}

/// Somebody to turn to, and whose word it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactOut {
    #[serde(flatten)]
    contact: Contact,
    /// `shipped`, `own`, or `overridden` where the tenant says something else than what ships.
    #[schema(value_type = String, example = "shipped")]
    origin: Origin,
    /// The kind of contact that an own one is.
    stands_for: Option<String>,
    /// The date of `verify_by` has passed: check before you rely on it.
    verification_overdue: bool,
    /// What ships says something else by now than when it was overridden.
    differences: Vec<ContactDifference>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Origin {
    Shipped,
    Own,
    Overridden,
}

impl ContactOut {
    fn shipped(contact: &Contact, now: DateTime<Utc>) -> Self {
        Self {
            verification_overdue: contact.is_overdue(today(now)),
            contact: contact.clone(),
            origin: Origin::Shipped,
            stands_for: None,
            differences: vec![],
        }
    }

    fn own(own: &OwnContact, directory: &Directory, now: DateTime<Utc>) -> Result<Self, Problem> {
        let shipped = directory.contact(&own.said.id);
        let contact = own.said.onto(shipped);
        Ok(Self {
            verification_overdue: contact.is_overdue(today(now)),
            contact,
            origin: if shipped.is_some() { Origin::Overridden } else { Origin::Own },
            stands_for: own.said.stands_for.clone(),
            differences: own.differences(shipped).map_err(broken)?,
        })
    }
}

fn today(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&TOKYO).date_naive()
}

fn broken(error: serde_json::Error) -> Problem {
    StoreError::corrupt(format!("a contact cannot be written: {error}")).into()
}

/// A page of contacts, by category.
#[derive(Serialize, ToSchema)]
pub struct ContactPage {
    items: Vec<ContactOut>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactParams {
    /// Contacts of this category.
    #[param(max_length = 64, example = "police")]
    category: Option<String>,
    /// Contacts that are turned to for this.
    #[param(max_length = 64, example = "legal_report")]
    function: Option<String>,
    /// Contacts that serve this prefecture (JIS X 0401): its own, and those that serve all.
    #[param(pattern = "^(0[1-9]|[1-3][0-9]|4[0-7])$")]
    prefecture: Option<String>,
    /// Contacts that can help with what controls with this tag ask for.
    #[param(max_length = 64, example = "backup")]
    helps_with: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List contacts
///
/// Whom to turn to in an incident, with what each does and does not do. With a token that holds
/// `contacts:read`, the tenant's own and its overrides as well.
#[utoipa::path(tag = "contacts", operation_id = "listContacts", security((), ("bearer" = [])),
    params(ContactParams), responses((status = 200, body = ContactPage), Visiting))]
#[get("/v1/contacts")]
async fn list_contacts(
    visitor: Visitor,
    request: HttpRequest,
    db: Data<Db>,
    directory: Data<Directory>,
    Query(params): Query<ContactParams>,
) -> Result<HttpResponse, Problem> {
    let now = clock::now();
    let Some(tenant) = visitor.with(Scope::ContactsRead) else {
        // What is overdue changes with the day.
        return shelf::json_on(&request, today(now), || listed(&params, &directory, &[], None, now));
    };
    let whose = tenant.clone();
    let own = db.read(move |conn| store::all(conn, &tenant)).await?;
    // Also where nothing is the tenant's own yet: the cursor in it is, and nobody else can go on from it.
    answer::private(&request, &listed(&params, &directory, &own, Some(&whose), now)?)
}

fn listed(
    params: &ContactParams,
    directory: &Directory,
    own: &[OwnContact],
    tenant: Option<&Tenant>,
    now: DateTime<Utc>,
) -> Result<ContactPage, Problem> {
    let filter = Filter::read(params)?;
    let list = format!("{:?}", (&filter, &params.helps_with));
    let page = Page::read(tenant, params.after.as_deref(), params.limit, &["contacts", &list])?;
    let all = directory.with(own);
    let all: Vec<&Contact> = match &params.helps_with {
        Some(tag) => helpers(&all, std::slice::from_ref(tag)),
        None => all.contacts().collect(),
    };
    let found: Vec<&Contact> = all.into_iter().filter(|contact| filter.accepts(contact)).collect();
    let (items, next_cursor) = page.of(found, |contact| &contact.id)?;
    let shown = |contact: &Contact| match own.iter().find(|own| own.said.id == contact.id) {
        Some(own) => ContactOut::own(own, directory, now),
        None => Ok(ContactOut::shipped(contact, now)),
    };
    let items = items.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(ContactPage { items, next_cursor })
}

/// Show a contact
///
/// One contact with its channels, what to have in hand, and its sources. With a token that holds
/// `contacts:read`, what the tenant says of it.
#[utoipa::path(tag = "contacts", operation_id = "getContact", security((), ("bearer" = [])),
    params(("contact" = String, Path, example = "police_pref_cyber")),
    responses((status = 200, body = ContactOut), Visiting))]
#[get("/v1/contacts/{contact}")]
async fn show_contact(
    visitor: Visitor,
    request: HttpRequest,
    db: Data<Db>,
    directory: Data<Directory>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let now = clock::now();
    if let Some(tenant) = visitor.with(Scope::ContactsRead) {
        let wanted = id.clone();
        let own = match db.read(move |conn| store::get(conn, &tenant, &wanted)).await {
            Err(StoreError::Missing) => None,
            found => Some(found?),
        };
        let shown = match (own, directory.contact(&id)) {
            (Some(own), _) => ContactOut::own(&own, &directory, now)?,
            (None, Some(shipped)) => ContactOut::shipped(shipped, now),
            (None, None) => return Err(Problem::not_found()),
        };
        return answer::private(&request, &shown);
    }
    let contact = directory.contact(&id).ok_or_else(Problem::not_found)?;
    shelf::json_on(&request, today(now), || Ok(ContactOut::shipped(contact, now)))
}

#[derive(Debug)]
struct Filter<'a> {
    category: Option<Category>,
    function: Option<Function>,
    prefecture: Option<&'a str>,
}

impl<'a> Filter<'a> {
    /// The filter, or every value that is not known.
    fn read(params: &'a ContactParams) -> Result<Self, Problem> {
        let mut faults = vec![];
        let category = params.category.as_deref().map(Category::parse);
        if category == Some(None) {
            let known: Vec<_> = Category::ALL.iter().map(|c| c.as_str()).collect();
            faults.push(Fault::unknown_value("/query/category", &known));
        }
        let function = params.function.as_deref().map(Function::parse);
        if function == Some(None) {
            let known: Vec<_> = Function::ALL.iter().map(|f| f.as_str()).collect();
            faults.push(Fault::unknown_value("/query/function", &known));
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        Ok(Self {
            category: category.flatten(),
            function: function.flatten(),
            prefecture: params.prefecture.as_deref(),
        })
    }

    fn accepts(&self, contact: &Contact) -> bool {
        self.category.is_none_or(|wanted| wanted == contact.category)
            && self.function.is_none_or(|wanted| contact.functions.contains(&wanted))
            && self
                .prefecture
                .is_none_or(|wanted| contact.prefecture.as_deref().is_none_or(|serves| serves == wanted))
    }
}
