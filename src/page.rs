//! Lists in pages: opaque cursors in the order of ids, which are made in the order of time, or of a list's own.
use crate::answer::fingerprint;
use crate::caller::Tenant;
use crate::problem::{Problem, kinds};
use crate::wall;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many items a page has when nobody says.
pub const DEFAULT_LIMIT: u8 = 20;

/// Where a page starts and how long it is.
#[derive(Debug, Clone)]
pub struct Page {
    /// The last item of the page before: its id, or its place in a list of another order.
    pub after: Option<String>,
    pub limit: u8,
    /// Whom and what the list is of; a cursor is good for one list only.
    list: String,
}

impl Page {
    /// Reads `after` and `limit` for the list that `parts` name, the route and every filter: of this tenant, and of
    /// its client where the token is narrowed to one, or of everybody's.
    pub fn read(
        tenant: Option<&Tenant>,
        after: Option<&str>,
        limit: Option<u8>,
        parts: &[&str],
    ) -> Result<Self, Problem> {
        let slug = wall!("tenant", tenant.map(Tenant::slug), without: None);
        let client = wall!("client", tenant.and_then(Tenant::only_client), without: None);
        let whose = [slug.unwrap_or_default(), client.unwrap_or_default()];
        let parts: Vec<_> = whose.iter().chain(parts).map(|part| part.as_bytes()).collect();
        let list = fingerprint(&parts);
        let after = after.map(|cursor| open(cursor, &list).ok_or_else(invalid)).transpose()?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        Ok(Self { after, limit, list })
    }

    /// The place that the cursor stands for, in a list whose places are not ids.
    pub fn place<P>(&self, read: impl Fn(&str) -> Option<P>) -> Result<Option<P>, Problem> {
        self.after.as_deref().map(|key| read(key).ok_or_else(invalid)).transpose()
    }

    /// One more than the page shows: whether there is a next page is then known without counting.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of a list that is all in memory, in its own order.
    pub fn of<T>(
        &self,
        items: Vec<T>,
        id: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let start = match &self.after {
            None => 0,
            // What the page before ended with is not in the list any more: start again.
            Some(after) => 1 + items.iter().position(|item| id(item) == after).ok_or_else(invalid)?,
        };
        Ok(self.cut(items.into_iter().skip(start).collect(), id))
    }

    /// Cuts `items` to the page and makes the cursor of the next one.
    pub fn cut<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
        let more = items.len() > usize::from(self.limit);
        items.truncate(usize::from(self.limit));
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| URL_SAFE_NO_PAD.encode(format!("{}:{}", self.list, id(last))));
        (items, next)
    }
}

fn open(cursor: &str, list: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (of, id) = text.split_once(':')?;
    let is_id = (1..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    (of == list && is_id).then(|| id.to_owned())
}

fn invalid() -> Problem {
    Problem::new(&kinds::INVALID_CURSOR)
}
