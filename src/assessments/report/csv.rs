//! A report as CSV for Japanese spreadsheets: UTF-8 with its mark, lines that end in CRLF, and no cell that a
//! spreadsheet would take for a formula.
use super::Report;
use super::word;
use crate::text::Language;

pub fn csv(report: &Report, language: Language) -> Result<Vec<u8>, csv::Error> {
    let say = |ja: &'static str, en: &'static str| word(language, ja, en);
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record([
        "No.",
        "control",
        say("項目", "item"),
        say("設問", "statement"),
        say("回答", "answer"),
        say("点", "points"),
        say("メモ", "note"),
        say("証跡", "evidence"),
        say("次にすること", "next step"),
    ])?;
    for (item, answer) in report.answers() {
        let points = answer.and_then(|answer| report.questionnaire.scoring.points(answer.status));
        let open = report.result.gaps.iter().any(|gap| gap.control == item.control);
        let advice = item.advice.as_ref().filter(|_| open).map_or("", |advice| advice.get(language));
        let cells = [
            item.number.as_deref().unwrap_or_default().to_owned(),
            item.control.clone(),
            item.title.get(language).to_owned(),
            item.statement.get(language).to_owned(),
            answer
                .map_or(say("未回答", "unanswered"), |answer| report.label(answer.status, language))
                .to_owned(),
            points.map(|points| points.to_string()).unwrap_or_default(),
            answer.and_then(|answer| answer.note.clone()).unwrap_or_default(),
            answer.and_then(|answer| answer.evidence_url.clone()).unwrap_or_default(),
            advice.to_owned(),
        ];
        // Points are ours: -1 is a number and no formula.
        writer.write_record(
            cells.iter().enumerate().map(|(at, cell)| if at == 5 { cell.clone() } else { defused(cell) }),
        )?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A spreadsheet takes what begins with one of these for something to carry out.
fn defused(cell: &str) -> String {
    let begins =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if cell.starts_with(begins) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn what_a_spreadsheet_would_carry_out_is_text() {
        for (cell, safe) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+81 3", "'+81 3"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("週次", "週次"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(defused(cell), safe);
        }
    }
}
