//! A rule as it is served: what the shipped file says, with its sources.
use super::words::{BasisType, Obligation, OnUnknown, Stage};
use crate::contacts::{ChannelType, Confidence, ContactSource};
use crate::text::LocalizedText;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One rule: when it holds, somebody is to be contacted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RoutingRule)]
pub struct RuleDocument {
    #[schema(example = "R-PPC-01")]
    pub id: String,
    /// Id of the contact.
    #[schema(example = "ppc_leak_report")]
    pub contact: String,
    #[schema(example = "prelim_report")]
    pub action: String,
    pub obligation: Obligation,
    pub stages: Vec<Stage>,
    /// 0 comes first: life, containment, cover and evidence, police and experts, statutory reports,
    /// counterparties and people, sharing, recovery.
    #[schema(maximum = 8)]
    pub tier: u8,
    /// Order within a tier.
    pub priority: u32,
    pub tags: Vec<String>,
    /// A fixed party.
    pub party: Option<String>,
    /// The fact that names the party.
    pub party_from: Option<String>,
    pub for_each: Option<ForEachDocument>,
    /// Contacts to turn to before.
    pub after: Vec<String>,
    /// More general rules that this one replaces when it certainly holds.
    pub overrides: Vec<String>,
    /// A far date moves it to the end of the list.
    pub schedulable: bool,
    #[schema(format = Date)]
    pub effective_from: Option<NaiveDate>,
    #[schema(format = Date)]
    pub effective_to: Option<NaiveDate>,
    pub condition: ConditionDocument,
    pub on_unknown: OnUnknown,
    pub deadline: DeadlineDocument,
    /// `phone`, `email`, `web_form`, `web`, `in_person`, `post` or `contract_contact`; more may come.
    #[schema(value_type = String, example = "web_form")]
    pub channel: ChannelType,
    /// The set of particulars that the report asks for.
    pub info: Option<String>,
    pub reason: LocalizedText,
    pub legal_basis: LocalizedText,
    /// `statute`, `supervisory`, `admin_guidance`, `contract`, `guideline` or `practice`; more may come.
    #[schema(value_type = String, example = "statute")]
    pub basis_type: BasisType,
    pub sources: Vec<ContactSource>,
    pub confidence: Confidence,
    /// Not confirmed by a source.
    pub unverified: bool,
    /// How sure the way of counting days is, where that differs.
    pub day_counting_confidence: Option<Confidence>,
}

/// A condition over facts, in Kleene's logic: `all`, `any` and `not` of `conditions`, or a `fact`.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = RuleCondition)]
pub struct ConditionDocument {
    /// `all`, `any`, `not` or `fact`.
    #[schema(example = "fact")]
    pub r#type: String,
    /// Path of the fact.
    #[schema(example = "personal_data.involved")]
    pub fact: Option<String>,
    /// `present`, `established`, `in`, `any_of`, ...
    #[schema(example = "present")]
    pub op: Option<String>,
    /// What the fact is compared with.
    pub values: Vec<String>,
    #[schema(no_recursion)]
    pub conditions: Vec<ConditionDocument>,
}

/// The rule is repeated for each item of a list for which `condition` holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RuleForEach)]
pub struct ForEachDocument {
    #[schema(example = "systems")]
    pub list: String,
    /// The member that names the party.
    #[schema(example = "maintenance_vendor")]
    pub party: String,
    pub condition: ConditionDocument,
}

/// By when, as the rule says it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleDeadline)]
pub struct DeadlineDocument {
    /// `immediate`, `asap`, `window`, `calendar_days`, `hours`, `contract`, `unresolved` or `none`.
    #[schema(example = "window")]
    pub kind: String,
    /// The fact that the clock starts at.
    #[schema(example = "incident.aware_at")]
    pub start: Option<String>,
    pub min_days: Option<i64>,
    pub max_days: Option<i64>,
    pub days: Option<i64>,
    pub hours: Option<i64>,
    /// `inclusive`: the start is day 1. `exclusive`: the start is not counted.
    pub count: Option<String>,
    /// `gov_holiday`: a day on which the authorities are closed moves the date to the next open one.
    pub roll: Option<String>,
    /// The fact that holds the contract's hours.
    pub hours_fact: Option<String>,
    /// The fact that holds the contract's days.
    pub days_fact: Option<String>,
}

/// One version of the rules.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = RoutingRuleset)]
pub struct VersionDocument {
    #[schema(example = "2026.11.26")]
    pub version: String,
    #[schema(format = Date)]
    pub released_on: NaiveDate,
    /// Decisions are made with this one unless a call names another.
    pub current: bool,
    pub summary: LocalizedText,
    /// How many rules it has.
    pub rules: usize,
    /// What it changed in the version before it.
    pub changes: Vec<ChangeDocument>,
    /// The last day of which it is known whether it is a holiday; a decision that needs a later day says so.
    #[schema(format = Date)]
    pub holidays_valid_until: NaiveDate,
}

/// What a version did to a rule or to a derived fact.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RulesetChange)]
pub struct ChangeDocument {
    /// `added`, `changed` or `removed`.
    #[schema(value_type = String, example = "changed")]
    pub kind: ChangeKind,
    /// Ids of rules and derived facts.
    pub entries: Vec<String>,
    pub note: LocalizedText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}
