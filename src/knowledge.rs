//! All knowledge that ships with the program, read and checked once at start.
use crate::contacts::Directory;
use crate::guidelines::Catalogue;
use crate::questionnaires::Questionnaires;
use crate::routing::Ruleset;
use crate::shipped::Faults;
use actix_web::web::Data;

/// The knowledge, shared by all workers.
#[derive(Debug, Clone)]
pub struct Knowledge {
    pub catalogue: Data<Catalogue>,
    pub questionnaires: Data<Questionnaires>,
    pub directory: Data<Directory>,
    pub ruleset: Data<Ruleset>,
}

impl Knowledge {
    /// Reads everything, or tells everything that is wrong with it.
    pub fn load() -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let catalogue = Catalogue::load(&mut faults);
        let questionnaires = Questionnaires::load(&catalogue, &mut faults);
        let directory = Directory::load(&mut faults);
        let ruleset = Ruleset::load(&directory, &mut faults);
        if faults.is_empty() {
            Ok(Self {
                catalogue: Data::new(catalogue),
                questionnaires: Data::new(questionnaires),
                directory: Data::new(directory),
                ruleset: Data::new(ruleset),
            })
        } else {
            Err(faults)
        }
    }
}
