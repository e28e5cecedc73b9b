//! Where the operations of a feature go: into a worker, which answers them, or into the document, which tells
//! of them. Workers do without the document: it is many times as large as they are.
use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::{OpenApiFactory, service_config};

pub trait Routes {
    /// Adds an operation.
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self;
}

impl Routes for web::ServiceConfig {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        self.service(operation)
    }
}

impl Routes for service_config::ServiceConfig<'_> {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        self.service(operation)
    }
}
