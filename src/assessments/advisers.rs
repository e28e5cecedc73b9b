//! Whom to ask about a gap: the company's own partners first, then who knows the subject, then who helps with
//! anything.
use super::plan::PlanContact;
use crate::clients::{Client, Contracts};
use crate::contacts::{Contact, Directory, generalists, helpers};

/// How many are named for one gap.
const MOST: usize = 3;

/// The nearest first; `topics` are the tags of the control.
pub fn advisers(directory: &Directory, client: &Client, topics: &[String]) -> Vec<PlanContact> {
    let known = helpers(directory, topics).into_iter().map(|contact| (contact, true));
    let anything = generalists(directory).into_iter().map(|contact| (contact, false));
    let mut found: Vec<(Partnership, &Contact)> = vec![];
    for (contact, knows_the_subject) in known.chain(anything) {
        let partnership = partnership(&contact.id, &client.contracts);
        let fits = match partnership {
            Partnership::Contracted(_) => true,
            Partnership::None => false,
            // Most companies have somebody who maintains their machines, but not a contract for anything.
            Partnership::Unknown => knows_the_subject,
            Partnership::NotNeeded => serves(contact, client),
        };
        if fits && !found.iter().any(|(_, other)| other.id == contact.id) {
            found.push((partnership, contact));
        }
    }
    found.sort_by_key(|(partnership, _)| !matches!(partnership, Partnership::Contracted(_)));
    found.truncate(MOST);
    found
        .into_iter()
        .map(|(partnership, contact)| PlanContact {
            contact: contact.id.clone(),
            name: contact.name.clone(),
            party: match partnership {
                Partnership::Contracted(party) => party,
                _ => None,
            },
        })
        .collect()
}

fn serves(contact: &Contact, client: &Client) -> bool {
    contact.prefecture.is_none() || contact.prefecture == client.prefecture
}

/// How the company stands with a contact of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Partnership {
    /// There is a contract, perhaps with a name.
    Contracted(Option<String>),
    /// There is none, and without one there is nobody to ask.
    None,
    /// It needs a contract, and nobody has said whether there is one.
    Unknown,
    /// Anybody may ask.
    NotNeeded,
}

fn partnership(contact: &str, contracts: &Contracts) -> Partnership {
    let of = |contract: Option<(bool, &Option<String>)>| match contract {
        Some((true, name)) => Partnership::Contracted(name.clone()),
        Some((false, _)) => Partnership::None,
        None => Partnership::Unknown,
    };
    let Contracts { otasuketai, cyber_insurance, lawyer, forensics, maintenance_vendors, .. } = contracts;
    match contact {
        "otasuketai_provider" => of(otasuketai.as_ref().map(|c| (c.subscribed, &c.provider))),
        // Who has one need not choose one.
        "otasuketai_list" if otasuketai.as_ref().is_some_and(|c| c.subscribed) => Partnership::None,
        "insurer" => of(cyber_insurance.as_ref().map(|c| (c.enrolled, &c.insurer))),
        "lawyer" => of(lawyer.as_ref().map(|c| (c.retained, &c.name))),
        "forensics_firm" => of(forensics.as_ref().map(|c| (c.retained, &c.firm))),
        "maintenance_vendor" => match maintenance_vendors.as_slice() {
            [] => Partnership::Unknown,
            [only] => Partnership::Contracted(Some(only.vendor.clone())),
            _ => Partnership::Contracted(None),
        },
        _ => Partnership::NotNeeded,
    }
}

#[cfg(test)]
mod tests {
    use super::advisers;
    use crate::clients::{Client, Profile};
    use crate::contacts::Directory;
    use crate::shipped::Faults;
    use chrono::DateTime;
    use serde_json::json;

    #[test]
    fn a_gap_names_partners_then_who_knows_the_subject_then_who_helps_with_anything() {
        let mut faults = Faults::default();
        let directory = Directory::load(&mut faults);
        assert!(faults.is_empty(), "{faults}");
        let subscribed = json!({"otasuketai": {"subscribed": true, "provider": "O社"}});
        let not = json!({"otasuketai": {"subscribed": false}, "lawyer": {"retained": false}});
        let vendor = json!({"maintenance_vendors": [{"vendor": "M社", "systems": []}]});
        for (prefecture, contracts, topics, expected) in [
            ("23", json!({}), &[][..], "ipa_corp_soudan otasuketai_list"),
            ("13", json!({}), &["policy"], "tokyo_tcyss ipa_corp_soudan otasuketai_list"),
            ("23", json!({}), &["policy"], "ipa_corp_soudan otasuketai_list"),
            ("23", subscribed.clone(), &[], "otasuketai_provider=O社 ipa_corp_soudan"),
            ("23", subscribed, &["backup"], "otasuketai_provider=O社 maintenance_vendor ipa_corp_soudan"),
            ("23", vendor, &["backup"], "maintenance_vendor=M社 ipa_corp_soudan otasuketai_list"),
            ("23", json!({}), &["legal"], "lawyer himawari ipa_corp_soudan"),
            ("23", not, &["legal", "msp"], "otasuketai_list himawari ipa_corp_soudan"),
        ] {
            let client = Client {
                id: "c".into(),
                external_id: None,
                name: "x".into(),
                industry: None,
                employees: None,
                prefecture: Some(prefecture.into()),
                profile: Profile::default(),
                contracts: serde_json::from_value(contracts).unwrap(),
                revision: 1,
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            };
            let topics: Vec<String> = topics.iter().map(ToString::to_string).collect();
            let found: Vec<String> = advisers(&directory, &client, &topics)
                .into_iter()
                .map(|found| match found.party {
                    Some(party) => format!("{}={party}", found.contact),
                    None => found.contact,
                })
                .collect();
            assert_eq!(found.join(" "), expected, "{prefecture} {topics:?} {:?}", client.contracts);
        }
    }
}
