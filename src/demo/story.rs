//! What the demo does, call by call, and how it tells it.
#![allow(clippy::print_stdout)]

use super::Failure;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// How many actions are worth reading on a screen.
const SHOWN: usize = 6;

pub fn tell(
    address: SocketAddr,
    token: &str,
    self_check: &Value,
    incident: &Value,
    folder: &Path,
) -> Result<(), Failure> {
    let api = Api { base: format!("http://{address}"), token };
    let client = api.post(
        "/v1/clients",
        &json!({
            "name": "株式会社サンプル製作所", "external_id": "crm-0042", "industry": "E",
            "employees": 45, "prefecture": "23",
        }),
    )?;
    heading("顧客を登録しました / A client was created");
    println!("  {} ({})", text(&client["name"]), text(&client["id"]));

    let mut body = self_check.clone();
    body["client_id"] = client["id"].clone();
    let assessment = api.post("/v1/assessments", &body)?;
    let path = format!("/v1/assessments/{}", text(&assessment["id"]));
    tell_result(&api.get(&format!("{path}/result"))?);
    tell_decision(&api.post("/v1/routings", incident)?);
    let kept = keep(&api, &client, incident)?;

    heading("試す / Try it");
    let base = &api.base;
    println!("  export TOKEN={token}");
    println!("  curl -s '{base}/v1/guidelines/ipa-sme/editions/3.1/controls?group=self-check&q=backup'");
    println!("  curl -s -H \"Authorization: Bearer $TOKEN\" {base}{path}/result");
    println!(
        "  curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Accept-Language: ja' \
         -H 'Content-Type: application/json' -d @examples/ransomware.json {base}/v1/routings"
    );
    println!(
        "  curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Accept-Language: ja' {base}{kept}/report.md"
    );
    println!("\n  API ドキュメント / API docs: {base}/docs/");
    println!("  データ / Data: {}", folder.display());
    println!("  終了 / Stop: Ctrl-C");
    Ok(())
}

fn tell_result(result: &Value) {
    heading("自社診断の結果 / Result of the self-check");
    let band = &result["band"];
    let (score, maximum) = (&result["score"], &result["maximum"]);
    println!("  {score} / {maximum}  {}", both(&band["label"]));
    println!("  → {}", both(&band["next_step"]));
    for section in list(&result["sections"]) {
        let (score, maximum) = (&section["score"], &section["maximum"]);
        println!("  {score:>4} / {maximum:<3} {}", both(&section["title"]));
    }
    println!("\n  まず取り組むこと / Where to start:");
    for gap in list(&result["gaps"]).iter().take(3) {
        let (number, gain) = (text(&gap["number"]), &gap["points_to_gain"]);
        println!("  - No.{number} {} (+{gain})", both(&gap["title"]));
        println!("    {}", text(&gap["advice"]["ja"]));
        println!("    {}", text(&gap["advice"]["en"]));
    }
}

fn tell_decision(decision: &Value) {
    heading("ランサムウェア: 連絡先と順序 / Ransomware: whom to contact, in order");
    for guardrail in list(&decision["guardrails"]) {
        println!("  ! {}", text(&guardrail["text"]["ja"]));
        println!("    {}", text(&guardrail["text"]["en"]));
    }
    println!();
    let actions = list(&decision["actions"]);
    for action in actions.iter().take(SHOWN) {
        tell_action(action);
    }
    let rest = &actions[actions.len().min(SHOWN)..];
    let dated: Vec<_> = rest.iter().filter(|a| !a["due"]["date"].is_null()).collect();
    if !dated.is_empty() {
        println!("  … 期限のあるもの / … and with a date:");
    }
    for action in dated {
        tell_action(action);
    }
}

