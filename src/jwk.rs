//! Public keys as others give them (RFC 7517), refused at the door when they are weak: a token is as good
//! as the key that checks it.
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A public key (JSON Web Key): RSA from 2048 bits, EC on P-256 or P-384, or Ed25519.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PublicKey)]
pub struct PublicJwk {
    /// Its name, in the header of what it signs.
    #[schema(min_length = 1, max_length = 200)]
    pub kid: String,
    /// `RSA`, `EC` or `OKP`.
    #[schema(max_length = 10, example = "OKP")]
    pub kty: String,
    /// `P-256`, `P-384` or `Ed25519`.
    #[schema(max_length = 20, example = "Ed25519")]
    pub crv: Option<String>,
    #[schema(max_length = 200)]
    pub x: Option<String>,
    #[schema(max_length = 200)]
    pub y: Option<String>,
    /// The modulus of an RSA key.
    #[schema(max_length = 1400)]
    pub n: Option<String>,
    /// The exponent of an RSA key.
    #[schema(max_length = 20)]
    pub e: Option<String>,
    /// The one algorithm that it is for; otherwise those that fit its kind.
    #[schema(max_length = 20, example = "EdDSA")]
    pub alg: Option<String>,
    /// `sig`, where it is said.
    #[schema(max_length = 10)]
    pub r#use: Option<String>,
}

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("is of a kind that is not taken: RSA, EC on P-256 or P-384, or Ed25519")]
    Kind,
    #[error("an RSA key has 2048 to 8192 bits")]
    Size,
    #[error("the exponent of an RSA key is odd, and 65537 or more")]
    Exponent,
    #[error("is no point of its curve")]
    Point,
    #[error("says an algorithm that does not fit its kind")]
    Algorithm,
    #[error("is not for signatures")]
    Use,
    #[error("parts are missing or are not base64url")]
    Form,
}

/// A key that was looked at, and the algorithms it may check: never more than fit its kind.
#[derive(Debug, Clone)]
pub struct CheckedKey {
    pub kid: String,
    pub algorithms: Vec<Algorithm>,
    pub key: DecodingKey,
}

const OF_RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

impl PublicJwk {
    pub fn checked(&self) -> Result<CheckedKey, Weakness> {
        let Self { kid, kty, crv, x, y, n, e, alg, r#use } = self;
        if r#use.as_deref().is_some_and(|told| told != "sig") {
            return Err(Weakness::Use);
        }
        let (fitting, key) = match (kty.as_str(), crv.as_deref()) {
            ("RSA", _) => (OF_RSA, rsa(&part(n.as_deref())?, &part(e.as_deref())?)?),
            ("EC", Some("P-256")) => (
                &[Algorithm::ES256][..],
                point(&ECDSA_P256_SHA256_FIXED, 32, &part(x.as_deref())?, &part(y.as_deref())?)?,
            ),
            ("EC", Some("P-384")) => (
                &[Algorithm::ES384][..],
                point(&ECDSA_P384_SHA384_FIXED, 48, &part(x.as_deref())?, &part(y.as_deref())?)?,
            ),
            ("OKP", Some("Ed25519")) => {
                let bytes = part(x.as_deref())?;
                ParsedPublicKey::new(&ED25519, &bytes).map_err(|_| Weakness::Point)?;
                (&[Algorithm::EdDSA][..], DecodingKey::from_ed_der(&bytes))
            }
            _ => return Err(Weakness::Kind),
        };
        let algorithms = match alg.as_deref() {
            None => fitting.to_vec(),
            Some(told) => {
                let told: Algorithm = told.parse().map_err(|_| Weakness::Algorithm)?;
                Some(told).into_iter().filter(|told| fitting.contains(told)).collect()
            }
        };
        if algorithms.is_empty() {
            return Err(Weakness::Algorithm);
        }
        Ok(CheckedKey { kid: kid.clone(), algorithms, key })
    }

    /// Which key it is, whatever it is called (RFC 7638).
    pub fn thumbprint(&self) -> String {
        let Self { kid: _, kty, crv, x, y, n, e, alg: _, r#use: _ } = self;
        let [crv, x, y, n, e] = [crv, x, y, n, e].map(|part| part.as_deref().unwrap_or_default());
        // What makes the key, in the order of the names: words and base64url, in which nothing needs an escape.
        let whole = match kty.as_str() {
            "RSA" => format!(r#"{{"e":"{e}","kty":"{kty}","n":"{n}"}}"#),
            "EC" => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            _ => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, whole.as_bytes()))
    }
}

fn part(text: Option<&str>) -> Result<Vec<u8>, Weakness> {
    let text = text.filter(|text| text.len() <= 1400).ok_or(Weakness::Form)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Weakness::Form)
}

