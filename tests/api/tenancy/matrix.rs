//! Every operation by every kind of principal, with an id of somebody else's in every position it can stand in.
mod foreigners;
mod owner;
mod strangers;

use super::answers::told;
use super::calls::{Said, call, path};
use super::operations::{Access, Operation, check, operations};
use super::rows;
use super::words::{Kind, Place, Word};
use super::world::World;
use crate::support::{Answer, Caller, Engine, Service};
use foreigners::{Foreigner, Narrowed};
use rstest::rstest;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use tasuke::caller::Scope;
use ureq::http::Method;

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
    let dead = strangers::dead_tokens(&service, &owner);
    let kept = rows::of(&service.db, owner.tenant);
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
            (Self::named(operation, world, pair.0), Self::named(operation, world, pair.1));
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
    fn named(operation: &Operation, world: &World<'_>, mut said: Said) -> Said {
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

    /// The names in the path of a call to what is the owner's.
    fn asked(&self, operation: &Operation) -> Vec<(usize, String)> {
        Self::path_swaps(operation, |kind| self.owner.get(kind))
    }

    fn note(&self, operation: &Operation, index: usize) {
        let position = &operation.positions[index];
        self.probed.borrow_mut().insert(format!("{} {:?} {}", operation.id, position.place, position.at));
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
