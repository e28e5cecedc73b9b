//! What the reports ask for, filled as far as the facts go. The fields are data, in our own words.
use super::facts::{FactSchema, Facts, Kind, Value};
use crate::contacts::Directory;
use crate::shipped::Faults;
use crate::text::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name of the company, which is no fact of the incident.
const CLIENT_NAME: &str = "client.name";

/// A report, with what it asks for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportForm)]
pub struct Form {
    #[schema(example = "ppc_preliminary")]
    pub form: String,
    pub title: LocalizedText,
    /// What it is for, as `contact/action`.
    #[serde(rename = "for")]
    pub serves: Vec<String>,
    pub note: LocalizedText,
    /// Keys of sources.
    pub sources: Vec<String>,
    pub fields: Vec<Field>,
}

/// One thing that a report asks for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportField)]
pub struct Field {
    pub field: String,
    pub title: LocalizedText,
    /// Facts that fill it; none where it is written by hand.
    pub facts: Vec<String>,
}

/// A report as far as the facts fill it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FilledForm)]
pub struct Filled {
    #[schema(example = "ppc_preliminary")]
    pub form: String,
    pub title: LocalizedText,
    pub note: LocalizedText,
    pub fields: Vec<FilledField>,
    /// How many fields lack nothing.
    pub complete: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FilledField {
    pub field: String,
    pub title: LocalizedText,
    pub values: Vec<FilledValue>,
    /// Facts that are not known yet.
    pub missing: Vec<String>,
    /// No fact fills it: somebody has to write it.
    pub by_hand: bool,
}

/// What a fact says, under its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FilledValue {
    pub fact: String,
    pub meaning: LocalizedText,
    pub value: String,
}

pub fn load(text: &str, schema: &FactSchema, directory: &Directory, faults: &mut Faults) -> Vec<Form> {
    let forms: Vec<Form> = faults.parse("routing/forms.yaml", text);
    faults.unique("forms", forms.iter().map(|form| form.form.as_str()));
    for form in &forms {
        faults.whole(&form.form, &form.title);
        faults.whole(&form.form, &form.note);
        for source in form.sources.iter().filter(|key| directory.source(key).is_none()) {
            faults.add(format!("{}: no source {source}", form.form));
        }
        for served in &form.serves {
            let contact = served.split('/').next().unwrap_or_default();
            if directory.contact(contact).is_none() {
                faults.add(format!("{}: no contact {contact}", form.form));
            }
        }
        for field in &form.fields {
            faults.whole(&form.form, &field.title);
            for fact in field.facts.iter().filter(|fact| *fact != CLIENT_NAME) {
                if schema.find(fact).is_none() {
                    faults.add(format!("{}: no fact {fact}", form.form));
                }
            }
        }
    }
    forms
}

impl Form {
    pub fn fill(&self, schema: &FactSchema, facts: &Facts, client_name: &str) -> Filled {
        let fields: Vec<FilledField> =
            self.fields.iter().map(|field| filled(field, schema, facts, client_name)).collect();
        Filled {
            form: self.form.clone(),
            title: self.title.clone(),
            note: self.note.clone(),
            complete: fields.iter().filter(|field| field.missing.is_empty() && !field.by_hand).count(),
            fields,
        }
    }
}

fn filled(field: &Field, schema: &FactSchema, facts: &Facts, client_name: &str) -> FilledField {
    let (mut values, mut missing) = (vec![], vec![]);
    for path in &field.facts {
        let value =
            if path == CLIENT_NAME { Some(client_name.to_owned()) } else { said(path, schema, facts) };
        let meaning = schema.find(path).map_or_else(
            || LocalizedText::new("会社の名称", "Name of the company"),
            |(_, entry)| entry.meaning.clone(),
        );
        match value {
            Some(value) => values.push(FilledValue { fact: path.clone(), meaning, value }),
            None => missing.push(path.clone()),
        }
    }
    FilledField {
        field: field.field.clone(),
        title: field.title.clone(),
        values,
        missing,
        by_hand: field.facts.is_empty(),
    }
}

/// What is said of a fact; of every item, where it is a member of a list.
fn said(path: &str, schema: &FactSchema, facts: &Facts) -> Option<String> {
    let (index, _) = schema.find(path)?;
    let Some((list, _)) = path.split_once("[].") else {
        return facts.get(index).map(Value::show).filter(|value| value != "unknown");
    };
    let (list, entry) = schema.find(list)?;
    let items = if entry.kind == Kind::Objects { facts.items(list) } else { &[] };
    let values: Vec<String> = items.iter().filter_map(|item| item.get(&index)).map(Value::show).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
