//! Who is calling: plain data, made by `auth` from a checked token and read by everyone.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The part of the data that a call may touch: one provider's, or one client company of it.
///
/// Holding one proves that a token was checked: only `auth` makes it, and every store function
/// for tenant data asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    slug: String,
    client: Option<String>,
    author: Arc<Author>,
}

/// Who calls, for what and from where: the audit log tells it of every write. It opens nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// Subject of the token.
    pub subject: String,
    /// The service account that the token was given to, if it was one.
    pub account: Option<String>,
    /// The operation, by its `operationId`.
    pub action: String,
    /// Address of the caller.
    pub address: String,
    pub request_id: String,
}

impl Tenant {
    pub(crate) fn verified(slug: String, client: Option<String>) -> Self {
        Self { slug, client, author: Arc::default() }
    }

    /// The same tenant, for whoever does this to it.
    pub(crate) fn by(self, author: Author) -> Self {
        Self { author: Arc::new(author), ..self }
    }

    pub fn author(&self) -> &Author {
        &self.author
    }

    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The one client company that the token is narrowed to, if it is.
    pub fn only_client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    pub fn is_narrowed(&self) -> bool {
        self.client.is_some()
    }
}

macro_rules! scopes {
    ($($name:ident = $text:literal $told:literal;)*) => {
        /// What a token allows. `write` does not include `read`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Scope { $(#[serde(rename = $text)] $name,)* }
        impl Scope {
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
            /// What it allows, in words.
            pub const fn told(self) -> &'static str { match self { $(Self::$name => $told,)* } }
        }
    };
}
scopes! {
    ClientsRead = "clients:read" "Read clients";
    ClientsWrite = "clients:write" "Create, change and delete clients";
    AssessmentsRead = "assessments:read" "Read assessments and their results";
    AssessmentsWrite = "assessments:write" "Answer and submit assessments";
    AssessmentsReview = "assessments:review" "Review submitted assessments";
    ContactsRead = "contacts:read" "Read the provider's own contacts";
    ContactsWrite = "contacts:write" "Change the provider's own contacts";
    IncidentsRead = "incidents:read" "Read incidents, and route";
    IncidentsWrite = "incidents:write" "Keep incidents";
    Admin = "admin" "Look after service accounts";
}

impl std::str::FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|s| s.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("unknown scope {text:?}; known are {}", known.join(" "))
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A caller with a valid token.
#[derive(Debug, Clone)]
pub struct Caller {
    tenant: Tenant,
    subject: String,
    scopes: Vec<Scope>,
    bearer: Bearer,
    expires_at: DateTime<Utc>,
}

/// By what kind of token somebody calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// An operator's, or one of an issuer that the operator trusts.
    Token,
    /// A service account's, by its id.
    Account(String),
    /// A respondent's link.
    Link(Delegation),
}

/// What a respondent's link allows: one response to one assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    pub link: String,
    pub assessment: String,
    pub respondent: String,
}

/// The token is good, but does not hold this scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingScope(pub Scope);

/// Why somebody may not respond to an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRespondent {
    MissingScope(MissingScope),
    /// The link is for another assessment.
    Elsewhere,
}

impl Caller {
    pub(crate) fn verified(
        tenant: Tenant,
        subject: String,
        scopes: Vec<Scope>,
        bearer: Bearer,
        expires_at: DateTime<Utc>,
    ) -> Self {
        Self { tenant, subject, scopes, bearer, expires_at }
    }

    /// The same caller, who calls from there.
    pub(crate) fn calling(mut self, from: Author) -> Self {
        let account = self.account().map(str::to_owned);
        self.tenant.author = Arc::new(Author { subject: self.subject.clone(), account, ..from });
        self
    }

    /// The caller's tenant, for somebody who names the scope that is needed: there is no other way
    /// to reach tenant data.
    pub fn with(&self, scope: Scope) -> Result<Tenant, MissingScope> {
        if self.scopes.contains(&scope) { Ok(self.tenant.clone()) } else { Err(MissingScope(scope)) }
    }

    /// The same for who responds to this assessment: a link needs no scope, and leads to nothing else.
    pub fn responding(
        &self,
        scope: Scope,
        assessment: &str,
    ) -> Result<(Tenant, Option<&Delegation>), NoRespondent> {
        match &self.bearer {
            Bearer::Link(only) if only.assessment == assessment => Ok((self.tenant.clone(), Some(only))),
            Bearer::Link(_) => Err(NoRespondent::Elsewhere),
            _ => self.with(scope).map(|tenant| (tenant, None)).map_err(NoRespondent::MissingScope),
        }
    }

    /// Whom to count the call for; not a way to the data.
    pub fn tenant_slug(&self) -> &str {
        self.tenant.slug()
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// The one client company that the token is narrowed to, if it is; not a way to the data.
    pub fn only_client(&self) -> Option<&str> {
        self.tenant.only_client()
    }

    pub fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    /// The service account that calls, if one does.
    pub fn account(&self) -> Option<&str> {
        match &self.bearer {
            Bearer::Account(id) => Some(id),
            Bearer::Token | Bearer::Link(_) => None,
        }
    }

    /// When the token ends.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// Somebody who may call without a token, and with one sees what is theirs as well.
#[derive(Debug, Clone)]
pub struct Visitor(Option<Caller>);

impl Visitor {
    pub(crate) fn new(caller: Option<Caller>) -> Self {
        Self(caller)
    }

    /// The visitor's tenant, for one who has a token with this scope.
    pub fn with(&self, scope: Scope) -> Option<Tenant> {
        self.0.as_ref().and_then(|caller| caller.with(scope).ok())
    }
}
