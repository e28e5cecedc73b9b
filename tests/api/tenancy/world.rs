//! What a principal has: made through the API, piece by piece, when a call needs it.
use super::words::Kind;
use crate::support::{Caller, Service};
use serde_json::{Value, json};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use tasuke::caller::Scope;

/// Never the id of anything.
pub const MISSING: &str = "0198c0de-0000-7000-8000-000000000000";
pub const INSURER: &str = "損保I社";

static NAMES: AtomicU32 = AtomicU32::new(0);

/// One client of a tenant with all that belongs to it, and a guideline and a contact of the provider's own. Every
/// text of the client's holds the label, so that it is known wherever it turns up.
pub struct World<'a> {
    service: &'a Service,
    pub tenant: &'static str,
    pub label: &'static str,
    /// Its assessment is submitted; otherwise it is a draft that could be.
    submitted: bool,
    things: RefCell<BTreeMap<Kind, String>>,
    credentials: OnceCell<(String, String)>,
}

impl<'a> World<'a> {
    pub fn new(service: &'a Service, tenant: &'static str, label: &'static str) -> Self {
        Self {
            service,
            tenant,
            label,
            submitted: false,
            things: RefCell::default(),
            credentials: OnceCell::new(),
        }
    }

    /// One in which this operation can be done.
    pub fn to(operation: &str, service: &'a Service, tenant: &'static str, label: &'static str) -> Self {
        let submitted = ["reopenAssessment", "reviewAssessment"].contains(&operation);
        Self { submitted, ..Self::new(service, tenant, label) }
    }

