//! Every operation by every kind of principal, with an id of somebody else's in every position it can stand in.
use super::answers::told;
use super::calls::{Said, call, path};
use super::operations::{Access, Operation, check, operations};
use super::rows;
use super::words::{Kind, Place, Word};
use super::world::{MISSING, World, missing};
use crate::support::{Answer, Caller, Engine, Service};
use chrono::{TimeDelta, Utc};
use rstest::rstest;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use tasuke::auth::{Grant, Issuer};
use tasuke::caller::Scope;
use ureq::http::Method;
use uuid::Uuid;

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

/// Somebody with a good token who is not to see what the owner has.
struct Foreigner<'a> {
    name: &'static str,
    caller: Caller<'a>,
    /// What is theirs.
    world: &'a World<'a>,
    of_the_tenant: bool,
    narrowed: Narrowed,
}

#[derive(PartialEq, Eq)]
enum Narrowed {
    No,
    ToTheirOwn,
    /// To a client that is not their tenant's: then nothing is theirs.
    ToOurs,
}

struct Matrix<'a> {
    service: &'a Service,
    operations: Vec<Operation>,
    /// Whose ids are asked for.
    owner: &'a World<'a>,
    calls: Cell<usize>,
    principals: RefCell<BTreeSet<String>>,
    /// What was asked with somebody else's id in it.
    probed: RefCell<BTreeSet<String>>,
}

#[rstest]
fn nobody_sees_what_is_anothers_nor_that_it_is_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (owner, sister, rival) = (
        World::new(&service, "acme", "Alpha"),
        World::new(&service, "acme", "Beta"),
        World::new(&service, "rival", "Gamma"),
    );
    for world in [&owner, &sister, &rival] {
        for kind in EVERYTHING {
            world.get(*kind);
        }
        world.credentials();
    }
    let matrix = Matrix {
        service: &service,
        operations: operations(service.document()),
        owner: &owner,
        calls: Cell::default(),
        principals: RefCell::default(),
        probed: RefCell::default(),
    };
    check(&matrix.operations);
    let kept = rows::of(&service.db, owner.tenant);
    let dead = dead_tokens(&service, &owner);
    let kept = if dead.is_empty() { kept } else { rows::of(&service.db, owner.tenant) };
    matrix.strangers(&dead);
    matrix.wrong_scopes();
    rows::same(&kept, &rows::of(&service.db, owner.tenant));
    let of_others = [
        Foreigner {
            name: "other tenant",
            caller: rival.caller(),
            world: &rival,
            of_the_tenant: false,
            narrowed: Narrowed::No,
        },
        Foreigner {
            name: "other tenant, narrowed to its own client",
            caller: rival.narrowed(Scope::ALL),
            world: &rival,
            of_the_tenant: false,
            narrowed: Narrowed::ToTheirOwn,
        },
        Foreigner {
            name: "other tenant, narrowed to our client",
            caller: service.caller("rival", Scope::ALL, Some(&owner.get(Kind::Client))),
            world: &rival,
            of_the_tenant: false,
            narrowed: Narrowed::ToOurs,
        },
    ];
    let of_the_tenant = [Foreigner {
        name: "narrowed to another client",
        caller: sister.narrowed(Scope::ALL),
        world: &sister,
        of_the_tenant: true,
        narrowed: Narrowed::ToTheirOwn,
    }];
    for foreigner in of_others.iter().chain(&of_the_tenant) {
        let kept = matrix.kept(foreigner, &owner);
        matrix.finds(foreigner);
        matrix.own(foreigner);
        rows::same(&kept, &matrix.kept(foreigner, &owner));
    }
    // Last, because a foreigner then has something with the owner's names.
    for foreigner in of_others.iter().chain(&of_the_tenant) {
        matrix.gives(foreigner);
    }
    matrix.linked();
    matrix.allowed();
    matrix.tell(engine);
}

const EVERYTHING: &[Kind] = &[
    Kind::Client,
    Kind::Earlier,
    Kind::Assessment,
    Kind::Response,
    Kind::Incident,
    Kind::Referral,
    Kind::Guideline,
    Kind::Contact,
    Kind::Account,
    Kind::Secret,
    Kind::Link,
];

fn all_but(scope: Scope) -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|other| *other != scope).collect()
}

