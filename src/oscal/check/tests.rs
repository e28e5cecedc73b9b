use super::check;
use crate::oscal::CatalogDocument;
use serde_json::{Value, json};

fn flaws(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = json!({"catalog": {
        "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
        "metadata": {"title": "t", "last-modified": "2026-01-01T00:00:00Z", "version": "1", "oscal-version": "1.2.1",
            "roles": [{"id": "creator", "title": "c"}],
            "parties": [{"uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e2", "type": "organization", "name": "n"}],
            "responsible-parties": [{"role-id": "creator", "party-uuids": ["6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e2"]}]},
        "groups": [{"id": "g", "title": "g", "controls": [
            {"id": "a", "title": "a", "parts": [{"id": "a_smt", "name": "statement"}],
             "links": [{"href": "#b", "rel": "required"}, {"href": "https://example.com/#x"}]},
            {"id": "b", "title": "b", "controls": [{"id": "c", "title": "c"}]},
        ]}],
    }});
    change(&mut document["catalog"]);
    let read: CatalogDocument = serde_json::from_value(document).unwrap();
    let flaws = check(&read.catalog).into_iter();
    flaws.map(|flaw| format!("{} {}", flaw.pointer.strip_prefix("/catalog").unwrap(), flaw.code)).collect()
}

#[test]
fn a_good_catalog_has_no_flaw() {
    assert_eq!(flaws(|_| {}), Vec::<String>::new());
}

type Row = (fn(&mut Value), &'static [&'static str]);

#[test]
fn what_a_schema_cannot_see_is_seen() {
    let rows: Vec<Row> = vec![
        (
            |c| c["groups"][0]["controls"][1]["id"] = json!("a"),
            &[
                "/groups/0/controls/0/links/0/href dangling-reference",
                "/groups/0/controls/1/id duplicate-id",
            ],
        ),
        (
            |c| c["groups"][0]["controls"][1]["controls"][0]["id"] = json!("a_smt"),
            &["/groups/0/controls/1/controls/0/id duplicate-id"],
        ),
        (
            |c| c["metadata"]["parties"][0]["uuid"] = json!("6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1"),
            &[
                "/metadata/parties/0/uuid duplicate-id",
                "/metadata/responsible-parties/0/party-uuids/0 dangling-reference",
            ],
        ),
        (
            |c| c["metadata"]["responsible-parties"][0]["role-id"] = json!("owner"),
            &["/metadata/responsible-parties/0/role-id dangling-reference"],
        ),
        (
            |c| c["groups"][0]["controls"][0]["links"][0]["href"] = json!("#nowhere"),
            &["/groups/0/controls/0/links/0/href dangling-reference"],
        ),
        (
            |c| {
                c["groups"][0]["params"] =
                    json!([{"id": "p"}, {"id": "q", "select": {"choice": ["{{ insert: param, r }}"]}}]);
                c["params"] = json!([{"id": "p"}]);
                c["groups"][0]["controls"][0]["parts"][0]["prose"] =
                    json!("{{ insert: param, p }} {{ insert: param, gone }}");
            },
            &[
                "/groups/0/controls/0/parts/0/prose dangling-reference",
                "/groups/0/params/0/id duplicate-id",
                "/groups/0/params/1/select/choice/0 dangling-reference",
            ],
        ),
        (|c| c["metadata"]["oscal-version"] = json!("2.0.0"), &["/metadata/oscal-version oscal-version"]),
        (
            |c| c["groups"][0]["controls"][1]["links"] = json!([{"href": "#a", "rel": "required"}]),
            &["/groups/0/controls/0 cycle"],
        ),
        (
            |c| c["groups"][0]["controls"][0]["links"][0]["href"] = json!("#a"),
            &["/groups/0/controls/0 cycle"],
        ),
        // Controls that name each other as related are no loop.
        (|c| c["groups"][0]["controls"][1]["links"] = json!([{"href": "#a", "rel": "related"}]), &[]),
    ];
    for (change, expected) in rows {
        assert_eq!(flaws(change), expected);
    }
}

#[test]
fn a_long_chain_of_references_is_walked_without_a_deep_stack() {
    let found = flaws(|c| {
        let controls: Vec<Value> = (0..10_000)
            .map(|n| json!({"id": format!("x{n}"), "title": "x", "links": [{"href": format!("#x{}", (n + 1) % 10_000), "rel": "required"}]}))
            .collect();
        c["groups"][0]["controls"] = json!(controls);
    });
    assert_eq!(found, ["/groups/0/controls/0 cycle"]);
}
