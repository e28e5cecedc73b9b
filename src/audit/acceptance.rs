//! An operator lets a log go on that is not as it was left. It makes nothing whole: it stands in the log, and whoever
//! verifies the log is told until it is pruned.
use super::check::Finding;
use crate::audited;
use std::str::FromStr;

/// What the operator calls it; an operation of the API is never called so.
pub const ACTION: &str = "audit accept";

/// How many findings are named one by one. What is in the database still is found again each time anyway.
const NAMED: usize = 20;

/// Where it is written down what happened and why, such as the name of a ticket. No sentence: the log keeps what
/// stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl FromStr for Reference {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._/#-".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "1 to 64 of a-z, A-Z, 0-9 and . _ / # -, such as the name of a ticket that says what happened",
            )
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    pub id: String,
    pub tenant: String,
    reference: String,
    /// What was found, the first of it.
    found: Vec<String>,
    findings: usize,
}

audited! {
    Acceptance as "audit_acceptance", |it| (it.id, None);
    words: reference = it.reference, found = it.found, findings = it.findings; veiled: ; left: id, tenant;
}

impl Acceptance {
    pub fn of(id: String, tenant: &str, reference: &Reference, findings: &[Finding]) -> Self {
        Self {
            id,
            tenant: tenant.to_owned(),
            reference: reference.0.clone(),
            found: findings.iter().take(NAMED).map(Finding::brief).collect(),
            findings: findings.len(),
        }
    }
}

/// What an event says that is such an acceptance: where it is written down, and what was found. Only as far as
/// letters go that do no harm to a terminal: whoever has the database may have written it.
pub fn told(detail: &str) -> (String, String) {
    let detail: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
    let after = &detail["after"];
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let text = |value: &serde_json::Value| -> String {
        value.as_str().unwrap_or("?").chars().take(64).map(plain).collect()
    };
    let named = after["found"].as_array().map_or(&[][..], Vec::as_slice);
    let mut found: Vec<String> = named.iter().take(NAMED).map(text).collect();
    let more = after["findings"].as_u64().unwrap_or_default().saturating_sub(found.len() as u64);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    (text(&after["reference"]), found.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_no_sentence() {
        for good in ["INC-4711", "a", "ops/2026#7", &"x".repeat(64)] {
            assert!(good.parse::<Reference>().is_ok(), "{good}");
        }
        for bad in ["", "restored by Sato", "障害", "a\n", &"x".repeat(65)] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_was_found_is_told_as_it_was_noted() {
        let findings: Vec<Finding> = (1..=25).map(|sequence| Finding::Altered { sequence }).collect();
        let reference = "INC-1".parse().unwrap();
        let acceptance = Acceptance::of("id".into(), "acme", &reference, &findings);
        let detail = super::super::domain::Detail::of(None, Some(&acceptance));
        let (reference, found) = told(&serde_json::to_string(&detail).unwrap());
        assert_eq!(reference, "INC-1");
        assert!(
            found.starts_with("altered 1, altered 2, ") && found.ends_with("altered 20, 5 more"),
            "{found}"
        );
        let (reference, found) =
            told(r#"{"after":{"reference":"\u001b[2J","found":["\u001b]"],"findings":1}}"#);
        assert_eq!((&*reference, &*found), ("?[2J", "?]"));
        assert_eq!(told("nonsense"), ("?".to_owned(), String::new()));
    }
}
