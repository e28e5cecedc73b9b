use super::{Encoding, Unreadable, read};
use encoding_rs::SHIFT_JIS;

/// `line name|external_id|industry|employees|prefecture`, or `line field code ...`.
fn told(bytes: &[u8]) -> Vec<String> {
    let sheet = read(bytes, None).unwrap();
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
        let sheet = read(bytes, None).unwrap();
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
        assert_eq!(read(bytes, None), Err(why), "{bytes:?}");
    }
    let twice = read("会社名,社名\nA,B\n".as_bytes(), None);
    assert!(matches!(twice, Err(Unreadable::Twice { .. })), "{twice:?}");
}

#[test]
fn utf_8_with_a_fault_is_no_cp932() {
    let mut broken = JAPANESE.as_bytes().to_vec();
    let at = JAPANESE.find('愛').unwrap();
    broken[at + 1] = b'?';
    let why = Unreadable::Broken { line: 2, byte: at + 1 };
    assert_eq!(read(&broken, None), Err(why.clone()));
    // A mark at the start leaves no doubt, however little of it can be read.
    assert_eq!(
        read(b"\xef\xbb\xbfname\n\x82\xa0\x82\xa2\n", None),
        Err(Unreadable::Broken { line: 2, byte: 9 })
    );
    // Kana of half width are where the two are most alike.
    let kana = "会社名,備考\nｶﾌﾞｼｷｶﾞｲｼｬﾁｭｳｵｳ,ﾎﾞｳｴｷ\n";
    for text in [kana, JAPANESE] {
        let (cp932, _, _) = SHIFT_JIS.encode(text);
        assert_eq!(read(&cp932, None).unwrap().encoding, "cp932", "{text}");
        // What the sender says goes before what it looks like.
        assert!(matches!(read(&cp932, Some(Encoding::Utf8)), Err(Unreadable::Broken { .. })));
        assert_eq!(read(&cp932, Some(Encoding::Cp932)), read(&cp932, None));
    }
    for (name, encoding) in [
        ("UTF-8", Some(Encoding::Utf8)),
        ("Shift_JIS", Some(Encoding::Cp932)),
        ("windows-31j", Some(Encoding::Cp932)),
        ("CP932", Some(Encoding::Cp932)),
        ("euc-jp", None),
    ] {
        assert_eq!(Encoding::named(name), encoding, "{name}");
    }
}

#[test]
fn a_quote_that_is_not_closed_swallows_no_row() {
    for (file, line) in [
        ("name\nA\n\"B\nC\nD\n", Some(3)),
        ("name,memo\nA,\"x\nB,\"y\"\nC,z\n", Some(2)),
        ("name\r\nA\r\n\"B\"C\r\n", Some(3)),
        ("name,memo\nA,\"two\nlines\"\n\"B \"\"b\"\"\" ,5\" disk\n", None),
    ] {
        let read = read(file.as_bytes(), None).map(|sheet| sheet.rows.len());
        assert_eq!(read, line.map_or(Ok(2), |line| Err(Unreadable::Quote { line })), "{file:?}");
    }
}

#[test]
fn a_line_may_end_in_any_of_three_ways() {
    for end in ["\n", "\r\n", "\r"] {
        let file = ["name,employees", "A,5", "", "B,many"].join(end);
        assert_eq!(told(file.as_bytes()), ["2 A|||5|", "4 employees type"], "{end:?}");
    }
}
