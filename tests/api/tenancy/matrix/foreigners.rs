//! Whoever has a good token and is not to see what the owner has.
use super::super::calls::Said;
use super::super::operations::Operation;
use super::super::rows;
use super::super::words::{Kind, Place, Word};
use super::super::world::{World, missing};
use super::Matrix;
use crate::support::Caller;

/// Somebody with a good token who is not to see what the owner has.
pub struct Foreigner<'a> {
    pub name: &'static str,
    pub caller: Caller<'a>,
    /// What is theirs.
    pub world: &'a World<'a>,
    pub of_the_tenant: bool,
    pub narrowed: Narrowed,
}

#[derive(PartialEq, Eq)]
pub enum Narrowed {
    No,
    ToTheirOwn,
    /// To a client that is not their tenant's: then nothing is theirs.
    ToOurs,
}

impl Matrix<'_> {
    /// Ids of the owner's where something that is there is named: in paths, filters and bodies.
    pub fn finds(&self, foreigner: &Foreigner<'_>) {
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
    pub fn own(&self, foreigner: &Foreigner<'_>) {
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
    pub fn kept(&self, foreigner: &Foreigner<'_>, owner: &World<'_>) -> Vec<String> {
        if !foreigner.of_the_tenant {
            return rows::of(&self.service.db, owner.tenant);
        }
        let client = format!("/v1/clients/{}/export", owner.get(Kind::Client));
        vec![String::from_utf8(owner.caller().get(&client).expect(200).bytes).unwrap()]
    }

    /// Names of the owner's for something new.
    pub fn gives(&self, foreigner: &Foreigner<'_>) {
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
}
