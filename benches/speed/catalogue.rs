//! S1: controls from memory, beside a bare handler that answers the same bytes.
use crate::Size;
use crate::load;
use crate::program::{Program, folder, prepare, token};
use crate::report::{Bound::AtLeast, Report, Row};
use crate::turns::{beside, turn};
use std::fs;

const GUIDELINE: &str = "/v1/guidelines/ipa-sme/editions/3.1/controls";

pub fn measure(size: &Size, report: &mut Report) {
    let folder = folder();
    let url = format!("sqlite://{}", folder.path().join("tasuke.db").display());
    prepare(&url);
    let token = token(&url, "bench");
    let ours = Program::serve(&url, &[]);
    let page = format!("{GUIDELINE}?limit=100");
    let controls = ours.get(&page, &token);
    assert_eq!(controls["items"].as_array().unwrap().len(), 100);
    let one = format!("{GUIDELINE}/{}", controls["items"][0]["key"].as_str().unwrap());
    for (name, path) in [("one control", one), ("a page of 100 controls", page)] {
        let file = folder.path().join("answer.json");
        let answer = ureq::get(format!("http://{}{path}", ours.address)).call().unwrap();
        fs::write(&file, answer.into_body().read_to_vec().unwrap()).unwrap();
        let bare = Program::bare(&file);
        let request = load::get(&path, &token);
        let rate = |program: &Program| turn(size, program, 200, |_, to| to.extend_from_slice(&request));
        let (of_ours, of_bare) = beside(size, name, |_| rate(&ours), |_| rate(&bare));
        report.add(Row {
            id: "S1",
            what: format!("`GET` {name}, 32 connections"),
            ours: format!(
                "{:.0}/s, {:.1} µs CPU a call, {:.2} times the reference's",
                of_ours.per_second,
                of_ours.cost,
                of_ours.cost / of_bare.cost
            ),
            reference: format!(
                "bare actix handler, same bytes: {:.0}/s, {:.1} µs",
                of_bare.per_second, of_bare.cost
            ),
            value: of_ours.per_second / of_bare.per_second,
            bound: AtLeast(0.85),
        });
    }
}
