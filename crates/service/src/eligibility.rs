//! What is looked up before one applies: whether the business may, and what it has under way.

use std::collections::BTreeMap;

use casework::{Refusal, World};
use program::definition::ApplicantFacts;
use program::{CaseFacts, Program};
use serde_json::Map;
use uuid::Uuid;
use vocabulary::day_in_japan;

use crate::service::Service;
use crate::view::{Application, Viewer};
use crate::{Error, ProgramVersion, Result};

/// The form that a business applies with, and what is wrong with the business itself.
const APPLICATION: &str = "application";
const APPLICANT_FAULTS: [&str; 2] = ["applicant.kind", "applicant.rule"];

/// Applications of one business in one program and year that are looked at.
const MOST_UNDER_WAY: u32 = 20;

/// What the program asks of applicants and this one is not.
fn not_fulfilled(program: &Program, facts: &CaseFacts) -> Vec<Refusal> {
    let check = program.check_form(APPLICATION, &Map::new(), None, facts);
    let about_them = check.faults.into_iter().filter(|fault| APPLICANT_FAULTS.contains(&fault.code.as_str()));
    about_them.map(|fault| Refusal { path: None, ..fault.into() }).collect()
}

impl Service {
    /// What the program asks of applicants and this business is not, each with its explanation; empty when it may apply.
    ///
    /// # Errors
    /// `NotFound` for a program or business that is not there for the viewer; `Refused` when there is no call.
    pub async fn eligibility(&self, viewer: &Viewer, program: &str, business: Uuid) -> Result<Vec<Refusal>> {
        if !viewer.person.memberships.contains(&business) {
            return Err(Error::NotFound);
        }
        let fixed = self.fix();
        let business = self.reader().business(business).await?.ok_or(Error::NotFound)?;
        let (version, case) = self.new_case(program, business, day_in_japan(fixed.now), &fixed).await?;
        let application = Application {
            municipality: self.municipality_named(&case.municipality).await?,
            stored_version: case.program_hash.clone(),
            case,
            program: version.program,
            program_version: version.version,
            closed: version.closed,
            assignee: None,
            received_at: None,
            updated_at: fixed.now,
            created_at: fixed.now,
        };
        let ids = fixed.ids();
        let case = &application.case;
        let granted = self.reader().granted(case.business.id, &case.program, case.id, &[]).await?;
        let world = World { granted, ..fixed.world(&application, BTreeMap::new(), &ids) };
        let mut refusals = not_fulfilled(&application.program, &casework::case_facts(&world, case));
        refusals.extend(casework::check_limits(&world, case).err().unwrap_or_default());
        Ok(refusals)
    }

    /// What the business has handed in for that program in the fiscal year of its present call and is not over, the newest
    /// first.
    ///
    /// # Errors
    /// `NotFound` for a business that the viewer does not act for.
    pub async fn under_way(
        &self,
        viewer: &Viewer,
        program: &ProgramVersion,
        business: Uuid,
    ) -> Result<Vec<Application>> {
        if !viewer.person.memberships.contains(&business) {
            return Err(Error::NotFound);
        }
        let call = program.calls.iter().find(|call| call.open);
        let businesses = [business];
        let query = store::ListQuery {
            scope: store::Scope::Businesses(&businesses),
            filter: store::ListFilter {
                program: Some(program.program.name().to_owned()),
                fiscal_year: call.map(|call| call.fiscal_year.0),
                ..store::ListFilter::default()
            },
            order: store::ListOrder::Updated,
            after: None,
            first: MOST_UNDER_WAY,
        };
        let found = self.page(self.reader().list(&query).await?).await?.items;
        let is_under_way = |application: &Application| {
            application.received_at.is_some()
                && application.program.state(&application.case.state).is_some_and(|state| !state.kind.is_end())
        };
        Ok(found.into_iter().map(|(_, application)| application).filter(is_under_way).collect())
    }

    /// As [`Service::eligibility`], for whoever has not registered a business, or any other one.
    #[must_use]
    pub fn quick_check(&self, program: &Program, applicant: ApplicantFacts) -> Vec<Refusal> {
        not_fulfilled(program, &CaseFacts::of_applicant(applicant, self.today()))
    }
}
