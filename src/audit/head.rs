//! Heads: signed statements of how far a log goes.
use super::chain::moment;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// How far a tenant's log goes, and from where on it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub tenant: String,
    /// The last event, and its hash.
    pub sequence: i64,
    pub hash: String,
    /// The last event that is not kept any more, and its hash; 0 when all are kept.
    pub base: i64,
    pub base_hash: String,
    pub at: DateTime<Utc>,
}

/// A head and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub head: Head,
    pub key_id: String,
    /// Ed25519 in base64url.
    pub signature: String,
}

impl Head {
    /// What is signed: a JSON list without spaces, as for the events.
    fn text(&self, key_id: &str) -> String {
        let Self { tenant, sequence, hash, base, base_hash, at } = self;
        let list = serde_json::json!([
            "tasuke-audit-head-1",
            tenant,
            sequence,
            hash,
            base,
            base_hash,
            moment(*at),
            key_id
        ]);
        list.to_string()
    }
}

impl Signed {
    /// Whether it was signed with the private half of this key (base64url).
    pub fn is_by(&self, public_key: &str) -> bool {
        let (Ok(key), Ok(signature)) =
            (URL_SAFE_NO_PAD.decode(public_key), URL_SAFE_NO_PAD.decode(&self.signature))
        else {
            return false;
        };
        let text = self.head.text(&self.key_id);
        UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature).is_ok()
    }
}

/// The key that signs heads.
pub struct Signer {
    key_id: String,
    public_key: String,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Signer {
    /// Reads a private key (PKCS#8); nothing when it is none.
    pub fn of(pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let public = pair.public_key().as_ref();
        Some(Self {
            key_id: URL_SAFE_NO_PAD.encode(&digest(&SHA256, public).as_ref()[..12]),
            public_key: URL_SAFE_NO_PAD.encode(public),
            pair,
        })
    }

    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    pub fn sign(&self, head: Head) -> Signed {
        let signature = self.pair.sign(head.text(&self.key_id).as_bytes());
        Signed { head, key_id: self.key_id.clone(), signature: URL_SAFE_NO_PAD.encode(signature) }
    }

    pub fn made(&self, signed: &Signed) -> bool {
        signed.key_id == self.key_id && signed.is_by(&self.public_key)
    }
}

/// A new private key (PKCS#8); nothing when the system gives no randomness.
pub fn fresh_key() -> Option<Vec<u8>> {
    let pair = Ed25519KeyPair::generate().ok()?;
    Some(pair.to_pkcs8().ok()?.as_ref().to_vec())
}
