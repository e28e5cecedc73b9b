//! What the names of parameters and fields stand for. Whoever adds a field that can hold an id says it here, once.

/// What there is of a tenant's that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Client,
    ClientName,
    Assessment,
    /// An assessment that the call compares with, or begins from.
    Earlier,
    AssessmentName,
    Response,
    Incident,
    IncidentName,
    Referral,
    Guideline,
    Edition,
    Control,
    Questionnaire,
    Contact,
    Account,
    AccountName,
    Secret,
    Link,
}

impl Kind {
    /// The provider's own, which every token of the tenant may see, also one that is narrowed to a client.
    pub fn is_shared(self) -> bool {
        use Kind::{Contact, Control, Edition, Guideline, Questionnaire};
        matches!(self, Contact | Control | Edition | Guideline | Questionnaire)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Names something that is there.
    Is(Kind),
    /// Gives a name to something new: it may be taken, and by whom must not be told.
    Gives(Kind),
    /// `next_cursor` of a list.
    Cursor,
    /// No name of anything that is a tenant's: text, or a word of what ships.
    Plain,
}

/// By place and name; where a name means several things, by the tag of the operation as well.
const WORDS: &[(Place, &str, &str, Word)] = &[
    (Place::Path, "account", "", Word::Is(Kind::Account)),
    (Place::Path, "assessment", "", Word::Is(Kind::Assessment)),
    (Place::Path, "client", "", Word::Is(Kind::Client)),
    (Place::Path, "contact", "", Word::Is(Kind::Contact)),
    (Place::Path, "control", "", Word::Is(Kind::Control)),
    (Place::Path, "edition", "", Word::Is(Kind::Edition)),
    (Place::Path, "form", "", Word::Plain),
    (Place::Path, "guideline", "", Word::Is(Kind::Guideline)),
    (Place::Path, "incident", "", Word::Is(Kind::Incident)),
    (Place::Path, "link", "", Word::Is(Kind::Link)),
    (Place::Path, "questionnaire", "", Word::Is(Kind::Questionnaire)),
    (Place::Path, "referral", "", Word::Is(Kind::Referral)),
    (Place::Path, "response", "", Word::Is(Kind::Response)),
    (Place::Path, "secret", "", Word::Is(Kind::Secret)),
    (Place::Path, "rule", "", Word::Plain),
    (Place::Query, "action", "", Word::Plain),
    (Place::Query, "after", "", Word::Cursor),
    (Place::Query, "category", "", Word::Plain),
    (Place::Query, "client_id", "", Word::Is(Kind::Client)),
    (Place::Query, "contact", "", Word::Is(Kind::Contact)),
    (Place::Query, "control", "", Word::Is(Kind::Control)),
    (Place::Query, "external_id", "clients", Word::Is(Kind::ClientName)),
    (Place::Query, "external_id", "incidents", Word::Is(Kind::IncidentName)),
    (Place::Query, "from", "", Word::Is(Kind::Guideline)),
    (Place::Query, "function", "", Word::Plain),
    (Place::Query, "group", "", Word::Plain),
    (Place::Query, "helps_with", "", Word::Plain),
    (Place::Query, "incident_type", "", Word::Plain),
    (Place::Query, "parent", "", Word::Is(Kind::Control)),
    (Place::Query, "part", "", Word::Plain),
    (Place::Query, "q", "", Word::Plain),
    (Place::Query, "questionnaire", "", Word::Is(Kind::Questionnaire)),
    (Place::Query, "resource", "", Word::Plain),
    (Place::Query, "resource_id", "", Word::Is(Kind::Client)),
    (Place::Query, "ruleset", "", Word::Plain),
    (Place::Query, "since", "", Word::Is(Kind::Edition)),
    (Place::Query, "stage", "", Word::Plain),
    (Place::Query, "state", "", Word::Plain),
    (Place::Query, "subject", "", Word::Plain),
    (Place::Query, "tag", "", Word::Plain),
    (Place::Query, "telework_method", "", Word::Plain),
    (Place::Query, "to", "", Word::Is(Kind::Guideline)),
    (Place::Query, "with", "", Word::Is(Kind::Earlier)),
    (Place::Query, "workplace", "", Word::Plain),
    (Place::Body, "acquirer", "", Word::Plain),
    (Place::Body, "action", "", Word::Plain),
    (Place::Body, "alg", "", Word::Plain),
    (Place::Body, "allowed_addresses", "", Word::Plain),
    (Place::Body, "carry_forward_from", "", Word::Is(Kind::Earlier)),
    (Place::Body, "client_external_id", "", Word::Is(Kind::ClientName)),
    (Place::Body, "client_id", "", Word::Is(Kind::Client)),
    (Place::Body, "comment", "", Word::Plain),
    (Place::Body, "contact", "", Word::Is(Kind::Contact)),
    (Place::Body, "control", "", Word::Plain),
    (Place::Body, "counterparty", "", Word::Plain),
    (Place::Body, "crv", "", Word::Plain),
    (Place::Body, "e", "", Word::Plain),
    (Place::Body, "edition", "", Word::Gives(Kind::Edition)),
    (Place::Body, "en", "", Word::Plain),
    (Place::Body, "external_id", "assessments", Word::Gives(Kind::AssessmentName)),
    (Place::Body, "external_id", "clients", Word::Gives(Kind::ClientName)),
    (Place::Body, "external_id", "incidents", Word::Gives(Kind::IncidentName)),
    (Place::Body, "firm", "", Word::Plain),
    (Place::Body, "guideline", "", Word::Gives(Kind::Guideline)),
    (Place::Body, "id", "contacts", Word::Gives(Kind::Contact)),
    (Place::Body, "insurer", "", Word::Plain),
    (Place::Body, "ja", "", Word::Plain),
    (Place::Body, "kid", "", Word::Plain),
    (Place::Body, "kty", "", Word::Plain),
    (Place::Body, "languages", "", Word::Plain),
    (Place::Body, "n", "", Word::Plain),
    (Place::Body, "name", "identity", Word::Gives(Kind::AccountName)),
    (Place::Body, "name", "", Word::Plain),
    (Place::Body, "note", "", Word::Plain),
    (Place::Body, "outcome", "", Word::Plain),
    (Place::Body, "party", "", Word::Plain),
    (Place::Body, "provider", "", Word::Plain),
    (Place::Body, "remove", "", Word::Plain),
    (Place::Body, "required_info", "", Word::Plain),
    (Place::Body, "respondent", "", Word::Plain),
    (Place::Body, "questionnaire", "", Word::Is(Kind::Questionnaire)),
    (Place::Body, "scopes", "", Word::Plain),
    (Place::Body, "stands_for", "", Word::Is(Kind::Contact)),
    (Place::Body, "systems", "", Word::Plain),
    (Place::Body, "title", "", Word::Plain),
    (Place::Body, "use", "", Word::Plain),
    (Place::Body, "value", "", Word::Plain),
    (Place::Body, "vendor", "", Word::Plain),
    (Place::Body, "x", "", Word::Plain),
    (Place::Body, "y", "", Word::Plain),
];

/// Facts of an incident are words of `facts.yaml` and texts about it: nothing that is stored is named in schemas that
/// are called so.
pub const FACTS: &str = "Facts";

/// What stands for this position; it panics for one that nobody has thought of.
pub fn word(place: Place, name: &str, tag: &str, operation: &str) -> Word {
    let found = WORDS
        .iter()
        .find(|(at, known, of, _)| *at == place && *known == name && (of.is_empty() || *of == tag));
    let Some((.., word)) = found else {
        panic!(
            "{operation} has {name:?} in its {place:?}, which can hold an id. Say in tests/api/tenancy/words.rs \
             what it names (and in world.rs how a tenant comes to have one), or that it is plain."
        );
    };
    *word
}