fn rsa(n: &[u8], e: &[u8]) -> Result<DecodingKey, Weakness> {
    let significant =
        |bytes: &[u8]| bytes.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
    let (modulus, exponent) = (significant(n), significant(e));
    let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(2048..=8192).contains(&(modulus.len() * 8 - unused)) {
        return Err(Weakness::Size);
    }
    let large = exponent.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)) >= 65_537;
    // More than 33 bits only make checking slow.
    if exponent.len() > 5 || !large || exponent.last().is_none_or(|last| last % 2 == 0) {
        return Err(Weakness::Exponent);
    }
    if modulus.last().is_none_or(|last| last % 2 == 0) {
        return Err(Weakness::Form);
    }
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn point(
    curve: &'static dyn VerificationAlgorithm,
    length: usize,
    x: &[u8],
    y: &[u8],
) -> Result<DecodingKey, Weakness> {
    if x.len() != length || y.len() != length {
        return Err(Weakness::Form);
    }
    let uncompressed = [&[4], x, y].concat();
    ParsedPublicKey::new(curve, &uncompressed).map_err(|_| Weakness::Point)?;
    Ok(DecodingKey::from_ec_der(&uncompressed))
}

#[cfg(test)]
mod tests {
    use super::{PublicJwk, Weakness};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn checked(key: &Value) -> Result<usize, Weakness> {
        let key: PublicJwk = serde_json::from_value(key.clone()).unwrap();
        key.checked().map(|key| key.algorithms.len())
    }

    fn rsa(bits: usize, exponent: &str) -> Value {
        let mut modulus = vec![0xff; bits / 8];
        if !bits.is_multiple_of(8) {
            modulus.insert(0, (1 << (bits % 8)) - 1);
        }
        json!({"kid": "k", "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": exponent})
    }

    #[test]
    fn a_weak_key_is_refused() {
        // The example keys of RFC 7515 A.3 and RFC 8037 A.2.
        let p256 = json!({"kid": "k", "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let ed = json!({"kid": "k", "kty": "OKP", "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let with = |key: &Value, name: &str, value: Value| {
            let mut key = key.clone();
            key[name] = value;
            key
        };
        for (what, key, expected) in [
            ("RSA of 2048 bits", rsa(2048, "AQAB"), Ok(6)),
            ("RSA for one algorithm", with(&rsa(2048, "AQAB"), "alg", json!("PS256")), Ok(1)),
            ("RSA of 2047 bits", rsa(2047, "AQAB"), Err(Weakness::Size)),
            ("RSA of 1024 bits", rsa(1024, "AQAB"), Err(Weakness::Size)),
            ("RSA of 8200 bits", rsa(8200, "AQAB"), Err(Weakness::Size)),
            ("RSA with the exponent 3", rsa(2048, "Aw"), Err(Weakness::Exponent)),
            ("RSA with an even exponent", rsa(2048, "AQAC"), Err(Weakness::Exponent)),
            ("RSA with a huge exponent", rsa(2048, "AQAAAAAAAAAB"), Err(Weakness::Exponent)),
            (
                "RSA without an exponent",
                json!({"kid": "k", "kty": "RSA", "n": "AQAB"}),
                Err(Weakness::Form),
            ),
            ("RSA for HS256", with(&rsa(2048, "AQAB"), "alg", json!("HS256")), Err(Weakness::Algorithm)),
            ("RSA for ES256", with(&rsa(2048, "AQAB"), "alg", json!("ES256")), Err(Weakness::Algorithm)),
            ("RSA for none", with(&rsa(2048, "AQAB"), "alg", json!("none")), Err(Weakness::Algorithm)),
            ("for encryption", with(&rsa(2048, "AQAB"), "use", json!("enc")), Err(Weakness::Use)),
            ("P-256", p256.clone(), Ok(1)),
            ("off the curve", with(&p256, "y", p256["x"].clone()), Err(Weakness::Point)),
            ("of another curve", with(&p256, "crv", json!("P-384")), Err(Weakness::Form)),
            ("of an unknown curve", with(&p256, "crv", json!("secp256k1")), Err(Weakness::Kind)),
            ("Ed25519", ed.clone(), Ok(1)),
            ("short Ed25519", with(&ed, "x", json!("AAAA")), Err(Weakness::Point)),
            (
                "not base64url",
                with(&ed, "x", json!("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")),
                Err(Weakness::Form),
            ),
            ("a shared secret", json!({"kid": "k", "kty": "oct", "k": "AAAA"}), Err(Weakness::Kind)),
        ] {
            assert_eq!(checked(&key), expected, "{what}");
        }
    }

    /// The examples of RFC 7638 (3.1) and RFC 8037 (A.3), and one that was computed elsewhere.
    #[test]
    fn a_key_is_known_by_what_it_is() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
            FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d\
            0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-cs\
            FCur-kEgU8awapJzKnqDKgw";
        for (key, thumbprint) in [
            (
                json!({"kid": "2011-04-29", "kty": "RSA", "alg": "RS256", "crv": "no matter", "n": n, "e": "AQAB"}),
                "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            ),
            (
                json!({"kid": "k", "kty": "OKP", "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            ),
            (
                json!({"kid": "k", "kty": "EC", "crv": "P-256", "use": "sig",
                    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
                "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
            ),
        ] {
            let key: PublicJwk = serde_json::from_value(key).unwrap();
            assert_eq!(key.thumbprint(), thumbprint, "{}", key.kty);
        }
    }
}
