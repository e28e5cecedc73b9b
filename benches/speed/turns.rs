//! Two programs under the same load, in turn.
use crate::Size;
use crate::load::{self, Until, median};
use crate::program::Program;

/// What came of a round.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub per_second: f64,
    /// Microseconds of processor time that a call takes of the program.
    pub cost: f64,
    /// Seconds until the program had done what it leaves for after the answer.
    pub rest: f64,
}

/// One round, of calls that leave nothing for later.
pub fn turn(size: &Size, program: &Program, expected: u16, make: impl Fn(u64, &mut Vec<u8>)) -> Rate {
    turn_and_rest(size, program, expected, make, || 0.0)
}

/// One round, and what the program does after it, for which `rest` waits: its processor time is in that of the calls.
pub fn turn_and_rest(
    size: &Size,
    program: &Program,
    expected: u16,
    make: impl Fn(u64, &mut Vec<u8>),
    rest: impl Fn() -> f64,
) -> Rate {
    let before = program.cpu();
    let came = load::run(program.address, 32, Until::Over(size.round), expected, make);
    let rest = rest();
    let cost = program.cpu_since(before).as_secs_f64() * 1e6 / came.calls as f64;
    Rate { per_second: came.per_second, cost, rest }
}

/// The medians of several rounds, of the one and the other.
pub fn beside(
    size: &Size,
    name: &str,
    mut one: impl FnMut(usize) -> Rate,
    mut other: impl FnMut(usize) -> Rate,
) -> (Rate, Rate) {
    let (mut ones, mut others) = (vec![], vec![]);
    for round in 0..size.rounds {
        ones.push(one(round));
        others.push(other(round));
        println!(
            "  {name}, round {} of {}: {:.0}/s beside {:.0}/s",
            round + 1,
            size.rounds,
            ones[round].per_second,
            others[round].per_second
        );
    }
    let middle = |rates: &[Rate]| Rate {
        per_second: median(rates.iter().map(|rate| rate.per_second).collect()),
        cost: median(rates.iter().map(|rate| rate.cost).collect()),
        rest: median(rates.iter().map(|rate| rate.rest).collect()),
    };
    (middle(&ones), middle(&others))
}
