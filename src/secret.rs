//! Secrets that callers hold: made here, told once, and kept as a digest.
//!
//! A secret is 256 bits out of the system's generator. Nobody guesses that, however fast the digest is, so
//! a slow hash, which is for what people think up, would protect nothing and cost every call.
use aws_lc_rs::digest::{SHA256, digest as sha256};
use std::fmt;

const BYTES: usize = 32;
/// Digits of the checksum at the end: a scanner tells a secret from what only looks like one, and a typing
/// error is noticed without asking the database.
const CHECK: usize = 8;

/// `<prefix>_<64 digits><8 digits of a checksum>`; it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;

impl Secret {
    pub fn fresh(prefix: &str) -> Result<Self, NoRandomness> {
        let mut random = [0; BYTES];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| NoRandomness)?;
        let body = format!("{prefix}_{}", hex(&random));
        let check = check(&body);
        Ok(Self(body + &check))
    }

    /// The secret itself, to tell it once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn digest(&self) -> String {
        digest(&self.0)
    }
}

/// What is kept of a secret.
pub fn digest(secret: &str) -> String {
    hex(sha256(&SHA256, secret.as_bytes()).as_ref())
}

/// What stands before the secret's digits, where the digits and their checksum are as we make them.
pub fn prefix(secret: &str) -> Option<&str> {
    let (prefix, digits) = secret.rsplit_once('_')?;
    let good = digits.len() == 2 * BYTES + CHECK
        && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let (body, told) = secret.split_at_checked(secret.len().checked_sub(CHECK)?)?;
    (good && check(body) == told).then_some(prefix)
}

fn check(body: &str) -> String {
    let mut check = digest(body);
    check.truncate(CHECK);
    check
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Secret, digest, prefix};

    #[test]
    fn a_secret_is_known_by_its_prefix_and_its_checksum() {
        let secret = Secret::fresh("tsk_link_acme").unwrap();
        let text = secret.reveal().to_owned();
        assert_eq!(prefix(&text), Some("tsk_link_acme"));
        assert_eq!((secret.digest(), text.len()), (digest(&text), "tsk_link_acme_".len() + 72));
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        let last = text.chars().next_back().unwrap();
        let other = if last == '0' { '1' } else { '0' };
        let mistyped = format!("{}{other}", &text[..text.len() - 1]);
        for wrong in [
            mistyped.as_str(),
            &text.replace("acme", "rival"),
            &text.to_uppercase(),
            &text[1..],
            &text[..text.len() - 1],
            "tsk_sa_",
            "",
            "_",
            "日本_語",
        ] {
            assert_eq!(prefix(wrong), None, "{wrong}");
        }
        assert_ne!(Secret::fresh("tsk_sa").unwrap(), Secret::fresh("tsk_sa").unwrap());
    }
}
