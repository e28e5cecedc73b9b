//! The whole service as one map: every route, and the OpenAPI document made from the same list.
use crate::auth::{self, Issuer, Trusted};
use crate::body::{self, Schemas};
use crate::caller::Scope;
use crate::config::Limits;
use crate::db::Db;
use crate::document::{Operations, fits};
use crate::health::Readiness;
use crate::knowledge::Knowledge;
use crate::limits::{self, Meters};
use crate::metrics::{self, Metrics};
use crate::oauth::TokenRefusal;
use crate::problem::{self, FaultDocument, Problem, ProblemDocument, kinds};
use crate::routes::{Routes, Worker};
use crate::sealer::Sealer;
use crate::shelf::Shelf;
use crate::{
    assessments, audit, clients, contacts, document, guidelines, health, incidents, oauth, questionnaires,
    records, request, routing, service_accounts, whoami,
};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpRequest, HttpResponse, get};
use serde_json::Value;
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Every route. A feature that is not named here does not exist.
fn routes(to: &mut impl Routes) {
    guidelines::routes(to);
    questionnaires::routes(to);
    clients::routes(to);
    assessments::routes(to);
    records::routes(to);
    contacts::routes(to);
    routing::routes(to);
    incidents::routes(to);
    service_accounts::routes(to);
    whoami::routes(to);
    oauth::routes(to);
    audit::routes(to);
    health::routes(to);
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tasuke",
        description = "Security guideline controls, assessment submissions and incident contact routing \
            for providers that look after small companies in Japan.\n\n\
            Errors are RFC 9457 problem documents; `errors` lists everything that is wrong at once. \
            `title`, `detail` and `message` follow `Accept-Language` (`ja` or `en`). Lists are paged by \
            opaque cursors. Statements about guidelines are our own summaries; SECURITY ACTION is a \
            self-declaration, and nothing here certifies anybody.",
        contact(name = "Whoever runs the service"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This service, in production and wherever else it runs")),
    tags(
        (name = "guidelines", description = "What a guideline asks for"),
        (name = "questionnaires", description = "The parts of a guideline that can be answered"),
        (name = "clients", description = "The companies that a provider looks after"),
        (name = "assessments", description = "Answers, submissions and results"),
        (name = "contacts", description = "Whom to turn to"),
        (name = "routing", description = "From the facts of an incident to ordered contacts"),
        (name = "incidents", description = "Facts over time, the plan, what was done"),
        (name = "identity", description = "Service accounts, tokens, and who is calling"),
        (name = "audit", description = "What was done, by whom and when"),
        (name = "service", description = "The service itself"),
    ),
    components(schemas(ProblemDocument, FaultDocument, TokenRefusal)),
    modifiers(&Shared),
    security(("bearer" = []), ("oauth2" = [])),
)]
struct Head;

/// What all operations share.
struct Shared;

impl Modify for Shared {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("An access token: a JWT as RFC 9068 has it, checked as RFC8725 asks. `tasuke token` prints one. \
                A respondent's link (`tsk_link_...`) is sent in its place where no scope is named here."))
            .build();
        let scopes = Scope::ALL.iter().map(|scope| (scope.as_str(), scope.told()));
        let flow = ClientCredentials::new("/oauth2/token", scopes.collect::<Scopes>());
        let oauth2 = OAuth2::with_description(
            [Flow::ClientCredentials(flow)],
            "A service account gets an access token for itself, good for 15 minutes; it is checked as RFC8725 asks.",
        );
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("oauth2", SecurityScheme::OAuth2(oauth2));
        components.responses.extend(problem::components());
    }
}

/// The OpenAPI document.
pub fn openapi() -> Result<Value, serde_json::Error> {
    let made = App::new()
        .into_utoipa_app()
        .openapi(Head::openapi())
        .configure(|to| routes(to))
        .split_for_parts()
        .1;
    serde_json::to_value(made).and_then(document::shape)
}

