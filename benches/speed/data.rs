//! Data of a fixed seed: the same in every run. 85 % of the companies have at most 20 employees, as in Japan;
//! an item is implemented, at least in part, by 73 % for the first items down to 38 % for the last, which is the
//! range that IPA's survey of small companies found for its 25 items.
use serde_json::{Value, json};

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

const NOTES: [&str; 4] = [
    "自動更新を有効にし、毎月第一月曜に担当者が確認している",
    "一部の拠点だけ。来期の予算で全拠点に広げる予定",
    "規程はあるが、従業員への周知は年に一度だけ",
    "委託先に任せており、報告書を四半期ごとに受け取っている",
];

/// A company.
pub fn client(random: &mut Random, number: u64) -> Value {
    let small = random.below(100) < 85;
    let employees = if small { 1 + random.below(20) } else { 21 + random.below(280) };
    json!({
        "name": format!("株式会社サンプル{number}"), "external_id": format!("c-{number}"),
        "employees": employees, "prefecture": format!("{:02}", 1 + random.below(47)),
    })
}

/// Answers to these controls.
pub fn answers(random: &mut Random, controls: &[String]) -> Value {
    let of = controls.len() as u64;
    let answers = (0..).zip(controls).map(|(at, control): (u64, _)| {
        let positive = 73 - (73 - 38) * at / of;
        let drawn = random.below(100);
        let status = match drawn {
            drawn if drawn < positive / 2 => "implemented",
            drawn if drawn < positive => "partial",
            drawn if drawn < positive + (100 - positive) * 4 / 5 => "not_implemented",
            _ => "unknown",
        };
        let mut answer = json!({"control": control, "status": status});
        if random.below(10) < 3 {
            answer["note"] = NOTES[usize::try_from(random.below(4)).unwrap()].into();
        }
        answer
    });
    answers.collect()
}
