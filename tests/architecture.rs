//! Which room may open which door. ARCHITECTURE.md says why; a failure names file, line and rule.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The features in their line: each may use those before it, as far as it names them here.
const LINE: &[(&str, &[&str])] = &[
    ("audit", &[]),
    ("tenants", &["audit"]),
    ("idempotency", &[]),
    ("guidelines", &["audit", "idempotency"]),
    ("questionnaires", &["guidelines"]),
    ("clients", &["audit", "idempotency", "questionnaires"]),
    ("service_accounts", &["audit", "clients", "idempotency"]),
    ("contacts", &["audit", "idempotency"]),
    ("assessments", &["audit", "clients", "contacts", "guidelines", "idempotency", "questionnaires"]),
    ("routing", &["contacts"]),
    ("incidents", &["audit", "clients", "contacts", "idempotency", "routing"]),
    ("records", &["assessments", "audit", "clients", "idempotency", "incidents", "service_accounts"]),
];

struct Line {
    file: PathBuf,
    number: usize,
    text: String,
}

impl Line {
    fn feature(&self) -> Option<&str> {
        let inside = self.file.strip_prefix(src()).unwrap();
        let first = inside.components().next()?.as_os_str().to_str()?;
        LINE.iter().map(|(name, _)| *name).find(|name| *name == first)
    }

    /// `http`, `store`, `mod`, or `pure` for every other file of a feature.
    fn room(&self) -> &str {
        let inside = self.file.strip_prefix(src()).unwrap();
        match inside.components().nth(1).and_then(|c| c.as_os_str().to_str()) {
            Some("http.rs" | "http") => "http",
            Some("store.rs" | "store") => "store",
            Some("mod.rs") => "mod",
            _ => "pure",
        }
    }

