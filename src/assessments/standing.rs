//! Where a company stands towards the programmes that exist: readiness, never a claim that somebody has
//! said so. What is unanswered is never counted as done.
use super::domain::Assessment;
use super::scoring::score;
use crate::clients::Profile;
use crate::questionnaires::{Questionnaire, Status};
use crate::text::LocalizedText;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a client stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientStanding {
    #[schema(format = Uuid)]
    pub client_id: String,
    pub security_action: SecurityActionStanding,
    /// The newest answers to each star of the SCS evaluation scheme.
    pub scs: Vec<ScsStanding>,
    /// What this is not.
    pub note: LocalizedText,
}

/// SECURITY ACTION is declared by the company itself (宣言).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SecurityActionStanding {
    /// To work on the basic rules.
    pub one_star: Readiness,
    /// To have done the self-check, and to have published a basic policy.
    pub two_stars: Readiness,
}

/// Whether what a declaration says would be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// Everything that the declaration would say is so.
    pub ready: bool,
    /// The assessment that shows it.
    #[schema(format = Uuid)]
    pub assessment_id: Option<String>,
    pub assessed_at: Option<DateTime<Utc>>,
    /// What is missing; empty when ready.
    pub missing: Vec<LocalizedText>,
    /// Controls that stand in the way.
    pub controls: Vec<String>,
}

/// How much of a star is covered by the company's own answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScsStanding {
    #[schema(example = "scs-star3-20260327")]
    pub questionnaire: String,
    #[schema(format = Uuid)]
    pub assessment_id: Option<String>,
    pub assessed_at: Option<DateTime<Utc>>,
    /// Percent of the criteria that apply and are met, rounded down; null where nobody has answered.
    #[schema(example = 62)]
    pub coverage: Option<i32>,
    /// Criteria that are met.
    pub met: usize,
    /// Criteria that the star has.
    pub criteria: usize,
    /// Requirements of which every criterion that applies is met.
    pub requirements_met: usize,
    pub requirements: usize,
}

/// A counting assessment and what it answers.
#[derive(Debug, Clone, Copy)]
pub struct Newest<'a> {
    pub assessment: &'a Assessment,
    pub questionnaire: &'a Questionnaire,
}

impl Newest<'_> {
    fn at(&self) -> Option<DateTime<Utc>> {
        self.assessment.submitted.as_ref().map(|submitted| submitted.at)
    }

    fn status(&self, control: &str) -> Option<Status> {
        self.assessment.answers.iter().find(|answer| answer.control == control).map(|answer| answer.status)
    }
}

pub fn note() -> LocalizedText {
    LocalizedText::new(
        "自社の回答に基づく準備の状況であり、SECURITY ACTIONの宣言やSCS評価制度の評価・登録を示すものではない。宣言は自社がIPAの手続きで行う。",
        "Readiness by the company's own answers. It shows no declaration under SECURITY ACTION and no evaluation or \
         registration under the SCS scheme; declaring is for the company, by IPA's own procedure.",
    )
}

/// One star: the company works on every rule that applies to it, and on one at least.
pub fn one_star(rules: Option<Newest<'_>>) -> Readiness {
    let Some(rules) = rules else {
        return not_yet(vec![LocalizedText::new(
            "情報セキュリティ5か条（6か条）の取り組み確認が提出されていない。",
            "No check of the basic rules has been submitted.",
        )]);
    };
    let works_on = |control: &str| {
        matches!(rules.status(control), Some(Status::Implemented | Status::Partial | Status::NotApplicable))
    };
    let open = rules.questionnaire.items().filter(|at| !works_on(&at.item.control));
    let (controls, mut missing): (Vec<String>, Vec<LocalizedText>) = open
        .map(|at| {
            let title = &at.item.title;
            let text = LocalizedText::new(
                format!("「{}」に取り組んでいない。", title.ja),
                format!("Not working on: {}.", title.en),
            );
            (at.item.control.clone(), text)
        })
        .unzip();
    let begun =
        |control: &str| matches!(rules.status(control), Some(Status::Implemented | Status::Partial));
    if missing.is_empty() && !rules.questionnaire.items().any(|at| begun(&at.item.control)) {
        missing.push(LocalizedText::new(
            "すべて「該当しない」と答えており、取り組んでいる事項がない。",
            "Every rule is said not to apply: there is none that the company works on.",
        ));
    }
    shown(rules, missing, controls)
}

/// Two stars: the self-check has been done, and a basic policy is published.
pub fn two_stars(self_check: Option<Newest<'_>>, profile: &Profile) -> Readiness {
    let policy = match profile.basic_policy_published {
        Some(true) => None,
        Some(false) => Some(LocalizedText::new(
            "情報セキュリティ基本方針を外部に公開していない。",
            "The basic policy on information security is not published.",
        )),
        None => Some(LocalizedText::new(
            "情報セキュリティ基本方針を公開しているか分かっていない（profile.basic_policy_published）。",
            "Whether the basic policy is published is not known (profile.basic_policy_published).",
        )),
    };
    match self_check {
        Some(done) => shown(done, policy.into_iter().collect(), vec![]),
        None => not_yet(
            std::iter::once(LocalizedText::new(
                "25問の自社診断が提出されていない。",
                "No self-check with 25 questions has been submitted.",
            ))
            .chain(policy)
            .collect(),
        ),
    }
}

fn shown(newest: Newest<'_>, missing: Vec<LocalizedText>, controls: Vec<String>) -> Readiness {
    Readiness {
        ready: missing.is_empty(),
        assessment_id: Some(newest.assessment.id.clone()),
        assessed_at: newest.at(),
        missing,
        controls,
    }
}

fn not_yet(missing: Vec<LocalizedText>) -> Readiness {
    Readiness { ready: false, assessment_id: None, assessed_at: None, missing, controls: vec![] }
}

/// How much of a star the newest answers cover.
pub fn scs(questionnaire: &Questionnaire, newest: Option<Newest<'_>>) -> ScsStanding {
    let requirements = questionnaire.sections.len();
    let met = |control: &str| newest.and_then(|newest| newest.status(control)) == Some(Status::Implemented);
    let does_not_apply =
        |control: &str| newest.and_then(|newest| newest.status(control)) == Some(Status::NotApplicable);
    let whole = questionnaire.sections.iter().filter(|section| {
        let items = || section.items.iter().map(|item| item.control.as_str());
        items().any(met) && items().all(|control| met(control) || does_not_apply(control))
    });
    ScsStanding {
        questionnaire: questionnaire.id.clone(),
        assessment_id: newest.map(|newest| newest.assessment.id.clone()),
        assessed_at: newest.and_then(|newest| newest.at()),
        coverage: newest.and_then(|newest| score(questionnaire, &newest.assessment.answers).score),
        met: questionnaire.items().filter(|at| met(&at.item.control)).count(),
        criteria: questionnaire.items().count(),
        requirements_met: whole.count(),
        requirements,
    }
}
