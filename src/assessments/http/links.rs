//! Links for respondents: made, listed and taken back by the provider.
use super::super::domain::Verb;
use super::super::links::{BadEnd, LINK_PREFIX, LONGEST, Link, MOST_LINKS, end};
use super::super::store;
use super::asked;
use crate::answer;
use crate::audit;
use crate::body::Body;
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::db::Db;
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::problem::{Fault, Problem, Reading, Removing, Writing, kinds};
use crate::questionnaires::{Questionnaire, Questionnaires};
use crate::secret::Secret;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link for one respondent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = NewAssessmentLink, example = json!({"respondent": "大阪支店"}))]
pub struct NewLink {
    /// As whom its holder answers.
    #[schema(min_length = 1, max_length = 200)]
    respondent: String,
    /// 14 days from now when not said, 90 at most.
    expires_at: Option<DateTime<Utc>>,
}

/// A link for one respondent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AssessmentLink)]
pub struct LinkOut {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    assessment_id: String,
    respondent: String,
    /// The bearer token of its holder, told once, when the link is made: only a digest is kept. Null ever after,
    /// and when the call is a repeated one; then take this link back and make another.
    token: Option<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<Link> for LinkOut {
    fn from(link: Link) -> Self {
        let Link {
            id,
            assessment_id,
            client_id: _,
            respondent,
            secret: _,
            created_by,
            created_at,
            expires_at,
        } = link;
        Self { id, assessment_id, respondent, token: None, created_by, created_at, expires_at }
    }
}

/// The links of an assessment, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentLinkPage {
    items: Vec<LinkOut>,
    /// Always null: there are never many.
    next_cursor: Option<String>,
}

/// Let somebody answer by a link
///
/// For a site or department without an account: the token may read what the assessment asks, and give and
/// change one response to it, as `respondent`, until it ends or is taken back. Only while the assessment can be
/// answered. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "createAssessmentLink", request_body = NewLink,
    params(("assessment" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own; a repeated call is not given the token again", max_length = 257)),
    responses((status = 201, body = LinkOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/assessments/{assessment}/links")]
pub async fn create_link(
    caller: Caller,
    db: Data<Db>,
    id: Path<Id>,
    idempotency: Idempotency,
    Body(body, said): Body<NewLink>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let now = clock::now();
    let expires_at = end(body.expires_at, now).map_err(bad_end)?;
    let secret = Secret::fresh(&format!("{LINK_PREFIX}{}", tenant.slug()))?;
    let (new, digest, subject) = (clock::new_id(), secret.digest(), caller.subject().to_owned());
    let made = Link {
        id: new,
        assessment_id: id.to_string(),
        client_id: String::new(),
        respondent: body.respondent,
        secret: digest,
        created_by: subject,
        created_at: now,
        expires_at,
    };
    let first = LinkOut { token: Some(secret.reveal().to_owned()), ..LinkOut::from(made.clone()) };
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                let assessment = store::get(conn, &tenant, &id)?;
                assessment.may(Verb::Answer)?;
                if store::links::count(conn, &tenant, &assessment)? >= MOST_LINKS {
                    return Err(too_many());
                }
                let link = Link { client_id: assessment.client_id.clone(), ..made.clone() };
                store::links::add(conn, &tenant, &link)?;
                audit::created(conn, &tenant, &link)?;
                let location = format!("/v1/assessments/{}/links/{}", assessment.id, link.id);
                let body = answer::text(&LinkOut::from(link))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    idempotency::answer_once(created, &first)
}

fn bad_end(why: BadEnd) -> Problem {
    let days = LONGEST.num_days();
    let (code, rule) = match why {
        BadEnd::Past => {
            ("past", LocalizedText::new("これからの日時にしてください", "must be in the future"))
        }
        BadEnd::TooFar => (
            "too-far",
            LocalizedText::new(
                format!("{days}日以内の日時にしてください"),
                format!("must be {days} days from now at most"),
            ),
        ),
    };
    Problem::invalid(vec![Fault::new("/expires_at", code, rule)])
}

fn too_many() -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("回答用リンクは{MOST_LINKS}件までです。"),
        format!("There may be {MOST_LINKS} links to one assessment."),
    ))
}

/// List the links to an assessment
///
/// Without their tokens. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "listAssessmentLinks",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentLinkPage), Reading))]
#[get("/v1/assessments/{assessment}/links")]
pub async fn list_links(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let all = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            store::links::all(conn, &tenant, &assessment)
        })
        .await?;
    let items = all.into_iter().map(LinkOut::from).collect();
    answer::private(&request, &AssessmentLinkPage { items, next_cursor: None })
}

/// Show a link
///
/// Without its token. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentLink",
    params(("assessment" = String, Path, format = Uuid), ("link" = String, Path, format = Uuid)),
    responses((status = 200, body = LinkOut), Reading))]
#[get("/v1/assessments/{assessment}/links/{link}")]
pub async fn show_link(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    path: Path<(Id, Id)>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let link = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &path.0)?;
            store::links::get(conn, &tenant, &assessment, &path.1)
        })
        .await?;
    answer::private(&request, &LinkOut::from(link))
}

/// Take a link back
///
/// Its token is refused from the next call on; what was answered stays. Needs `assessments:write` and `If-Match`.
#[utoipa::path(tag = "assessments", operation_id = "deleteAssessmentLink",
    params(("assessment" = String, Path, format = Uuid), ("link" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the link", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/assessments/{assessment}/links/{link}")]
pub async fn delete_link(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    path: Path<(Id, Id)>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let precondition = answer::precondition(&request)?;
    db.write(move |conn| {
        let assessment = store::get(conn, &tenant, &path.0)?;
        let link = store::links::get(conn, &tenant, &assessment, &path.1)?;
        precondition.holds(&LinkOut::from(link.clone()))?;
        store::links::remove(conn, &tenant, &assessment, &link)?;
        audit::removed(conn, &tenant, &link, &[]).map_err(Problem::from)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Show what an assessment asks
///
/// Its questionnaire. Needs `assessments:read`; the holder of a link is shown what its own asks.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentQuestionnaire",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = Questionnaire), Reading))]
#[get("/v1/assessments/{assessment}/questionnaire")]
pub async fn show_questionnaire(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let (tenant, _) = caller.responding(Scope::AssessmentsRead, &id)?;
    let questionnaire = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            Ok::<_, Problem>(asked(conn, &tenant, &questionnaires, &assessment)?.into_owned())
        })
        .await?;
    answer::private(&request, &questionnaire)
}