/// The same as an incident of the client: a plan, one line of it done, and what the timeline keeps.
fn keep(api: &Api<'_>, client: &Value, facts: &Value) -> Result<String, Failure> {
    let mut facts = facts.clone();
    // What is judged is the plan as of now: it was noticed a little while ago.
    facts.as_object_mut().map(|facts| facts.remove("as_of"));
    facts["incident"]["aware_at"] = json!(crate::clock::now() - TimeDelta::minutes(50));
    let incident = api.post(
        "/v1/incidents",
        &json!({
            "client_id": client["id"], "external_id": "ticket-0815",
            "title": "ファイルサーバのランサムウェア / Ransomware on the file server", "facts": facts,
        }),
    )?;
    let path = format!("/v1/incidents/{}", text(&incident["id"]));
    let plan = api.get(&format!("{path}/plan"))?;
    heading("事案として記録しました / Kept as an incident");
    println!("  {} ({})", text(&incident["title"]), text(&incident["id"]));
    if let Some(question) = list(&plan["questions"]).first() {
        println!("  ? まず確かめること / To be found out first: {}", both(&question["text"]));
    }
    if let Some(first) = list(&plan["actions"]).first() {
        let done = json!({
            "contact": first["contact"], "action": first["action"], "party": first["party"],
            "note": "受付番号 12 / Ticket 12",
        });
        api.post(&format!("{path}/completions"), &done)?;
        println!("  ✓ {}", both(&first["contact_name"]));
    }
    let plan = api.get(&format!("{path}/plan"))?;
    if let Some(next) = list(&plan["actions"]).first() {
        println!("  次は / Next:");
        tell_action(next);
    }
    for event in list(&api.get(&format!("{path}/timeline"))?["items"]) {
        println!("  {}  {}", text(&event["at"]), both(&event["summary"]));
    }
    Ok(path)
}

fn tell_action(action: &Value) {
    let obligation = match text(&action["obligation"]) {
        "must" => "義務 must",
        "should" => "推奨 should",
        _ => "任意 may",
    };
    let party = action["party"].as_str().map(|party| format!(" [{party}]"));
    println!("  {:>2}. {}{}", action["sequence"], both(&action["contact_name"]), party.unwrap_or_default());
    println!("      {} · {obligation} · {}", both(&action["action_name"]), due(&action["due"]));
    if let Some(reason) = list(&action["reasons"]).first() {
        println!("      {}", text(&reason["text"]["ja"]));
        println!("      {}", text(&reason["text"]["en"]));
    }
}

fn due(due: &Value) -> String {
    match text(&due["kind"]) {
        "immediate" => "直ちに / immediately".into(),
        "asap" => "できるだけ早く / as soon as possible".into(),
        "unresolved" => "期限要確認 / date to be found out".into(),
        "date" => match due["target"].as_str() {
            Some(target) => {
                let date = text(&due["date"]);
                format!("{date} まで（目安 {target}）/ by {date}, aim for {target}")
            }
            None => format!("{0} まで / by {0}", text(&due["date"])),
        },
        "date_time" => format!("{0} まで / by {0}", text(&due["at"])),
        _ => "期限なし / no deadline".into(),
    }
}

fn heading(text: &str) {
    println!("\n■ {text}");
}

fn both(value: &Value) -> String {
    format!("{} / {}", text(&value["ja"]), text(&value["en"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The API, as a portal would call it.
struct Api<'a> {
    base: String,
    token: &'a str,
}

impl Api<'_> {
    fn get(&self, path: &str) -> Result<Value, Failure> {
        let call = ureq::get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .config()
            .http_status_as_error(false)
            .build();
        Self::read(path, call.call()?)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let call = ureq::post(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .config()
            .http_status_as_error(false)
            .build();
        Self::read(path, call.send_json(body)?)
    }

    fn read(path: &str, mut answer: ureq::http::Response<ureq::Body>) -> Result<Value, Failure> {
        let status = answer.status();
        let body: Value = answer.body_mut().read_json()?;
        if status.is_success() { Ok(body) } else { Err(format!("{path} answered {status}: {body}").into()) }
    }
}
