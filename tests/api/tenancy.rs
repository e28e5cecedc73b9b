//! Nobody else's: operations, scopes and positions of ids are read from the document, so that a new one is
//! covered the day it exists.
mod answers;
mod calls;
mod corners;
mod departures;
mod logs;
mod matrix;
mod operations;
mod rows;
mod together;
mod twins;
#[cfg(feature = "mutants")]
mod walls;
mod words;
mod world;
