//! Every result of a client over time, and the same as a chart for paper.
use super::domain::{Assessment, State};
use super::scoring::score;
use crate::characters;
use crate::questionnaires::{Band, Questionnaire};
use crate::text::{Language, LocalizedText};
use chrono::{DateTime, FixedOffset, Utc};
use maud::{Markup, html};
use serde::Serialize;
use utoipa::ToSchema;

/// One result.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryEntry {
    #[schema(format = Uuid)]
    pub assessment_id: String,
    #[schema(example = "ipa-self-check-3.1")]
    pub questionnaire: String,
    pub submitted_at: DateTime<Utc>,
    /// `submitted` or `accepted`.
    #[schema(value_type = String, example = "accepted")]
    pub state: State,
    /// Null where nothing applied.
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    pub band: Option<Band>,
}

/// The result of a counting assessment.
pub fn entry(assessment: &Assessment, questionnaire: &Questionnaire) -> Option<HistoryEntry> {
    let result = score(questionnaire, &assessment.answers);
    Some(HistoryEntry {
        assessment_id: assessment.id.clone(),
        questionnaire: questionnaire.id.clone(),
        submitted_at: assessment.submitted.as_ref()?.at,
        state: assessment.state,
        score: result.score,
        minimum: result.minimum,
        maximum: result.maximum,
        band: result.band,
    })
}

/// What a history is called: after the edition that was answered, or the oldest and the newest of them. `items`
/// come newest first.
pub fn title(asked: &[Questionnaire], items: &[HistoryEntry]) -> LocalizedText {
    let of = |entry: &HistoryEntry| asked.iter().find(|other| other.id == entry.questionnaire);
    let newest = items.first().and_then(of).or_else(|| asked.last());
    let oldest = items.last().and_then(of).or(newest);
    match (oldest, newest) {
        (Some(oldest), Some(newest)) if oldest.title == newest.title => newest.title.clone(),
        (Some(oldest), Some(newest)) => LocalizedText::new(
            format!("{} → {}", oldest.title.ja, newest.title.ja),
            format!("{} → {}", oldest.title.en, newest.title.en),
        ),
        _ => LocalizedText::new("", ""),
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 44.0;
/// Letters of a title that has room in large ones.
const LONG: usize = 45;

/// Days and hours are told as in Japan, where the companies are.
fn day(at: DateTime<Utc>) -> String {
    let japan = FixedOffset::east_opt(9 * 3600);
    japan.map_or_else(
        || at.format("%Y-%m-%d").to_string(),
        |japan| at.with_timezone(&japan).format("%Y-%m-%d").to_string(),
    )
}

/// The scores as a line over time, oldest left; dark on white, so that it survives a printer. `entries` come
/// newest first.
pub fn chart(title: &LocalizedText, entries: &[HistoryEntry], language: Language) -> String {
    let shown: Vec<(&HistoryEntry, i32)> =
        entries.iter().rev().filter_map(|entry| Some((entry, entry.score?))).collect();
    let least = shown.iter().map(|(entry, _)| entry.minimum).min().unwrap_or(0);
    let most = shown.iter().map(|(entry, _)| entry.maximum).max().unwrap_or(100);
    let y = |score: i32| {
        let share = f64::from(score - least) / f64::from((most - least).max(1));
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    };
    let points: Vec<(f64, f64)> =
        place(&shown).into_iter().zip(&shown).map(|(x, (_, score))| (x, y(*score))).collect();
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let title = characters::shown(title.get(language));
    let none = LocalizedText::new("まだ結果がありません。", "There is no result yet.");
    let told: Vec<String> =
        shown.iter().map(|(entry, score)| format!("{} {score}", day(entry.submitted_at))).collect();
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) height=(HEIGHT)
            role="img" lang=(language.tag()) font-family="'Hiragino Sans','Noto Sans CJK JP','Yu Gothic',sans-serif" font-size="12" fill="#111" {
            title { (title) }
            desc { (told.join(", ")) }
            rect width="100%" height="100%" fill="#fff" {}
            text x=(LEFT) y="22" font-size=(if title.chars().count() > LONG { "10" } else { "14" }) font-weight="bold" { (title) }
            @for tick in ticks(least, most) {
                line x1=(LEFT) x2=(WIDTH - RIGHT) y1=(format!("{:.1}", y(tick))) y2=(format!("{:.1}", y(tick))) stroke="#ccc" {}
                text x=(LEFT - 8.0) y=(format!("{:.1}", y(tick) + 4.0)) text-anchor="end" { (tick) }
            }
            @if shown.is_empty() { text x=(WIDTH / 2.0) y=(HEIGHT / 2.0) text-anchor="middle" { (none.get(language)) } }
            polyline points=(line.join(" ")) fill="none" stroke="#1f4e79" stroke-width="2" {}
            @for (index, ((x, y), (entry, score))) in points.iter().zip(&shown).enumerate() {
                (point(*x, *y, *score, &day(entry.submitted_at), labelled(index, points.len())))
            }
        }
    };
    markup.into_string()
}

fn point(x: f64, y: f64, score: i32, day: &str, labelled: bool) -> Markup {
    let (x, below) = (format!("{x:.1}"), format!("{:.1}", y - 9.0));
    html! {
        circle cx=(x) cy=(format!("{y:.1}")) r="4" fill="#1f4e79" {}
        text x=(x) y=(below) text-anchor="middle" font-weight="bold" { (score) }
        @if labelled { text x=(x) y=(HEIGHT - BOTTOM + 20.0) text-anchor="middle" font-size="11" { (day) } }
    }
}

/// Where each result stands: by its time.
fn place(shown: &[(&HistoryEntry, i32)]) -> Vec<f64> {
    // Minutes of some thousand years: they fit where a fraction is exact.
    let minutes = |at: DateTime<Utc>| i32::try_from(at.timestamp() / 60).map_or(0.0, f64::from);
    let times: Vec<f64> = shown.iter().map(|(entry, _)| minutes(entry.submitted_at)).collect();
    let (first, last) = (times.first().copied().unwrap_or(0.0), times.last().copied().unwrap_or(0.0));
    let (from, room, span) = (LEFT + 36.0, WIDTH - LEFT - RIGHT - 72.0, last - first);
    let steps = i32::try_from(times.len()).map_or(1.0, |results| f64::from(results + 1));
    let mut at = 0.0;
    times
        .iter()
        .map(|time| {
            at += room / steps;
            // What came all at once stands side by side.
            from + if span > 0.0 { (time - first) / span * room } else { at }
        })
        .collect()
}

/// At most about eight days are written below; the first and the last always.
fn labelled(index: usize, all: usize) -> bool {
    let every = all.div_ceil(8).max(1);
    index + 1 == all || index.is_multiple_of(every) && index + every <= all
}

/// The lowest and the highest level, and the quarters of a hundred between them.
fn ticks(least: i32, most: i32) -> Vec<i32> {
    let between =
        (least / 25 + 1..=(most - 1) / 25).map(|n| n * 25).filter(|tick| *tick > least && *tick < most);
    std::iter::once(least).chain(between).chain([most]).collect()
}
