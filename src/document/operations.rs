//! What the service asks the document for at each call: which operations there are. The document itself is served
//! as bytes, and not kept in any other form.
use crate::problem::Problem;
use crate::shelf;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The operations by the template of their path, and the document that tells of them.
#[derive(Debug)]
pub struct Operations {
    /// Method, in capitals, and `operationId`.
    paths: HashMap<Arc<str>, Vec<(String, String)>>,
    /// The same paths, by how many steps they have.
    steps: HashMap<usize, Vec<Arc<str>>>,
    document: Bytes,
}

impl Operations {
    pub fn of(document: &Value) -> Self {
        let mut paths: HashMap<Arc<str>, Vec<(String, String)>> = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
                paths.entry(path.as_str().into()).or_default().push((method.to_uppercase(), name));
            }
        }
        let mut steps: HashMap<usize, Vec<Arc<str>>> = HashMap::new();
        for path in paths.keys() {
            steps.entry(path.split('/').count()).or_default().push(path.clone());
        }
        Self { paths, steps, document: document.to_string().into() }
    }

    /// The template that a path fits, if there is an operation: the router has to try one pattern after the other.
    pub fn template(&self, path: &str) -> Option<Arc<str>> {
        let same = self.paths.get_key_value(path).map(|(template, _)| template);
        let alike =
            || self.steps.get(&path.split('/').count())?.iter().find(|template| fits(template, path));
        same.or_else(alike).cloned()
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

#[cfg(test)]
mod tests {
    use super::Operations;
    use serde_json::json;

    #[test]
    fn a_path_has_the_template_that_it_fits() {
        let item = json!({"get": {"operationId": "a"}});
        let paths = ["/v1/a", "/v1/a/{x}", "/v1/a/export", "/v1/a/{x}/b", "/v1/a/{x}/b/{y}"];
        let paths = paths
            .map(|path| (path.to_owned(), item.clone()))
            .into_iter()
            .collect::<serde_json::Map<_, _>>();
        let operations = Operations::of(&json!({ "paths": paths }));
        for (path, template) in [
            ("/v1/a", Some("/v1/a")),
            ("/v1/a/1", Some("/v1/a/{x}")),
            ("/v1/a/export", Some("/v1/a/export")),
            ("/v1/a/1%2F2/b", Some("/v1/a/{x}/b")),
            ("/v1/a/export/b/2", Some("/v1/a/{x}/b/{y}")),
            ("/v1/a/", None),
            ("/v1/a//b", None),
            ("/v1/a/1/c", None),
            ("/v1/b", None),
            ("", None),
        ] {
            assert_eq!(operations.template(path).as_deref(), template, "{path}");
        }
    }
}
