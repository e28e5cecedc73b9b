//! The header of a JWT, read strictly before anything else of a token is: what could make us look for a
//! key where the token says is no header of ours to read.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};

/// Longer than any token that is taken; a longer one is refused before it is looked at.
pub const MAX_TOKEN: usize = 8192;

/// What a header may say that we read.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub typ: Option<String>,
    pub alg: String,
    pub kid: Option<String>,
}

/// That a field is there, whatever it says; `null` is not "not there".
#[derive(Debug, Default)]
struct There(bool);

impl<'de> Deserialize<'de> for There {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// Twice the same field is an error of serde's derive.
#[derive(Deserialize)]
struct Said {
    typ: Option<String>,
    alg: String,
    kid: Option<String>,
    #[serde(default)]
    crit: There,
    #[serde(default)]
    b64: There,
    #[serde(default)]
    jku: There,
    #[serde(default)]
    jwk: There,
    #[serde(default)]
    x5u: There,
    #[serde(default)]
    x5c: There,
    #[serde(default)]
    enc: There,
    #[serde(default)]
    zip: There,
}

/// The header of a token in compact form: three parts, none of them empty.
pub fn head(token: &str) -> Option<Head> {
    if token.len() > MAX_TOKEN || !token.is_ascii() {
        return None;
    }
    let mut parts = token.split('.');
    let (head, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || head.is_empty() || claims.is_empty() || signature.is_empty() {
        return None;
    }
    let said: Said = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let Said { typ, alg, kid, crit, b64, jku, jwk, x5u, x5c, enc, zip } = said;
    let strange = [crit, b64, jku, jwk, x5u, x5c, enc, zip].iter().any(|there| there.0);
    (!strange).then_some(Head { typ, alg, kid })
}

/// The claims of a token that nobody has checked: for finding the key, never for believing them.
pub fn unchecked<T: serde::de::DeserializeOwned>(token: &str) -> Option<T> {
    let claims = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Head, head};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn a_header_says_what_it_is_and_nothing_that_leads_away() {
        let read = |said: &str| head(&format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(said)));
        let plain = Head { typ: Some("at+jwt".into()), alg: "EdDSA".into(), kid: Some("k".into()) };
        assert_eq!(read(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k"}"#), Some(plain));
        assert!(read(r#"{"alg":"RS256","kid":"k","x5t":"abc"}"#).is_some());
        for said in [
            "",
            "[]",
            "null",
            "{}",
            r#"{"alg":1}"#,
            r#"{"alg":"EdDSA","alg":"none"}"#,
            r#"{"alg":"EdDSA","kid":"k","kid":"l"}"#,
            r#"{"alg":"EdDSA","crit":["exp"]}"#,
            r#"{"alg":"EdDSA","crit":null}"#,
            r#"{"alg":"EdDSA","jku":"https://example.org/"}"#,
            r#"{"alg":"EdDSA","jwk":{}}"#,
            r#"{"alg":"EdDSA","x5u":"https://example.org/"}"#,
            r#"{"alg":"EdDSA","x5c":[]}"#,
            r#"{"alg":"EdDSA","b64":false}"#,
            r#"{"alg":"dir","enc":"A128GCM"}"#,
            r#"{"alg":"EdDSA"} {}"#,
        ] {
            assert_eq!(read(said), None, "{said}");
        }
        let good = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#);
        for token in
            ["", ".", "..", "a.b", &format!("{good}.e30"), &format!("{good}.e30."), &format!("{good}..AA")]
        {
            assert_eq!(head(token), None, "{token}");
        }
        for token in [format!("{good}=.e30.AA"), format!(" {good}.e30.AA"), format!("{good}.e30.AA.AA.AA")]
        {
            assert_eq!(head(&token), None, "{token}");
        }
    }
}
