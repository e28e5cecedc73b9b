//! A tenant's own contacts, and what it says differently of shipped ones.
use super::directory::Directory;
use super::domain::{Category, Channel, Confidence, Contact, Function};
use crate::audit::{Audited, Named};
use crate::text::LocalizedText;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

/// So that no shipped entry is ever called the same.
pub const PREFIX: &str = "own-";
/// Nobody said when it is to be verified again.
const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2200, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};
/// How many a tenant may have.
pub const MOST: i64 = 500;

/// A contact of one's own, or what is to stand in a shipped one instead of what ships: what is left out
/// stays as it ships.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "own-hoshu-m", "stands_for": "maintenance_vendor", "name": {"ja": "保守会社M", "en": "Maintenance M"},
    "does": {"ja": "サーバーとVPN装置の保守。", "en": "Maintains the servers and the VPN device."},
    "channels": [{"type": "phone", "value": "03-0000-0000", "unverified": false,
        "opening": {"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]}}]
}))]
pub struct NewContact {
    /// `own-...`, or the id of a shipped entry.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]*$", max_length = 64)]
    pub id: String,
    /// The shipped kind of contact that this one is: a decision that leads there, to a party of this name,
    /// shows this one's channels.
    #[schema(max_length = 64, example = "maintenance_vendor")]
    pub stands_for: Option<String>,
    pub name: Option<LocalizedText>,
    pub operator: Option<LocalizedText>,
    #[schema(max_items = 12)]
    pub functions: Option<Vec<Function>>,
    #[schema(pattern = "^(0[1-9]|[1-3][0-9]|4[0-7])$")]
    pub prefecture: Option<String>,
    pub does: Option<LocalizedText>,
    pub does_not: Option<LocalizedText>,
    #[schema(min_items = 1, max_items = 20)]
    pub channels: Option<Vec<Channel>>,
    #[schema(max_items = 50)]
    pub required_info: Option<Vec<LocalizedText>>,
    /// ISO 639-1.
    #[schema(max_items = 20, pattern = "^[a-z]{2}$")]
    pub languages: Option<Vec<String>>,
    pub cost: Option<LocalizedText>,
    pub eligible: Option<LocalizedText>,
    pub notes: Option<LocalizedText>,
    /// To be verified again by this date.
    #[schema(format = Date)]
    pub verify_by: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OwnContact {
    pub said: NewContact,
    /// What the shipped entry said of the same fields when it was overridden.
    pub shipped: Option<Json>,
    pub revision: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Audited for OwnContact {
    fn named(&self) -> Named {
        Named { resource: "contact", id: self.said.id.clone(), client: None }
    }
    fn words(&self) -> Vec<(&'static str, Json)> {
        vec![("revision", self.revision.into())]
    }
    fn differing(&self, other: &Self) -> Vec<&'static str> {
        self.said.differing(&other.said)
    }
}

/// A field in which the shipped entry has changed under an override.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContactDifference {
    #[schema(example = "channels")]
    pub field: String,
    /// What shipped when it was overridden, as JSON.
    pub shipped_then: String,
    /// What ships now, as JSON.
    pub shipped_now: String,
}

/// What is wrong with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Neither `own-` nor shipped.
    Id,
    /// An own contact needs this.
    Missing(&'static str),
    NotShipped,
    Hours(usize),
}

