//! Steps one after the other, with their number and their time.

use std::time::{Duration, Instant};

use crate::{Failure, Outcome};

pub struct Step<State> {
    pub name: &'static str,
    pub run: fn(&mut State) -> Outcome,
}

/// Stops at the first step that fails; prints a summary in any case.
pub fn run<State>(steps: &[Step<State>], state: &mut State) -> Outcome {
    let begin = Instant::now();
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for (index, step) in steps.iter().enumerate() {
        println!("\n[{}/{}] {}", index + 1, steps.len(), step.name);
        let step_begin = Instant::now();
        outcome = (step.run)(state);
        times.push(step_begin.elapsed());
        if outcome.is_err() {
            break;
        }
    }

    println!("\nsummary");
    for (index, step) in steps.iter().enumerate() {
        let result = match times.get(index) {
            None => "      not run".to_owned(),
            Some(time) if index + 1 == times.len() && outcome.is_err() => format!("{}  FAILED", seconds(*time)),
            Some(time) => format!("{}  ok", seconds(*time)),
        };
        println!("  {:<32}{result}", step.name);
    }
    println!("  {:<32}{}", "together", seconds(begin.elapsed()));

    outcome.map_err(|failure| match times.len().checked_sub(1).and_then(|last| steps.get(last)) {
        Some(step) => Failure { message: format!("\nfailed at `{}`: {}", step.name, failure.message), ..failure },
        None => failure,
    })
}

fn seconds(time: Duration) -> String {
    format!("{:>6.1} s", time.as_secs_f64())
}
