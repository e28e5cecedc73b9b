//! Whoever has no token, one that is not good, one that is not good any more, or one without a scope that is needed.
use super::super::answers::told;
use super::super::calls::Said;
use super::super::operations::{Access, Operation};
use super::super::rows;
use super::super::world::{World, missing};
use super::Matrix;
use crate::support::{Caller, Service};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use tasuke::auth::{Grant, Issuer};
use tasuke::caller::Scope;

/// Operations that need no token. Think twice before you add one: whatever it answers, everybody may read.
const OPEN: &[&str] = &[
    "getAuthorizationServer",
    "getCisoAssistantLibrary",
    "getKeySet",
    "getLiveness",
    "getOscalMapping",
    "getReadiness",
    "getRoutingRule",
    // It needs the client's own proof instead.
    "issueToken",
    "listMappings",
    "listRoutingForms",
    "listRoutingRules",
    "listRoutingRulesets",
];

/// Operations that show what ships to everybody, and to a token what is its tenant's own as well.
const VISITING: &[&str] = &[
    "getContact",
    "getControl",
    "getEdition",
    "getEditionChanges",
    "getGuideline",
    "getOscalCatalog",
    "getOscalProfile",
    "getQuestionnaire",
    "listContacts",
    "listControls",
    "listGuidelines",
    "listQuestionnaires",
];

impl Matrix<'_> {
    /// No token, or one that is not good.
    pub fn strangers(&self, dead: &[(&'static str, String)]) {
        let open = |is_open: fn(&Access) -> bool| {
            let found = self.operations.iter().filter(move |operation| is_open(&operation.access));
            found.map(|operation| operation.id.as_str()).collect::<BTreeSet<_>>()
        };
        assert_eq!(open(|access| *access == Access::Open), OPEN.iter().copied().collect());
        assert_eq!(
            open(|access| matches!(access, Access::Visiting(_))),
            VISITING.iter().copied().collect()
        );
        let mut strangers = strangers(self.service);
        strangers.extend(dead.iter().map(|(name, token)| (*name, self.service.bearer(token))));
        for operation in &self.operations {
            let nobody = self.service.anonymous();
            let refused = match operation.access {
                Access::Open | Access::Visiting(_) => {
                    self.anonymous(operation, &nobody);
                    None
                }
                Access::Needs(_) => {
                    // Whatever else is wrong with the call, the missing token comes first.
                    let swaps = Self::path_swaps(operation, |_| "x".to_owned());
                    self.call(&nobody, operation, self.owner, &Said::with(swaps)).expect(401);
                    Some(self.call(&nobody, operation, self.owner, &Said::default()).expect(401))
                }
            };
            for (name, caller) in &strangers {
                self.principal(name);
                let answer = self.call(caller, operation, self.owner, &Said::default());
                if operation.access == Access::Open {
                    assert_eq!(answer.status, operation.good, "{}", operation.id);
                    continue;
                }
                assert_eq!(answer.status, 401, "{} with {name}", operation.id);
                if let Some(refused) = &refused {
                    assert_eq!(told(&answer, &[]), told(refused, &[]), "{} with {name}", operation.id);
                }
                self.silent(&answer, operation, false, &self.asked(operation));
            }
        }
        self.principal("nobody");
    }

    /// What ships is there for somebody without a token; what is the owner's is not.
    fn anonymous(&self, operation: &Operation, nobody: &Caller<'_>) {
        let theirs = Self::path_swaps(operation, |kind| self.owner.get(kind));
        let nobodys = Self::path_swaps(operation, |kind| missing(kind).to_owned());
        if theirs.is_empty() {
            let answer = self.call(nobody, operation, self.owner, &Said::default());
            assert_eq!(answer.status, operation.good, "{}", operation.id);
            self.silent(&answer, operation, false, &[]);
            return;
        }
        let answer = self
            .same(nobody, operation, self.owner, (Said::with(theirs.clone()), Said::with(nobodys)))
            .expect(404);
        self.silent(&answer, operation, false, &theirs);
    }

    /// A token of the owner's with every scope but one that is needed.
    pub fn wrong_scopes(&self) {
        for operation in &self.operations {
            for scope in operation.needs() {
                let caller = self.service.caller(self.owner.tenant, &all_but(*scope), None);
                self.principal(&format!("every scope but {scope}"));
                let theirs = self.asked(operation);
                let nobodys = Self::path_swaps(operation, |kind| missing(kind).to_owned());
                let pair = (Said::with(theirs.clone()), Said::with(nobodys));
                let answer = self.same(&caller, operation, self.owner, pair);
                let expected = match operation.access {
                    Access::Needs(_) => 403,
                    _ if theirs.is_empty() => operation.good,
                    _ => 404,
                };
                assert_eq!(answer.status, expected, "{} without {scope}", operation.id);
                if expected == 403 {
                    assert!(answer.header("www-authenticate").contains(scope.as_str()), "{}", operation.id);
                }
                self.silent(&answer, operation, false, &theirs);
            }
        }
    }
}

fn all_but(scope: Scope) -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|other| *other != scope).collect()
}

/// Tokens that were good until what they stand for was taken away or ended.
pub fn dead_tokens(service: &Service, owner: &World<'_>) -> Vec<(&'static str, String)> {
    let acme = owner.caller();
    let account = || {
        let (token, at) = owner.account_token();
        service.bearer(&token).get("/v1/whoami").expect(200);
        (token, at)
    };
    let id = |at: &str| at.rsplit('/').next().unwrap().to_owned();
    let (revoked, at) = account();
    acme.delete(&at, "*").expect(204);
    let (disabled, at) = account();
    acme.patch(&at, "*", &json!({"disabled": true})).expect(200);
    let (stale, at) = account();
    let secret = acme.get(&at).expect(200).text("/secrets/0/id").to_owned();
    acme.delete(&format!("{at}/secrets/{secret}"), "*").expect(204);
    let (ended, at) = account();
    let end = |table: &str, id: &str| {
        let statement = format!("UPDATE {table} SET expires_at = '2020-01-01 00:00:00' WHERE id = '{id}'");
        rows::run(&service.db, &statement).unwrap();
    };
    end("service_accounts", &id(&at));
    let (taken_back, at) = owner.link_token();
    acme.delete(&at, "*").expect(204);
    let (over, at) = owner.link_token();
    end("assessment_links", &id(&at));
    vec![
        ("revoked account", revoked),
        ("disabled account", disabled),
        ("account whose secret was taken away", stale),
        ("account that has ended", ended),
        ("link that was taken back", taken_back),
        ("link that has ended", over),
    ]
}

/// Callers whose tokens are no good, each for another reason.
fn strangers(service: &Service) -> Vec<(&'static str, Caller<'_>)> {
    let grant = Grant {
        tenant: "acme".into(),
        subject: "stranger".into(),
        scopes: Scope::ALL.to_vec(),
        client: None,
        lifetime: TimeDelta::minutes(5),
    };
    let issued = |name: &str, audience: &str, at| {
        Issuer::open(&service.db, name, audience, Utc::now()).unwrap().issue(&grant, at).unwrap()
    };
    let tokens = [
        ("garbage", "a.b.c".to_owned()),
        ("expired token", issued("tasuke", "tasuke", Utc::now() - TimeDelta::hours(1))),
        ("token of another issuer", issued("other", "tasuke", Utc::now())),
        ("token for another audience", issued("tasuke", "other", Utc::now())),
    ];
    tokens
        .into_iter()
        .map(|(name, token)| (name, service.with_authorization(&format!("Bearer {token}"))))
        .collect()
}
