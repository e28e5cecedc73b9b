//! What the service asks the document for at each call: which operations there are. The document itself is served
//! as bytes, and not kept in any other form.
use crate::problem::Problem;
use crate::shelf;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::Value;
use std::collections::HashMap;

/// The operations by the template of their path, and the document that tells of them.
#[derive(Debug)]
pub struct Operations {
    /// Method, in capitals, and `operationId`.
    paths: HashMap<String, Vec<(String, String)>>,
    document: Bytes,
}

impl Operations {
    pub fn of(document: &Value) -> Self {
        let mut paths: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
                paths.entry(path.clone()).or_default().push((method.to_uppercase(), name));
            }
        }
        Self { paths, document: document.to_string().into() }
    }

    /// The `operationId` of what stands at this template.
    pub fn name(&self, template: &str, method: &str) -> Option<&str> {
        let all = self.paths.get(template)?;
        all.iter().find(|(known, _)| known == method).map(|(_, name)| name.as_str())
    }

    /// The methods that there are for a path.
    pub fn methods(&self, path: &str) -> Vec<String> {
        let there = self.paths.iter().filter(|(template, _)| fits(template, path));
        let mut methods: Vec<String> =
            there.flat_map(|(_, all)| all.iter().map(|(method, _)| method.clone())).collect();
        methods.sort_unstable();
        methods
    }
}

/// Whether a path is one of those that a template stands for.
pub fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(t, p)| t == p || (t.starts_with('{') && !p.is_empty()))
}

#[get("/openapi.json")]
pub async fn show_document(
    request: HttpRequest,
    operations: Data<Operations>,
) -> Result<HttpResponse, Problem> {
    shelf::bytes(&request, "application/json", || Ok(operations.document.to_vec()))
}
