//! The keys of another issuer, kept here: fetched by one caller at a time, seldom, and good for a while when the
//! issuer is away.
use super::fetch::Failed;
use crate::jwk::{CheckedKey, PublicJwk};
use actix_web::rt::task::JoinHandle;
use actix_web::web;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Older keys are fetched again, while they are used.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// Between two fetches, whatever the names of keys that tokens make up.
const PAUSE: Duration = Duration::from_secs(30);
/// How long keys are good when the issuer does not answer: it may have taken one back.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Where keys come from; it blocks.
pub type Source = Box<dyn Fn() -> Result<Vec<PublicJwk>, Failed> + Send + Sync>;

pub struct Keyset {
    name: String,
    source: Source,
    state: RwLock<State>,
    fetching: Arc<Mutex<()>>,
}

#[derive(Clone, Default)]
struct State {
    keys: Arc<HashMap<String, CheckedKey>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

/// What there is under a name.
#[derive(Debug)]
pub enum Found {
    Key(CheckedKey),
    /// The issuer has no such key, or did not a moment ago.
    Unknown,
    /// The issuer could not be asked, and what it said before is too old.
    Away,
}

impl State {
    fn age(&self, now: Instant) -> Option<Duration> {
        self.fetched.map(|at| now.saturating_duration_since(at)).filter(|age| *age < LONGEST)
    }

    fn key(&self, kid: &str, now: Instant) -> Option<&CheckedKey> {
        self.age(now).and_then(|_| self.keys.get(kid))
    }

    fn may_try(&self, now: Instant) -> bool {
        self.tried.is_none_or(|at| now.saturating_duration_since(at) >= PAUSE)
    }
}

impl Keyset {
    pub fn new(name: &str, source: Source) -> Self {
        Self { name: name.to_owned(), source, state: RwLock::default(), fetching: Arc::default() }
    }

    pub async fn find(self: &Arc<Self>, kid: &str, now: Instant) -> Found {
        let state = self.state();
        if let Some(key) = state.key(kid, now) {
            // Good enough for this call; the next ones get what is fetched meanwhile.
            if state.age(now).is_some_and(|age| age >= FRESH)
                && state.may_try(now)
                && let Ok(fetching) = Arc::clone(&self.fetching).try_lock_owned()
            {
                drop(self.begin_fetch(fetching, now));
            }
            return Found::Key(key.clone());
        }
        if state.may_try(now) {
            let fetching = Arc::clone(&self.fetching).lock_owned().await;
            // Whoever was before may have fetched it.
            if self.state().may_try(now)
                && let Err(error) = self.begin_fetch(fetching, now).await
            {
                tracing::warn!(issuer = self.name, %error, "the keys of an issuer were not fetched");
            }
        }
        let state = self.state();
        match state.key(kid, now) {
            Some(key) => Found::Key(key.clone()),
            None if state.age(now).is_some() => Found::Unknown,
            None => Found::Away,
        }
    }

    fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In a task of its own, which nobody has to wait for: a caller who goes away must not take along that it was
    /// tried, or each made-up name would lead to a fetch.
    fn begin_fetch(self: &Arc<Self>, fetching: OwnedMutexGuard<()>, now: Instant) -> JoinHandle<()> {
        let again = Arc::clone(self);
        actix_web::rt::spawn(async move {
            again.fetch(now).await;
            drop(fetching);
        })
    }

