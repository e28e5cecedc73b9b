//! A questionnaire as an OSCAL profile.
use super::domain::Questionnaire;
use crate::oscal::{
    self, BackMatter, Import, Merge, Profile, ProfileDocument, Resource, Rlink, Selection, own,
};
use chrono::NaiveDate;

pub fn profile(questionnaire: &Questionnaire, revised_on: NaiveDate) -> ProfileDocument {
    let Questionnaire { id, guideline, edition, .. } = questionnaire;
    let catalog = oscal::uuid(&["profile", id, "catalog"]);
    let mut metadata = oscal::metadata(&questionnaire.title.ja, edition, revised_on);
    metadata.props = vec![own("title-en", &questionnaire.title.en), own("questionnaire", id)];
    let controls = questionnaire.items().map(|at| at.item.control.clone()).collect();
    ProfileDocument {
        profile: Profile {
            uuid: oscal::uuid(&["profile", id]),
            metadata,
            imports: vec![Import {
                href: format!("#{catalog}"),
                include_controls: vec![Selection { with_ids: controls }],
            }],
            merge: Merge { as_is: true },
            back_matter: Some(BackMatter {
                resources: vec![Resource {
                    uuid: catalog,
                    title: Some(format!("{guideline} {edition}")),
                    props: vec![],
                    rlinks: vec![Rlink {
                        href: format!("../../guidelines/{guideline}/editions/{edition}/oscal-catalog"),
                        media_type: Some("application/json".to_owned()),
                    }],
                }],
            }),
        },
    }
}
