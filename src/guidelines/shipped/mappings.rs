//! The mapping files.
use super::super::catalogue::Catalogue;
use super::super::domain::{Source, Verification};
use super::super::mapping::{Authority, EditionRef, Entry, Mapping, Relation};
use super::files::Cited;
use crate::shipped::Faults;
use crate::text::LocalizedText;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    from: EditionRef,
    to: EditionRef,
    author: LocalizedText,
    origin: Authority,
    note: LocalizedText,
    entries: Vec<EntryFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    from: String,
    to: String,
    relation: Relation,
    rationale: LocalizedText,
    verification: Verification,
    /// `guideline:key`.
    #[serde(default)]
    sources: Vec<Cited>,
}

const FILES: &[(&str, &str)] = &[
    ("mappings/ipa-sme--scs.yaml", include_str!("../data/mappings/ipa-sme--scs.yaml")),
    ("mappings/scs--nist-csf.yaml", include_str!("../data/mappings/scs--nist-csf.yaml")),
];

pub fn load(catalogue: &Catalogue, faults: &mut Faults) -> Vec<Mapping> {
    FILES
        .iter()
        .filter_map(|(name, text)| {
            let file: Option<File> = faults.parse(name, text);
            Some(mapping(name, file?, catalogue, faults))
        })
        .collect()
}

fn mapping(name: &str, file: File, catalogue: &Catalogue, faults: &mut Faults) -> Mapping {
    for text in [&file.author, &file.note] {
        faults.whole(name, text);
    }
    let pairs: Vec<String> =
        file.entries.iter().map(|entry| format!("{} {}", entry.from, entry.to)).collect();
    faults.unique(name, pairs.iter().map(String::as_str));
    for entry in &file.entries {
        let place = format!("{name}: {} -> {}", entry.from, entry.to);
        faults.whole(&place, &entry.rationale);
        for (edition, key) in [(&file.from, &entry.from), (&file.to, &entry.to)] {
            if catalogue.control(&edition.guideline, &edition.edition, key).is_none() {
                faults.add(format!(
                    "{place}: {} {} has no control {key}",
                    edition.guideline, edition.edition
                ));
            }
        }
    }
    Mapping {
        entries: file
            .entries
            .into_iter()
            .map(|entry| self::entry(name, entry, catalogue, faults))
            .collect(),
        from: file.from,
        to: file.to,
        author: file.author,
        authority: file.origin,
        note: file.note,
    }
}

fn entry(name: &str, entry: EntryFile, catalogue: &Catalogue, faults: &mut Faults) -> Entry {
    let mut sources = vec![];
    for cited in &entry.sources {
        let known =
            cited.source.split_once(':').and_then(|(guideline, key)| catalogue.source(guideline, key));
        match known {
            Some(known) => sources.push(Source { section: cited.section.clone(), ..known.clone() }),
            None => faults.add(format!("{name}: {} is not known", cited.source)),
        }
    }
    Entry {
        from: entry.from,
        to: entry.to,
        relation: entry.relation,
        rationale: entry.rationale,
        verification: entry.verification,
        sources,
    }
}
