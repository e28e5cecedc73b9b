//! What facts may not say together, and what may not be said to be done: all of it at once.
use super::engine::contradictions;
use super::facts::Facts;
use super::rules::Ruleset;
use crate::contacts::Directory;
use crate::text::LocalizedText;

/// Something in the facts that cannot be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRefusal {
    pub pointer: String,
    /// Stable word for the rule that is broken.
    pub code: &'static str,
    pub text: LocalizedText,
}

/// Everything in the facts that cannot be so, in order.
pub fn refusals(ruleset: &Ruleset, directory: &Directory, facts: &Facts) -> Vec<FactRefusal> {
    let mut refusals: Vec<FactRefusal> = contradictions(ruleset, facts)
        .into_iter()
        .map(|c| FactRefusal { pointer: c.pointer.clone(), code: "contradiction", text: c.text.clone() })
        .collect();
    let mut done = |index: usize, field: &str, code: &'static str, ja: &str, en: &str| {
        let pointer = format!("/history/done/{index}/{field}");
        refusals.push(FactRefusal { pointer, code, text: LocalizedText::new(ja, en) });
    };
    for (index, entry) in facts.done.iter().enumerate() {
        // Something done that no one knows would leave the list as it is, and its caller in error.
        if directory.contact(&entry.contact).is_none() {
            done(index, "contact", "unknown-value", "この連絡先はありません", "there is no such contact");
        }
        if !ruleset.actions.contains_key(&entry.action) {
            done(
                index,
                "action",
                "unknown-value",
                "この行動はどの規則にもありません",
                "no rule has such an action",
            );
        }
        if entry.at.is_some_and(|at| at > facts.as_of) {
            done(
                index,
                "at",
                "contradiction",
                "評価の基準時刻より後になっている",
                "is after the time of evaluation",
            );
        }
    }
    refusals
}
