//! All knowledge that ships with the program, read and checked once at start.
use crate::contacts::Directory;
use crate::guidelines::Catalogue;
use crate::questionnaires::Questionnaires;
use crate::routing::Rulesets;
use crate::shipped::Faults;
use actix_web::web::Data;

/// The knowledge, shared by all workers.
#[derive(Debug, Clone)]
pub struct Knowledge {
    pub catalogue: Data<Catalogue>,
    pub questionnaires: Data<Questionnaires>,
    pub directory: Data<Directory>,
    pub rulesets: Data<Rulesets>,
}

impl Knowledge {
    /// Reads everything, or tells everything that is wrong with it.
    pub fn load() -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let catalogue = Catalogue::load(&mut faults);
        let questionnaires = Questionnaires::load(&catalogue, &mut faults);
        let directory = Directory::load(&mut faults);
        let editions =
            catalogue.guidelines().iter().flat_map(|guideline| catalogue.editions(&guideline.key));
        let tags: Vec<&str> =
            editions.flat_map(|held| held.edition.tags.iter().map(|tag| tag.key.as_str())).collect();
        directory.check_topics(tags, &mut faults);
        let rulesets = Rulesets::load(&directory, &mut faults);
        if faults.is_empty() {
            Ok(Self {
                catalogue: Data::new(catalogue),
                questionnaires: Data::new(questionnaires),
                directory: Data::new(directory),
                rulesets: Data::new(rulesets),
            })
        } else {
            Err(faults)
        }
    }
}
