//! demo
use crate::config::{Identity, Serving, Storage};
use std::path::Path;
pub fn run(
    _: &Storage,
    _: &Serving,
    _: &Identity,
    _: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}
