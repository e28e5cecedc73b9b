//! A report as a page made for print: no scripts, nothing from elsewhere.
use super::super::comparison::{AssessmentComparison, Change, ItemComparison};
use super::super::history::chart;
use super::super::scoring::SectionResult;
use super::Report;
use super::day;
use super::word;
use crate::text::Language;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

const STYLE: &str = "
@page{size:A4;margin:16mm 14mm}
*{box-sizing:border-box;overflow-wrap:anywhere}
body{font:10.5pt/1.65 'Hiragino Sans','Noto Sans CJK JP','Yu Gothic','Meiryo',system-ui,sans-serif;color:#1a1a1a;max-width:182mm;margin:10mm auto;padding:0 4mm}
h1{font-size:17pt;margin:0 0 1mm}h2{font-size:12.5pt;margin:8mm 0 2.5mm;border-bottom:1.5pt solid #1f4e79;padding-bottom:.8mm;break-after:avoid}
p{margin:1.5mm 0}.of{color:#555;margin:0}
.score{display:flex;gap:8mm;align-items:center;border:1pt solid #bbb;border-left:4pt solid #1f4e79;padding:4mm 6mm;margin:5mm 0}
.score b{font-size:30pt;line-height:1;color:#1f4e79;white-space:nowrap}.score b small{font-size:11pt;color:#555;font-weight:normal}
.score strong{font-size:12.5pt}
table{border-collapse:collapse;width:100%;font-size:9.5pt}thead{display:table-header-group}tr{break-inside:avoid}
th,td{border-bottom:.6pt solid #ccc;text-align:left;padding:1.3mm 2mm;vertical-align:top}th{background:#eef2f6;font-weight:600}
.n{width:9mm}.s{width:32mm}.e{width:15mm}
li{break-inside:avoid;margin:2.5mm 0}ol{padding-left:7mm}li p{margin:.5mm 0}
.why{color:#555;font-size:9.5pt}.note{color:#555;font-size:8.5pt}
.cols{display:flex;gap:8mm}.cols>div{flex:1}ul{margin:1mm 0;padding-left:5mm}
svg{max-width:100%;height:auto;display:block}
@media print{body{margin:0;padding:0;max-width:none}}
";

pub fn html(report: &Report, language: Language) -> String {
    let say = |ja: &'static str, en: &'static str| word(language, ja, en);
    let title = report.questionnaire.title.get(language);
    let page = markup! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (report.client) " – " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.of { (report.client) " ｜ " (report.day()) " ｜ " (state(report, language)) }
                }
                (score(report, language))
                h2 { (say("分野ごとの結果", "Results by part")) }
                (bars(&report.result.sections, language))
                @if report.history.len() > 1 {
                    h2 { (say("これまでの推移", "Over time")) }
                    (PreEscaped(chart(&report.over, &report.history, language)))
                }
                @if let Some(comparison) = &report.comparison { (compared(comparison, language)) }
                @if !report.plan.items.is_empty() || !report.plan.unanswered.is_empty() { (steps(report, language)) }
                h2 { (say("すべての回答", "All answers")) }
                (answers(report, language))
                footer { (notes(report, language)) }
            }
        }
    };
    page.into_string()
}

fn state(report: &Report, language: Language) -> &'static str {
    use super::super::domain::State;
    match report.assessment.state {
        State::Draft => word(language, "下書き", "Draft"),
        State::Submitted => word(language, "提出済み", "Submitted"),
        State::ChangesRequested => word(language, "修正依頼中", "Changes requested"),
        State::Accepted => word(language, "確認済み", "Accepted"),
    }
}

fn score(report: &Report, language: Language) -> Markup {
    let result = &report.result;
    let say = |ja: &'static str, en: &'static str| word(language, ja, en);
    markup! {
        section.score {
            @match result.score {
                Some(score) => b { (score) small { " / " (result.maximum) } },
                None => b { "–" small { " / " (result.maximum) } },
            }
            div {
                @match &result.band {
                    Some(band) => {
                        strong { (band.label.get(language)) }
                        p { (say("次にすること: ", "Next: ")) (band.next_step.get(language)) }
                    },
                    None => strong { (say("まだ点数はありません。", "There is no score yet.")) },
                }
                p.why {
                    (say("実施 ", "Implemented ")) (result.counts.implemented)
                    (say(" ／ 一部 ", " · partly ")) (result.counts.partial)
                    (say(" ／ 未実施 ", " · not ")) (result.counts.not_implemented)
                    (say(" ／ わからない ", " · unknown ")) (result.counts.unknown)
                    (say(" ／ 該当しない ", " · not applicable ")) (result.counts.not_applicable)
                    (say(" ／ 未回答 ", " · unanswered ")) (result.counts.unanswered)
                }
            }
        }
    }
}

/// One bar for each part, from its least to its most.
fn bars(sections: &[SectionResult], language: Language) -> Markup {
    let row = 24;
    let height = sections.len() * row + 6;
    markup! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 680 {height}")) width="680" height=(height) role="img" font-size="11.5" fill="#1a1a1a" {
            @for (index, section) in sections.iter().enumerate() {
                @let y = index * row + 4;
                @let share = section.score.map(|score| share(score, section.minimum, section.maximum));
                text x="0" y=(y + 13) { (cut(section.title.get(language))) }
                rect x="330" y=(y + 2) width="260" height="14" fill="#e6eaef" {}
                @if let Some(share) = share { rect x="330" y=(y + 2) width=(share * 260 / 100) height="14" fill="#1f4e79" {} }
                text x="600" y=(y + 13) {
                    @match section.score { Some(score) => (score), None => "–" } " / " (section.maximum)
                }
            }
        }
    }
}