    fn names(&self, word: &str) -> bool {
        self.text.match_indices(word).any(|(at, _)| {
            let before = self.text[..at].chars().next_back();
            let after = self.text[at + word.len()..].chars().next();
            let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !is_part(before) && !is_part(after)
        })
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files() -> Vec<PathBuf> {
    let mut files = vec![];
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// Every line of code: comments and the tests at the end of a file do not count.
fn code() -> Vec<Line> {
    let own = files().into_iter().filter(|file| !file.ends_with("tests.rs"));
    let lines = own.flat_map(|file| {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(index, line)| Line { file: file.clone(), number: index + 1, text: line.to_owned() })
            .collect();
        lines
    });
    lines.collect()
}

fn hold(rule: &str, broken: impl Fn(&Line) -> bool) {
    let code = code();
    assert!(code.len() > 1000, "the sources were not found");
    let breaks: Vec<_> = code
        .iter()
        .filter(|line| broken(line))
        .map(|line| format!("{}:{}: {}", line.file.display(), line.number, line.text.trim()))
        .collect();
    assert!(breaks.is_empty(), "{rule}\n{}", breaks.join("\n"));
}

#[test]
fn in_a_feature_only_http_knows_the_web() {
    hold("only http.rs may name the web side", |line| {
        line.feature().is_some()
            && !matches!(line.room(), "http" | "mod")
            && ["actix_web", "utoipa_actix_web", "Problem", "crate::body", "crate::answer"]
                .iter()
                .any(|word| line.names(word))
    });
}

#[test]
fn only_stores_and_the_database_room_know_diesel() {
    hold("only store.rs may name diesel and the schema", |line| {
        let shared = ["db.rs", "schema.rs"].iter().any(|file| line.file.ends_with(file))
            || line.file.parent().is_some_and(|folder| folder.ends_with("db"));
        let store = line.feature().is_some() && line.room() == "store";
        !shared && !store && (line.names("diesel") || line.names("crate::schema"))
    });
}

#[test]
fn a_store_knows_neither_the_web_nor_what_goes_over_it() {
    hold("store.rs takes domain values and a tenant, nothing of the web", |line| {
        line.room() == "store"
            && ["utoipa", "crate::auth", "crate::problem", "super::http", "super::dto"]
                .iter()
                .any(|word| line.names(word))
    });
}

#[test]
fn what_is_pure_reads_no_clock_and_no_database() {
    hold("time and ids come in as arguments; SQL stays in store.rs", |line| {
        line.feature().is_some()
            && line.room() == "pure"
            && [
                "crate::db",
                "crate::clock",
                "crate::auth",
                "super::store",
                "super::http",
                "Utc::now",
                "now_v7",
                "std::env",
                "SystemTime",
                "Instant",
            ]
            .iter()
            .any(|word| line.names(word))
    });
}

#[test]
fn only_auth_makes_a_tenant() {
    hold("a tenant is proof that a token was checked: only auth makes one", |line| {
        line.names("Tenant::verified")
            && !line.file.ends_with("auth.rs")
            && !line.file.parent().is_some_and(|folder| folder.ends_with("auth"))
    });
}

fn is_store(file: &Path) -> bool {
    file.ends_with("store.rs") || file.components().any(|part| part.as_os_str() == "store")
}

#[test]
fn a_function_of_a_store_names_its_tenant() {
    // Tenants themselves and keys belong to nobody; the log is sealed and verified, and old answers go, for
    // everybody.
    const NOBODYS: &[&str] = &[
        "tenants/store.rs",
        "audit/store/accepting.rs",
        "audit/store/operator.rs",
        "audit/store/reading.rs",
        "audit/store/rows.rs",
        "audit/store/sealing.rs",
        "audit/store/verifying.rs",
        "audit/store/waiting.rs",
        "idempotency/store/pruning.rs",
    ];
    let mut functions = 0;
    for file in files()
        .iter()
        .filter(|file| is_store(file))
        .filter(|file| NOBODYS.iter().all(|other| !file.ends_with(other)))
    {
        let text = fs::read_to_string(file).unwrap();
        for function in text.split("\npub fn ").skip(1) {
            let signature = function.split('{').next().unwrap();
            let name = function.split('(').next().unwrap();
            assert!(signature.contains("tenant: &Tenant"), "{}: {name} has no tenant", file.display());
            functions += 1;
        }
    }
    assert!(functions > 8, "the stores were not found");
}

/// The tables that have a tenant.
fn tables_of_tenants() -> Vec<String> {
    let schema = fs::read_to_string(src().join("schema.rs")).unwrap();
    let tables = schema.split("diesel::table!").skip(1).filter(|table| table.contains("tenant -> Text"));
    tables
        .map(|table| table.trim_start_matches([' ', '{', '\n']).split(' ').next().unwrap().to_owned())
        .collect()
}

/// The code of a file without spaces, and whether the comment above each place says that it is of everybody.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let kept = lines.filter(|line| !line.starts_with("//") || line.starts_with("// Of everybody"));
    kept.flat_map(|line| line.split_whitespace()).collect()
}

/// Whoever writes a query by hand puts up the wall that `mutants-tenancy` takes down; what is of everybody says why.
#[test]
fn every_query_of_tenant_data_stands_behind_a_wall() {
    let tables = tables_of_tenants();
    assert!(tables.len() >= 10, "the schema was not read: {tables:?}");
    let mut walls = 0;
    for file in files().iter().filter(|file| is_store(file)) {
        let text = fs::read_to_string(file).unwrap();
        let code = squeezed(&text);
        walls += code.matches("wall!(\"tenant\",").count();
        let entries = tables.iter().flat_map(|table| [format!("{table}::table"), format!("dsl::{table}")]);
        for entry in entries.chain(["$table::table".to_owned()]) {
            for (at, _) in code.match_indices(&entry) {
                let (before, after) = (&code[..at], &code[at + entry.len()..]);
                let is_name = |c: char| c.is_alphanumeric() || c == '_';
                let is_other = before.chars().next_back().is_some_and(is_name)
                    || after.chars().next().is_some_and(|c| is_name(c) || c == ':');
                // What is put there, and the type of a condition, ask for nothing.
                let is_new =
                    ["insert_into(", "insert_rows!(conn,", "<"].iter().any(|new| before.ends_with(new));
                let of_everybody = before.rsplit(';').next().unwrap().contains("//Ofeverybody");
                let walled = after.starts_with(".filter(wall!(\"tenant\",");
                assert!(
                    is_other || is_new || of_everybody || walled,
                    "{}: {entry} without a wall: ...{}",
                    file.display(),
                    &after[..after.len().min(80)]
                );
            }
        }
        for (at, _) in code.match_indices("tenant.eq(") {
            let column = code[..at].trim_end_matches(|c: char| c.is_alphanumeric() || "_:$".contains(c));
            assert!(column.ends_with("wall!(\"tenant\","), "{}: a filter that is no wall", file.display());
        }
        let narrowed = [".only_client()", "wall!(\"client\","].map(|part| code.matches(part).count());
        assert_eq!(narrowed[0], narrowed[1], "{}: a narrowing that is no wall", file.display());
        let raw: usize = ["sql_query(", "Statement::default()"]
            .map(|by_hand| code.matches(by_hand).count())
            .iter()
            .sum();
        let locks = code.matches("pg_try_advisory_xact_lock").count();
        let whose = code.matches("letwhose=wall!(\"tenant\",").count();
        assert_eq!(raw, locks + whose, "{}: SQL by hand has no wall", file.display());
    }
    assert!(walls >= 20, "the stores were not found");
}

#[test]
fn features_form_a_line() {
    let line: BTreeMap<_, _> = LINE.iter().copied().collect();
    hold("a feature uses only the features that stand before it in the line", |code| {
        let Some(feature) = code.feature() else {
            return false;
        };
        LINE.iter().any(|(other, _)| {
            *other != feature && !line[feature].contains(other) && code.names(&format!("crate::{other}"))
        })
    });
    for (index, (feature, uses)) in LINE.iter().enumerate() {
        for other in *uses {
            let before = LINE[..index].iter().any(|(name, _)| name == other);
            assert!(before, "{feature} uses {other}, which stands after it");
        }
    }
}

/// These tests read line by line: what a line uses must stand on it under its own name.
#[test]
fn imports_are_told_one_module_a_line() {
    hold("no grouped or renamed modules in a feature's imports", |line| {
        let text = line.text.trim();
        line.feature().is_some()
            && (text.starts_with("use crate::{")
                || text.starts_with("use super::{") && !text.contains("super::super")
                || text.contains("Tenant as "))
    });
}

#[test]
fn the_doors_of_store_and_http_are_closed() {
    for (feature, _) in LINE {
        let plate = fs::read_to_string(src().join(feature).join("mod.rs")).unwrap();
        for room in ["store", "http", "domain"] {
            assert!(!plate.contains(&format!("pub mod {room}")), "{feature}: {room} is open");
        }
    }
}

/// Schemas of the same name overwrite each other without a word.
#[test]
fn schemas_have_names_of_their_own() {
    let mut names: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        for part in text.split("ToSchema").skip(1) {
            let item = ["pub struct ", "pub enum "].map(|word| part.find(word).map(|at| (at, word)));
            let Some((at, word)) = item.into_iter().flatten().min() else {
                continue;
            };
            let (attributes, rest) = (&part[..at], &part[at + word.len()..]);
            let derived = attributes.lines().next().unwrap().contains(")]");
            if !derived || attributes.contains("$schema") {
                continue;
            }
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap();
            let name = attributes
                .split_once("as = ")
                .map_or(&rest[..end], |(_, name)| name.split([',', ')']).next().unwrap());
            if let Some(other) = names.insert(name.to_owned(), file.clone()) {
                panic!("{name} is in {} and in {}", other.display(), file.display());
            }
        }
    }
    assert!(names.len() > 60, "the schemas were not found: {names:?}");
}

#[test]
fn files_have_one_subject() {
    for file in files() {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 360, "{}: {lines} lines; cut it by subject", file.display());
    }
}
