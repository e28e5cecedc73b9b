//! Who is calling: plain data, made by `auth` from a checked token and read by everyone.
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
}

macro_rules! scopes {
    ($($name:ident = $text:literal;)*) => {
        /// What a token allows. `write` does not include `read`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Scope { $(#[serde(rename = $text)] $name,)* }
        impl Scope {
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
        }
    };
}
scopes! {
    ClientsRead = "clients:read";
    ClientsWrite = "clients:write";
    AssessmentsRead = "assessments:read";
    AssessmentsWrite = "assessments:write";
    AssessmentsReview = "assessments:review";
    ContactsRead = "contacts:read";
    ContactsWrite = "contacts:write";
    IncidentsRead = "incidents:read";
    IncidentsWrite = "incidents:write";
    Admin = "admin";
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
}

/// The token is good, but does not hold this scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingScope(pub Scope);

impl Caller {
    pub(crate) fn verified(tenant: Tenant, subject: String, scopes: Vec<Scope>) -> Self {
        Self { tenant, subject, scopes }
    }

    /// The same caller, who calls from there.
    pub(crate) fn calling(mut self, from: Author) -> Self {
        self.tenant.author = Arc::new(Author { subject: self.subject.clone(), ..from });
        self
    }

    /// The caller's tenant, for somebody who names the scope that is needed: there is no other way
    /// to reach tenant data.
    pub fn with(&self, scope: Scope) -> Result<Tenant, MissingScope> {
        if self.scopes.contains(&scope) { Ok(self.tenant.clone()) } else { Err(MissingScope(scope)) }
    }

    /// Whom to count the call for; not a way to the data.
    pub fn tenant_slug(&self) -> &str {
        self.tenant.slug()
    }

    pub fn subject(&self) -> &str {
        &self.subject
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
