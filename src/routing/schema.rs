//! The request schema of the facts, made from the same list that reads them.
use super::facts::{Entry, FactSchema, Kind, UNKNOWN};
use super::shipped::shipped_facts;
use super::words::Tri;
use crate::shipped::Faults;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::LazyLock;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The facts of an incident, as nested JSON. What is not known is left out, or null; a word may also be
/// `unknown`.
#[derive(Debug)]
pub struct RoutingFacts;

/// What is known of an incident, as nested JSON, without the time of evaluation and what was done: of
/// these the incident keeps record itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownFacts(pub serde_json::Value);

const NAME: &str = "RoutingFacts";
const KNOWN: &str = "KnownFacts";
/// Far more than an incident has; a bound for whoever generates or stores.
const MOST_ITEMS: usize = 200;
const LONGEST_TEXT: usize = 200;

type Named = (String, RefOr<Schema>);

/// Faults in the file are told at start, by the one who loads the rules.
static SCHEMAS: LazyLock<Vec<Named>> = LazyLock::new(|| build(&shipped_facts(&mut Faults::default())));

impl PartialSchema for RoutingFacts {
    fn schema() -> RefOr<Schema> {
        let own = SCHEMAS.iter().find(|(name, _)| name == NAME);
        own.map_or_else(|| ObjectBuilder::new().into(), |(_, schema)| schema.clone())
    }
}

impl ToSchema for RoutingFacts {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(NAME)
    }

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((Tri::name().into_owned(), Tri::schema()));
        schemas.extend(SCHEMAS.iter().filter(|(name, _)| name != NAME && name != KNOWN).cloned());
    }
}

impl PartialSchema for KnownFacts {
    fn schema() -> RefOr<Schema> {
        let own = SCHEMAS.iter().find(|(name, _)| name == KNOWN);
        own.map_or_else(|| ObjectBuilder::new().into(), |(_, schema)| schema.clone())
    }
}

impl ToSchema for KnownFacts {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(KNOWN)
    }

    fn schemas(schemas: &mut Vec<Named>) {
        RoutingFacts::schemas(schemas);
    }
}

fn build(facts: &FactSchema) -> Vec<Named> {
    let mut all = vec![];
    object(facts, "", NAME, &mut all);
    let kept = |entry: &&Entry| entry.path != "as_of" && !entry.path.starts_with("history.");
    let known = FactSchema { entries: facts.entries.iter().filter(kept).cloned().collect() };
    let mut twice = vec![];
    object(&known, "", KNOWN, &mut twice);
    // What lies in it is the same.
    all.extend(twice.into_iter().filter(|(name, _)| name == KNOWN));
    all
}

/// Adds the object whose members' paths start with `prefix`, and the objects in it.
fn object(facts: &FactSchema, prefix: &str, name: &str, all: &mut Vec<Named>) {
    let mut schema =
        ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)));
    if name == NAME {
        let example = serde_json::from_str(include_str!("../../examples/ransomware.json"));
        schema = schema
            .description(Some(
                "The facts of an incident. What is not known is left out, or null; a word may also be `unknown`.",
            ))
            .examples(example.ok().into_iter().collect::<Vec<serde_json::Value>>());
    }
    let mut nested: Vec<&str> = vec![];
    for entry in &facts.entries {
        let Some(rest) = entry.path.strip_prefix(prefix) else {
            continue;
        };
        let direct = !rest.contains('.') && !rest.contains("[]");
        if direct {
            schema = schema.property(rest, property(entry, all, facts));
            if entry.required {
                schema = schema.required(rest);
            }
        } else if let Some((child, _)) = rest.split_once('.')
            && !child.contains("[]")
        {
            let path = format!("{prefix}{child}.");
            if !nested.contains(&child) {
                nested.push(child);
                let child_name = camel(&path);
                object(facts, &path, &child_name, all);
                schema = schema.property(child, Ref::from_schema_name(child_name));
                if has_required(facts, &path) {
                    schema = schema.required(child);
                }
            }
        }
    }
    all.push((name.to_owned(), schema.build().into()));
}

/// An object with a required member is required itself; an item of a list is not.
fn has_required(facts: &FactSchema, prefix: &str) -> bool {
    facts.entries.iter().any(|entry| {
        let member = entry.path.strip_prefix(prefix);
        entry.required && member.is_some_and(|member| !member.contains("[]"))
    })
}

fn property(entry: &Entry, all: &mut Vec<Named>, facts: &FactSchema) -> RefOr<Schema> {
    let about = format!("{} / {}", entry.meaning.en, entry.meaning.ja);
    let of = |kind: Type| {
        let kind =
            if entry.required { SchemaType::Type(kind) } else { SchemaType::from_iter([kind, Type::Null]) };
        ObjectBuilder::new().schema_type(kind).description(Some(about.clone()))
    };
    let word = || {
        let unknown = (entry.may_be_unknown()).then(|| UNKNOWN.to_owned());
        let words = entry.words.iter().cloned().chain(unknown);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
    };
    match entry.kind {
        Kind::Datetime => {
            of(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
        }
        Kind::Date => of(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into(),
        Kind::Word => word().description(Some(about)).into(),
        Kind::Words => ArrayBuilder::new()
            .items(word())
            .min_items(entry.required.then_some(1))
            .max_items(Some(entry.words.len()))
            .description(Some(about))
            .into(),
        Kind::Tri => {
            let mut reference = Ref::from_schema_name(Tri::name());
            reference.description = about;
            RefOr::Ref(reference)
        }
        Kind::Bool => of(Type::Boolean).into(),
        Kind::Count => of(Type::Integer).minimum(Some(0)).maximum(Some(entry.most())).into(),
        Kind::Text => of(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST_TEXT))
            .pattern(entry.pattern.clone())
            .into(),
        Kind::Objects => {
            let path = format!("{}[].", entry.path);
            let name = camel(&path);
            object(facts, &path, &name, all);
            ArrayBuilder::new()
                .items(Ref::from_schema_name(name))
                .max_items(Some(MOST_ITEMS))
                .description(Some(about))
                .into()
        }
    }
}

/// `contracts.cyber_insurance.` becomes `ContractsCyberInsuranceFacts`.
fn camel(path: &str) -> String {
    let words = path.split(['.', '_', '[', ']']).filter(|w| !w.is_empty());
    let mut name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    name.push_str("Facts");
    name
}
