//! Contacts as they are served.
use crate::text::LocalizedText;
use chrono::NaiveDate;
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
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactChannel)]
pub struct Channel {
    /// `phone`, `email`, `web_form`, `web`, `in_person`, `post` or `contract_contact`; more may come.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "phone")]
    pub kind: ChannelType,
    /// Number, address or URL; null where the company's own contract holds it.
    #[schema(example = "#9110")]
    pub value: Option<String>,
    pub hours: Option<LocalizedText>,
    pub note: Option<LocalizedText>,
    /// The value is not confirmed by a source: check it before you rely on it.
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

impl Contact {
    /// The channel of this type, or else the first one.
    pub fn channel(&self, kind: ChannelType) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.kind == kind).or(self.channels.first())
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