/// Percent of the way from the least to the most.
fn share(score: i32, least: i32, most: i32) -> i32 {
    ((score - least) * 100 / (most - least).max(1)).clamp(0, 100)
}

/// As much of a title as there is room for; Japanese letters are twice as wide.
fn cut(title: &str) -> String {
    let mut room = 54;
    let shown: String = title
        .chars()
        .take_while(|c| {
            room -= if c.is_ascii() { 1 } else { 2 };
            room >= 0
        })
        .collect();
    if shown.len() == title.len() { shown } else { format!("{shown}…") }
}

fn compared(comparison: &AssessmentComparison, language: Language) -> Markup {
    let say = |ja: &'static str, en: &'static str| word(language, ja, en);
    let of = |change: Change| -> Vec<&ItemComparison> {
        comparison.items.iter().filter(|item| item.change == change).collect()
    };
    let before = &comparison.before;
    markup! {
        h2 { (say("前回との比較", "Compared with the last time")) }
        p {
            (say("前回 ", "Last time ")) @if let Some(at) = before.submitted_at { (day(at)) " " }
            @match before.score { Some(score) => (score), None => "–" }
            " → " (say("今回 ", "now ")) @match comparison.after.score { Some(score) => (score), None => "–" }
        }
        div.cols {
            @for (title, items) in [(say("良くなった項目", "Better"), of(Change::Better)), (say("悪くなった項目", "Worse"), of(Change::Worse))] {
                div {
                    strong { (title) " " (items.len()) }
                    ul {
                        @for item in &items {
                            li { @if let Some(number) = &item.number { (number) " " } (item.title.get(language)) @if item.restated { (say("（設問が変わった）", " (asked differently)")) } }
                        }
                    }
                }
            }
        }
    }
}

fn steps(report: &Report, language: Language) -> Markup {
    let say = |ja: &'static str, en: &'static str| word(language, ja, en);
    markup! {
        h2 { (say("次に取り組むこと", "What to do next")) }
        ol {
            @for item in &report.plan.items {
                li {
                    strong { @if let Some(number) = &item.number { "No. " (number) " " } (item.title.get(language)) }
                    (say("（", " (")) (report.label(item.status, language)) (say("）", ")"))
                    @if let Some(advice) = &item.advice { p { (advice.get(language)) } }
                    p.why {
                        (item.reason.get(language))
                        @if !item.ask.is_empty() {
                            " " (say("相談先: ", "Ask: "))
                            (item.ask.iter().map(|contact| contact.shown(language)).collect::<Vec<_>>().join(say("、", ", ")))
                        }
                    }
                }
            }
        }
        @if !report.plan.unanswered.is_empty() { p { (unanswered(report.plan.unanswered.len(), language)) } }
        p.note { (report.plan.note.get(language)) }
    }
}

/// What nobody has answered may be a gap too.
fn unanswered(items: usize, language: Language) -> String {
    match language {
        Language::Ja => format!("ほかに未回答が{items}項目あり、ギャップかどうかは分かっていない。"),
        Language::En if items == 1 => "1 item is not answered, and may be a gap as well.".to_owned(),
        Language::En => format!("{items} items are not answered, and may be gaps as well."),
    }
}

fn answers(report: &Report, language: Language) -> Markup {
    let say = |ja: &'static str, en: &'static str| word(language, ja, en);
    markup! {
        table {
            thead {
                tr {
                    th.n { "No." } th { (say("項目", "Item")) } th.s { (say("回答", "Answer")) } th { (say("メモ", "Note")) }
                }
            }
            tbody {
                @for (item, answer) in report.answers() {
                    tr {
                        td { (item.number.as_deref().unwrap_or_default()) }
                        td { strong { (item.title.get(language)) } br; (item.statement.get(language)) }
                        td { @match answer { Some(answer) => (report.label(answer.status, language)), None => (say("未回答", "Unanswered")) } }
                        td { @if let Some(answer) = answer { (answer.note.as_deref().unwrap_or_default()) } }
                    }
                }
            }
        }
    }
}

fn notes(report: &Report, language: Language) -> Markup {
    let result = &report.result;
    markup! {
        h2 { (word(language, "この資料について", "About this report")) }
        p.note { (report.questionnaire.description.get(language)) }
        @if let (false, Some(note)) = (result.not_applicable.controls.is_empty(), &result.not_applicable.note) {
            p.note { (note.get(language)) }
        }
        p.note { (report.attribution.get(language)) }
        p.note {
            (word(language,
                "この結果は自社の回答によるもので、第三者による評価や証明ではない。SECURITY ACTIONは取り組みを自ら宣言する制度である。",
                "These results rest on the company's own answers; no third party has evaluated or attested them. SECURITY ACTION is a self-declaration."))
        }
    }
}
