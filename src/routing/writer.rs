//! Writing a decision: names from the directory, in a language.
use super::decision::{Action, Completed, Decision, Reason};
use super::dto::{
    ActionChannel, ActionOut, CompletedOut, DecisionOut, FactFinding, FormNote, GuardrailOut,
    NotAppliedOut, ReasonOut, SubstitutionOut,
};
use super::rules::Ruleset;
use crate::contacts::{ChannelType, Contact, Directory};
use crate::text::{Language, LocalizedText};
use chrono::{DateTime, FixedOffset};

/// What a decision is written with: names from the directory, in a language.
#[derive(Debug)]
pub struct Writer<'a> {
    pub directory: &'a Directory,
    pub ruleset: &'a Ruleset,
    pub language: Language,
}

impl Writer<'_> {
    pub fn decision(&self, decision: Decision) -> DecisionOut {
        DecisionOut {
            as_of: decision.as_of.to_utc(),
            ruleset: self.ruleset.version.clone(),
            stage: decision.stage,
            derived: decision.derived.into_iter().collect(),
            guardrails: decision
                .guardrails
                .into_iter()
                .map(|(id, text)| GuardrailOut { id, text })
                .collect(),
            actions: decision
                .actions
                .into_iter()
                .zip(1..)
                .map(|(action, sequence)| self.action(action, sequence, decision.as_of))
                .collect(),
            outstanding: decision
                .outstanding
                .into_iter()
                .zip(1..)
                .map(|(action, sequence)| self.action(action, sequence, decision.as_of))
                .collect(),
            completed: decision.completed.into_iter().map(|completed| self.completed(completed)).collect(),
            not_applied: decision
                .not_applied
                .into_iter()
                .map(|not_applied| NotAppliedOut {
                    rule: not_applied.rule,
                    why: self.say(&not_applied.why),
                })
                .collect(),
            notice: self.ruleset.notice.clone(),
        }
    }

    /// What an action is, with whom: a contact of the tenant's own by its own name.
    pub fn name(&self, action: &Action) -> LocalizedText {
        let meant = self.meant(action).map(|contact| contact.name.clone());
        let contact = meant.unwrap_or_else(|| self.contact_name(&action.contact));
        let what = named(&self.ruleset.actions, &action.action);
        LocalizedText::new(format!("{}: {}", contact.ja, what.ja), format!("{}: {}", contact.en, what.en))
    }

    fn say(&self, text: &LocalizedText) -> String {
        text.get(self.language).to_owned()
    }

    fn action(&self, action: Action, sequence: usize, at: DateTime<FixedOffset>) -> ActionOut {
        let meant = self.meant(&action);
        let what = format!("{}/{}", action.contact, action.action);
        // A form for one kind of incident only is there when it was attached.
        let special = |form: &String| self.ruleset.annotations.iter().any(|note| note.form == *form);
        let serves = self.ruleset.reports.iter().filter(|report| {
            let fits = !special(&report.form) || action.forms.contains(&report.form);
            fits && report.serves.contains(&what)
        });
        let reports = serves.map(|report| report.form.clone()).collect();
        ActionOut {
            sequence,
            contact_name: self.contact_name(&action.contact),
            action_name: named(&self.ruleset.actions, &action.action),
            due: action.due.into(),
            own_contact: meant.filter(|meant| meant.id != action.contact).map(|own| own.id.clone()),
            verification_overdue: meant.is_some_and(|meant| meant.is_overdue(at.date_naive())),
            channel: meant.and_then(|meant| self.channel(meant, action.channel, at)),
            contact: action.contact,
            action: action.action,
            party: action.party,
            obligation: action.obligation,
            tier: action.tier,
            tier_name: named(&self.ruleset.tiers, &action.tier),
            form_notes: self.form_notes(&action.forms),
            reports,
            status: action.status,
            provisional: action.provisional,
            forms: action.forms,
            info_sets: action.info_sets,
            after: action.after,
            open_questions: action.open_questions,
            substitution: action.substituted.map(|s| SubstitutionOut {
                rule: s.rule,
                contact: s.contact,
                text: s.reason,
            }),
            reasons: action.reasons.into_iter().map(|r| self.reason(r)).collect(),
        }
    }

    fn reason(&self, reason: Reason) -> ReasonOut {
        ReasonOut {
            rule: reason.rule,
            legal_basis: self.say(&reason.legal_basis),
            text: reason.text,
            basis_type: reason.basis_type,
            sources: reason.sources,
            confidence: reason.confidence,
            unverified: reason.unverified,
            provisional: reason.provisional,
            facts: reason
                .facts
                .into_iter()
                .map(|finding| FactFinding { fact: finding.fact, value: finding.value })
                .collect(),
            deadline_steps: reason.deadline_steps.iter().map(|s| self.say(s)).collect(),
        }
    }

    /// The tenant's own contact of that kind and name, or else the one in the directory.
    fn meant(&self, action: &Action) -> Option<&Contact> {
        let own = self.directory.stand_in(&action.contact, action.party.as_deref());
        own.or_else(|| self.directory.contact(&action.contact))
    }

    fn channel(
        &self,
        contact: &Contact,
        kind: ChannelType,
        at: DateTime<FixedOffset>,
    ) -> Option<ActionChannel> {
        let chosen = contact.channel(kind, at.to_utc(), &self.ruleset.holidays)?;
        Some(ActionChannel {
            kind: chosen.channel.kind,
            value: chosen.channel.value.clone(),
            hours: chosen.channel.hours.as_ref().map(|hours| self.say(hours)),
            open: chosen.open,
            opens: chosen.opens,
            why: self.say(&chosen.why()),
        })
    }

    fn completed(&self, completed: Completed) -> CompletedOut {
        CompletedOut {
            contact_name: self.contact_name(&completed.contact),
            contact: completed.contact,
            action: completed.action,
            party: completed.party,
            at: completed.at.map(|at| at.to_utc()),
            rules: completed.rules,
        }
    }

    /// The rules are checked at start to name contacts of the directory only.
    fn contact_name(&self, id: &str) -> LocalizedText {
        self.directory.contact(id).map_or_else(|| LocalizedText::new(id, id), |c| c.name.clone())
    }

    fn form_notes(&self, forms: &[String]) -> Vec<FormNote> {
        let known = self.ruleset.annotations.iter().filter(|note| forms.contains(&note.form));
        known
            .map(|note| FormNote {
                form: note.form.clone(),
                title: named(&self.ruleset.forms, &note.form),
                text: note.reason.clone(),
            })
            .collect()
    }
}

/// The title of a word; the files are checked to have one for each.
fn named<K: PartialEq + ToString>(titles: &[(K, LocalizedText)], word: &K) -> LocalizedText {
    let title = titles.iter().find(|(known, _)| known == word);
    title.map_or_else(|| LocalizedText::new(word.to_string(), word.to_string()), |(_, title)| title.clone())
}
