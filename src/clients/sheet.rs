//! A file of clients, as spreadsheets write it: UTF-8 or CP932, headings in Japanese or English.
use super::domain::NewClient;
use super::words::{Column, column, employees, industry, prefecture};
use crate::characters;
use crate::text::LocalizedText;
use encoding_rs::{SHIFT_JIS, UTF_8};
use std::borrow::Cow;

/// How many rows one file may have.
pub const MOST_ROWS: usize = 10_000;

/// What is wrong with a file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Neither UTF-8 nor CP932.
    Encoding,
    /// UTF-8 but for what stands here, from 1 on.
    Broken {
        line: usize,
        byte: usize,
    },
    /// A quote that begins in this line swallows what comes after it.
    Quote {
        line: usize,
    },
    /// Nothing in it, not even headings.
    Empty,
    /// No heading says which column is the name.
    NoName {
        headings: Vec<String>,
    },
    /// Two columns say the same.
    Twice {
        column: Column,
        headings: Vec<String>,
    },
    TooManyRows,
}

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    pub field: &'static str,
    pub code: &'static str,
    pub message: LocalizedText,
}

/// One row: where it stands in the file, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet numbers it: the headings are line 1.
    pub line: u64,
    pub read: Result<NewClient, Vec<CellFault>>,
}

/// A file, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// `utf-8` or `cp932`.
    pub encoding: &'static str,
    /// Headings that nobody knows: what stands below them is not read.
    pub ignored: Vec<String>,
    pub rows: Vec<Row>,
}

/// How a text may be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Cp932,
}

impl Encoding {
    /// By one of the names that the web has for it.
    pub fn named(name: &str) -> Option<Self> {
        match encoding_rs::Encoding::for_label(name.as_bytes()) {
            Some(found) if found == UTF_8 => Some(Self::Utf8),
            Some(found) if found == SHIFT_JIS => Some(Self::Cp932),
            // The web does not know this one by its Japanese name.
            _ => name.eq_ignore_ascii_case("cp932").then_some(Self::Cp932),
        }
    }

    /// UTF-8 is told apart by its own rules: what obeys them is hardly ever CP932, and what mostly does is UTF-8
    /// with a fault, which nearly always reads as CP932 too, as nonsense.
    fn guessed(bytes: &[u8]) -> Self {
        let (mut whole, mut broken) = (0, 0);
        for chunk in bytes.utf8_chunks() {
            whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            broken += usize::from(!chunk.invalid().is_empty());
        }
        let is_utf8 = broken == 0 || whole > broken || bytes.starts_with("\u{feff}".as_bytes());
        if is_utf8 { Self::Utf8 } else { Self::Cp932 }
    }

    fn decode(self, bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), Unreadable> {
        match self {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Ok((text.into(), "utf-8")),
                Err(error) => {
                    let before = &bytes[..error.valid_up_to()];
                    let line = before.split(|byte| *byte == b'\n').count();
                    Err(Unreadable::Broken { line, byte: before.len() + 1 })
                }
            },
            Self::Cp932 => {
                let (text, broken) = SHIFT_JIS.decode_without_bom_handling(bytes);
                if broken { Err(Unreadable::Encoding) } else { Ok((text, "cp932")) }
            }
        }
    }
}

/// The line of a quote that is not closed, or that something follows: the reader would take what comes after it
/// for part of one cell.
fn open_quote(text: &str, delimiter: char) -> Option<usize> {
    enum At {
        Start,
        Plain,
        /// Within a quote, since this line.
        Quoted(usize),
        /// After its end, or one half of a doubled quote.
        Closed(usize),
    }
    let (mut at, mut line) = (At::Start, 1);
    for c in text.chars() {
        at = match (at, c) {
            (At::Quoted(since), '"') => At::Closed(since),
            (At::Quoted(since), _) | (At::Closed(since), '"') => At::Quoted(since),
            (_, c) if c == delimiter || c == '\n' => At::Start,
            (At::Closed(since), ' ') => At::Closed(since),
            (At::Closed(since), _) => return Some(since),
            (At::Start, '"') => At::Quoted(line),
            (At::Start | At::Plain, _) => At::Plain,
        };
        line += usize::from(c == '\n');
    }
    if let At::Quoted(since) = at { Some(since) } else { None }
}

