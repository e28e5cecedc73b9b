//! The words that files of clients use: headings, prefectures and industries as people write them.
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Name,
    ExternalId,
    Industry,
    Employees,
    Prefecture,
}

impl Column {
    pub const fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ExternalId => "external_id",
            Self::Industry => "industry",
            Self::Employees => "employees",
            Self::Prefecture => "prefecture",
        }
    }
}

const HEADINGS: &[(Column, &[&str])] = &[
    (
        Column::Name,
        &[
            "name",
            "client",
            "clientname",
            "company",
            "companyname",
            "customer",
            "customername",
            "organization",
            "会社名",
            "企業名",
            "顧客名",
            "取引先名",
            "名称",
            "社名",
            "法人名",
            "事業者名",
            "お客様名",
            "顧客",
            "会社",
        ],
    ),
    (
        Column::ExternalId,
        &[
            "externalid",
            "id",
            "code",
            "clientid",
            "clientcode",
            "customerid",
            "customercode",
            "companyid",
            "顧客コード",
            "顧客id",
            "顧客番号",
            "取引先コード",
            "会社コード",
            "企業コード",
            "管理番号",
            "お客様番号",
            "コード",
            "番号",
        ],
    ),
    (
        Column::Industry,
        &["industry", "industrycode", "sector", "jsic", "業種", "業種コード", "産業分類", "大分類", "業界"],
    ),
    (
        Column::Employees,
        &[
            "employees",
            "employeecount",
            "numberofemployees",
            "headcount",
            "staff",
            "従業員数",
            "社員数",
            "従業員",
            "人数",
            "従業者数",
            "従業員規模",
        ],
    ),
    (
        Column::Prefecture,
        &["prefecture", "prefecturecode", "pref", "都道府県", "都道府県コード", "県", "所在地", "府県"],
    ),
];

/// JIS X 0401.
const PREFECTURES: &[(&str, &str, &str)] = &[
    ("01", "北海道", "Hokkaido"),
    ("02", "青森県", "Aomori"),
    ("03", "岩手県", "Iwate"),
    ("04", "宮城県", "Miyagi"),
    ("05", "秋田県", "Akita"),
    ("06", "山形県", "Yamagata"),
    ("07", "福島県", "Fukushima"),
    ("08", "茨城県", "Ibaraki"),
    ("09", "栃木県", "Tochigi"),
    ("10", "群馬県", "Gunma"),
    ("11", "埼玉県", "Saitama"),
    ("12", "千葉県", "Chiba"),
    ("13", "東京都", "Tokyo"),
    ("14", "神奈川県", "Kanagawa"),
    ("15", "新潟県", "Niigata"),
    ("16", "富山県", "Toyama"),
    ("17", "石川県", "Ishikawa"),
    ("18", "福井県", "Fukui"),
    ("19", "山梨県", "Yamanashi"),
    ("20", "長野県", "Nagano"),
    ("21", "岐阜県", "Gifu"),
    ("22", "静岡県", "Shizuoka"),
    ("23", "愛知県", "Aichi"),
    ("24", "三重県", "Mie"),
    ("25", "滋賀県", "Shiga"),
    ("26", "京都府", "Kyoto"),
    ("27", "大阪府", "Osaka"),
    ("28", "兵庫県", "Hyogo"),
    ("29", "奈良県", "Nara"),
    ("30", "和歌山県", "Wakayama"),
    ("31", "鳥取県", "Tottori"),
    ("32", "島根県", "Shimane"),
    ("33", "岡山県", "Okayama"),
    ("34", "広島県", "Hiroshima"),
    ("35", "山口県", "Yamaguchi"),
    ("36", "徳島県", "Tokushima"),
    ("37", "香川県", "Kagawa"),
    ("38", "愛媛県", "Ehime"),
    ("39", "高知県", "Kochi"),
    ("40", "福岡県", "Fukuoka"),
    ("41", "佐賀県", "Saga"),
    ("42", "長崎県", "Nagasaki"),
    ("43", "熊本県", "Kumamoto"),
    ("44", "大分県", "Oita"),
    ("45", "宮崎県", "Miyazaki"),
    ("46", "鹿児島県", "Kagoshima"),
    ("47", "沖縄県", "Okinawa"),
];

