//! What a company says it has done: answers, the draft and the submission, the result.
mod domain;
mod dto;
mod http;
mod scoring;
mod store;

pub use http::routes;
