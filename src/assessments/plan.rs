//! What to do next: the gaps in the order worth closing, what closing them leads to, and whom to ask.
use super::advisers::advisers;
use super::domain::Answer;
use super::scoring::{AssessmentResult, Gap, score};
use super::unlocks::{Unlock, unlocks};
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
    /// Controls without an answer, in the order of the questionnaire: each may be a gap, and stands in no item.
    pub unanswered: Vec<String>,
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
    let AssessmentResult { mut gaps, unanswered, .. } = score(questionnaire, answers);
    // A stable sort: among equals the order in which the result has them.
    gaps.sort_by_key(|gap| std::cmp::Reverse(worth(gap)));
    let at = Shelves { questionnaire, catalogue, directory, client };
    AssessmentPlan {
        questionnaire: questionnaire.id.clone(),
        items: gaps.into_iter().enumerate().map(|(index, gap)| at.item(index + 1, gap)).collect(),
        unanswered,
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
            unlocks: unlocks(self.catalogue, self.questionnaire, &gap.control),
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