pub fn read(bytes: &[u8], encoding: Option<Encoding>) -> Result<Sheet, Unreadable> {
    let (text, encoding) = encoding.unwrap_or_else(|| Encoding::guessed(bytes)).decode(bytes)?;
    // The reader takes any of the three for the end of a line, and counts them by this one.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains('\t') && !first.contains(',') { b'\t' } else { b',' };
    if let Some(line) = open_quote(&text, char::from(delimiter)) {
        return Err(Unreadable::Quote { line });
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let headings: Vec<String> = match records.next() {
        Some(Ok(headings)) => headings.iter().map(|heading| heading.trim().to_owned()).collect(),
        _ => return Err(Unreadable::Empty),
    };
    let columns = columns(&headings)?;
    let mut rows = vec![];
    for record in records {
        let Ok(record) = record else { return Err(Unreadable::Encoding) };
        let line = record.position().map_or(0, |at| line_of(&text, at));
        // A line with nothing in it is the end that spreadsheets leave, and no client.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        let cell = |wanted| {
            let at = columns.iter().position(|column| *column == Some(wanted))?;
            record.get(at).map(str::trim).filter(|cell| !cell.is_empty())
        };
        let mut read = client(cell);
        if record.len() > headings.len() {
            let fault = fault(
                "name",
                "too-many-cells",
                "見出しより多いセルがあります",
                "has more cells than there are headings",
            );
            read = Err(read.err().into_iter().flatten().chain([fault]).collect());
        }
        rows.push(Row { line, read });
    }
    let unknown =
        headings.iter().zip(&columns).filter(|(heading, column)| column.is_none() && !heading.is_empty());
    let ignored = unknown.map(|(heading, _)| heading.clone()).collect();
    Ok(Sheet { encoding, ignored, rows })
}

/// The line that a record begins in. The reader begins it at the empty lines before it.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let from = usize::try_from(at.byte()).ok().and_then(|at| text.get(at..)).unwrap_or_default();
    let empty = from.bytes().take_while(|byte| *byte == b'\n').count();
    at.line() + empty as u64
}

fn columns(headings: &[String]) -> Result<Vec<Option<Column>>, Unreadable> {
    let columns: Vec<Option<Column>> = headings.iter().map(|heading| column(heading)).collect();
    for (at, column) in columns.iter().enumerate().filter_map(|(at, column)| Some((at, (*column)?))) {
        if let Some(first) = columns[..at].iter().position(|other| *other == Some(column)) {
            let headings = vec![headings[first].clone(), headings[at].clone()];
            return Err(Unreadable::Twice { column, headings });
        }
    }
    if columns.contains(&Some(Column::Name)) {
        Ok(columns)
    } else {
        Err(Unreadable::NoName { headings: headings.to_vec() })
    }
}

fn fault(field: &'static str, code: &'static str, ja: &str, en: &str) -> CellFault {
    CellFault { field, code, message: LocalizedText::new(ja, en) }
}

fn client<'a>(cell: impl Fn(Column) -> Option<&'a str>) -> Result<NewClient, Vec<CellFault>> {
    let mut faults = vec![];
    let name = cell(Column::Name).unwrap_or_default();
    if name.is_empty() {
        faults.push(fault("name", "required", "会社名がありません", "has no name"));
    }
    for (field, text) in [("name", Some(name)), ("external_id", cell(Column::ExternalId))] {
        let text = text.unwrap_or_default();
        if text.chars().count() > 200 {
            faults.push(fault(
                field,
                "too-long",
                "200 文字以下にしてください",
                "must have at most 200 characters",
            ));
        }
        if let Some((code, ja, en)) = characters::refused(text) {
            faults.push(fault(field, code, ja, en));
        }
    }
    let mut known = |column, read: fn(&str) -> Option<&'static str>, ja: &str, en: &str| {
        let text = cell(column)?;
        let found = read(text);
        if found.is_none() {
            faults.push(fault(column.field(), "unknown-value", ja, en));
        }
        found.map(str::to_owned)
    };
    let industry = known(
        Column::Industry,
        industry,
        "業種は日本標準産業分類の大分類（A〜T）か、その名称にしてください",
        "must be a major division of the Japan Standard Industrial Classification, A to T, or its name",
    );
    let prefecture = known(
        Column::Prefecture,
        prefecture,
        "都道府県名か 01〜47 にしてください",
        "must be a prefecture or 01 to 47",
    );
    let people = cell(Column::Employees).map(employees);
    if people == Some(None) {
        faults.push(fault(
            "employees",
            "type",
            "0 から 1,000,000 の人数にしてください",
            "must be a number of people from 0 to 1,000,000",
        ));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(NewClient {
        name: name.to_owned(),
        external_id: cell(Column::ExternalId).map(str::to_owned),
        industry,
        employees: people.flatten(),
        prefecture,
        profile: None,
        contracts: None,
    })
}

#[cfg(test)]
mod tests;