    pub fn caller(&self) -> Caller<'a> {
        self.service.caller(self.tenant, Scope::ALL, None)
    }

    /// The same things, with another word in what is said of them.
    pub fn in_words_of(&self, label: &'static str) -> Self {
        let (things, credentials) = (self.things.clone(), self.credentials.clone());
        Self { service: self.service, things, credentials, label, ..*self }
    }

    /// A token that is narrowed to this world's client.
    pub fn narrowed(&self, scopes: &[Scope]) -> Caller<'a> {
        self.service.caller(self.tenant, scopes, Some(&self.get(Kind::Client)))
    }

    /// What there is of this kind.
    pub fn get(&self, kind: Kind) -> String {
        if let Some(found) = self.things.borrow().get(&kind) {
            return found.clone();
        }
        self.make(kind);
        self.things.borrow().get(&kind).expect("what was made is there").clone()
    }

    /// Everything that is there by now.
    pub fn all(&self) -> Vec<(Kind, String)> {
        self.things.borrow().iter().map(|(kind, thing)| (*kind, thing.clone())).collect()
    }

    /// A name that nobody has given yet.
    pub fn fresh(&self, kind: Kind) -> String {
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        match kind {
            Kind::Guideline | Kind::Contact => format!("own-{}-{number}", self.tenant),
            Kind::Edition => format!("2026.{number}"),
            Kind::Control => format!("{}-{number}", self.tenant),
            _ => format!("{}-{number}", self.label.to_lowercase()),
        }
    }

    fn made(&self, path: &str, body: &Value) -> String {
        let made = self.caller().post(path, body).expect(201);
        made.json["id"].as_str().unwrap_or_default().to_owned()
    }

    fn is(&self, kind: Kind, thing: impl Into<String>) {
        self.things.borrow_mut().insert(kind, thing.into());
    }

    fn make(&self, kind: Kind) {
        match kind {
            Kind::Client | Kind::ClientName => self.client(),
            Kind::Earlier => self.earlier(),
            Kind::Assessment | Kind::AssessmentName => self.assessment(),
            Kind::Response => self.response(),
            Kind::Incident | Kind::IncidentName => self.incident(),
            Kind::Referral => self.referral(),
            Kind::Guideline | Kind::Edition | Kind::Control | Kind::Questionnaire => self.guideline(),
            Kind::Contact => self.contact(),
            Kind::Account | Kind::AccountName => self.account(),
            Kind::Secret => self.secret(),
            Kind::Link => self.link(),
        }
    }

    fn client(&self) {
        let name = self.fresh(Kind::ClientName);
        let body = json!({
            "name": format!("{} KK", self.label), "external_id": name,
            "contracts": {"cyber_insurance": {"enrolled": true, "insurer": INSURER, "notice_days": 30}},
        });
        self.is(Kind::Client, self.made("/v1/clients", &body));
        self.is(Kind::ClientName, name);
    }

    /// An answer to every item, with some left to do.
    fn answers(&self) -> Value {
        let answer = |n: u32| {
            let status = if n.is_multiple_of(5) { "partial" } else { "implemented" };
            json!({"control": format!("self-check-{n:02}"), "status": status, "note": self.label})
        };
        (1..=25).map(answer).collect()
    }

    fn earlier(&self) {
        let body = json!({
            "client_id": self.get(Kind::Client), "questionnaire": "ipa-self-check-3.1", "answers": self.answers(),
            "state": "submitted",
        });
        self.is(Kind::Earlier, self.made("/v1/assessments", &body));
    }

    fn assessment(&self) {
        let name = self.fresh(Kind::AssessmentName);
        let body = json!({
            "client_id": self.get(Kind::Client), "questionnaire": "ipa-self-check-3.1", "external_id": name,
            "answers": self.answers(),
        });
        let id = self.made("/v1/assessments", &body);
        let path = format!("/v1/assessments/{id}");
        // Something happens to it, so that there is a trace.
        let answer =
            json!({"answers": [{"control": "self-check-01", "status": "partial", "note": self.label}]});
        self.caller().patch(&path, "*", &answer).expect(200);
        if self.submitted {
            self.caller().post(&format!("{path}/submit"), &json!({})).expect(200);
        }
        self.is(Kind::Assessment, id);
        self.is(Kind::AssessmentName, name);
    }

    fn response(&self) {
        let body = json!({
            "respondent": format!("{} branch", self.label),
            "answers": [{"control": "self-check-14", "status": "partial", "note": self.label}],
        });
        let path = format!("/v1/assessments/{}/responses", self.get(Kind::Assessment));
        self.is(Kind::Response, self.made(&path, &body));
    }

    fn incident(&self) {
        let name = self.fresh(Kind::IncidentName);
        let body = json!({
            "client_id": self.get(Kind::Client), "title": format!("{} files", self.label), "external_id": name,
            "facts": {
                "incident": {"types": ["ransomware"], "stage": "initial", "severity": "critical",
                    "cause": "external_attack", "aware_at": "2026-11-02T08:10:00+09:00"},
                "systems": [{"name": format!("{} server", self.label), "kind": "server", "affected": "confirmed"}],
            },
        });
        self.is(Kind::Incident, self.made("/v1/incidents", &body));
        self.is(Kind::IncidentName, name);
    }

    fn referral(&self) {
        let body = json!({"contact": "jpcert_consult", "action": "consult", "note": self.label});
        let path = format!("/v1/incidents/{}/referrals", self.get(Kind::Incident));
        self.is(Kind::Referral, self.made(&path, &body));
    }

    fn account(&self) {
        let name = self.fresh(Kind::AccountName);
        let body = json!({"name": name, "scopes": ["admin"]});
        self.is(Kind::Account, self.made("/v1/service-accounts", &body));
        self.is(Kind::AccountName, name);
    }

    fn secret(&self) {
        let path = format!("/v1/service-accounts/{}/secrets", self.get(Kind::Account));
        self.is(Kind::Secret, self.made(&path, &json!({})));
    }

    /// The name and secret of this world's account at the token endpoint.
    pub fn credentials(&self) -> (String, String) {
        self.credentials.get_or_init(|| self.account_with_secret()).clone()
    }

    fn account_with_secret(&self) -> (String, String) {
        let body = json!({"name": self.fresh(Kind::AccountName), "scopes": ["admin", "clients:read"]});
        let account = self.caller().post("/v1/service-accounts", &body).expect(201);
        let secrets = format!("{}/secrets", account.header("location"));
        let secret = self.caller().post(&secrets, &json!({})).expect(201);
        (account.text("/oauth_client_id").to_owned(), secret.text("/secret").to_owned())
    }

    /// The token of an account that may do everything, and where the account is.
    pub fn account_token(&self) -> (String, String) {
        let (name, secret) = self.account_with_secret();
        let fields =
            [("grant_type", "client_credentials"), ("client_id", &*name), ("client_secret", &*secret)];
        let token = self.service.anonymous().form("/oauth2/token", &fields).expect(200);
        let (_, id) = name.split_once('.').unwrap();
        (token.text("/access_token").to_owned(), format!("/v1/service-accounts/{id}"))
    }

    /// The token of a link for somebody who answers this world's assessment, and where the link is.
    pub fn link_token(&self) -> (String, String) {
        let path = format!("/v1/assessments/{}/links", self.get(Kind::Assessment));
        let made =
            self.caller().post(&path, &json!({"respondent": format!("{} site", self.label)})).expect(201);
        (made.text("/token").to_owned(), made.header("location").to_owned())
    }

    fn link(&self) {
        let path = format!("/v1/assessments/{}/links", self.get(Kind::Assessment));
        self.is(Kind::Link, self.made(&path, &json!({"respondent": format!("{} branch", self.label)})));
    }

    /// What is the provider's own holds the tenant's name: each of its tokens may read it.
    fn provider(&self) -> String {
        let (first, rest) = self.tenant.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    }

    fn guideline(&self) {
        let (guideline, edition) = (self.fresh(Kind::Guideline), self.fresh(Kind::Edition));
        let control = self.fresh(Kind::Control);
        // An edition before, so that something can have changed.
        for edition in ["2025.1", &edition] {
            self.made("/v1/guidelines", &guideline_body(&guideline, edition, &self.provider(), &control));
        }
        self.is(Kind::Questionnaire, format!("{guideline}-{edition}"));
        self.is(Kind::Guideline, guideline);
        self.is(Kind::Edition, edition);
        self.is(Kind::Control, control);
    }

    fn contact(&self) {
        let id = self.fresh(Kind::Contact);
        let text = json!({"ja": self.provider(), "en": self.provider()});
        let body = json!({
            "id": id, "name": text, "does": text,
            "channels": [{"type": "phone", "value": "03-0000-0000"}],
        });
        self.made("/v1/contacts", &body);
        self.is(Kind::Contact, id);
    }
}

pub fn guideline_body(guideline: &str, edition: &str, title: &str, control: &str) -> Value {
    json!({"guideline": guideline, "edition": edition, "catalog": {
        "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
        "metadata": {"title": title, "last-modified": "2026-11-01T00:00:00Z", "version": edition,
            "oscal-version": "1.2.1"},
        "controls": [
            {"id": control, "title": title}, {"id": format!("{control}-b"), "title": title},
            {"id": format!("{control}-c"), "title": title},
        ],
    }})
}

/// A name of this kind that nothing has.
pub fn missing(kind: Kind) -> &'static str {
    match kind {
        Kind::Client
        | Kind::Assessment
        | Kind::Earlier
        | Kind::Response
        | Kind::Incident
        | Kind::Referral
        | Kind::Account
        | Kind::Secret
        | Kind::Link => MISSING,
        Kind::Guideline | Kind::Contact => "own-nobody-1",
        Kind::Questionnaire => "own-nobody-1-2026.1",
        Kind::Edition => "1999.1",
        Kind::Control
        | Kind::ClientName
        | Kind::AssessmentName
        | Kind::IncidentName
        | Kind::AccountName => "nobody-1",
    }
}
