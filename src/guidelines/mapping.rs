//! Relations between controls of different guidelines, and what follows from two of them. Shown, and
//! never turned into a claim: that a company does the one says nothing about the other.
use super::domain::{Source, Verification};
use crate::text::LocalizedText;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// What the first control is of the second, as sets of what they ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MappingRelation)]
pub enum Relation {
    Equal,
    Subset,
    Superset,
    Intersects,
}

impl Relation {
    /// What follows for A and C when A is `self` of B, and B is `next` of C; `None`: nothing.
    pub fn then(self, next: Self) -> Option<Self> {
        use Relation::{Equal, Intersects, Subset, Superset};
        match (self, next) {
            (Equal, other) | (other, Equal) => Some(other),
            (Subset, Subset) => Some(Subset),
            (Superset, Superset) => Some(Superset),
            // What A shares with B, or all of B, is in C too.
            (Superset | Intersects, Subset) | (Superset, Intersects) => Some(Intersects),
            (Subset | Intersects, Superset | Intersects) => None,
        }
    }

    fn inverse(self) -> Self {
        match self {
            Self::Subset => Self::Superset,
            Self::Superset => Self::Subset,
            same => same,
        }
    }
}

/// Who says that two controls are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MappingOrigin)]
pub enum Authority {
    /// The publisher of one of the guidelines.
    Official,
    /// This project.
    Editorial,
}

/// One edition of a guideline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionRef {
    #[schema(example = "scs")]
    pub guideline: String,
    #[schema(example = "20260327")]
    pub edition: String,
}

/// The relations from one edition to another.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub from: EditionRef,
    pub to: EditionRef,
    pub author: LocalizedText,
    pub authority: Authority,
    pub note: LocalizedText,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub from: String,
    pub to: String,
    pub relation: Relation,
    pub rationale: LocalizedText,
    pub verification: Verification,
    pub sources: Vec<Source>,
}

/// One relation as somebody stated it, read in the direction that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MappingHop)]
pub struct Hop {
    pub from: ControlRef,
    pub to: ControlRef,
    pub relation: Relation,
    pub author: LocalizedText,
    /// `official` or `editorial` (ours).
    #[schema(value_type = String, example = "editorial")]
    pub origin: Authority,
    pub rationale: LocalizedText,
    pub verification: Verification,
    pub sources: Vec<Source>,
}

/// A control of one edition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(as = ControlRef)]
pub struct ControlRef {
    #[schema(example = "scs")]
    pub guideline: String,
    #[schema(example = "20260327")]
    pub edition: String,
    #[schema(example = "scs-4-4-4")]
    pub control: String,
}

/// How a control of one guideline is related to one of another: directly, or over controls of a third.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ControlMapping)]
pub struct Related {
    pub from: ControlRef,
    pub to: ControlRef,
    /// What `from` is of `to`: `equal`, `subset`, `superset` or `intersects`. Null where the hops
    /// together allow no conclusion.
    pub relation: Option<Relation>,
    /// The weakest of the hops: `official` or `editorial`.
    #[schema(value_type = String, example = "editorial")]
    pub origin: Authority,
    /// The weakest of the hops.
    pub verification: Verification,
    /// The statements that lead from the one to the other, in order; one when it is direct.
    pub hops: Vec<Hop>,
}

/// How many guidelines a chain may cross: further away nothing worth showing is left.
const MOST_HOPS: usize = 3;

/// Every relation from the one guideline to the other, in the order of the keys. Over every chain of
/// statements, the strongest one for each pair; a direct statement goes before any chain.
pub fn between(mappings: &[Mapping], from: &str, to: &str) -> Vec<Related> {
    let graph = Graph::of(mappings);
    let mut best: BTreeMap<(ControlRef, ControlRef), Related> = BTreeMap::new();
    let mut paths: Vec<Vec<Hop>> = graph.starting_in(from).map(|hop| vec![hop.clone()]).collect();
    while let Some(path) = paths.pop() {
        let Some(last) = path.last() else { continue };
        if last.to.guideline == to {
            let related = Related::over(path);
            let pair = (related.from.clone(), related.to.clone());
            match best.get(&pair) {
                Some(known) if known.weakness() <= related.weakness() => {}
                _ => drop(best.insert(pair, related)),
            }
            continue;
        }
        if path.len() < MOST_HOPS {
            // Never back into a guideline that the chain has been in.
            let fresh = |hop: &&Hop| path.iter().all(|passed| passed.from.guideline != hop.to.guideline);
            let next = graph.after(&last.to).filter(fresh);
            paths.extend(next.map(|hop| path.iter().cloned().chain([hop.clone()]).collect::<Vec<_>>()));
        }
    }
    best.into_values().collect()
}

impl Related {
    fn over(hops: Vec<Hop>) -> Self {
        let ends = (hops[0].from.clone(), hops[hops.len() - 1].to.clone());
        let relations = hops.iter().map(|hop| hop.relation);
        Self {
            from: ends.0,
            to: ends.1,
            relation: relations.map(Some).reduce(|so_far, next| so_far?.then(next?)).flatten(),
            origin: hops.iter().map(|hop| hop.origin).max().unwrap_or(Authority::Editorial),
            verification: hops.iter().map(|hop| hop.verification).max().unwrap_or(Verification::Unverified),
            hops,
        }
    }

    /// Less is better: fewer hops, then something that follows, then how sure it is. The way it takes
    /// comes last, so that there is always one best.
    fn weakness(&self) -> impl Ord + '_ {
        let way: Vec<&ControlRef> = self.hops.iter().map(|hop| &hop.to).collect();
        (self.hops.len(), self.relation.is_none(), self.relation, self.verification, self.origin, way)
    }
}

/// Every statement, in both directions.
struct Graph(HashMap<ControlRef, Vec<Hop>>);

impl Graph {
    fn of(mappings: &[Mapping]) -> Self {
        let mut hops: HashMap<ControlRef, Vec<Hop>> = HashMap::new();
        for mapping in mappings {
            for entry in &mapping.entries {
                let hop = Hop {
                    from: mapping.from.control(&entry.from),
                    to: mapping.to.control(&entry.to),
                    relation: entry.relation,
                    author: mapping.author.clone(),
                    origin: mapping.authority,
                    rationale: entry.rationale.clone(),
                    verification: entry.verification,
                    sources: entry.sources.clone(),
                };
                let back = Hop {
                    from: hop.to.clone(),
                    to: hop.from.clone(),
                    relation: hop.relation.inverse(),
                    ..hop.clone()
                };
                for hop in [hop, back] {
                    hops.entry(hop.from.clone()).or_default().push(hop);
                }
            }
        }
        Self(hops)
    }

    fn starting_in<'a>(&'a self, guideline: &'a str) -> impl Iterator<Item = &'a Hop> {
        self.0.iter().filter(move |(from, _)| from.guideline == guideline).flat_map(|(_, hops)| hops)
    }

    fn after(&self, control: &ControlRef) -> impl Iterator<Item = &Hop> {
        self.0.get(control).into_iter().flatten()
    }
}

impl EditionRef {
    fn control(&self, key: &str) -> ControlRef {
        ControlRef {
            guideline: self.guideline.clone(),
            edition: self.edition.clone(),
            control: key.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
