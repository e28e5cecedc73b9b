//! Which items of a questionnaire concern a company, from what is known of it.
use super::domain::Profile;
use crate::questionnaires::{Condition, ProfileField, Questionnaire};
use crate::text::LocalizedText;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether an item concerns the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    Yes,
    No,
    /// The profile does not say.
    Unknown,
}

/// One item, and whether it concerns the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemApplicability {
    /// Key of the control.
    #[schema(example = "telework-method-vpn")]
    pub control: String,
    pub applies: Applies,
    /// Why it does not apply; null where it does or where that is not known.
    pub why: Option<LocalizedText>,
    /// Fields of the profile that would decide; empty where they are known.
    pub undecided: Vec<String>,
}

/// Every item of the questionnaire, in its order.
pub fn applicability(questionnaire: &Questionnaire, profile: &Profile) -> Vec<ItemApplicability> {
    questionnaire.items().map(|at| verdict(&at.item.control, &at.item.applies_when, profile)).collect()
}

/// All conditions must hold: one that does not is enough to know.
fn verdict(control: &str, conditions: &[Condition], profile: &Profile) -> ItemApplicability {
    let judged: Vec<(&Condition, Option<bool>)> =
        conditions.iter().map(|c| (c, holds(c, profile))).collect();
    let broken = judged.iter().find(|(_, holds)| *holds == Some(false));
    let mut undecided: Vec<String> = match broken {
        Some(_) => vec![],
        None => {
            judged.iter().filter(|(_, h)| h.is_none()).map(|(c, _)| name(c.profile).to_owned()).collect()
        }
    };
    undecided.dedup();
    ItemApplicability {
        control: control.to_owned(),
        applies: match broken {
            Some(_) => Applies::No,
            None if undecided.is_empty() => Applies::Yes,
            None => Applies::Unknown,
        },
        why: broken.map(|(condition, _)| condition.why.clone()),
        undecided,
    }
}

fn holds(condition: &Condition, profile: &Profile) -> Option<bool> {
    let listed = |list: &Option<Vec<String>>| {
        let list = list.as_ref()?;
        Some(condition.includes.as_ref().map_or(!list.is_empty(), |wanted| list.contains(wanted)))
    };
    match condition.profile {
        ProfileField::TeleworkMethods => listed(&profile.telework_methods),
        ProfileField::Workplaces => listed(&profile.workplaces),
        ProfileField::Byod => profile.byod,
        ProfileField::CloudServices => profile.cloud_services,
        ProfileField::Website => profile.website,
        ProfileField::WirelessLan => profile.wireless_lan,
        ProfileField::Outsourcing => profile.outsourcing,
        ProfileField::PersonalData => profile.personal_data,
    }
}

fn name(field: ProfileField) -> &'static str {
    match field {
        ProfileField::TeleworkMethods => "telework_methods",
        ProfileField::Workplaces => "workplaces",
        ProfileField::Byod => "byod",
        ProfileField::CloudServices => "cloud_services",
        ProfileField::Website => "website",
        ProfileField::WirelessLan => "wireless_lan",
        ProfileField::Outsourcing => "outsourcing",
        ProfileField::PersonalData => "personal_data",
    }
}

#[cfg(test)]
mod tests {
    use super::{Applies, verdict};
    use crate::clients::domain::Profile;
    use crate::questionnaires::{Condition, ProfileField};
    use crate::text::LocalizedText;

    fn condition(profile: ProfileField, includes: Option<&str>) -> Condition {
        Condition { profile, includes: includes.map(Into::into), why: LocalizedText::new("理由", "why") }
    }

    #[test]
    fn an_item_applies_when_all_its_conditions_hold() {
        let telework = || condition(ProfileField::TeleworkMethods, None);
        let vpn = || condition(ProfileField::TeleworkMethods, Some("vpn"));
        let byod = || condition(ProfileField::Byod, None);
        let methods = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect());
        for (conditions, telework_methods, own, applies, undecided) in [
            (vec![], None, None, Applies::Yes, &[][..]),
            (vec![telework()], None, None, Applies::Unknown, &["telework_methods"]),
            (vec![telework()], methods(&[]), None, Applies::No, &[]),
            (vec![telework()], methods(&["cloud"]), None, Applies::Yes, &[]),
            (vec![telework(), vpn()], methods(&["cloud"]), None, Applies::No, &[]),
            (vec![telework(), vpn()], None, None, Applies::Unknown, &["telework_methods"]),
            (vec![telework(), byod()], methods(&["vpn"]), None, Applies::Unknown, &["byod"]),
            (vec![telework(), byod()], methods(&[]), None, Applies::No, &[]),
            (vec![byod()], None, Some(true), Applies::Yes, &[]),
            (vec![byod()], None, Some(false), Applies::No, &[]),
        ] {
            let profile = Profile { telework_methods, byod: own, ..Profile::default() };
            let verdict = verdict("x", &conditions, &profile);
            assert_eq!(
                (verdict.applies, verdict.undecided.as_slice()),
                (applies, undecided.iter().map(|u| (*u).to_owned()).collect::<Vec<_>>().as_slice()),
                "{conditions:?} {profile:?}"
            );
            assert_eq!(verdict.why.is_some(), applies == Applies::No);
        }
    }
}
