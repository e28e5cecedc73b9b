//! Files of clients: a verdict for every row, and nothing made of what cannot be read.
use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use ureq::http::Method;

fn send_file(acme: &Caller<'_>, query: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Answer {
    let mut all = vec![("content-type", "text/csv")];
    all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    all.extend(headers);
    acme.send(&Method::POST, &format!("/v1/client-imports{query}"), &all, Some(bytes))
}

#[rstest]
fn a_file_of_clients_has_a_verdict_for_every_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let file = "顧客コード,会社名,業種,従業員数,都道府県,備考\r\nc1,あさひ製作所,製造業,４５名,愛知県,元請\r\nc2,,魔法,many,Atlantis,\r\nc1,あさひ製作所,E,45,23,\r\nc1,べつの会社,E,45,23,\r\n";
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(file);
    let send = |query: &str, bytes: &[u8]| {
        acme.send(
            &Method::POST,
            &format!("/v1/client-imports{query}"),
            &[("content-type", "text/csv")],
            Some(bytes),
        )
    };
    let dry = send("?dry_run=true", &cp932).expect(200).json;
    assert_eq!((&dry["encoding"], &dry["ignored_columns"]), (&json!("cp932"), &json!(["備考"])));
    assert_eq!(acme.get("/v1/clients").expect(200).json["items"], json!([]));
    let outcomes = |answer: &Value| -> Vec<(i64, String, usize)> {
        let items = answer["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| {
                let faults = item["problem"]["errors"].as_array().map_or(0, Vec::len);
                (item["line"].as_i64().unwrap(), item["outcome"].as_str().unwrap().to_owned(), faults)
            })
            .collect()
    };
    let expected = [
        (2, "created".to_owned(), 0),
        (3, "rejected".to_owned(), 4),
        (4, "unchanged".to_owned(), 0),
        (5, "rejected".to_owned(), 0),
    ];
    assert_eq!(outcomes(&dry), expected);
    assert_eq!(outcomes(&send("", file.as_bytes()).expect(200).json), expected);
    let stored = acme.get("/v1/clients?external_id=c1").expect(200).json["items"][0].clone();
    assert_eq!(
        (&stored["industry"], &stored["employees"], &stored["prefecture"]),
        (&json!("E"), &json!(45), &json!("23"))
    );
    let again = send("", file.as_bytes()).expect(200).json;
    assert!(again["items"].as_array().unwrap().iter().all(|item| item["outcome"] != "created"));
    for (bytes, fault) in [
        (&b"\xff\xfe"[..], " encoding"),
        (b"", " too-few"),
        (b"a,b\n1,2\n", " required"),
        ("会社名,社名\nA,B".as_bytes(), " repeated"),
    ] {
        assert_eq!(send("", bytes).expect(422).faults(), [fault]);
    }
    assert_eq!(send("?dry_run=perhaps", b"name\nA").expect(422).faults(), ["/query/dry_run type"]);
    let narrow = service.caller("acme", tasuke::caller::Scope::ALL, Some(stored["id"].as_str().unwrap()));
    narrow
        .send(&Method::POST, "/v1/client-imports", &[("content-type", "text/csv")], Some(b"name\nA"))
        .expect(403);
}

#[rstest]
fn a_file_that_is_sent_again_with_its_key_makes_nothing_twice(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let rows: Vec<String> = (0..150).map(|n| format!("会社{n}")).collect();
    let file = format!("会社名\n{}\n,\n", rows.join("\n"));
    let key = [("idempotency-key", "k-1")];
    // Nothing is kept of a dry run.
    send_file(&acme, "?dry_run=true", &key, file.as_bytes()).expect(200);
    let first = send_file(&acme, "", &key, file.as_bytes()).expect(200);
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = send_file(&acme, "", &key, file.as_bytes()).expect(200);
    assert_eq!((&again.json, again.header("idempotent-replayed")), (&first.json, "true"));
    let page = acme.get("/v1/clients?limit=100").expect(200).json;
    let rest = format!("/v1/clients?limit=100&after={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(acme.get(&rest).expect(200).json["items"].as_array().unwrap().len(), 50);
    let other = send_file(&acme, "", &key, b"name\nB\n").expect(422);
    assert_eq!(other.text("/code"), "idempotency-key-reused");
}

#[rstest]
fn a_dry_run_of_a_file_tells_what_the_real_run_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut rows: Vec<String> = (0..230).map(|n| format!("c{n},会社{n}")).collect();
    rows[1] = "c0,会社0".to_owned();
    rows[120] = "c0,べつの会社".to_owned();
    rows[220] = "c0,会社0".to_owned();
    rows[221] = "c120,会社120".to_owned();
    let file = format!("顧客コード,会社名\n{}\n", rows.join("\n"));
    let told = |answer: &Answer| -> Vec<String> {
        let items = answer.json["items"].as_array().unwrap();
        items.iter().map(|item| item["outcome"].as_str().unwrap().to_owned()).collect()
    };
    let dry = send_file(&acme, "?dry_run=true", &[], file.as_bytes()).expect(200);
    assert!(dry.json["items"].as_array().unwrap().iter().all(|item| item["id"].is_null()));
    let wet = send_file(&acme, "", &[], file.as_bytes()).expect(200);
    assert_eq!(told(&dry), told(&wet));
    assert_eq!(
        [0, 1, 120, 220, 221].map(|n| told(&wet)[n].clone()),
        ["created", "unchanged", "rejected", "unchanged", "created"]
    );
}

#[rstest]
fn a_broken_file_makes_no_client(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut broken = "会社名,都道府県\nあさひ製作所,愛知県\nみなと商店,東京都\n".as_bytes().to_vec();
    let at = broken.len() - 5;
    broken[at] = b'?';
    assert_eq!(send_file(&acme, "", &[], &broken).expect(422).faults(), [" encoding"]);
    let open = "name,employees\nA,5\n\"B,6\nC,7\n";
    assert_eq!(send_file(&acme, "", &[], open.as_bytes()).expect(422).faults(), [" unclosed-quote"]);
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode("会社名\nあさひ製作所\n");
    for (kind, status) in [
        ("text/csv; charset=utf-8", 422),
        ("text/csv; charset=euc-jp", 415),
        ("text/csv; header=present; charset=\"Shift_JIS\"", 200),
    ] {
        send_file(&acme, "?dry_run=true", &[("content-type", kind)], &cp932).expect(status);
    }
    assert_eq!(acme.get("/v1/clients").expect(200).json["items"], json!([]));
}
