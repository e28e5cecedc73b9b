//! One assessment for people: a page, a workbook, a file.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::json;

#[rstest]
fn a_report_is_a_page_a_workbook_and_a_file(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client =
        acme.post("/v1/clients", &json!({"name": "<script>alert(1)</script>株式会社"})).expect(201);
    let submit = |edition: &str, status: &str| {
        let answers: Vec<_> = (1..=25)
            .map(|n| match n {
                2 => json!({"control": "self-check-02", "status": "not_implemented", "note": "=HYPERLINK(\"http://x\")<b>"}),
                3 => json!({"control": "self-check-03", "status": "unknown"}),
                n => json!({"control": format!("self-check-{n:02}"), "status": status}),
            })
            .collect();
        let body = json!({"client_id": client.json["id"], "questionnaire": format!("ipa-self-check-{edition}"), "answers": answers, "state": "submitted"});
        acme.post("/v1/assessments", &body).expect(201).header("location").to_owned()
    };
    let first = submit("3.1", "partial");
    let second = submit("4.0", "implemented");
    let page = |path: &str, language: &str| {
        let page = acme.get(&format!("{path}/report.html?language={language}")).expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("vary"), "Accept-Language");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        String::from_utf8(page.bytes).unwrap()
    };
    for (language, words) in [
        ("ja", ["次に取り組むこと", "前回との比較", "良くなった項目", "実施していない"]),
        ("en", ["What to do next", "Compared with the last time", "Better", "Not implemented"]),
    ] {
        let html = page(&second, language);
        for word in words {
            assert!(html.contains(word), "{word}");
        }
        assert!(html.contains(&format!("<html lang=\"{language}\">")));
        // A word without an end stays on the paper.
        assert!(html.contains("overflow-wrap:anywhere"));
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;") && html.contains("&lt;b&gt;"));
        // Nothing from elsewhere, and nothing that says that somebody is certified.
        for word in ["src=", "@import", "url(", "認定"] {
            assert!(!html.contains(word), "{word}");
        }
    }
    assert!(!page(&first, "en").contains("Compared with"), "nothing came before the first");
    let file = acme.get(&format!("{second}/report.csv?language=ja")).expect(200);
    assert!(file.header("content-disposition").contains("assessment.csv"));
    assert_eq!(file.header("vary"), "Accept-Language");
    let text = String::from_utf8(file.bytes).unwrap();
    assert!(text.starts_with("\u{feff}No.,control,項目") && text.contains("\r\n"));
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes())
            .records()
            .map(Result::unwrap)
            .collect();
    assert_eq!(rows.len(), 25);
    assert_eq!((&rows[1][6], &rows[2][5]), ("'=HYPERLINK(\"http://x\")<b>", "-1"));
    let book = acme.get(&format!("{second}/report.xlsx?language=ja")).expect(200);
    // A workbook is a ZIP file.
    assert!(book.bytes.starts_with(b"PK\x03\x04"));
    // The same report is the same file.
    assert_eq!(acme.get(&format!("{second}/report.xlsx?language=ja")).expect(200).bytes, book.bytes);
    // A draft has a report too, and says what it has not.
    let draft = json!({"client_id": client.json["id"], "questionnaire": "ipa-self-check-4.0"});
    let draft = acme.post("/v1/assessments", &draft).expect(201).header("location").to_owned();
    assert!(page(&draft, "en").contains("There is no score yet."));
    assert_eq!(
        acme.get(&format!("{draft}/report.html?language=fr")).expect(422).faults(),
        ["/query/language pattern"]
    );
}
