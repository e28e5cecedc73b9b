//! Contacts as they are served.
use super::hours::OpeningHours;
use crate::calendar::Holidays;
use crate::text::{Language, LocalizedText};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub enum $name { $($variant,)* }
        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// What sort of body a contact is.
    Category as ContactCategory {
        OwnContract = "own_contract",
        NationalExpert = "national_expert",
        Police = "police",
        Regulator = "regulator",
        Ministry = "ministry",
        IndustryBody = "industry_body",
        Directory = "directory",
        Legal = "legal",
        Financial = "financial",
        International = "international",
        People = "people",
    }
}

words! {
    /// What a contact is turned to for.
    Function as ContactFunction {
        HandsOn = "hands_on",
        Advice = "advice",
        Coordination = "coordination",
        Criminal = "criminal",
        LegalReport = "legal_report",
        ContractNotice = "contract_notice",
        VictimNotice = "victim_notice",
        InfoSharing = "info_sharing",
        Directory = "directory",
        LegalAdvice = "legal_advice",
        Financial = "financial",
        Disclosure = "disclosure",
    }
}

words! {
    /// A way to reach a contact; `contract_contact` is the desk that the company's own contract names.
    ChannelType as ChannelType {
        Phone = "phone",
        Email = "email",
        WebForm = "web_form",
        Web = "web",
        InPerson = "in_person",
        Post = "post",
        ContractContact = "contract_contact",
    }
}

words! {
    /// How well the sources bear a statement.
    Confidence as Confidence {
        High = "high",
        Medium = "medium",
        Low = "low",
    }
}

/// A way to reach a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactChannel)]
pub struct Channel {
    /// `phone`, `email`, `web_form`, `web`, `in_person`, `post` or `contract_contact`; more may come.
    #[serde(rename = "type")]
    #[schema(value_type = String, pattern = "^(phone|email|web_form|web|in_person|post|contract_contact)$", example = "phone")]
    pub kind: ChannelType,
    /// Number, address or URL; null where the company's own contract holds it.
    #[schema(max_length = 500, example = "#9110")]
    pub value: Option<String>,
    pub hours: Option<LocalizedText>,
    /// When somebody answers, where that is known.
    pub opening: Option<OpeningHours>,
    pub note: Option<LocalizedText>,
    /// The value is not confirmed by a source: check it before you rely on it.
    #[serde(default)]
    pub unverified: bool,
}

/// Where a statement about a contact or a rule comes from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactSource {
    #[schema(example = "SRC-PPC-LEAK")]
    pub key: String,
    pub url: Option<String>,
    /// `official`, `secondary` or `mirror`.
    pub kind: String,
    /// The date that the source itself carries.
    pub as_of: Option<String>,
    /// What it supports.
    pub supports: LocalizedText,
    pub note: Option<LocalizedText>,
}

/// Somebody to turn to in an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ContactEntry)]
pub struct Contact {
    #[schema(example = "police_pref_cyber")]
    pub id: String,
    pub name: LocalizedText,
    pub operator: LocalizedText,
    /// `own_contract`, `national_expert`, `police`, `regulator`, `ministry`, `industry_body`,
    /// `directory`, `legal`, `financial`, `international` or `people`; more may come.
    #[schema(value_type = String, example = "police")]
    pub category: Category,
    /// `hands_on`, `advice`, `coordination`, `criminal`, `legal_report`, `contract_notice`,
    /// `victim_notice`, `info_sharing`, `directory`, `legal_advice`, `financial` or `disclosure`; more
    /// may come.
    #[schema(value_type = Vec<String>)]
    pub functions: Vec<Function>,
    /// Tags of controls that it can help to put in place, before anything happens.
    pub helps_with: Vec<String>,
    /// JIS X 0401, where the contact serves one prefecture only.
    pub prefecture: Option<String>,
    pub does: LocalizedText,
    /// What it does not do: as important at three in the morning.
    pub does_not: LocalizedText,
    pub channels: Vec<Channel>,
    /// What to have in hand.
    pub required_info: Vec<LocalizedText>,
    /// ISO 639-1.
    pub languages: Vec<String>,
    pub cost: LocalizedText,
    /// Who may use it.
    pub eligible: LocalizedText,
    pub notes: Option<LocalizedText>,
    pub sources: Vec<ContactSource>,
    /// The date that the sources carry.
    pub source_as_of: Option<String>,
    /// To be verified again by this date.
    #[schema(format = Date)]
    pub verify_by: NaiveDate,
    pub confidence: Confidence,
    /// The entry is not confirmed by a source.
    pub unverified: bool,
}

/// A way to reach a contact at some moment, and why this one.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    pub channel: &'a Channel,
    /// `None` where the hours are not known.
    pub open: Option<bool>,
    pub opens: Option<DateTime<Utc>>,
    /// The usual way, where that one is closed.
    pub instead_of: Option<ChannelType>,
}

impl Chosen<'_> {
    pub fn why(&self, language: Language) -> &'static str {
        let (ja, en) = match (self.instead_of, self.open) {
            (Some(_), Some(true)) => (
                "通常の窓口は時間外のため、今開いている窓口",
                "the usual way is closed now, and this one is open",
            ),
            (Some(_), _) => (
                "通常の窓口は時間外のため、時間の定めがない窓口",
                "the usual way is closed now, and this one has no known hours",
            ),
            (None, Some(true)) => ("今受け付けている", "open now"),
            (None, Some(false)) => {
                ("今は時間外。開いている窓口はほかにない", "closed now, and no other way is open")
            }
            (None, None) => ("受付時間は確認されていない", "its hours are not known"),
        };
        match language {
            Language::Ja => ja,
            Language::En => en,
        }
    }
}

impl Contact {
    /// The date by which it was to be verified again has passed.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.verify_by < today
    }

    /// The channel for the moment: the one that the rule names, unless it is closed and another one is
    /// open, or at least not known to be closed.
    pub fn channel(&self, kind: ChannelType, at: DateTime<Utc>, holidays: &Holidays) -> Option<Chosen<'_>> {
        let usual = self.channels.iter().find(|channel| channel.kind == kind).or(self.channels.first())?;
        let is_open = |channel: &Channel| channel.opening.as_ref().map(|hours| hours.is_open(at, holidays));
        let others = || self.channels.iter().filter(|channel| channel.value.is_some() && *channel != usual);
        let open = is_open(usual);
        let instead = (open == Some(false))
            .then(|| {
                let now = others().find(|channel| is_open(channel) == Some(true));
                now.or_else(|| others().find(|channel| is_open(channel).is_none()))
            })
            .flatten();
        let channel = instead.unwrap_or(usual);
        let open = is_open(channel);
        let opens = if open == Some(false) {
            channel.opening.as_ref().and_then(|hours| hours.next_opening(at, holidays))
        } else {
            None
        };
        Some(Chosen { channel, open, opens, instead_of: instead.map(|_| usual.kind) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_written_as_it_is_parsed() {
        fn same<T: Serialize>(all: &[T], text: impl Fn(&T) -> &'static str) {
            for word in all {
                assert_eq!(serde_json::to_value(word).unwrap(), text(word));
            }
        }
        same(Category::ALL, |word| word.as_str());
        same(Function::ALL, |word| word.as_str());
        same(ChannelType::ALL, |word| word.as_str());
        same(Confidence::ALL, |word| word.as_str());
    }
}