/// The files that are made from the code and checked in: name and content. There is no document with
/// webhooks, because there are none.
pub fn generated() -> Result<[(&'static str, String); 3], serde_json::Error> {
    let document = openapi()?;
    let whole = |document: &Value| serde_json::to_string_pretty(document).map(|text| text + "\n");
    Ok([
        ("openapi/openapi.json", whole(&document)?),
        ("openapi/openapi-3.0.json", whole(&document::lowered(document))?),
        ("docs/errors.md", problem::catalogue()),
    ])
}

/// Everything that handlers ask for.
#[derive(Debug, Clone)]
pub struct Service {
    pub db: Db,
    pub issuer: Data<Issuer>,
    trusted: Data<Trusted>,
    pub knowledge: Knowledge,
    pub metrics: Data<Metrics>,
    pub sealer: Data<Sealer>,
    pub readiness: Data<Readiness>,
    meters: Data<Meters>,
    schemas: Data<Schemas>,
    operations: Data<Operations>,
    shelf: Data<Shelf>,
}

/// What the OpenAPI document says, in the form that calls are held against.
#[derive(Debug)]
pub struct Contract {
    schemas: Schemas,
    operations: Operations,
}

impl Contract {
    pub fn new(limits: &Limits) -> Result<Self, String> {
        let document = openapi().map_err(|error| error.to_string())?;
        let operations = Operations::of(&document);
        Ok(Self { schemas: Schemas::of(&document, limits.clone())?, operations })
    }
}

impl Service {
    pub fn new(
        db: Db,
        issuer: Issuer,
        contract: Contract,
        knowledge: Knowledge,
        limits: &Limits,
    ) -> Result<Self, String> {
        let sealer = Sealer::open(&db).map_err(|error| error.to_string())?;
        Ok(Self {
            db,
            sealer: Data::new(sealer),
            issuer: Data::new(issuer),
            trusted: Data::default(),
            knowledge,
            metrics: Data::new(Metrics::new().map_err(|error| error.to_string())?),
            readiness: Data::default(),
            meters: Data::new(Meters::new(limits)),
            schemas: Data::new(contract.schemas),
            operations: Data::new(contract.operations),
            shelf: Data::default(),
        })
    }

    /// The same service, which takes tokens of these issuers too.
    pub fn trusting(self, trusted: Trusted) -> Self {
        Self { trusted: Data::new(trusted), ..self }
    }
}

/// The application, the same one for `main` and for the tests.
pub fn build(
    service: &Service,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let Service {
        db,
        issuer,
        trusted,
        knowledge,
        metrics,
        sealer,
        readiness,
        meters,
        schemas,
        operations,
        shelf,
    } = service.clone();
    let swagger = SwaggerUi::new("/docs/{_:.*}")
        // The bundled page would otherwise ask a validator on the internet about our document.
        .config(Config::new(["/openapi.json"]).validator_url("none"));
    let mut worker = Worker::default();
    routes(&mut worker);
    App::new()
        .configure(|config| worker.configure(config))
        .service(problem::show_problem_kind)
        .service(document::show_document)
        .service(to_docs)
        .service(swagger)
        .default_service(web::to(nothing_here))
        .app_data(web::PathConfig::default().error_handler(|error, _| {
            tracing::debug!(%error, "malformed path");
            Problem::new(&kinds::MALFORMED_PATH).into()
        }))
        .app_data(Data::new(db))
        .app_data(issuer)
        .app_data(trusted)
        .app_data(knowledge.catalogue)
        .app_data(knowledge.questionnaires)
        .app_data(knowledge.directory)
        .app_data(knowledge.rulesets)
        .app_data(metrics)
        .app_data(sealer)
        .app_data(readiness)
        .app_data(meters)
        .app_data(schemas)
        .app_data(operations)
        .app_data(shelf)
        .wrap(from_fn(auth::identify))
        .wrap(from_fn(body::refuse_unknown))
        .wrap(from_fn(request::refuse_misspelt))
        .wrap(from_fn(limits::guard))
        .wrap(from_fn(problem::finish))
        .wrap(from_fn(metrics::measure))
        .wrap(from_fn(request::identify))
}

#[get("/docs")]
async fn to_docs() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// Pages that are no operations of the API: they can be read, and that is all.
const PAGES: &[&str] = &["/docs", "/docs/", "/docs/{file}", "/openapi.json", "/problems/{code}"];

/// Where no route matches: a wrong method on a path that exists, or a path that does not.
async fn nothing_here(request: HttpRequest, operations: Data<Operations>) -> Result<HttpResponse, Problem> {
    let mut allowed = operations.methods(request.path());
    if PAGES.iter().any(|page| fits(page, request.path())) {
        allowed.push("GET".to_owned());
    }
    if allowed.is_empty() {
        return Err(Problem::not_found());
    }
    if allowed.contains(&"GET".to_owned()) {
        allowed.push("HEAD".to_owned());
    }
    let problem = Problem::new(&kinds::METHOD_NOT_ALLOWED);
    Err(problem.with_header(header::ALLOW, allowed.join(", ")))
}
