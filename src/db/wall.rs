//! Walls: the conditions that keep tenants apart, and the clients of one tenant. Each is marked with [`wall!`], so
//! that a test can take down one at a time and see that somebody notices (`make mutants-tenancy`).

/// A condition, or a value, that keeps tenants (`"tenant"`) or clients of a tenant (`"client"`) apart. What it
/// would be without the wall is only ever built for the tests that take it down.
#[cfg(not(feature = "mutants"))]
#[macro_export]
macro_rules! wall {
    ($kind:literal, $value:expr, without: $other:expr) => {
        $value
    };
    ($kind:literal, $condition:expr) => {
        $condition
    };
}

#[cfg(feature = "mutants")]
#[macro_export]
macro_rules! wall {
    ($kind:literal, $value:expr, without: $other:expr) => {
        if $crate::db::wall::is_down(concat!(file!(), ":", line!(), " ", $kind)) { $other } else { $value }
    };
    ($kind:literal, $condition:expr) => {
        ::diesel::BoolExpressionMethods::or(
            $condition,
            ::diesel::IntoSql::into_sql::<::diesel::sql_types::Bool>($crate::db::wall::is_down(concat!(
                file!(),
                ":",
                line!(),
                " ",
                $kind
            ))),
        )
    };
}

#[cfg(all(feature = "mutants", not(debug_assertions)))]
compile_error!("the feature `mutants` takes walls down: it is for tests, never for a release");

/// Whether this is the wall that the test has taken down.
#[cfg(feature = "mutants")]
pub fn is_down(wall: &str) -> bool {
    static DOWN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    DOWN.get_or_init(|| std::env::var("TASUKE_WALL_DOWN").ok()).as_deref() == Some(wall)
}
