//! Mappings as OSCAL.
use super::super::mapping::{ControlRef, Related, Relation};
use super::write::word;
use crate::oscal::{self, own};
use std::collections::BTreeMap;

/// Relations as a mapping collection; only those that follow, because OSCAL has no word for the others.
pub fn mapping_collection(
    from: &str,
    to: &str,
    related: &[Related],
    revised_on: chrono::NaiveDate,
) -> oscal::MappingDocument {
    let title = format!("{from} → {to}");
    let mut mappings: BTreeMap<[&str; 4], oscal::Mapping> = BTreeMap::new();
    for (one, relation) in related.iter().filter_map(|one| Some((one, one.relation?))) {
        let (a, b) = (&one.from, &one.to);
        let key = [&a.guideline, &a.edition, &b.guideline, &b.edition].map(String::as_str);
        let mapping = mappings.entry(key).or_insert_with(|| oscal::Mapping {
            uuid: oscal::uuid(&["mapping", key[0], key[1], key[2], key[3]]),
            status: "draft".to_owned(),
            source_resource: resource(a),
            target_resource: resource(b),
            maps: vec![],
        });
        mapping.maps.push(map(one, relation));
    }
    oscal::MappingDocument {
        mapping_collection: oscal::MappingCollection {
            uuid: oscal::uuid(&["mapping-collection", from, to]),
            metadata: oscal::metadata(&title, &revised_on.to_string(), revised_on),
            provenance: oscal::Provenance {
                method: "human".to_owned(),
                matching_rationale: "semantic".to_owned(),
                status: "draft".to_owned(),
                mapping_description:
                    "Shows how controls are related. It is no claim that meeting the one meets the \
                    other."
                        .to_owned(),
            },
            mappings: mappings.into_values().collect(),
            back_matter: None,
        },
    }
}

fn resource(control: &ControlRef) -> oscal::ResourceRef {
    let href = format!("/v1/guidelines/{}/editions/{}/oscal-catalog", control.guideline, control.edition);
    oscal::ResourceRef { r#type: "catalog".to_owned(), href }
}

fn map(one: &Related, relation: Relation) -> oscal::Map {
    let item = |control: &ControlRef| oscal::MapItem {
        r#type: "control".to_owned(),
        id_ref: control.control.clone(),
    };
    let way: Vec<&str> = std::iter::once(&one.from)
        .chain(one.hops.iter().map(|hop| &hop.to))
        .map(|c| c.control.as_str())
        .collect();
    oscal::Map {
        uuid: oscal::uuid(&[
            "map",
            &one.from.guideline,
            &one.from.control,
            &one.to.guideline,
            &one.to.control,
        ]),
        relationship: match relation {
            Relation::Equal => "equal-to",
            Relation::Subset => "subset-of",
            Relation::Superset => "superset-of",
            Relation::Intersects => "intersects-with",
        }
        .to_owned(),
        sources: vec![item(&one.from)],
        targets: vec![item(&one.to)],
        props: vec![
            own("origin", word(&one.origin)),
            own("verification", word(&one.verification)),
            own("way", way.join(" ")),
        ],
        remarks: Some(
            one.hops.iter().map(|hop| hop.rationale.ja.as_str()).collect::<Vec<_>>().join("\n\n"),
        ),
    }
}
