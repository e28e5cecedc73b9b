//! Ways to break what the database room promises, for the tests that must notice. A release build has
//! none of them.

/// Answers before the commit.
#[cfg(debug_assertions)]
pub fn answers_early() -> bool {
    is_set(ANSWER_EARLY)
}

/// Lets callers hear what was answered early: waits as many milliseconds as that control says.
#[cfg(debug_assertions)]
pub fn before_commit() {
    let milliseconds = std::env::var(ANSWER_EARLY).ok().and_then(|value| value.parse().ok());
    if let Some(milliseconds) = milliseconds {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    }
}

#[cfg(debug_assertions)]
const ANSWER_EARLY: &str = "TASUKE_CONTROL_ANSWER_EARLY";

/// Lets SQLite lose in a power cut what it said it had.
#[cfg(debug_assertions)]
pub fn synchronous() -> &'static str {
    if is_set("TASUKE_CONTROL_SYNCHRONOUS_NORMAL") { "NORMAL" } else { "FULL" }
}

#[cfg(debug_assertions)]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

#[cfg(not(debug_assertions))]
pub const fn answers_early() -> bool {
    false
}

#[cfg(not(debug_assertions))]
pub const fn before_commit() {}

#[cfg(not(debug_assertions))]
pub const fn synchronous() -> &'static str {
    "FULL"
}
