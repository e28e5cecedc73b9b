//! A link by which one respondent answers one assessment, and does nothing else.
use crate::audited;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// What a link's token begins with; the tenant's slug follows.
pub const LINK_PREFIX: &str = "tsk_link_";

/// A link, without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub id: String,
    pub assessment_id: String,
    pub client_id: String,
    /// As whom its holder answers.
    pub respondent: String,
    /// Digest of the token.
    pub secret: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

audited! {
    Link as "assessment_link", |it| (it.id, Some(it.client_id.clone()));
    words: assessment_id = it.assessment_id, expires_at = it.expires_at;
    veiled: respondent;
    left: id, client_id, secret, created_by, created_at;
}

/// How many links an assessment may have.
pub const MOST_LINKS: i64 = 200;

/// How long a link is good when nobody says, and at most.
pub const LIFETIME: TimeDelta = TimeDelta::days(14);
pub const LONGEST: TimeDelta = TimeDelta::days(90);

/// Why a link cannot end when somebody wants it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEnd {
    Past,
    TooFar,
}

/// When a link ends that is made now.
pub fn end(asked: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>, BadEnd> {
    // To the microsecond: what both databases keep.
    let end = asked.map_or(now + LIFETIME, |asked| asked.trunc_subsecs(6));
    match end {
        end if end <= now => Err(BadEnd::Past),
        end if end > now + LONGEST => Err(BadEnd::TooFar),
        end => Ok(end),
    }
}

#[cfg(test)]
mod tests {
    use super::{BadEnd, LIFETIME, LONGEST, end};
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn a_link_has_an_end() {
        let now = DateTime::UNIX_EPOCH;
        let moment = TimeDelta::seconds(1);
        for (asked, expected) in [
            (None, Ok(now + LIFETIME)),
            (Some(now + moment), Ok(now + moment)),
            (Some(now + LONGEST), Ok(now + LONGEST)),
            (Some(now + LONGEST + moment), Err(BadEnd::TooFar)),
            (Some(now), Err(BadEnd::Past)),
        ] {
            assert_eq!(end(asked, now), expected);
        }
    }
}
