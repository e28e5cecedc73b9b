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
use std::borrow::{Borrow, Cow};

/// What a decision is written with: names from the directory, in a language.
#[derive(Debug)]
pub struct Writer<'a> {
    pub directory: &'a Directory,
    pub ruleset: &'a Ruleset,
    pub language: Language,
}

impl<'a> Writer<'a> {
    pub fn decision(&self, decision: Decision<'a>) -> DecisionOut<'a> {
        let at = decision.as_of;
        let actions = |actions: Vec<Action<'a>>| {
            actions
                .into_iter()
                .zip(1..)
                .map(|(action, sequence)| self.action(action, sequence, at))
                .collect()
        };
        DecisionOut {
            as_of: at.to_utc(),
            ruleset: &self.ruleset.version,
            stage: decision.stage,
            derived: decision.derived.into_iter().collect(),
            guardrails: decision
                .guardrails
                .into_iter()
                .map(|guardrail| GuardrailOut { id: &guardrail.id, text: &guardrail.text })
                .collect(),
            actions: actions(decision.actions),
            outstanding: actions(decision.outstanding),
            completed: decision.completed.into_iter().map(|completed| self.completed(completed)).collect(),
            not_applied: decision
                .not_applied
                .into_iter()
                .map(|missed| NotAppliedOut { rule: missed.rule, why: missed.why.said(self.language) })
                .collect(),
            notice: self.ruleset.notice.as_ref(),
        }
    }

    /// What an action is, with whom: a contact of the tenant's own by its own name.
    pub fn name(&self, action: &Action<'_>) -> LocalizedText {
        let meant = self.meant(action).map(|contact| Cow::Borrowed(&contact.name));
        let contact = meant.unwrap_or_else(|| self.contact_name(action.contact));
        let what = self.action_name(action.action);
        LocalizedText::new(format!("{}: {}", contact.ja, what.ja), format!("{}: {}", contact.en, what.en))
    }

    fn action(&self, action: Action<'a>, sequence: usize, at: DateTime<FixedOffset>) -> ActionOut<'a> {
        let meant = self.meant(&action);
        let what = Some((action.contact, action.action));
        // A form for one kind of incident only is there when it was attached.
        let special = |form: &str| self.ruleset.annotations.iter().any(|note| note.form == form);
        let serves = self.ruleset.reports.iter().filter(|report| {
            let fits = !special(&report.form) || action.forms.contains(&report.form.as_str());
            fits && report.serves.iter().any(|served| served.split_once('/') == what)
        });
        let reports = serves.map(|report| report.form.as_str()).collect();
        ActionOut {
            sequence,
            contact_name: self.contact_name(action.contact),
            action_name: self.action_name(action.action),
            due: action.due.into(),
            own_contact: meant.filter(|meant| meant.id != action.contact).map(|own| own.id.as_str()),
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
            substitution: action.substituted.map(|substituted| SubstitutionOut {
                rule: &substituted.by.id,
                contact: substituted.contact,
                text: &substituted.by.reason,
            }),
            reasons: action.reasons.into_iter().map(|reason| self.reason(reason)).collect(),
        }
    }

    fn reason(&self, reason: Reason<'a>) -> ReasonOut<'a> {
        let Reason { rule, provisional, facts, deadline_steps } = reason;
        let facts =
            facts.into_iter().map(|finding| FactFinding { fact: finding.fact, value: finding.value });
        ReasonOut {
            rule: &rule.id,
            text: &rule.reason,
            legal_basis: rule.legal_basis.get(self.language),
            basis_type: rule.basis_type,
            sources: &rule.sources,
            confidence: rule.confidence,
            unverified: rule.unverified,
            provisional,
            facts: facts.collect(),
            deadline_steps: deadline_steps.iter().map(|step| step.said(self.language)).collect(),
        }
    }

    /// The tenant's own contact of that kind and name, or else the one in the directory.
    fn meant(&self, action: &Action<'_>) -> Option<&'a Contact> {
        let own = self.directory.stand_in(action.contact, action.party.as_deref());
        own.or_else(|| self.directory.contact(action.contact))
    }

    fn channel(
        &self,
        contact: &'a Contact,
        kind: ChannelType,
        at: DateTime<FixedOffset>,
    ) -> Option<ActionChannel<'a>> {
        let chosen = contact.channel(kind, at.to_utc(), &self.ruleset.holidays)?;
        Some(ActionChannel {
            kind: chosen.channel.kind,
            value: chosen.channel.value.as_deref(),
            hours: chosen.channel.hours.as_ref().map(|hours| hours.get(self.language)),
            open: chosen.open,
            opens: chosen.opens,
            why: chosen.why(self.language),
        })
    }

    fn completed(&self, completed: Completed<'a>) -> CompletedOut<'a> {
        CompletedOut {
            contact_name: self.contact_name(completed.contact),
            contact: completed.contact,
            action: completed.action,
            party: completed.party,
            at: completed.at.map(|at| at.to_utc()),
            rules: completed.rules,
        }
    }

    /// The files are checked to have a title for each.
    fn action_name(&self, action: &str) -> Cow<'a, LocalizedText> {
        self.ruleset.actions.get(action).map_or_else(|| untitled(action), Cow::Borrowed)
    }

    /// The rules are checked at start to name contacts of the directory only.
    fn contact_name(&self, id: &str) -> Cow<'a, LocalizedText> {
        self.directory.contact(id).map_or_else(|| untitled(id), |contact| Cow::Borrowed(&contact.name))
    }

    fn form_notes(&self, forms: &[&'a str]) -> Vec<FormNote<'a>> {
        let known = self.ruleset.annotations.iter().filter(|note| forms.contains(&note.form.as_str()));
        known
            .map(|note| FormNote {
                form: &note.form,
                title: named(&self.ruleset.forms, note.form.as_str()),
                text: &note.reason,
            })
            .collect()
    }
}

/// The title of a word; the files are checked to have one for each.
fn named<'a, K: Borrow<W>, W: PartialEq + ToString + ?Sized>(
    titles: &'a [(K, LocalizedText)],
    word: &W,
) -> Cow<'a, LocalizedText> {
    let title = titles.iter().find(|(known, _)| known.borrow() == word);
    title.map_or_else(|| untitled(&word.to_string()), |(_, title)| Cow::Borrowed(title))
}

fn untitled<'a>(word: &str) -> Cow<'a, LocalizedText> {
    Cow::Owned(LocalizedText::new(word, word))
}