impl Matrix<'_> {
    fn call(&self, caller: &Caller<'_>, operation: &Operation, world: &World<'_>, said: &Said) -> Answer {
        self.calls.set(self.calls.get() + 1);
        call(caller, operation, world, said)
    }

    fn principal(&self, name: &str) {
        self.principals.borrow_mut().insert(name.to_owned());
    }

    /// Everything in the path of the operation, called by these names.
    fn path_swaps(operation: &Operation, name: impl Fn(Kind) -> String) -> Vec<(usize, String)> {
        let positions = operation.positions.iter().enumerate();
        positions
            .filter_map(|(index, position)| match (position.place, position.word) {
                (Place::Path, Word::Is(kind)) => Some((index, name(kind))),
                _ => None,
            })
            .collect()
    }

    /// Asks for what the owner has and for what nobody has, and holds the answers against each other.
    fn same(
        &self,
        caller: &Caller<'_>,
        operation: &Operation,
        world: &World<'_>,
        pair: (Said, Said),
    ) -> Answer {
        let (theirs, nobodys) =
            (self.named(operation, world, pair.0), self.named(operation, world, pair.1));
        let names = |said: &Said| said.swaps.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
        let text = |answer: &Answer, said: &Said| {
            told(answer, &names(said).iter().map(String::as_str).collect::<Vec<_>>())
        };
        let answer = self.call(caller, operation, world, &theirs);
        let missing = self.call(caller, operation, world, &nobodys);
        assert_eq!(
            text(&answer, &theirs),
            text(&missing, &nobodys),
            "{}: what is another's answers otherwise than what is not there; asked for {}",
            operation.id,
            path(operation, world, &theirs),
        );
        answer
    }

    /// With every other name that a new thing is given: it differs from call to call.
    fn named(&self, operation: &Operation, world: &World<'_>, mut said: Said) -> Said {
        for (index, position) in operation.positions.iter().enumerate() {
            if let Word::Gives(kind) = position.word
                && operation.method == Method::POST
                && said.swaps.iter().all(|(swap, _)| *swap != index)
            {
                said.swaps.push((index, world.fresh(kind)));
            }
        }
        said
    }

    /// Nothing of the owner's is in the answer, but for the names that were asked for.
    fn silent(
        &self,
        answer: &Answer,
        operation: &Operation,
        of_the_tenant: bool,
        asked: &[(usize, String)],
    ) {
        let mut text = told(answer, &[]);
        for (_, name) in asked {
            text = text.replace(name, "NAME");
        }
        let text = text.to_lowercase();
        let mut secrets = vec![self.owner.label.to_lowercase()];
        if !of_the_tenant {
            secrets.push(self.owner.tenant.to_owned());
        }
        secrets
            .extend(self.owner.all().into_iter().filter(|(kind, _)| !kind.is_shared()).map(|(_, id)| id));
        for secret in secrets {
            assert!(!text.contains(&secret), "{} tells {secret}:\n{text}", operation.id);
        }
    }

    /// No token, or one that is not good.
    fn strangers(&self, dead: &[(&'static str, String)]) {
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

    /// The names in the path of a call to what is the owner's.
    fn asked(&self, operation: &Operation) -> Vec<(usize, String)> {
        Self::path_swaps(operation, |kind| self.owner.get(kind))
    }

    /// A token of the owner's with every scope but one that is needed.
    fn wrong_scopes(&self) {
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

    /// Ids of the owner's where something that is there is named: in paths, filters and bodies.
    fn finds(&self, foreigner: &Foreigner<'_>) {
        self.principal(foreigner.name);
        for operation in &self.operations {
            let mut asked: Vec<Vec<(usize, Kind)>> = vec![];
            for (index, position) in operation.positions.iter().enumerate() {
                if let Word::Is(kind) = position.word
                    && !(foreigner.of_the_tenant && kind.is_shared())
                {
                    asked.push(vec![(index, kind)]);
                }
            }
            let in_path: Vec<(usize, Kind)> = asked
                .iter()
                .flatten()
                .copied()
                .filter(|(i, _)| operation.positions[*i].place == Place::Path)
                .collect();
            if in_path.len() > 1 {
                asked.push(in_path);
            }
            for asked in asked {
                let theirs: Vec<_> = asked.iter().map(|(i, kind)| (*i, self.owner.get(*kind))).collect();
                let nobodys: Vec<_> =
                    asked.iter().map(|(i, kind)| (*i, missing(*kind).to_owned())).collect();
                let is_path = operation.positions[asked[0].0].place == Place::Path;
                let tag = is_path.then(|| self.tag(operation)).flatten();
                for tag in [None].into_iter().chain(tag.map(Some)) {
                    let said = |swaps: &Vec<(usize, String)>| Said {
                        tag: tag.clone(),
                        ..Said::with(swaps.clone())
                    };
                    let pair = (said(&theirs), said(&nobodys));
                    let answer = self.same(&foreigner.caller, operation, foreigner.world, pair);
                    let refused = operation.for_the_whole_tenant && foreigner.narrowed != Narrowed::No;
                    if is_path {
                        let expected = if refused { 403 } else { 404 };
                        assert_eq!(answer.status, expected, "{} by {}", operation.id, foreigner.name);
                    }
                    self.silent(&answer, operation, foreigner.of_the_tenant, &theirs);
                }
                for (index, _) in asked {
                    self.note(operation, index);
                }
            }
        }
    }

    /// The holder of a respondent's link to another draft of the owner's client: nothing is there for them but
    /// that draft.
    fn linked(&self) {
        self.principal("link to another draft of the client");
        let draft =
            json!({"client_id": self.owner.get(Kind::Client), "questionnaire": "ipa-self-check-3.1"});
        let draft = self.owner.caller().post("/v1/assessments", &draft).expect(201).text("/id").to_owned();
        let links = format!("/v1/assessments/{draft}/links");
        let link = self.owner.caller().post(&links, &json!({"respondent": "site"})).expect(201);
        let holder = self.service.bearer(link.text("/token"));
        for operation in
            self.operations.iter().filter(|o| o.access != Access::Open && !o.needs().is_empty())
        {
            let theirs = self.asked(operation);
            let nobodys = Self::path_swaps(operation, |kind| missing(kind).to_owned());
            let in_the_draft = |names: &[(usize, String)]| {
                let own = |(index, name): &(usize, String)| {
                    let is_draft = operation.positions[*index].word == Word::Is(Kind::Assessment);
                    (*index, if is_draft { draft.clone() } else { name.clone() })
                };
                names.iter().map(own).collect::<Vec<_>>()
            };
            let mut pairs = vec![(theirs.clone(), nobodys.clone())];
            if operation.for_links && theirs.len() > 1 {
                pairs.push((in_the_draft(&theirs), in_the_draft(&nobodys)));
            }
            for (theirs, nobodys) in pairs {
                let pair = (Said::with(theirs.clone()), Said::with(nobodys));
                let answer = self.same(&holder, operation, self.owner, pair);
                let expected = match operation.access {
                    Access::Needs(_) if !operation.for_links => 403,
                    Access::Needs(_) => 404,
                    _ if theirs.is_empty() => operation.good,
                    _ => 404,
                };
                assert_eq!(answer.status, expected, "{} by the holder of a link", operation.id);
                self.silent(&answer, operation, false, &theirs);
            }
            if operation.for_links && theirs.len() == 1 {
                let own = Said::with(in_the_draft(&theirs));
                let answer = self.call(&holder, operation, self.owner, &own);
                assert!(answer.status < 300 || answer.status == 422, "{}: {:#}", operation.id, answer.json);
            }
        }
    }

    /// The tag of what the operation changes, as the owner has it.
    fn tag(&self, operation: &Operation) -> Option<String> {
        if !operation.takes("If-Match") {
            return None;
        }
        let shows = self.operations.iter().find(|o| o.method == "GET" && o.path == operation.path)?;
        let answer = self.call(&self.owner.caller(), shows, self.owner, &Said::default());
        Some(answer.expect(200).header("etag").to_owned())
    }

    /// What a foreigner asks of their own holds nothing of the owner's.
    fn own(&self, foreigner: &Foreigner<'_>) {
        for operation in self.operations.iter().filter(|operation| !operation.writes()) {
            let answer = self.call(&foreigner.caller, operation, foreigner.world, &Said::default());
            if operation.for_the_whole_tenant && foreigner.narrowed != Narrowed::No {
                assert_eq!(answer.status, 403, "{} by {}", operation.id, foreigner.name);
            } else if foreigner.narrowed != Narrowed::ToOurs {
                assert_eq!(answer.status, operation.good, "{} by {}", operation.id, foreigner.name);
            }
            // Their own token may say whom it is narrowed to.
            let said = (operation.id == "getWhoAmI" && foreigner.narrowed == Narrowed::ToOurs)
                .then(|| (0, self.owner.get(Kind::Client)));
            self.silent(&answer, operation, foreigner.of_the_tenant, said.as_slice());
        }
    }

    /// What no call of this foreigner may change.
    fn kept(&self, foreigner: &Foreigner<'_>, owner: &World<'_>) -> Vec<String> {
        if !foreigner.of_the_tenant {
            return rows::of(&self.service.db, owner.tenant);
        }
        let client = format!("/v1/clients/{}/export", owner.get(Kind::Client));
        vec![String::from_utf8(owner.caller().get(&client).expect(200).bytes).unwrap()]
    }

    /// Names of the owner's for something new.
    fn gives(&self, foreigner: &Foreigner<'_>) {
        for operation in &self.operations {
            for (index, position) in operation.positions.iter().enumerate() {
                let Word::Gives(kind) = position.word else { continue };
                if foreigner.of_the_tenant && kind.is_shared() {
                    continue;
                }
                // Whoever has given a name to something of theirs finds that: so it is a new one each time.
                let owner = World::new(self.service, self.owner.tenant, self.owner.label);
                let theirs = vec![(index, owner.get(kind))];
                let nobodys = vec![(index, foreigner.world.fresh(kind))];
                let pair = (Said::with(theirs.clone()), Said::with(nobodys));
                let kept = self.kept(foreigner, &owner);
                let answer = self.same(&foreigner.caller, operation, foreigner.world, pair);
                rows::same(&kept, &self.kept(foreigner, &owner));
                self.silent(&answer, operation, foreigner.of_the_tenant, &theirs);
                self.note(operation, index);
            }
        }
    }

    fn note(&self, operation: &Operation, index: usize) {
        let position = &operation.positions[index];
        self.probed.borrow_mut().insert(format!("{} {:?} {}", operation.id, position.place, position.at));
    }

    /// The owner, with exactly the scopes that are needed and narrowed to the client, is let in; so the refusals
    /// above are not those of a call that nobody could make.
    fn allowed(&self) {
        let rival = self.service.tenant("rival");
        for operation in &self.operations {
            let fresh = World::to(&operation.id, self.service, self.owner.tenant, "Delta");
            let world = if operation.writes() { &fresh } else { self.owner };
            let narrowed = world.narrowed(operation.needs());
            let whole = self.service.caller(self.owner.tenant, operation.needs(), None);
            if operation.for_the_whole_tenant {
                let refused = self.call(&narrowed, operation, world, &Said::default());
                assert_eq!(refused.status, 403, "{}", operation.id);
            }
            let caller = if operation.for_the_whole_tenant { whole } else { narrowed };
            let answer = self.call(&caller, operation, world, &Said::default());
            assert_eq!(
                answer.status, operation.good,
                "{}: its owner cannot do it; see `said_of` in calls.rs and `World::to`: {:#}",
                operation.id, answer.json
            );
            if operation.tells_location {
                let location = answer.header("location");
                let steps: Vec<(&str, &str)> =
                    location.split('/').map(|step| (step, elsewhere(step))).collect();
                let nowhere = steps.iter().map(|(_, nowhere)| *nowhere).collect::<Vec<_>>().join("/");
                let (names, nobodys): (Vec<_>, Vec<_>) = steps.into_iter().filter(|(a, b)| a != b).unzip();
                assert!(!names.is_empty(), "{}: {location}", operation.id);
                let (theirs, missing) = (rival.get(location), rival.get(&nowhere));
                assert_eq!(told(&theirs, &names), told(&missing, &nobodys), "{location}");
                theirs.expect(404);
            }
        }
        self.principal("the owner, narrowed to the client, with what is needed");
    }

    /// Every operation and every position was asked for; and how much that was.
    fn tell(&self, engine: Engine) {
        let all: BTreeSet<String> = self
            .operations
            .iter()
            .filter(|operation| operation.access != Access::Open)
            .flat_map(|o| o.positions.iter().filter(|p| p.word != Word::Cursor).map(move |p| (o, p)))
            .map(|(o, p)| format!("{} {:?} {}", o.id, p.place, p.at))
            .collect();
        let probed = self.probed.borrow();
        let left: Vec<&String> = all.difference(&probed).collect();
        assert!(left.is_empty(), "nobody asked for {left:#?}");
        println!(
            "tenancy matrix on {engine:?}: {} operations, {} principals, {} positions, {} calls",
            self.operations.len(),
            self.principals.borrow().len(),
            probed.len(),
            self.calls.get()
        );
        assert!(self.operations.len() >= 80 && probed.len() >= 100, "the document was not read");
    }
}

/// A step of a path that leads nowhere, in place of one that names something of a tenant's.
fn elsewhere(step: &str) -> &str {
    if step.starts_with("own-") {
        missing(Kind::Guideline)
    } else if Uuid::parse_str(step).is_ok() {
        MISSING
    } else {
        step
    }
}

/// Tokens that were good until what they stand for was taken away or ended.
fn dead_tokens(service: &Service, owner: &World<'_>) -> Vec<(&'static str, String)> {
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
