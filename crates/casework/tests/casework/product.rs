//! The whole product of state, pending approval, procedures beside the case and money agrees with what the check of a
//! definition decides about each machine by itself.

use std::collections::BTreeSet;

use casework::exploration::explore;

use crate::desk::{catalogue, machines, place_of};

#[test]
fn every_situation_of_every_machine_leads_to_an_end_and_holds_what_the_check_says() {
    std::thread::scope(|threads| {
        for (program, scenarios) in machines() {
            threads.spawn(move || {
                let found = explore(program, place_of(program), &catalogue().calls, scenarios);
                assert_eq!(found.faults(), Vec::<String>::new(), "{}", program.name());
                let certainty = program.certainty();
                for situation in &found.situations {
                    let certain = certainty.in_state(None, &situation.state).amounts;
                    let missing: BTreeSet<_> = certain.difference(&situation.amounts).collect();
                    assert!(missing.is_empty(), "{}: {missing:?} not frozen in {situation}", program.name());
                }
                // What the check has followed to its payment is there when it is needed.
                let is_money = |code: &str| ["missing_amount", "negative_holding"].contains(&code);
                let money: Vec<_> = found.refusals.keys().filter(|(_, code)| is_money(code)).collect();
                assert!(money.is_empty(), "{}: {money:?}", program.name());
            });
        }
    });
}
