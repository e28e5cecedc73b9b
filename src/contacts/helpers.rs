//! From a gap to whom to ask: contacts that can help to close it.
use super::directory::Directory;
use super::domain::Contact;
use std::cmp::Reverse;

/// Who can help with what a gap is about, given the tags of its control: those who can help with
/// more of it come first, the company's own contract partners before others.
pub fn helpers<'a>(directory: &'a Directory, tags: &[String]) -> Vec<&'a Contact> {
    let shared = |contact: &Contact| contact.helps_with.iter().filter(|topic| tags.contains(topic)).count();
    let mut helpers: Vec<_> = directory.contacts().filter(|contact| shared(contact) > 0).collect();
    // The sort is stable, and the directory begins with the contract partners.
    helpers.sort_by_key(|contact| Reverse(shared(contact)));
    helpers
}

/// What a contact helps with that helps with anything, in the words of `helps_with`.
pub const ANYTHING: &str = "anything";

/// Who can be asked about any gap, in the order of the directory.
pub fn generalists(directory: &Directory) -> Vec<&Contact> {
    let helps = |contact: &&Contact| contact.helps_with.iter().any(|topic| topic == ANYTHING);
    directory.contacts().filter(helps).collect()
}

#[cfg(test)]
mod tests {
    use super::helpers;
    use crate::contacts::Directory;
    use crate::shipped::Faults;

    #[test]
    fn who_shares_more_of_what_the_gap_is_about_comes_first() {
        let mut faults = Faults::default();
        let directory = Directory::load(&mut faults);
        assert!(faults.is_empty(), "{faults}");
        for (tags, ids) in [
            (&["backup", "recovery"][..], &["maintenance_vendor"][..]),
            (&["legal"], &["lawyer", "himawari"]),
            (
                &["patching", "vulnerability"],
                &["product_maker", "maintenance_vendor", "sss_registry", "jpcert_consult"],
            ),
            (
                &["forensics", "preparation"],
                &["jnsa_emergency_list", "forensics_firm", "sss_registry", "nca", "idf", "otasuketai_list"],
            ),
            (&["governance"], &[]),
            (&[], &[]),
        ] {
            let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
            let mut found: Vec<_> = helpers(&directory, &tags).iter().map(|c| c.id.as_str()).collect();
            let mut ids = ids.to_vec();
            if ids.len() > 3 {
                // Only who comes first is a promise here.
                assert_eq!(found[0], ids[0]);
                found.sort_unstable();
                ids.sort_unstable();
            }
            assert_eq!(found, ids, "{tags:?}");
        }
    }
}
