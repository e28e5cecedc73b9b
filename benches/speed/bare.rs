//! What actix does with next to nothing on top: the reference for what the service puts there.
use actix_web::web::{Bytes, Data, Json, Path};
use actix_web::{App, HttpResponse, HttpServer, get, post};
use serde_json::Value;

struct Answer {
    bytes: Bytes,
    json: Value,
}

/// Serves the bytes of a file until it is killed.
pub fn serve(address: &str, file: &str) {
    let bytes = Bytes::from(std::fs::read(file).unwrap());
    let answer = Data::new(Answer { json: serde_json::from_slice(&bytes).unwrap(), bytes });
    let server = HttpServer::new(move || {
        App::new().app_data(answer.clone()).service(ready).service(give).service(parse_and_give)
    });
    let server = server.workers(std::thread::available_parallelism().unwrap().get()).disable_signals();
    actix_web::rt::System::new().block_on(server.bind(address).unwrap().run()).unwrap();
}

#[get("/readyz")]
async fn ready() -> HttpResponse {
    HttpResponse::Ok().finish()
}

#[get("/{tail:.*}")]
async fn give(answer: Data<Answer>, _: Path<String>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(answer.bytes.clone())
}

#[post("/{tail:.*}")]
async fn parse_and_give(answer: Data<Answer>, _: Path<String>, body: Json<Value>) -> HttpResponse {
    std::hint::black_box(&body);
    HttpResponse::Ok().json(&answer.json)
}
