//! Rules as they are served: the same as in the files, with their sources.
use super::super::rule_dto::{ConditionDocument, ForEachDocument, RuleDocument};
use super::files::{ConditionEntry, RuleEntry};
use crate::contacts::Directory;
use serde_json::Value as Json;

impl RuleEntry {
    /// The rule as it is served.
    pub fn document(&self, directory: &Directory) -> RuleDocument {
        let rule = self;
        RuleDocument {
            id: rule.id.clone(),
            contact: rule.contact.clone(),
            action: rule.action.clone(),
            obligation: rule.obligation,
            stages: rule.stages.clone(),
            tier: rule.tier,
            priority: rule.priority,
            tags: rule.tags.clone(),
            party: rule.party.clone(),
            party_from: rule.party_from.clone(),
            for_each: rule.for_each.as_ref().map(|each| ForEachDocument {
                list: each.list.clone(),
                party: each.party.clone(),
                condition: each.filter.document(),
            }),
            after: rule.after.clone(),
            overrides: rule.overrides.clone(),
            schedulable: rule.schedulable,
            effective_from: rule.effective_from,
            effective_to: rule.effective_to,
            condition: rule.when.document(),
            on_unknown: rule.on_unknown,
            deadline: rule.deadline.clone(),
            channel: rule.channel,
            info: rule.info.clone(),
            reason: rule.reason.clone(),
            legal_basis: rule.legal_basis.clone(),
            basis_type: rule.basis_type,
            sources: rule.sources.iter().filter_map(|key| directory.source(key)).cloned().collect(),
            confidence: rule.confidence,
            unverified: rule.unverified,
            day_counting_confidence: rule.day_counting_confidence,
        }
    }
}

impl ConditionEntry {
    fn document(&self) -> ConditionDocument {
        let group = |kind: &str, parts: &[Self]| ConditionDocument {
            r#type: kind.to_owned(),
            conditions: parts.iter().map(Self::document).collect(),
            ..ConditionDocument::default()
        };
        if let Some(parts) = &self.all {
            return group("all", parts);
        }
        if let Some(parts) = &self.any {
            return group("any", parts);
        }
        if let Some(part) = &self.not {
            return group("not", std::slice::from_ref(part));
        }
        ConditionDocument {
            r#type: "fact".to_owned(),
            fact: self.fact.clone(),
            op: self.op.clone(),
            values: match &self.value {
                None => vec![],
                Some(Json::Array(values)) => values.iter().map(plain).collect(),
                Some(Json::Object(fields)) => {
                    fields.iter().map(|(k, v)| format!("{k}={}", plain(v))).collect()
                }
                Some(value) => vec![plain(value)],
            },
            conditions: vec![],
        }
    }
}

/// A scalar as it is compared and shown.
pub fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
