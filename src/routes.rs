//! Where the operations of a feature go: into a worker, which answers them, or into the document, which tells
//! of them. Workers do without the document: it is many times as large as they are.
use actix_web::dev::HttpServiceFactory;
use actix_web::web::ServiceConfig;
use utoipa_actix_web::{OpenApiFactory, service_config};

pub trait Routes {
    /// Adds an operation.
    fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static;
}

/// The operations of a worker. One path after the other is held against that of a request, and a template by far
/// longer than a path that is always the same: those come first.
#[derive(Default)]
pub struct Worker {
    paths: Vec<Operation>,
    templates: Vec<Operation>,
}

type Operation = Box<dyn FnOnce(&mut ServiceConfig)>;

impl Worker {
    pub fn configure(self, config: &mut ServiceConfig) {
        self.paths.into_iter().chain(self.templates).for_each(|add| add(config));
    }
}

impl Routes for Worker {
    fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static,
    {
        let list = if F::path().contains('{') { &mut self.templates } else { &mut self.paths };
        list.push(Box::new(move |config: &mut ServiceConfig| {
            config.service(operation);
        }));
        self
    }
}

impl Routes for service_config::ServiceConfig<'_> {
    fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + utoipa::Path + 'static,
    {
        self.service(operation)
    }
}
