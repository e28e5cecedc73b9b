//! The closed words that the engine itself reasons with.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is known of a fact. One that is not given is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FactState)]
pub enum Tri {
    Confirmed,
    Suspected,
    RuledOut,
    Unknown,
}

impl Tri {
    pub const ALL: [Self; 4] = [Self::Confirmed, Self::Suspected, Self::RuledOut, Self::Unknown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Suspected => "suspected",
            Self::RuledOut => "ruled_out",
            Self::Unknown => "unknown",
        }
    }
}

/// Kleene's three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    No,
    Unknown,
    Yes,
}

impl Truth {
    pub fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }
}

impl From<Truth> for Tri {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::Yes => Self::Confirmed,
            Truth::No => Self::RuledOut,
            Truth::Unknown => Self::Unknown,
        }
    }
}

/// The stages of the published guideline, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IncidentStage)]
pub enum Stage {
    /// 検知・初動対応
    Initial,
    /// 報告・公表
    Reporting,
    /// 復旧・再発防止
    Recovery,
}

impl Stage {
    pub const ALL: [Self; 3] = [Self::Initial, Self::Reporting, Self::Recovery];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Reporting => "reporting",
            Self::Recovery => "recovery",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// How binding an action is; the strongest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    Must,
    Should,
    May,
}

impl Obligation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        }
    }

    /// One level lower: what a rule asks for while it is not known whether it holds. An option that
    /// may not even hold is not worth saying.
    pub fn provisional(self) -> Option<Self> {
        match self {
            Self::Must => Some(Self::Should),
            Self::Should => Some(Self::May),
            Self::May => None,
        }
    }
}

/// What a rule does while its condition is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    #[default]
    Skip,
    /// It fires one level lower, and its clock is taken to run.
    Provisional,
}

/// What an obligation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasisType {
    Statute,
    Supervisory,
    AdminGuidance,
    Contract,
    Guideline,
    Practice,
}
