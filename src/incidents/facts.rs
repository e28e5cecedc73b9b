//! From what the caller said and what is known of the client to the facts of a decision.
use super::domain::Standing;
use crate::clients::Client;
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

/// A contract that is not there has no partner: flag and name of the partner.
const PARTNERS: [(&str, &str, &str); 3] = [
    ("otasuketai", "subscribed", "provider"),
    ("cyber_insurance", "enrolled", "insurer"),
    ("forensics", "retained", "firm"),
];

/// The facts at `as_of`. What the caller said of the incident goes before what is known of the client.
pub fn compose(client: &Client, sector: Option<&str>, standing: &Standing, as_of: DateTime<Utc>) -> Json {
    let said = &standing.facts;
    let mut facts = of_client(client, sector);
    json_patch::merge(&mut facts, said);
    for (contract, has, partner) in PARTNERS {
        let of_incident = !said["contracts"][contract][partner].is_null();
        if facts["contracts"][contract][has] == false
            && !of_incident
            && let Some(contract) = facts["contracts"][contract].as_object_mut()
        {
            contract.remove(partner);
        }
    }
    facts["contracts"]["customer_notice"] = notices(client, &said["contracts"]["customer_notice"]);
    name_vendors(client, &mut facts["systems"]);
    let done: Vec<Json> = standing
        .done
        .iter()
        .map(|done| json!({"contact": done.contact, "action": done.action, "ref": done.party, "at": done.at}))
        .collect();
    facts["history"] = json!({ "done": done });
    facts["as_of"] = json!(as_of);
    facts
}

fn of_client(client: &Client, sector: Option<&str>) -> Json {
    let contracts = &client.contracts;
    let lawyer = contracts.lawyer.as_ref().map(|lawyer| json!({"retained": lawyer.retained}));
    let all = json!({
        "organization": {
            "prefecture": client.prefecture, "employees": client.employees, "sector": sector,
        },
        "contracts": {
            "otasuketai": contracts.otasuketai, "cyber_insurance": contracts.cyber_insurance,
            "lawyer": lawyer, "forensics": contracts.forensics, "card": contracts.card,
            "bank": contracts.bank,
        },
    });
    // Merged onto nothing, what is null goes away.
    let mut known = json!({});
    json_patch::merge(&mut known, &all);
    known
}

/// Every contract that wants to be told: what the incident says of one is added to what is known.
fn notices(client: &Client, said: &Json) -> Json {
    let mut all: Vec<Json> = client
        .contracts
        .customer_notice
        .iter()
        .map(|known| {
            json!({"counterparty": known.counterparty, "notice_hours": known.notice_hours, "notice_days": known.notice_days})
        })
        .collect();
    for one in said.as_array().into_iter().flatten() {
        match all.iter_mut().find(|known| known["counterparty"] == one["counterparty"]) {
            Some(known) => json_patch::merge(known, one),
            None => all.push(one.clone()),
        }
    }
    all.into()
}

/// Who maintains a system, where the client's contracts say so and the caller does not.
fn name_vendors(client: &Client, systems: &mut Json) {
    for system in systems.as_array_mut().into_iter().flatten() {
        if !system["maintenance_vendor"].is_null() {
            continue;
        }
        let name = system["name"].as_str().unwrap_or_default();
        let mut vendors = client.contracts.maintenance_vendors.iter();
        if let Some(vendor) = vendors.find(|vendor| vendor.systems.iter().any(|known| known == name)) {
            system["maintenance_vendor"] = json!(vendor.vendor);
        }
    }
}
