//! An edition as an OSCAL catalog, and a catalog as an edition. What standard fields can hold stands in
//! them, in Japanese; the rest, and the English, in properties and parts of our own namespace. Nothing is
//! lost on the way there and back.
mod mapping;
mod read;
mod taken;
mod write;

pub use mapping::mapping_collection;
pub use read::edition;
pub use taken::{Controls, statements};
pub use write::catalog;

#[cfg(test)]
mod tests;
