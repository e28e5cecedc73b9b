//! An incident on paper: a report in Markdown, and its deadlines as a calendar.
use super::dto::{IncidentOut, IncidentPlan, ReferralOut, TimelineEntry};
use crate::routing::{Action, ActionOut, Decision, Filled, shown};
use crate::text::{Language, LocalizedText};
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _};
use serde::Serialize;
use std::fmt::{self, Write as _};
use utoipa::ToSchema;

/// Everything there is of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentReport<'a> {
    pub incident: IncidentOut,
    pub client_name: String,
    pub plan: IncidentPlan<'a>,
    pub referrals: Vec<ReferralOut>,
    pub timeline: Vec<TimelineEntry>,
}

/// The report as Markdown, in one language.
pub fn markdown(report: &IncidentReport<'_>, language: Language) -> Result<String, fmt::Error> {
    let mut page = Page { text: String::new(), language };
    let decision = &report.plan.decision;
    page.heading(1, &report.incident.title)?;
    page.item("顧客", "Client", &report.client_name)?;
    page.item("事案", "Incident", &report.incident.id)?;
    page.item("基準時刻", "As of", &decision.as_of.to_rfc3339())?;
    page.item("規則", "Rules", decision.ruleset)?;
    if let Some(notice) = &decision.notice {
        writeln!(page.text, "\n> {}", plain(notice.get(language)))?;
    }
    page.section("注意", "Keep in mind")?;
    for guardrail in &decision.guardrails {
        writeln!(page.text, "- {}", plain(guardrail.text.get(language)))?;
    }
    page.section("連絡の順序", "Whom to contact")?;
    for action in &decision.actions {
        page.action(action)?;
    }
    page.section("前の段階で残っている義務", "Duties left from earlier stages")?;
    for action in &decision.outstanding {
        page.action(action)?;
    }
    page.section("まだ分からないこと", "Open questions")?;
    for question in &report.plan.questions {
        writeln!(page.text, "- {} (`{}`)", plain(question.text.get(language)), question.fact)?;
    }
    page.section("引き継ぎ", "Referrals")?;
    for referral in report.timeline.iter().filter_map(|entry| Some((entry, entry.referral.as_ref()?))) {
        let (entry, referral) = referral;
        let outcome = referral.outcome.as_deref().map(|o| format!(": {}", plain(o))).unwrap_or_default();
        writeln!(
            page.text,
            "- {} {} {}{outcome}",
            entry.at.to_rfc3339(),
            plain(&referral.contact),
            referral.state
        )?;
    }
    page.section("経過", "Timeline")?;
    for entry in &report.timeline {
        writeln!(
            page.text,
            "- {} {} ({})",
            entry.at.to_rfc3339(),
            plain(entry.summary.get(language)),
            plain(&entry.by)
        )?;
        if let Some(done) = &entry.completion {
            let note = done.note.as_deref().map(|note| format!(": {}", plain(note))).unwrap_or_default();
            writeln!(page.text, "  - {}{note}", done.at.to_rfc3339())?;
        }
        for fact in &entry.facts {
            let (before, after) = (fact.before.as_deref(), fact.after.as_deref());
            let shown = |value: Option<&str>| value.map_or_else(|| "-".to_owned(), plain);
            writeln!(page.text, "  - `{}`: {} → {}", plain(&fact.fact), shown(before), shown(after))?;
        }
    }
    Ok(page.text)
}

/// A form as far as it is filled, in one language.
pub fn form_markdown(form: &Filled, language: Language) -> Result<String, fmt::Error> {
    let mut page = Page { text: String::new(), language };
    page.heading(1, form.title.get(language))?;
    writeln!(page.text, "{}", plain(form.note.get(language)))?;
    let (missing, by_hand) = (page.say("未確認", "not known yet"), page.say("記入する", "to be written"));
    for field in &form.fields {
        writeln!(page.text)?;
        page.heading(2, field.title.get(language))?;
        for value in &field.values {
            writeln!(page.text, "- {}: {}", plain(value.meaning.get(language)), plain(&value.value))?;
        }
        for fact in &field.missing {
            writeln!(page.text, "- `{fact}`: {missing}")?;
        }
        if field.by_hand {
            writeln!(page.text, "- {by_hand}")?;
        }
    }
    Ok(page.text)
}

struct Page {
    text: String,
    language: Language,
}

impl Page {
    fn say(&self, ja: &str, en: &str) -> String {
        LocalizedText::new(ja, en).get(self.language).to_owned()
    }

    fn heading(&mut self, level: usize, text: &str) -> fmt::Result {
        writeln!(self.text, "{} {}\n", "#".repeat(level), plain(text))
    }

    fn section(&mut self, ja: &str, en: &str) -> fmt::Result {
        let text = self.say(ja, en);
        writeln!(self.text)?;
        self.heading(2, &text)
    }

    fn item(&mut self, ja: &str, en: &str, value: &str) -> fmt::Result {
        let name = self.say(ja, en);
        writeln!(self.text, "- {name}: {}", plain(value))
    }

    fn action(&mut self, action: &ActionOut<'_>) -> fmt::Result {
        let language = self.language;
        let party = action.party.as_deref().map(|party| format!(" ({})", plain(party))).unwrap_or_default();
        writeln!(
            self.text,
            "{}. **{}**{party} — {} [{}] {}",
            action.sequence,
            plain(action.contact_name.get(language)),
            plain(action.action_name.get(language)),
            action.obligation.as_str(),
            action.due.shown(),
        )?;
        for reason in &action.reasons {
            let basis = plain(reason.legal_basis);
            writeln!(self.text, "   - {} ({}; {basis})", plain(reason.text.get(language)), reason.rule)?;
        }
        Ok(())
    }
}

/// What somebody wrote, on one line and without being read as Markdown or HTML.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\r' => plain.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&' => {
                plain.push('\\');
                plain.push(char);
            }
            char if char.is_control() => {}
            char => plain.push(char),
        }
    }
    plain
}

fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// Every deadline with a date, for a calendar that asks again.
pub fn calendar(
    (incident, title): (&str, &str),
    decision: &Decision<'_>,
    changed_at: DateTime<Utc>,
    name: impl Fn(&Action<'_>) -> LocalizedText,
    language: Language,
) -> String {
    let mut calendar = Calendar::new();
    // The name of a calendar is written as it is: a line break in it would begin a line of the file.
    let title = &one_line(title);
    calendar.name(title);
    for action in decision.actions.iter().chain(&decision.outstanding) {
        let party =
            action.party.as_deref().map(|party| format!(" ({})", one_line(party))).unwrap_or_default();
        let mut event = Event::new();
        event
            // The same line keeps its place in the calendar when its date moves.
            .uid(&format!("{incident}/{}/{}{party}", action.contact, action.action))
            .timestamp(changed_at)
            .summary(&format!("{}{party}", name(action).get(language)))
            .description(&format!("{title}\n[{}] {}", action.obligation.as_str(), shown(&action.due)));
        match (action.due.date, action.due.at) {
            // Without an end it is that day, or that moment: an end would have to be later.
            (Some(date), _) => event.starts(date),
            (None, Some(at)) => event.starts(at.to_utc()),
            (None, None) => continue,
        };
        calendar.push(event.done());
    }
    calendar.done().to_string()
}
