use super::{Unreadable, read};
use encoding_rs::SHIFT_JIS;

/// `line name|external_id|industry|employees|prefecture`, or `line field code ...`.
fn told(bytes: &[u8]) -> Vec<String> {
    let sheet = read(bytes).unwrap();
    sheet
        .rows
        .into_iter()
        .map(|row| match row.read {
            Ok(client) => format!(
                "{} {}|{}|{}|{}|{}",
                row.line,
                client.name,
                client.external_id.unwrap_or_default(),
                client.industry.unwrap_or_default(),
                client.employees.map(|n| n.to_string()).unwrap_or_default(),
                client.prefecture.unwrap_or_default()
            ),
            Err(faults) => {
                let faults: Vec<_> =
                    faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect();
                format!("{} {}", row.line, faults.join(" "))
            }
        })
        .collect()
}

const JAPANESE: &str = "顧客コード,会社名,業種,従業員数,都道府県,備考\r\n\
    c1,株式会社あさひ,製造業,４５名,愛知県,元請\r\n\
    c2,\"（株）カンマ, 引用\",E,\"1,200\",23,\r\n\
    ,,,,,\r\n\
    c3,①髙橋商店,小売業,,東京,\r\n";

#[test]
fn files_are_read_in_either_encoding() {
    let rows = ["2 株式会社あさひ|c1|E|45|23", "3 （株）カンマ, 引用|c2|E|1200|23", "5 ①髙橋商店|c3|I||13"];
    let (cp932, _, lost) = SHIFT_JIS.encode(JAPANESE);
    assert!(!lost);
    let marked = format!("\u{feff}{JAPANESE}");
    for (bytes, encoding) in
        [(JAPANESE.as_bytes(), "utf-8"), (&cp932, "cp932"), (marked.as_bytes(), "utf-8")]
    {
        assert_eq!(told(bytes), rows, "{encoding}");
        let sheet = read(bytes).unwrap();
        assert_eq!((sheet.encoding, sheet.ignored), (encoding, vec!["備考".to_owned()]));
    }
    assert_eq!(told("Company Name\tPref\nAcme\tTokyo\n".as_bytes()), ["2 Acme||||13"]);
}

#[test]
fn every_row_that_cannot_be_read_says_why() {
    let file = "name,employees,prefecture,industry\n,many,Atlantis,magic\nA,5,13,E,extra\nB\n";
    assert_eq!(
        told(file.as_bytes()),
        [
            "2 name required industry unknown-value prefecture unknown-value employees type",
            "3 name too-many-cells",
            "4 B||||"
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    for (bytes, why) in [
        (&b""[..], Unreadable::Empty),
        (b"\xff\xfe\x00", Unreadable::Encoding),
        (b"foo,bar\n1,2\n", Unreadable::NoName { headings: vec!["foo".into(), "bar".into()] }),
    ] {
        assert_eq!(read(bytes), Err(why), "{bytes:?}");
    }
    let twice = read("会社名,社名\nA,B\n".as_bytes());
    assert!(matches!(twice, Err(Unreadable::Twice { .. })), "{twice:?}");
}
