//! 公開: what businesses agreed to publish, for anybody. Nothing here goes through the views of applicants and staff, so
//! that whatever those show more of some day stays hidden.

use std::collections::{BTreeMap, BTreeSet};

use program::PublishedField;
use program::definition::Name;

use crate::desk::cursor;
use crate::service::Service;
use crate::view::{Application, Page};
use crate::{ApplicationFilter, ApplicationOrder, Error, Result};

/// What is public of one case: nothing that identifies who applied but what the program publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEntry {
    /// 受付番号, to be named in an enquiry.
    pub number: Option<String>,
    pub fields: Vec<PublishedField>,
}

impl Service {
    /// The cases of a program that are published now, the newest first. Whoever leaves the published state, to change
    /// the entry or for good, is not among them any more.
    ///
    /// # Errors
    /// `NotFound` for a program that is not published, `BadInput` for a cursor that is none.
    pub async fn registry(&self, program: &str, first: usize, after: Option<&str>) -> Result<Page<RegistryEntry>> {
        let after = after.map(cursor).transpose()?;
        let municipality = program.split('/').next().unwrap_or_default().to_owned();
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        let mut found = store::Page { rows: Vec::new(), has_next: false };
        for state in self.published_states(program).await? {
            let filter = ApplicationFilter {
                program: Some(program.to_owned()),
                state: Some(state),
                ..ApplicationFilter::default()
            };
            let query = store::ListQuery {
                scope: store::Scope::Municipalities(std::slice::from_ref(&municipality)),
                filter,
                order: ApplicationOrder::Received,
                after,
                first,
            };
            let page = self.reader().list(&query).await?;
            found.rows.extend(page.rows);
            found.has_next |= page.has_next;
        }
        found.rows.sort_by_key(|row| std::cmp::Reverse(row.cursor));
        let wanted = usize::try_from(first).unwrap_or(usize::MAX);
        found.has_next |= found.rows.len() > wanted;
        found.rows.truncate(wanted);
        let page = self.page(found).await?;
        let entries = page.items.into_iter().filter_map(|(at, application)| Some((at, self.entry(&application)?)));
        Ok(Page { items: entries.collect(), has_next: page.has_next })
    }

    /// In any of its versions: a case is in a state of the version that it is pinned to.
    async fn published_states(&self, program: &str) -> Result<BTreeSet<Name>> {
        let versions = self.reader().program_versions(program).await?;
        if versions.is_empty() {
            return Err(Error::NotFound);
        }
        let mut names = BTreeSet::new();
        for version in versions {
            let (program, _) = self.compiled(self.reader(), &version.hash).await?;
            let states = program.definition().archetype.states.iter();
            names.extend(states.filter(|(_, state)| state.published).map(|(name, _)| name.clone()));
        }
        Ok(names)
    }

    fn entry(&self, application: &Application) -> Option<RegistryEntry> {
        application.program.state(&application.case.state).filter(|state| state.published)?;
        let fixed = self.fix();
        let ids = fixed.ids();
        let world = fixed.world(application, BTreeMap::new(), &ids);
        let fields = application.program.published(&casework::case_facts(&world, &application.case))?;
        let number = application.case.body.numbers.get(casework::numbers::APPLICATION).cloned();
        Some(RegistryEntry { number, fields })
    }
}
