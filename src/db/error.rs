//! What can go wrong below the domain, and what it means for the caller.
use diesel::result::{DatabaseErrorKind as Kind, Error as DieselError};

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no such row")]
    Missing,
    #[error("a row with this key exists")]
    Duplicate,
    #[error("somebody else changed the row first")]
    Stale,
    /// Two transactions were in each other's way; the same work may go through the next time.
    #[error("another transaction was in the way: {0}")]
    Contended(#[source] Cause),
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Cause),
    #[error("the database refused a statement: {0}")]
    Broken(#[source] Cause),
}

/// Whether doing the same work again may help.
pub trait Retry {
    fn may_help(&self) -> bool;
}

impl Retry for StoreError {
    fn may_help(&self) -> bool {
        matches!(self, Self::Contended(_))
    }
}

impl StoreError {
    /// What the store read back is not what this program writes.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Broken(what.into().into())
    }

    /// For who looked before writing, at no version that the caller has seen: a lost race is worth another
    /// look.
    pub fn look_again(self) -> Self {
        match self {
            Self::Stale => Self::Contended("somebody else changed the row first".into()),
            Self::Duplicate => Self::Contended("somebody else added the row first".into()),
            other => other,
        }
    }

    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable(what.into().into())
    }
}

/// What both databases say when two transactions meet, in words, where they give no code.
const CONTENDED: &[&str] =
    &["database is locked", "table is locked", "deadlock detected", "could not serialize", "lock timeout"];

/// What they say when they go away, are full, or have no room for one more.
const AWAY: &[&str] = &[
    "closed the connection",
    "terminating connection",
    "no connection to the server",
    "connection to server",
    "could not receive data",
    "could not send data",
    "the database system is",
    "too many clients",
    "remaining connection slots",
    "disk is full",
    "disk I/O error",
    "No space left on device",
    "could not extend file",
    "unable to open database file",
    "canceling statement due to",
    "read-only transaction",
    "readonly database",
];

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let text = error.to_string();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match error {
            DieselError::NotFound => Self::Missing,
            DieselError::DatabaseError(Kind::UniqueViolation, _) => Self::Duplicate,
            // What a row belongs to is looked for before the row is written, so it went away in between.
            // Looking again tells that, where a bare refusal would leave a failed transaction behind.
            DieselError::DatabaseError(Kind::ForeignKeyViolation | Kind::SerializationFailure, _) => {
                Self::Contended(error.into())
            }
            DieselError::DatabaseError(
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(error.into()),
            other if says(CONTENDED) => Self::Contended(other.into()),
            other if says(AWAY) => Self::Unavailable(other.into()),
            other => Self::Broken(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_says_decides_what_the_caller_hears() {
        let unknown = |text: &str| DieselError::DatabaseError(Kind::Unknown, Box::new(text.to_owned()));
        for (text, word) in [
            ("database is locked", "Contended"),
            ("deadlock detected", "Contended"),
            ("canceling statement due to lock timeout", "Contended"),
            ("canceling statement due to statement timeout", "Unavailable"),
            ("database or disk is full", "Unavailable"),
            ("terminating connection due to administrator command", "Unavailable"),
            ("server closed the connection unexpectedly", "Unavailable"),
            ("could not extend file \"base/1\": No space left on device", "Unavailable"),
            ("cannot execute INSERT in a read-only transaction", "Unavailable"),
            ("syntax error at or near \"x\"", "Broken"),
        ] {
            let error = StoreError::from(unknown(text));
            assert!(format!("{error:?}").starts_with(word), "{text}: {error:?}");
        }
    }

    #[test]
    fn who_lost_a_race_looks_again() {
        let said = |kind| StoreError::from(DieselError::DatabaseError(kind, Box::new(String::new())));
        // What the row belonged to has gone since it was looked for.
        assert!(said(Kind::ForeignKeyViolation).may_help());
        for lost in [said(Kind::UniqueViolation), StoreError::Stale] {
            assert!(!lost.may_help());
            assert!(lost.look_again().may_help());
        }
        assert!(!StoreError::Missing.look_again().may_help());
    }
}
