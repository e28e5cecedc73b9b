//! What closing a gap leads towards, of the programmes that exist.
use crate::guidelines::{Catalogue, Control};
use crate::questionnaires::Questionnaire;
use crate::text::LocalizedText;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What closing the gap leads towards. Never that it is reached: that is for the programme to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unlock {
    /// `security_action` or `scs`; more may come.
    #[schema(example = "scs")]
    pub programme: String,
    /// The star of the programme that asks for it.
    pub stars: u8,
    /// Controls of the programme that it counts towards; empty where the gap is itself one.
    pub controls: Vec<String>,
    pub text: LocalizedText,
}

pub fn unlocks(catalogue: &Catalogue, questionnaire: &Questionnaire, control: &str) -> Vec<Unlock> {
    let Questionnaire { guideline, edition, .. } = questionnaire;
    let Some(found) = catalogue.control(guideline, edition, control) else { return vec![] };
    let mut unlocks = vec![];
    if guideline == "ipa-sme" {
        unlocks.extend(security_action(catalogue, found));
    }
    if let Some(star) = found.star {
        unlocks.push(Unlock {
            programme: "scs".to_owned(),
            stars: star,
            controls: vec![],
            text: LocalizedText::new(
                format!("SCS評価制度 ★{star} の評価基準。"),
                format!("A criterion of the SCS evaluation scheme, ★{star}."),
            ),
        });
    }
    unlocks.extend(scs(catalogue, guideline, control));
    unlocks
}

/// One star is about the basic rules, two stars about the self-check and the basic policy.
fn security_action(catalogue: &Catalogue, control: &Control) -> Vec<Unlock> {
    let unlock = |stars, controls, ja: &str, en: &str| Unlock {
        programme: "security_action".to_owned(),
        stars,
        controls,
        text: LocalizedText::new(ja, en),
    };
    let is_rule = |key: &String| {
        let other = catalogue.control(&control.guideline, &control.edition, key);
        other.is_some_and(|other| other.group == "basic-rules")
    };
    let rules: Vec<String> = control.related.iter().filter(|key| is_rule(key)).cloned().collect();
    let mut unlocks = vec![];
    if control.group == "basic-rules" {
        unlocks.push(unlock(
            1,
            vec![],
            "SECURITY ACTION 一つ星で、取り組むと自ら宣言する事項。",
            "One of the rules that a company declares to work on with SECURITY ACTION, one star.",
        ));
    } else if !rules.is_empty() {
        unlocks.push(unlock(
            1,
            rules,
            "SECURITY ACTION 一つ星で、取り組むと自ら宣言する事項に関わる（編集上の対応付け）。",
            "Related to a rule that a company declares to work on with SECURITY ACTION, one star (an editorial \
             mapping).",
        ));
    }
    if control.group == "self-check" {
        unlocks.push(unlock(
            2,
            vec![],
            "SECURITY ACTION 二つ星では、この自社診断で状況を把握し、基本方針を公開したことを自ら宣言する。",
            "With SECURITY ACTION, two stars, a company declares that it has done this self-check and published a \
             basic policy.",
        ));
    }
    unlocks
}

/// Requirements of SCS that the control counts towards, by star.
fn scs(catalogue: &Catalogue, guideline: &str, control: &str) -> Vec<Unlock> {
    let mut by_star: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for related in catalogue.related(guideline, "scs", control) {
        let to = &related.to;
        let target = catalogue.control(&to.guideline, &to.edition, &to.control);
        if let (Some(_), Some(star)) = (related.relation, target.and_then(|target| target.star)) {
            by_star.entry(star).or_default().push(to.control.clone());
        }
    }
    by_star
        .into_iter()
        .map(|(stars, controls)| Unlock {
            programme: "scs".to_owned(),
            stars,
            controls,
            text: LocalizedText::new(
                format!("SCS評価制度 ★{stars} の要求事項に関わる（編集上の対応付け）。"),
                format!(
                    "Related to requirements of the SCS evaluation scheme, ★{stars} (an editorial mapping)."
                ),
            ),
        })
        .collect()
}
