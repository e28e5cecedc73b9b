//! The owner's own: who holds a link to one draft, and whoever may do what the others were refused.
use super::super::answers::told;
use super::super::calls::Said;
use super::super::operations::Access;
use super::super::words::{Kind, Word};
use super::super::world::{MISSING, World, missing};
use super::Matrix;
use serde_json::json;
use uuid::Uuid;

impl Matrix<'_> {
    /// The holder of a respondent's link to another draft of the owner's client: nothing is there for them but
    /// that draft.
    pub fn linked(&self) {
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

    /// The owner, with exactly the scopes that are needed and narrowed to the client, is let in; so the refusals
    /// above are not those of a call that nobody could make.
    pub fn allowed(&self) {
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