impl NewContact {
    /// Nothing said yet.
    pub fn of(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            stands_for: None,
            name: None,
            operator: None,
            functions: None,
            prefecture: None,
            does: None,
            does_not: None,
            channels: None,
            required_info: None,
            languages: None,
            cost: None,
            eligible: None,
            notes: None,
            verify_by: None,
        }
    }

    /// Names of the fields that say something else.
    fn differing(&self, other: &Self) -> Vec<&'static str> {
        let Self {
            id: _,
            stands_for,
            name,
            operator,
            functions,
            prefecture,
            does,
            does_not,
            channels,
            required_info,
            languages,
            cost,
            eligible,
            notes,
            verify_by,
        } = self;
        let pairs = [
            ("stands_for", *stands_for != other.stands_for),
            ("name", *name != other.name),
            ("operator", *operator != other.operator),
            ("functions", *functions != other.functions),
            ("prefecture", *prefecture != other.prefecture),
            ("does", *does != other.does),
            ("does_not", *does_not != other.does_not),
            ("channels", *channels != other.channels),
            ("required_info", *required_info != other.required_info),
            ("languages", *languages != other.languages),
            ("cost", *cost != other.cost),
            ("eligible", *eligible != other.eligible),
            ("notes", *notes != other.notes),
            ("verify_by", *verify_by != other.verify_by),
        ];
        pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    pub fn check(&self, directory: &Directory) -> Vec<Refusal> {
        let mut refusals = vec![];
        if self.id.starts_with(PREFIX) {
            for (name, is_there) in [
                ("name", self.name.is_some()),
                ("does", self.does.is_some()),
                ("channels", self.channels.is_some()),
            ] {
                if !is_there {
                    refusals.push(Refusal::Missing(name));
                }
            }
        } else if directory.contact(&self.id).is_none() {
            refusals.push(Refusal::Id);
        }
        if self.stands_for.as_deref().is_some_and(|kind| directory.contact(kind).is_none()) {
            refusals.push(Refusal::NotShipped);
        }
        for (index, channel) in self.channels.iter().flatten().enumerate() {
            if channel.opening.as_ref().is_some_and(|opening| !opening.is_whole()) {
                refusals.push(Refusal::Hours(index));
            }
        }
        refusals
    }

    /// The fields that are said, without what names the contact.
    fn fields(&self) -> Result<Map<String, Json>, serde_json::Error> {
        let mut fields = serde_json::to_value(self)?;
        let said = fields.as_object_mut().map(std::mem::take).unwrap_or_default();
        Ok(said
            .into_iter()
            .filter(|(name, value)| !value.is_null() && name != "id" && name != "stands_for")
            .collect())
    }

    /// What the shipped entry says of the fields that are said here.
    pub fn shipped_fields(&self, shipped: &Contact) -> Result<Json, serde_json::Error> {
        let shipped = serde_json::to_value(shipped)?;
        let said = self.fields()?;
        Ok(said.into_iter().map(|(name, _)| (name.clone(), shipped[&name].clone())).collect())
    }

    /// The contact as it is served: over the shipped one, or by itself.
    pub fn onto(&self, shipped: Option<&Contact>) -> Contact {
        let base = shipped.cloned().unwrap_or_else(|| plain(&self.id));
        let Self {
            id: _,
            stands_for: _,
            name,
            operator,
            functions,
            prefecture,
            does,
            does_not,
            channels,
            required_info,
            languages,
            cost,
            eligible,
            notes,
            verify_by,
        } = self.clone();
        Contact {
            name: name.unwrap_or(base.name),
            operator: operator.unwrap_or(base.operator),
            functions: functions.unwrap_or(base.functions),
            prefecture: prefecture.or(base.prefecture),
            does: does.unwrap_or(base.does),
            does_not: does_not.unwrap_or(base.does_not),
            channels: channels.unwrap_or(base.channels),
            required_info: required_info.unwrap_or(base.required_info),
            languages: languages.unwrap_or(base.languages),
            cost: cost.unwrap_or(base.cost),
            eligible: eligible.unwrap_or(base.eligible),
            notes: notes.or(base.notes),
            verify_by: verify_by.unwrap_or(base.verify_by),
            ..base
        }
    }
}

fn plain(id: &str) -> Contact {
    let by_contract = || LocalizedText::new("契約による", "Depends on the contract");
    Contact {
        id: id.to_owned(),
        name: by_contract(),
        operator: LocalizedText::new("契約先", "Contracted party"),
        category: Category::OwnContract,
        functions: vec![],
        helps_with: vec![],
        prefecture: None,
        does: by_contract(),
        does_not: by_contract(),
        channels: vec![],
        required_info: vec![],
        languages: vec!["ja".to_owned()],
        cost: by_contract(),
        eligible: LocalizedText::new("契約者", "Contract holders"),
        notes: None,
        sources: vec![],
        source_as_of: None,
        verify_by: LAST_DAY,
        confidence: Confidence::High,
        unverified: false,
    }
}

impl OwnContact {
    /// What the shipped entry says differently since it was overridden.
    pub fn differences(
        &self,
        shipped: Option<&Contact>,
    ) -> Result<Vec<ContactDifference>, serde_json::Error> {
        let (Some(then), Some(shipped)) = (&self.shipped, shipped) else {
            return Ok(vec![]);
        };
        let now = serde_json::to_value(shipped)?;
        let then = then.as_object().into_iter().flatten();
        Ok(then
            .filter(|(name, then)| now[name.as_str()] != **then)
            .map(|(name, then)| ContactDifference {
                field: name.clone(),
                shipped_then: then.to_string(),
                shipped_now: now[name.as_str()].to_string(),
            })
            .collect())
    }
}
