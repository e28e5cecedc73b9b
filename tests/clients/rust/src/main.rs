//! The script of all clients, with progenitor, from the document in OpenAPI 3.0.3.
use reqwest::header::{AUTHORIZATION, HeaderMap};

progenitor::generate_api!(spec = "openapi-3.0.json", interface = Builder);

use types::{AnswerInput, AnswerStatus, ClientPatch, NewAccessToken, NewAssessment, NewAssessmentBatch, NewAssessmentState, NewClient};

type Failure = Box<dyn std::error::Error>;

fn env(name: &str) -> String {
    std::env::var(name).expect(name)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let url = env("TASUKE_URL");
    let open = Client::new(&url);

    // token
    let asked = NewAccessToken::builder()
        .grant_type("client_credentials")
        .client_id(Some(env("TASUKE_CLIENT_ID").parse()?))
        .client_secret(Some(env("TASUKE_CLIENT_SECRET").parse()?));
    let token = open.issue_token().body(asked).send().await?.into_inner();
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {}", token.access_token).parse()?);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let api = Client::new_with_client(&url, http);

    // controls
    let controls = || open.list_controls().guideline("ipa-sme").edition("3.1").group("self-check");
    let found = controls().q("backup").send().await?;
    assert_eq!(found.items[0].key, "self-check-11");

    // client
    let company = NewClient::builder()
        .name("株式会社ラスト")
        .external_id(Some("rust".parse()?))
        .prefecture(Some("23".parse()?));
    let created = api.create_client().body(company).send().await?;
    let seen = created.headers()["etag"].to_str()?.to_owned();

    // submit, and retry
    let answers: Vec<AnswerInput> = (1..=25)
        .map(|n| AnswerInput::builder().control(format!("self-check-{n:02}")).status(AnswerStatus::Implemented).try_into())
        .collect::<Result<_, _>>()?;
    let body: NewAssessment = NewAssessment::builder()
        .client_id(Some(created.id))
        .questionnaire("ipa-self-check-3.1")
        .state(Some(NewAssessmentState::Submitted))
        .answers(answers)
        .try_into()?;
    let submit = || api.create_assessment().idempotency_key("rust-1").body(body.clone()).send();
    let (first, again) = (submit().await?, submit().await?);
    assert_eq!((first.state.as_str(), first.id), ("submitted", again.id));
    assert_eq!(again.headers()["idempotent-replayed"], "true");

    // result
    let result = api.get_assessment_result().assessment(first.id).send().await?;
    assert_eq!(result.score, Some(100));

    // batch with one bad item
    let items: Vec<NewAssessment> = ["rust", "nobody"]
        .into_iter()
        .map(|name| {
            NewAssessment::builder()
                .client_external_id(Some(name.parse()?))
                .questionnaire("ipa-basic-rules-3.1")
                .external_id(Some("2026-11".parse()?))
                .try_into()
                .map_err(Failure::from)
        })
        .collect::<Result<_, _>>()?;
    let batch = NewAssessmentBatch::builder().items(items);
    let batch = api.create_assessment_batch().idempotency_key("rust-2").body(batch).send().await?;
    let outcomes: Vec<&str> = batch.items.iter().map(|verdict| verdict.outcome.as_str()).collect();
    assert_eq!(outcomes, ["created", "rejected"]);
    assert_eq!(batch.items[1].problem.as_ref().map(|problem| problem.errors[0].code.as_str()), Some("unknown-client"));

    // routing decision
    let facts: types::RoutingFacts = serde_json::from_str(&std::fs::read_to_string(env("TASUKE_FACTS"))?)?;
    let decision = api.decide_routing().body(facts).send().await?;
    let duty = decision.actions.iter().find(|action| action.contact == "ppc_leak_report").expect("a report");
    assert_eq!(duty.obligation, types::Obligation::Must);

    // pages
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let mut call = controls().limit(10);
        if let Some(after) = after {
            call = call.after(after);
        }
        let page = call.send().await?.into_inner();
        count += page.items.len();
        after = page.next_cursor;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(count, 25);

    // ETag conflict
    let change = |employees| {
        let patch = ClientPatch::builder().employees(Some(employees));
        api.update_client().client(created.id).if_match(seen.as_str()).body(patch).send()
    };
    assert_eq!(change(45).await?.employees, Some(45));
    match change(46).await {
        Err(Error::ErrorResponse(problem)) => {
            assert_eq!((problem.status().as_u16(), problem.code.as_str()), (412, "stale"));
        }
        other => panic!("a stale change was taken: {other:?}"),
    }
    println!("progenitor: all steps passed");
    Ok(())
}
