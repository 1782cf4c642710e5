//! What programs are written as: the files of published versions, and the drafts of the next ones.

use std::collections::BTreeMap;

use sea_orm::Value;
use uuid::Uuid;
use vocabulary::Instant;

use crate::error::Result;
use crate::reader::Reader;
use crate::row::Columns;
use crate::sql;
use crate::unit::Tx;

/// The next version of a program as it is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProgramDraft {
    pub definition: String,
    pub scenarios: String,
    /// Counts the times that it was saved.
    pub revision: i64,
    pub saved_at: Instant,
    /// The name of whoever saved it last.
    pub saved_by: String,
}

/// A draft to be saved.
#[derive(Clone, Copy, Debug)]
pub struct NewProgramDraft<'a> {
    /// `<municipality>/<slug>`
    pub program: &'a str,
    pub definition: &'a str,
    pub scenarios: &'a str,
    /// The revision that it was made from; 0 when there was no draft.
    pub from_revision: i64,
    pub now: Instant,
    pub account: Uuid,
}

impl Reader {
    /// Path and text of the files that a version was made of, by path; none when they were not kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn program_sources(&self, hash: &str) -> Result<Vec<(String, String)>> {
        let rows = self.all(sql::PROGRAM_SOURCES, vec![hash.into()]).await?;
        let pair = |row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.take()?))
        };
        rows.iter().map(pair).collect()
    }

    /// # Errors
    /// When the database fails.
    pub async fn program_draft(&self, program: &str) -> Result<Option<StoredProgramDraft>> {
        let Some(row) = self.one(sql::PROGRAM_DRAFT, vec![program.into()]).await? else { return Ok(None) };
        let mut columns = Columns::of(&row);
        Ok(Some(StoredProgramDraft {
            definition: columns.take()?,
            scenarios: columns.take()?,
            revision: columns.take()?,
            saved_at: columns.take()?,
            saved_by: columns.take()?,
        }))
    }

    /// The names of the programs whose next version is being written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn programs_with_draft(&self) -> Result<Vec<String>> {
        let rows = self.all(sql::PROGRAMS_WITH_DRAFT, Vec::new()).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }

    /// How many cases of a program are under way on each of its versions, by hash; counted as far as `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running_by_version(&self, program: &str, most: u32) -> Result<BTreeMap<String, u32>> {
        let rows = self.all(sql::RUNNING_BY_VERSION, vec![program.into(), i64::from(most).into()]).await?;
        let pair = |row| {
            let mut columns = Columns::of(row);
            let hash = columns.take()?;
            Ok((hash, u32::try_from(columns.take::<i64>()?).unwrap_or(most)))
        };
        rows.iter().map(pair).collect()
    }
}

impl Tx<'_> {
    /// Keeps path and text of the files that a version was made of, unless it has some: they never change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_program_sources(&self, hash: &str, sources: &[(&str, &str)]) -> Result<()> {
        if !self.program_sources(hash).await?.is_empty() {
            return Ok(());
        }
        for (path, text) in sources {
            let sha256 = vocabulary::digest(text.as_bytes());
            self.run(sql::KEEP_DEFINITION_TEXT, vec![sha256.clone().into(), (*text).into()]).await?;
            self.run(sql::KEEP_PROGRAM_SOURCE, vec![hash.into(), (*path).into(), sha256.into()]).await?;
        }
        Ok(())
    }

    /// Returns whether it was saved: not when the draft is at another revision by now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_program_draft(&self, new: &NewProgramDraft<'_>) -> Result<bool> {
        let mut values: Vec<Value> =
            vec![new.program.into(), new.definition.into(), new.scenarios.into(), new.now.into(), new.account.into()];
        let changed = if new.from_revision == 0 {
            self.run(sql::BEGIN_PROGRAM_DRAFT, values).await?
        } else {
            values.push(new.from_revision.into());
            self.run(sql::CHANGE_PROGRAM_DRAFT, values).await?
        };
        Ok(changed == 1)
    }

    /// Returns whether it was there, at that revision.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_program_draft(&self, program: &str, revision: i64) -> Result<bool> {
        Ok(self.run(sql::DROP_PROGRAM_DRAFT, vec![program.into(), revision.into()]).await? == 1)
    }
}
