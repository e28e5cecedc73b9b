//! Several rules may ask for the same: one action then, with all their reasons.
use super::decision::Action;
use super::engine::Fired;
use super::order::due_rank;
use super::rules::Turn;

/// Merges actions with the same contact, word and party: the strongest obligation, the certain over
/// the provisional, the earliest due, the lowest tier, all reasons.
pub fn merge<'a>(fired: Vec<Fired<'a>>) -> Vec<Action<'a>> {
    let mut merged: Vec<Action<'a>> = vec![];
    for Fired { action, .. } in fired {
        let same = merged.iter_mut().find(|kept| {
            (&kept.contact, &kept.action, &kept.party) == (&action.contact, &action.action, &action.party)
        });
        match same {
            Some(kept) => join(kept, action),
            None => merged.push(action),
        }
    }
    merged
}

fn join<'a>(kept: &mut Action<'a>, other: Action<'a>) {
    if (other.obligation, other.provisional) < (kept.obligation, kept.provisional) {
        kept.channel = other.channel;
    }
    // What would settle a rule that only may hold is of no matter to a duty that holds anyway.
    let questions = match (kept.provisional, other.provisional) {
        (false, true) => vec![],
        (true, false) => {
            kept.open_questions.clear();
            other.open_questions
        }
        _ => other.open_questions,
    };
    kept.obligation = kept.obligation.min(other.obligation);
    kept.provisional &= other.provisional;
    kept.turn = if kept.turn == Turn::Now { Turn::Now } else { other.turn };
    let sooner = due_rank(&other.due) < due_rank(&kept.due);
    if sooner {
        kept.due = other.due;
    }
    kept.tier = kept.tier.min(other.tier);
    kept.priority = kept.priority.min(other.priority);
    kept.schedulable |= other.schedulable;
    kept.repeated |= other.repeated;
    for (all, more) in [
        (&mut kept.info_sets, other.info_sets),
        (&mut kept.after, other.after),
        (&mut kept.open_questions, questions),
    ] {
        for one in more {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    kept.substituted = kept.substituted.take().or(other.substituted);
    for reason in other.reasons {
        match kept.reasons.iter_mut().find(|r| r.rule.id == reason.rule.id) {
            // The same rule for two items of a list: the one with the sooner date explains it.
            Some(same) if sooner => *same = reason,
            Some(_) => {}
            None => kept.reasons.push(reason),
        }
    }
}
