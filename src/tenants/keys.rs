//! The keys that sign tokens, one after the other. When each does what is a matter of its times alone, so
//! that replicas agree without talking to each other.
use chrono::{DateTime, TimeDelta, Utc};

/// The issuer's private key (Ed25519, PKCS#8), its public name, and its times.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    pub kid: String,
    pub pkcs8: Vec<u8>,
    pub created_at: DateTime<Utc>,
    /// It is published before: who checks tokens has to know it by then.
    pub signs_from: DateTime<Utc>,
    /// When the last token that it signed has died; open while no other key has followed.
    pub checks_until: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// How a key follows another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Published now, signing later; the old one goes on checking until its tokens have died.
    Planned,
    /// The old key may be known to others: it ends now, and every token with it.
    AtOnce,
}

/// Between being published and signing: longer than anybody keeps a copy of the published keys.
const LEAD: TimeDelta = TimeDelta::minutes(10);
/// The longest life of a token, and some more for clocks that differ.
const LONGEST: TimeDelta = TimeDelta::minutes(24 * 60 + 10);

/// Another key was published and does not sign yet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {kid} follows already: it signs from {signs_from} on")]
pub struct UnderWay {
    pub kid: String,
    pub signs_from: DateTime<Utc>,
}

impl SigningKey {
    /// Whether tokens that it signed are good.
    pub fn checks(&self, now: DateTime<Utc>) -> bool {
        self.checks_until.is_none_or(|until| now < until)
    }
}

/// The key that signs now.
pub fn signing(keys: &[SigningKey], now: DateTime<Utc>) -> Option<&SigningKey> {
    keys.iter().filter(|key| key.signs_from <= now && key.checks(now)).max_by_key(|key| key.signs_from)
}

/// All keys after `fresh` has followed; those whose tokens have died are left out.
pub fn followed(
    keys: Vec<SigningKey>,
    fresh: SigningKey,
    rotation: Rotation,
    now: DateTime<Utc>,
) -> Result<Vec<SigningKey>, UnderWay> {
    let (signs_from, kept) = match rotation {
        Rotation::AtOnce => (now, vec![]),
        Rotation::Planned => {
            if let Some(next) = keys.iter().find(|key| key.signs_from > now) {
                return Err(UnderWay { kid: next.kid.clone(), signs_from: next.signs_from });
            }
            let end = now + LEAD + LONGEST;
            let kept = keys.into_iter().filter(|key| key.checks(now));
            let kept = kept.map(|key| SigningKey { checks_until: key.checks_until.or(Some(end)), ..key });
            (now + LEAD, kept.collect())
        }
    };
    Ok(kept.into_iter().chain([SigningKey { signs_from, checks_until: None, ..fresh }]).collect())
}

#[cfg(test)]
mod tests {
    use super::{LEAD, LONGEST, Rotation, SigningKey, followed, signing};
    use chrono::{DateTime, TimeDelta, Utc};

    fn key(kid: &str, now: DateTime<Utc>) -> SigningKey {
        SigningKey { kid: kid.into(), pkcs8: vec![], created_at: now, signs_from: now, checks_until: None }
    }

    fn names(keys: &[SigningKey]) -> Vec<&str> {
        keys.iter().map(|key| key.kid.as_str()).collect()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_checked_until_its_tokens_have_died() {
        let start = DateTime::UNIX_EPOCH;
        let at = |delta: TimeDelta| start + delta;
        let moment = TimeDelta::seconds(1);
        let keys = followed(vec![key("a", start)], key("b", start), Rotation::Planned, start).unwrap();
        assert_eq!(names(&keys), ["a", "b"]);
        let signs = |when| signing(&keys, when).map(|key| key.kid.as_str());
        assert_eq!(signs(at(LEAD - moment)), Some("a"));
        assert_eq!(signs(at(LEAD)), Some("b"));
        let last = LEAD + LONGEST;
        assert!(keys[0].checks(at(last - moment)) && !keys[0].checks(at(last)));
        assert!(keys[1].checks(at(last)));
        // Not two at once.
        let again = followed(keys.clone(), key("c", start), Rotation::Planned, at(LEAD - moment));
        assert_eq!(again.unwrap_err().kid, "b");
        let later = followed(keys.clone(), key("c", start), Rotation::Planned, at(LEAD)).unwrap();
        assert_eq!(names(&later), ["a", "b", "c"]);
        assert_eq!(later[0].checks_until, keys[0].checks_until);
        let much_later = followed(keys.clone(), key("c", start), Rotation::Planned, at(last)).unwrap();
        assert_eq!(names(&much_later), ["b", "c"]);
        // A key that others may know ends now.
        let only = followed(keys, key("c", start), Rotation::AtOnce, at(moment)).unwrap();
        assert_eq!((names(&only), signing(&only, at(moment)).is_some()), (vec!["c"], true));
    }
}
