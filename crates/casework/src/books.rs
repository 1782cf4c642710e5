//! Books kept beside a case in memory, to compare them with what the case says that it holds.

use std::collections::BTreeMap;

use program::Program;
use program::definition::StateKind;
use treasury::Account;
use uuid::Uuid;
use vocabulary::Yen;

use crate::act::Step;
use crate::case::Case;

/// Budget line and account → yen, as all postings so far leave it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    ledger: BTreeMap<(Uuid, Account), i64>,
}

impl Books {
    pub fn enter(&mut self, step: &Step) {
        for moved in &step.postings {
            for posting in &moved.entries {
                let yen = posting.amount.get();
                *self.ledger.entry((moved.line, posting.from)).or_default() -= yen;
                *self.ledger.entry((moved.line, posting.to)).or_default() += yen;
            }
        }
    }

    /// Yen that the budget lines have paid.
    pub fn paid(&self) -> i64 {
        let paid = self.ledger.iter().filter(|((_, account), _)| *account == Account::Paid).map(|(_, yen)| yen);
        paid.fold(0, |sum: i64, yen| sum.saturating_add(*yen))
    }

    /// Where the case says other than the books after a step, and what it has left open though it is over.
    pub fn disagreements(&self, program: &Program, step: &Step) -> Vec<String> {
        let (case, action) = (&step.case, &step.event.action);
        let held = |line: &Uuid, account: Account| {
            let own = (case.call.budget_line.as_ref() == Some(line)).then_some(&case.body.holdings);
            own.or_else(|| case.body.elsewhere.get(line)).map_or(Yen::ZERO, |held| held.get(account)).get()
        };
        let mut found = Vec::new();
        for ((line, account), yen) in self.ledger.iter().filter(|((_, account), _)| *account != Account::Available) {
            let (said, account_name) = (held(line, *account), account.as_str());
            if said != *yen || *yen < 0 {
                found.push(format!("after `{action}` the ledger has {yen} {account_name}, the case {said}"));
            }
        }
        let open = case.body.holdings.iter().find(|(account, yen)| *account != Account::Paid && *yen != Yen::ZERO);
        if let Some((account, yen)) = open.filter(|_| is_over(program, case)) {
            found.push(format!("a case that ended in `{}` still holds {yen} {}", case.state, account.as_str()));
        }
        found
    }
}

/// The case has ended, and so has everything beside it.
pub(crate) fn is_over(program: &Program, case: &Case) -> bool {
    program.state(&case.state).map(|state| state.kind).is_some_and(StateKind::is_end)
        && case.body.pending.is_none()
        && case.body.procedures.iter().all(|beside| !beside.open)
}