    async fn fetch(self: &Arc<Self>, now: Instant) {
        let asked = Arc::clone(self);
        let fetched = web::block(move || (asked.source)()).await;
        let mut state = self.state();
        state.tried = Some(now);
        match fetched {
            Ok(Ok(keys)) => {
                state.keys = Arc::new(self.good(keys));
                state.fetched = Some(now);
            }
            Ok(Err(why)) => tracing::warn!(issuer = self.name, %why, "the keys of an issuer cannot be had"),
            Err(error) => tracing::warn!(issuer = self.name, %error, "the keys of an issuer cannot be had"),
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The keys that are good. Of two with one name neither is: which of them was meant?
    fn good(&self, keys: Vec<PublicJwk>) -> HashMap<String, CheckedKey> {
        let mut names: HashMap<&str, usize> = HashMap::new();
        for key in &keys {
            *names.entry(&key.kid).or_default() += 1;
        }
        let mut good = HashMap::new();
        for key in &keys {
            if names.get(key.kid.as_str()) != Some(&1) {
                tracing::warn!(issuer = self.name, "an issuer has two keys of one name: neither is used");
                continue;
            }
            match key.checked() {
                Ok(checked) => drop(good.insert(key.kid.clone(), checked)),
                // Keys for encryption stand there too.
                Err(why) => tracing::debug!(issuer = self.name, %why, "a key of an issuer is not used"),
            }
        }
        good
    }
}

#[cfg(test)]
mod tests {
    use super::{FRESH, Found, Keyset, LONGEST, PAUSE, PublicJwk};
    use crate::auth::fetch::Failed;
    use futures_util::FutureExt as _;
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    fn key(kid: &str) -> PublicJwk {
        let json = serde_json::json!({"kid": kid, "kty": "OKP", "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        serde_json::from_value(json).unwrap()
    }

    type Said = Result<Vec<PublicJwk>, Failed>;

    /// Keys from an issuer that says one thing after the other, and how often it was asked.
    fn keyset(said: Vec<Said>) -> (Arc<Keyset>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, left) = (Arc::clone(&asked), Mutex::new(VecDeque::from(said)));
        let source = move || {
            count.fetch_add(1, Ordering::SeqCst);
            left.lock().unwrap().pop_front().unwrap_or(Err(Failed::Status(503)))
        };
        (Arc::new(Keyset::new("test", Box::new(source))), asked)
    }

    fn word(found: &Found) -> &'static str {
        match found {
            Found::Key(_) => "key",
            Found::Unknown => "unknown",
            Found::Away => "away",
        }
    }

    #[actix_web::test]
    async fn made_up_names_lead_to_one_fetch_in_a_while() {
        let (keys, asked) = keyset(vec![Ok(vec![key("a")]), Ok(vec![key("a"), key("b")])]);
        let start = Instant::now();
        for n in 0..1000 {
            assert_eq!(word(&keys.find(&format!("made-up-{n}"), start).await), "unknown");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(word(&keys.find("a", start + PAUSE / 2).await), "key");
        assert_eq!(word(&keys.find("b", start + PAUSE * 9 / 10).await), "unknown");
        // A key that has followed is found.
        assert_eq!(word(&keys.find("b", start + PAUSE).await), "key");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[actix_web::test]
    async fn an_issuer_that_is_away_is_known_for_a_day() {
        let (keys, asked) = keyset(vec![Ok(vec![key("a")])]);
        let start = Instant::now();
        assert_eq!(word(&keys.find("a", start).await), "key");
        assert_eq!(word(&keys.find("a", start + LONGEST * 9 / 10).await), "key");
        assert_eq!(word(&keys.find("b", start + LONGEST * 9 / 10).await), "unknown");
        assert_eq!(word(&keys.find("a", start + LONGEST + PAUSE).await), "away");
        assert!(asked.load(Ordering::SeqCst) <= 4);
        let (never, _) = keyset(vec![]);
        assert_eq!(word(&never.find("a", start).await), "away");
    }

    #[actix_web::test]
    async fn old_keys_are_used_while_new_ones_are_fetched() {
        let (keys, asked) = keyset(vec![Ok(vec![key("a")]), Ok(vec![key("b")])]);
        let start = Instant::now();
        assert_eq!(word(&keys.find("a", start).await), "key");
        let later = start + FRESH;
        assert_eq!(word(&keys.find("a", later).await), "key");
        // What the issuer took back is gone as soon as it has said so.
        while asked.load(Ordering::SeqCst) < 2 || word(&keys.find("b", later).await) != "key" {
            actix_web::rt::task::yield_now().await;
        }
        assert_eq!(word(&keys.find("a", later).await), "unknown");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[actix_web::test]
    async fn many_callers_make_one_fetch() {
        let (keys, asked) = keyset(vec![Ok(vec![key("a")])]);
        let now = Instant::now();
        let all = (0..64).map(|_| keys.find("a", now));
        let found = futures_util::future::join_all(all).await;
        assert!(found.iter().all(|found| word(found) == "key"));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[actix_web::test]
    async fn callers_who_go_away_make_one_fetch_too() {
        let (keys, asked) = keyset(vec![Ok(vec![key("a")])]);
        let now = Instant::now();
        for n in 0..50 {
            // Asked once, and never again: as when a connection is reset.
            assert!(keys.find(&format!("made-up-{n}"), now).now_or_never().is_none());
        }
        assert_eq!(word(&keys.find("a", now).await), "key");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[actix_web::test]
    async fn keys_that_are_weak_or_share_a_name_are_not_used() {
        let weak: PublicJwk = serde_json::from_value(
            serde_json::json!({"kid": "weak", "kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        )
        .unwrap();
        let (keys, _) = keyset(vec![Ok(vec![key("a"), key("b"), key("a"), weak])]);
        let now = Instant::now();
        for (kid, expected) in [("b", "key"), ("a", "unknown"), ("weak", "unknown")] {
            assert_eq!(word(&keys.find(kid, now).await), expected, "{kid}");
        }
    }
}
