//! A report as a workbook. Every text is written as a text: a workbook has no way to take it for a formula.
use super::Report;
use super::effort;
use super::word;
use crate::text::Language;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
#[error("a workbook cannot be written: {0}")]
pub struct Unwritable(#[from] XlsxError);

pub fn xlsx(report: &Report, language: Language) -> Result<Vec<u8>, Unwritable> {
    let mut book = Workbook::new();
    // As old as what it shows: the same report is the same bytes.
    let made = ExcelDateTime::from_timestamp(report.assessment.updated_at.timestamp())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheets = Sheets {
        report,
        language,
        head: Format::new().set_bold().set_background_color(Color::RGB(0x00EE_F2F6)).set_text_wrap(),
        text: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        title: Format::new().set_bold().set_font_size(14),
    };
    sheets.summary(book.add_worksheet())?;
    sheets.answers(book.add_worksheet())?;
    sheets.plan(book.add_worksheet())?;
    if report.comparison.is_some() {
        sheets.comparison(book.add_worksheet())?;
    }
    Ok(book.save_to_buffer()?)
}

struct Sheets<'a> {
    report: &'a Report,
    language: Language,
    head: Format,
    text: Format,
    title: Format,
}

/// What a cell holds.
enum Cell {
    Text(String),
    Number(i32),
    Empty,
}

/// A cell holds 32,767 characters and no more.
fn fitting(text: String) -> String {
    if text.len() <= MOST_TEXT { text } else { text.chars().take(MOST_TEXT / 3).chain(['…']).collect() }
}

const MOST_TEXT: usize = 32_000;

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<i32>> for Cell {
    fn from(number: Option<i32>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }
}

impl Sheets<'_> {
    fn say(&self, ja: &'static str, en: &'static str) -> &'static str {
        word(self.language, ja, en)
    }

    /// A table with its head in `first`, and the widths of its columns.
    fn table(
        &self,
        sheet: &mut Worksheet,
        first: u32,
        columns: &[(&str, f64)],
        rows: impl Iterator<Item = Vec<Cell>>,
    ) -> Result<(), XlsxError> {
        for (column, (title, width)) in (0u16..).zip(columns) {
            sheet.write_string_with_format(first, column, *title, &self.head)?;
            sheet.set_column_width(column, *width)?;
        }
        for (row, cells) in (first + 1..).zip(rows) {
            for (column, cell) in (0u16..).zip(cells) {
                let written = match cell {
                    Cell::Text(text) => {
                        sheet.write_string_with_format(row, column, fitting(text), &self.text)
                    }
                    Cell::Number(number) => sheet.write_number_with_format(row, column, number, &self.text),
                    Cell::Empty => continue,
                };
                written?;
            }
        }
        Ok(())
    }

    fn summary(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let (report, language) = (self.report, self.language);
        sheet.set_name(self.say("結果", "Result"))?;
        sheet.write_string_with_format(0, 0, report.questionnaire.title.get(language), &self.title)?;
        sheet.write_string(1, 0, &report.client)?;
        sheet.write_string(1, 1, report.day())?;
        if let Some(score) = report.result.score {
            sheet.write_string(2, 0, self.say("点数", "Score"))?;
            sheet.write_number(2, 1, score)?;
        }
        if let Some(band) = &report.result.band {
            sheet.write_string(3, 0, band.label.get(language))?;
            sheet.write_string(3, 1, band.next_step.get(language))?;
        }
        let columns = [
            (self.say("分野", "Part"), 48.0),
            (self.say("点", "Score"), 14.0),
            (self.say("満点", "Of"), 10.0),
        ];
        let rows = report.result.sections.iter().map(|section| {
            vec![section.title.get(language).into(), section.score.into(), Cell::Number(section.maximum)]
        });
        self.table(sheet, 5, &columns, rows)
    }

    fn answers(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let (report, language) = (self.report, self.language);
        sheet.set_name(self.say("回答", "Answers"))?;
        sheet.set_freeze_panes(1, 0)?;
        let columns = [
            ("No.", 10.0),
            (self.say("項目", "Item"), 28.0),
            (self.say("設問", "Statement"), 60.0),
            (self.say("回答", "Answer"), 16.0),
            (self.say("点", "Points"), 8.0),
            (self.say("メモ", "Note"), 40.0),
            (self.say("証跡", "Evidence"), 30.0),
        ];
        let rows = report.answers().map(|(item, answer)| {
            vec![
                item.number.as_deref().unwrap_or_default().into(),
                item.title.get(language).into(),
                item.statement.get(language).into(),
                answer
                    .map_or(self.say("未回答", "unanswered"), |a| report.label(a.status, language))
                    .into(),
                answer.and_then(|a| report.questionnaire.scoring.points(a.status)).into(),
                answer.and_then(|a| a.note.as_deref()).unwrap_or_default().into(),
                answer.and_then(|a| a.evidence_url.as_deref()).unwrap_or_default().into(),
            ]
        });
        self.table(sheet, 0, &columns, rows)
    }

    fn plan(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let (report, language) = (self.report, self.language);
        sheet.set_name(self.say("次に取り組むこと", "Next steps"))?;
        sheet.set_freeze_panes(1, 0)?;
        let columns = [
            (self.say("順", "Order"), 6.0),
            (self.say("項目", "Item"), 28.0),
            (self.say("今の回答", "Answer now"), 16.0),
            (self.say("手間", "Work"), 8.0),
            (self.say("次にすること", "Where to start"), 60.0),
            (self.say("相談先", "Ask"), 36.0),
        ];
        let rows = report.plan.items.iter().map(|item| {
            let ask: Vec<String> = item.ask.iter().map(|contact| contact.shown(language)).collect();
            vec![
                i32::try_from(item.sequence).ok().into(),
                item.title.get(language).into(),
                report.label(item.status, language).into(),
                effort(item.effort, language).into(),
                item.advice.as_ref().unwrap_or(&item.reason).get(language).into(),
                ask.join(self.say("、", ", ")).as_str().into(),
            ]
        });
        self.table(sheet, 0, &columns, rows)
    }

    fn comparison(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let (report, language) = (self.report, self.language);
        sheet.set_name(self.say("前回との比較", "Comparison"))?;
        sheet.set_freeze_panes(1, 0)?;
        let columns = [
            (self.say("項目", "Item"), 40.0),
            (self.say("前回", "Before"), 18.0),
            (self.say("今回", "Now"), 18.0),
        ];
        let label = |status: Option<_>| status.map_or("–", |status| report.label(status, language));
        let items = report.comparison.iter().flat_map(|comparison| &comparison.items);
        let rows = items.map(|item| {
            vec![item.title.get(language).into(), label(item.before).into(), label(item.after).into()]
        });
        self.table(sheet, 0, &columns, rows)
    }
}
