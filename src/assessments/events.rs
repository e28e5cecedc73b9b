//! What happened to an assessment: who answered what, and who decided what.
use super::domain::Answer;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssessmentEventKind)]
pub enum Kind {
    Created,
    Answered,
    Merged,
    Submitted,
    Accepted,
    ChangesRequested,
    Reopened,
    /// One of several answered, changed an answer, or was taken away: nothing of the assessment itself.
    Responded,
    ResponseChanged,
    ResponseRemoved,
}

/// What became of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerChange {
    #[schema(example = "self-check-01")]
    pub control: String,
    /// Null where there was none.
    pub before: Option<Answer>,
    /// Null where it was taken back.
    pub after: Option<Answer>,
}

/// What there is to say about an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    #[serde(default)]
    pub changes: Vec<AnswerChange>,
    #[serde(default)]
    pub comment: Option<String>,
    /// Whose answers they are, where several answer.
    #[serde(default)]
    pub respondent: Option<String>,
}

impl Detail {
    pub fn of(changes: Vec<AnswerChange>) -> Self {
        Self { changes, ..Self::default() }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// From 1 on, without gaps.
    pub sequence: i32,
    pub kind: Kind,
    pub detail: Detail,
    pub by: String,
    pub at: DateTime<Utc>,
}

impl Kind {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Created, "created"),
        (Self::Answered, "answered"),
        (Self::Merged, "merged"),
        (Self::Submitted, "submitted"),
        (Self::Accepted, "accepted"),
        (Self::ChangesRequested, "changes_requested"),
        (Self::Reopened, "reopened"),
        (Self::Responded, "responded"),
        (Self::ResponseChanged, "response_changed"),
        (Self::ResponseRemoved, "response_removed"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// What an assessment answered when it was made: what it answers now, with undone what became of it since.
#[derive(Debug, Default)]
pub struct FirstAnswers(BTreeMap<String, Option<Answer>>);

impl FirstAnswers {
    /// Takes in what happened, oldest first.
    pub fn take_in(&mut self, events: &[Event]) {
        let answered = events.iter().filter(|event| matches!(event.kind, Kind::Answered | Kind::Merged));
        for change in answered.flat_map(|event| &event.detail.changes) {
            self.0.entry(change.control.clone()).or_insert_with(|| change.before.clone());
        }
    }

    /// As changes from nothing.
    pub fn before(self, now: &[Answer]) -> Vec<AnswerChange> {
        let untouched = now.iter().filter(|answer| !self.0.contains_key(&answer.control)).cloned();
        let mut first: Vec<Answer> = untouched.collect();
        first.extend(self.0.into_values().flatten());
        changes(&[], &first)
    }
}

/// What is different between two sets of answers, by control.
pub fn changes(before: &[Answer], after: &[Answer]) -> Vec<AnswerChange> {
    let by_control = |answers: &[Answer]| -> BTreeMap<String, Answer> {
        answers.iter().map(|answer| (answer.control.clone(), answer.clone())).collect()
    };
    let (mut old, new) = (by_control(before), by_control(after));
    let mut all: Vec<AnswerChange> = new
        .into_iter()
        .map(|(control, after)| AnswerChange { before: old.remove(&control), after: Some(after), control })
        .filter(|change| change.before != change.after)
        .collect();
    all.extend(old.into_iter().map(|(control, before)| AnswerChange {
        control,
        before: Some(before),
        after: None,
    }));
    all.sort_by(|a, b| a.control.cmp(&b.control));
    all
}

#[cfg(test)]
mod tests {
    use super::{Detail, Event, FirstAnswers, Kind, changes};
    use crate::assessments::domain::{Answer, Source};
    use crate::questionnaires::Status;
    use chrono::DateTime;

    /// `control status` for each.
    fn answers(said: &[&str]) -> Vec<Answer> {
        let status = |word: &str| match word {
            "yes" => Status::Implemented,
            "no" => Status::NotImplemented,
            _ => Status::Partial,
        };
        let answer = |text: &&str| {
            let (control, word) = text.split_once(' ').unwrap();
            let (status, control) = (status(word), control.to_owned());
            Answer {
                control,
                status,
                note: None,
                evidence_url: None,
                observed_at: None,
                source: Source::default(),
            }
        };
        said.iter().map(answer).collect()
    }

    #[test]
    fn the_first_answers_are_those_of_now_with_every_change_undone() {
        let states: [&[&str]; 4] =
            [&["a yes", "b no"], &["a no", "b no", "c yes"], &["a partly", "c no"], &["c no"]];
        let mut events: Vec<Event> = states
            .windows(2)
            .map(|pair| Event {
                sequence: 1,
                kind: Kind::Answered,
                detail: Detail::of(changes(&answers(pair[0]), &answers(pair[1]))),
                by: String::new(),
                at: DateTime::UNIX_EPOCH,
            })
            .collect();
        // What a respondent says is none of the assessment's answers.
        let said = Detail::of(changes(&[], &answers(&["d yes", "b yes"])));
        events.insert(0, Event { kind: Kind::Responded, detail: said, ..events[0].clone() });
        let mut first = FirstAnswers::default();
        events.chunks(2).for_each(|page| first.take_in(page));
        assert_eq!(first.before(&answers(states[3])), changes(&[], &answers(states[0])));
    }
}
