//! `/v1/contacts`: the shipped directory is open to everybody.
use super::directory::Directory;
use super::domain::{Category, Contact, Function};
use super::helpers::helpers;
use crate::body::Query;
use crate::page::Page;
use crate::problem::{Fault, Open, Problem};
use crate::shelf;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_contacts).service(show_contact);
}

/// A page of contacts, by category.
#[derive(Serialize, ToSchema)]
pub struct ContactPage {
    items: Vec<Contact>,
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
/// Whom to turn to in an incident, with what each does and does not do.
#[utoipa::path(tag = "contacts", operation_id = "listContacts", security(()), params(ContactParams),
    responses((status = 200, body = ContactPage), Open))]
#[get("/v1/contacts")]
async fn list_contacts(
    request: HttpRequest,
    directory: Data<Directory>,
    Query(params): Query<ContactParams>,
) -> Result<HttpResponse, Problem> {
    let filter = Filter::read(&params)?;
    let list = format!("{filter:?}");
    let page = Page::read(
        params.after.as_deref(),
        params.limit,
        &["contacts", &list, &format!("{:?}", params.helps_with)],
    )?;
    let all: Vec<&Contact> = match &params.helps_with {
        Some(tag) => helpers(&directory, std::slice::from_ref(tag)),
        None => directory.contacts().iter().collect(),
    };
    let found: Vec<&Contact> = all.into_iter().filter(|contact| filter.accepts(contact)).collect();
    let (items, next_cursor) = page.of(found, |contact| &contact.id)?;
    let page = ContactPage { items: items.into_iter().cloned().collect(), next_cursor };
    shelf::json(&request, || Ok(page))
}

/// Show a contact
///
/// One contact with its channels, what to have in hand, and its sources.
#[utoipa::path(tag = "contacts", operation_id = "getContact", security(()),
    params(("contact" = String, Path, example = "police_pref_cyber")),
    responses((status = 200, body = Contact), Open))]
#[get("/v1/contacts/{contact}")]
async fn show_contact(
    request: HttpRequest,
    directory: Data<Directory>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let contact = directory.contact(&id).ok_or_else(Problem::not_found)?;
    shelf::json(&request, || Ok(contact))
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
