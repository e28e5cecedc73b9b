//! What the defaults were chosen by: `cargo bench --bench speed -- choices` measures other settings beside them.
use crate::Size;
use crate::load;
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::Report;
use crate::submissions::{CLIENTS, Submitting, add_clients, answer_sets};
use crate::turns::{Rate, beside, turn};

type Setting = (&'static str, &'static str);

/// With two cores: workers are as many as there are cores.
const READING: [Setting; 3] = [("TASUKE_WORKERS", "1"), ("TASUKE_WORKERS", "3"), ("TASUKE_WORKERS", "4")];
const WRITING: [Setting; 8] = [
    ("TASUKE_WORKERS", "1"),
    ("TASUKE_WORKERS", "4"),
    ("TASUKE_DATABASE_CONNECTIONS", "4"),
    ("TASUKE_DATABASE_CONNECTIONS", "16"),
    ("TASUKE_DATABASE_LANES", "1"),
    ("TASUKE_DATABASE_LANES", "4"),
    ("TASUKE_DATABASE_TOGETHER", "16"),
    ("TASUKE_DATABASE_TOGETHER", "256"),
];

pub fn measure(size: &Size, report: &mut Report) {
    let server = Postgres::start();
    prepare(&server.url());
    let token = token(&server.url(), "bench");
    let answers = {
        let ours = Program::serve(&server.url(), &[]);
        add_clients(&ours, &token, CLIENTS);
        answer_sets(&ours, &token, 200)
    };
    let url = server.url();
    let submitting = Submitting::new(size, &token, &url, &answers);
    let one = load::get(&format!("/v1/clients?external_id=c-{}", CLIENTS / 2), &token);
    let read = |program: &Program| turn(size, program, 200, |_, to| to.extend_from_slice(&one));
    let tell = |report: &mut Report, what: &str, (name, value): Setting, (other, default): (Rate, Rate)| {
        report.note(format!(
            "{what} with {name}={value}: {:.2} of the default's rate, {:.2} of its processor time a call",
            other.per_second / default.per_second,
            other.cost / default.cost
        ));
    };
    for setting in READING {
        let (ours, other) = (Program::serve(&server.url(), &[]), Program::serve(&server.url(), &[setting]));
        let rates = beside(size, "reading a client", |_| read(&other), |_| read(&ours));
        tell(report, "Reading a client", setting, rates);
    }
    for setting in WRITING {
        let (ours, other) = (Program::serve(&server.url(), &[]), Program::serve(&server.url(), &[setting]));
        let rates = beside(size, "submitting", |_| submitting.turn(&other), |_| submitting.turn(&ours));
        tell(report, "Submitting", setting, rates);
    }
}