/// Major divisions of the Japan Standard Industrial Classification, with the short forms in use.
const INDUSTRIES: &[(&str, &str, &str, &[&str])] = &[
    ("A", "農業、林業", "Agriculture and forestry", &["農業", "林業", "農業・林業"]),
    ("B", "漁業", "Fisheries", &[]),
    ("C", "鉱業、採石業、砂利採取業", "Mining and quarrying", &["鉱業"]),
    ("D", "建設業", "Construction", &["建設"]),
    ("E", "製造業", "Manufacturing", &["製造"]),
    ("F", "電気・ガス・熱供給・水道業", "Electricity, gas, heat supply and water", &["電気・ガス"]),
    ("G", "情報通信業", "Information and communications", &["情報通信", "IT"]),
    ("H", "運輸業、郵便業", "Transport and postal services", &["運輸業", "運輸", "運送業", "郵便業"]),
    (
        "I",
        "卸売業、小売業",
        "Wholesale and retail trade",
        &["卸売業", "小売業", "卸売", "小売", "卸売・小売業"],
    ),
    ("J", "金融業、保険業", "Finance and insurance", &["金融業", "保険業", "金融", "保険"]),
    ("K", "不動産業、物品賃貸業", "Real estate and goods rental and leasing", &["不動産業", "不動産"]),
    (
        "L",
        "学術研究、専門・技術サービス業",
        "Scientific research, professional and technical services",
        &["専門サービス業", "士業"],
    ),
    (
        "M",
        "宿泊業、飲食サービス業",
        "Accommodation, eating and drinking services",
        &["宿泊業", "飲食業", "飲食サービス業", "飲食"],
    ),
    (
        "N",
        "生活関連サービス業、娯楽業",
        "Living-related and personal services and amusement",
        &["生活関連サービス業", "娯楽業"],
    ),
    ("O", "教育、学習支援業", "Education, learning support", &["教育", "学習支援業"]),
    ("P", "医療、福祉", "Medical, health care and welfare", &["医療", "福祉", "医療・福祉"]),
    ("Q", "複合サービス事業", "Compound services", &[]),
    ("R", "サービス業（他に分類されないもの）", "Services not classified elsewhere", &["サービス業"]),
    ("S", "公務（他に分類されるものを除く）", "Government not classified elsewhere", &["公務"]),
    ("T", "分類不能の産業", "Industries unable to classify", &[]),
];

/// A word without what does not matter: width, case, spaces and punctuation.
pub fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric() || *c == 'ー').collect()
}

pub fn column(heading: &str) -> Option<Column> {
    static KNOWN: LazyLock<HashMap<String, Column>> = LazyLock::new(|| {
        HEADINGS
            .iter()
            .flat_map(|(column, words)| words.iter().map(move |word| (plain(word), *column)))
            .collect()
    });
    KNOWN.get(&plain(heading)).copied()
}

/// The code of a prefecture by its code or name, with or without 都道府県.
pub fn prefecture(text: &str) -> Option<&'static str> {
    static KNOWN: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
        let mut known = HashMap::new();
        for (code, ja, en) in PREFECTURES {
            let short = ja.strip_suffix(['都', '府', '県']).unwrap_or(ja);
            for word in [code, code.trim_start_matches('0'), *ja, short, *en] {
                known.insert(plain(word), *code);
            }
        }
        known
    });
    KNOWN.get(&plain(text)).copied()
}

/// The letter of an industry by its letter or name.
pub fn industry(text: &str) -> Option<&'static str> {
    static KNOWN: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
        let mut known = HashMap::new();
        for (letter, ja, en, short) in INDUSTRIES {
            for word in [letter, ja, en].into_iter().chain(*short) {
                known.insert(plain(word), *letter);
            }
        }
        known
    });
    KNOWN.get(&plain(text)).copied()
}

/// How many people, as people write it: 45, ４５名, 1,200人.
pub fn employees(text: &str) -> Option<i32> {
    let text: String = text.nfkc().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let number = text.trim_end_matches(['人', '名']).trim_start_matches('約');
    number.parse().ok().filter(|number| (0..=1_000_000).contains(number))
}

#[cfg(test)]
mod tests {
    use super::{Column, column, employees, industry, prefecture};

    #[test]
    fn words_are_known_as_people_write_them() {
        for (text, known) in [
            ("会社名", Some(Column::Name)),
            ("Company Name", Some(Column::Name)),
            ("ＣＯＭＰＡＮＹ＿ＮＡＭＥ", Some(Column::Name)),
            ("顧客ＩＤ", Some(Column::ExternalId)),
            ("external-id", Some(Column::ExternalId)),
            ("都道府県", Some(Column::Prefecture)),
            ("備考", None),
        ] {
            assert_eq!(column(text), known, "{text}");
        }
        for (text, code) in [
            ("東京", Some("13")),
            ("東京都", Some("13")),
            ("Tokyo", Some("13")),
            ("1", Some("01")),
            ("０１", Some("01")),
            ("北海道", Some("01")),
            ("京都", Some("26")),
            ("48", None),
            ("東京都千代田区", None),
        ] {
            assert_eq!(prefecture(text), code, "{text}");
        }
        for (text, letter) in [
            ("E", Some("E")),
            ("ｅ", Some("E")),
            ("製造業", Some("E")),
            ("Manufacturing", Some("E")),
            ("小売業", Some("I")),
            ("魔法", None),
        ] {
            assert_eq!(industry(text), letter, "{text}");
        }
        for (text, number) in [
            ("45", Some(45)),
            ("４５名", Some(45)),
            ("1,200人", Some(1200)),
            ("約50人", Some(50)),
            ("-1", None),
            ("many", None),
        ] {
            assert_eq!(employees(text), number, "{text}");
        }
    }
}
