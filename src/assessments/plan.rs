//! What to do next: the gaps in the order worth closing, what closing them leads to, and whom to ask.
use super::advisers::advisers;
use super::domain::Answer;
use super::scoring::{Gap, score};
use crate::clients::Client;
use crate::contacts::Directory;
use crate::guidelines::Catalogue;
use crate::questionnaires::{Effort, Method, Questionnaire, Status};
use crate::text::{Language, LocalizedText};
use serde::Serialize;
use utoipa::ToSchema;

/// What to do next.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssessmentPlan {
    #[schema(example = "ipa-self-check-3.1")]
    pub questionnaire: String,
    /// What is worth most for the least work first.
    pub items: Vec<PlanItem>,
    /// What this plan is not.
    pub note: LocalizedText,
}

/// One gap to close.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanItem {
    /// From 1 on.
    pub sequence: usize,
    #[schema(example = "self-check-04")]
    pub control: String,
    pub number: Option<String>,
    pub title: LocalizedText,
    pub status: Status,
    /// Points that "implemented" would add.
    #[schema(example = 4)]
    pub points_to_gain: i32,
    pub effort: Effort,
    /// Why it stands here.
    pub reason: LocalizedText,
    /// Where to start, if the questionnaire says so.
    pub advice: Option<LocalizedText>,
    pub unlocks: Vec<Unlock>,
    /// Who can help, the nearest first.
    pub ask: Vec<PlanContact>,
}

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

/// Somebody who can help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanContact {
    /// Key of the contact in the directory.
    #[schema(example = "otasuketai_provider")]
    pub contact: String,
    pub name: LocalizedText,
    /// Who that is for this company, where its contracts say so.
    pub party: Option<String>,
}

impl PlanContact {
    /// For people: the name, and who that is for this company.
    pub fn shown(&self, language: Language) -> String {
        let name = self.name.get(language);
        match (&self.party, language) {
            (None, _) => name.to_owned(),
            (Some(party), Language::Ja) => format!("{name}（{party}）"),
            (Some(party), Language::En) => format!("{name} ({party})"),
        }
    }
}

pub fn plan(
    questionnaire: &Questionnaire,
    answers: &[Answer],
    catalogue: &Catalogue,
    directory: &Directory,
    client: &Client,
) -> AssessmentPlan {
    let mut gaps = score(questionnaire, answers).gaps;
    // A stable sort: among equals the order in which the result has them.
    gaps.sort_by_key(|gap| std::cmp::Reverse(worth(gap)));
    let at = Shelves { questionnaire, catalogue, directory, client };
    AssessmentPlan {
        questionnaire: questionnaire.id.clone(),
        items: gaps.into_iter().enumerate().map(|(index, gap)| at.item(index + 1, gap)).collect(),
        note: LocalizedText::new(
            "効果と手間は目安であり、対応関係は本プロジェクトの編集による。実施しても、いずれの制度の評価・登録・宣言も成立しない。",
            "Effect and effort are estimates, and relations are this project's own reading. Closing a gap is no \
             evaluation, registration or declaration under any programme.",
        ),
    }
}

/// Points for the work they take.
fn worth(gap: &Gap) -> i32 {
    // Of 1, 2 and 3 parts of work; six is what all of them divide.
    gap.points_to_gain * 6 / i32::from(weight(gap.effort))
}

const fn weight(effort: Effort) -> u8 {
    match effort {
        Effort::Low => 1,
        Effort::Medium => 2,
        Effort::High => 3,
    }
}

struct Shelves<'a> {
    questionnaire: &'a Questionnaire,
    catalogue: &'a Catalogue,
    directory: &'a Directory,
    client: &'a Client,
}

impl Shelves<'_> {
    fn item(&self, sequence: usize, gap: Gap) -> PlanItem {
        PlanItem {
            sequence,
            reason: reason(&gap, self.questionnaire.scoring.method),
            unlocks: self.unlocks(&gap.control),
            ask: self.ask(&gap.control),
            control: gap.control,
            number: gap.number,
            title: gap.title,
            status: gap.status,
            points_to_gain: gap.points_to_gain,
            effort: gap.effort,
            advice: gap.advice,
        }
    }

    fn unlocks(&self, control: &str) -> Vec<Unlock> {
        let Questionnaire { guideline, edition, .. } = self.questionnaire;
        let Some(found) = self.catalogue.control(guideline, edition, control) else { return vec![] };
        let mut unlocks = vec![];
        if guideline == "ipa-sme" && found.group == "basic-rules" {
            unlocks.push(Unlock {
                programme: "security_action".to_owned(),
                stars: 1,
                controls: vec![],
                text: LocalizedText::new(
                    "SECURITY ACTION 一つ星で、取り組むと自ら宣言する事項。",
                    "One of the rules that a company declares to work on with SECURITY ACTION, one star.",
                ),
            });
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
        unlocks.extend(self.scs(guideline, control));
        unlocks
    }

    /// Requirements of SCS that the control counts towards, by star.
    fn scs(&self, guideline: &str, control: &str) -> Vec<Unlock> {
        let mut by_star: std::collections::BTreeMap<u8, Vec<String>> = std::collections::BTreeMap::new();
        for related in self.catalogue.related(guideline, "scs", control) {
            let to = &related.to;
            let target = self.catalogue.control(&to.guideline, &to.edition, &to.control);
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
                    format!("Related to requirements of the SCS evaluation scheme, ★{stars} (an editorial mapping)."),
                ),
            })
            .collect()
    }

    fn ask(&self, control: &str) -> Vec<PlanContact> {
        let Questionnaire { guideline, edition, .. } = self.questionnaire;
        let tags = self.catalogue.control(guideline, edition, control).map(|c| c.applicability.clone());
        advisers(self.directory, self.client, &tags.unwrap_or_default())
    }
}

fn reason(gap: &Gap, method: Method) -> LocalizedText {
    let (ja, en) = match gap.effort {
        Effort::Low => ("小さい", "little work"),
        Effort::Medium => ("中くらい", "some work"),
        Effort::High => ("大きい", "much work"),
    };
    let (first_ja, first_en) = match gap.status {
        Status::Unknown => ("まず現状を確かめる。", " First find out how it is now."),
        _ => ("", ""),
    };
    let points = gap.points_to_gain;
    let (gain_ja, gain_en) = match method {
        Method::Points => (format!("実施すると{points}点増え"), format!("Adds {points} points")),
        Method::Coverage => ("実施すると実施率が上がり".to_owned(), "Raises the coverage".to_owned()),
    };
    LocalizedText::new(
        format!("{gain_ja}、手間は{ja}。{first_ja}"),
        format!("{gain_en} for {en}.{first_en}"),
    )
}
