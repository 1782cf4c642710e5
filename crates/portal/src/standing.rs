//! Where a case stands, in words: its state and stage, and whom it waits for.

use chrono::NaiveDate;
use program::Program;
use program::definition::{Role, StateKind};
use service::Application;
use vocabulary::day_in_japan;

use crate::text::Text;
use crate::visit::Visit;

/// Whom a case waits for, as people of the office say it.
pub(crate) fn waits_for(visit: &Visit<'_>, application: &Application) -> String {
    let waits_on = application.case.body.standing.waits_on.as_deref().unwrap_or_default();
    if let Some(position) = waits_on.strip_prefix("position:") {
        let named = application.municipality.positions.get(position);
        return named.map_or_else(|| position.to_owned(), |named| visit.say(&named.name).to_owned());
    }
    let roles = Role::STAFF.into_iter().chain([Role::Applicant, Role::Partner, Role::Treasury, Role::Panelist]);
    let role = roles.into_iter().find(|role| role.as_str() == waits_on);
    role.map_or(String::new(), |role| role_name(visit.t, role).to_owned())
}

/// 処理の目安: the day until which the office means to have dealt with a case that waits for it.
pub(crate) fn office_due(application: &Application) -> Option<NaiveDate> {
    let state = application.program.state(&application.case.state)?;
    let since = application.case.body.entered_on.unwrap_or_else(|| day_in_japan(application.updated_at));
    let days = state.service_level.filter(|_| !matches!(state.waits_on, Some(Role::Applicant | Role::Treasury)))?;
    Some(application.municipality.calendar.office_days_after(since, days))
}

pub(crate) fn role_name(t: Text, role: Role) -> &'static str {
    match role {
        Role::Applicant => t.role_applicant(),
        Role::Clerk => t.role_clerk(),
        Role::Reviewer => t.role_reviewer(),
        Role::Approver => t.role_approver(),
        Role::FinanceMaker => t.role_finance_maker(),
        Role::FinanceChecker => t.role_finance_checker(),
        Role::ProgramOfficer => t.role_program_officer(),
        Role::Auditor => t.role_auditor(),
        Role::Administrator => t.role_administrator(),
        Role::Partner => t.role_partner(),
        Role::Panelist => t.role_panelist(),
        Role::Clock => t.role_clock(),
        Role::Treasury => t.role_treasury(),
    }
}

pub(crate) fn kind_name(t: Text, kind: StateKind) -> &'static str {
    match kind {
        StateKind::Drafting => t.stage_drafting(),
        StateKind::WithApplicant => t.kind_with_applicant(),
        StateKind::WithOffice => t.kind_with_office(),
        StateKind::InProject => t.kind_in_project(),
        StateKind::AwaitingPayment => t.kind_awaiting_payment(),
        StateKind::ClosedPaid => t.kind_closed_paid(),
        StateKind::ClosedUnpaid => t.kind_closed_unpaid(),
    }
}

/// The state in words; while it is being signed, that too.
pub(crate) fn state_of(visit: &Visit<'_>, application: &Application) -> String {
    let label = state_label(visit, &application.program, &application.case.state);
    if application.case.body.pending.is_some() { format!("{label} ({})", visit.t.in_approval()) } else { label }
}

fn state_label(visit: &Visit<'_>, program: &Program, name: &str) -> String {
    program.state(name).map_or_else(|| name.to_owned(), |state| visit.say(&state.label).to_owned())
}
