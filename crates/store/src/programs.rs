//! Municipalities, published programs and their calls. A published version never changes; a new one is a new row.

use chrono::NaiveDate;
use program::definition::{Municipality, Name, Target};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant};

use crate::entity::{call, municipality, program_event, program_version};
use crate::error::Result;
use crate::reader::Reader;
use crate::row::{Columns, from_json, from_word, json, word};
use crate::sql;
use crate::unit::Tx;

/// A version of a program as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedProgram {
    /// SHA-256 of `canonical`.
    pub hash: String,
    /// `<municipality>/<slug>`
    pub program: String,
    pub municipality: Name,
    /// Counts the versions of the program from 1.
    pub version: i32,
    /// Takes no applications any more; running cases go on.
    pub closed: bool,
    /// The definition; `program::from_canonical` reads it.
    pub canonical: String,
    pub title: Bilingual,
    pub published_at: Instant,
}

/// A version without its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionNamed {
    pub hash: String,
    /// Counts the versions of the program from 1.
    pub version: i32,
    /// Takes no applications any more; running cases go on.
    pub closed: bool,
    pub published_at: Instant,
}

/// Something that happened to a version, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramEvent {
    pub kind: ProgramEventKind,
    pub at: Instant,
    /// None when it was done by whoever runs the installation.
    pub actor: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgramEventKind {
    Published,
    Closed,
}

/// 募集: a program in a fiscal year, for a window of time.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCall {
    pub id: Uuid,
    pub program: String,
    pub fiscal_year: FiscalYear,
    pub window: Name,
    pub opens: NaiveDate,
    /// The last day.
    pub closes: Option<NaiveDate>,
    /// None where the program gives no money.
    pub budget_line: Option<Uuid>,
    pub target: Option<Target>,
    /// 定員; any number of places when absent.
    pub capacity: Option<i64>,
    /// Places that cases have taken; [`Tx::put_call`] leaves it as it is.
    pub taken: i64,
    pub carry_over: Option<Bilingual>,
}

impl StoredCall {
    /// The first part of the program's name.
    #[must_use]
    pub fn municipality(&self) -> &str {
        self.program.split('/').next().unwrap_or_default()
    }
}

const PUBLISHED: &str = "published";
pub const CLOSED: &str = "closed";

fn published(row: program_version::Model) -> PublishedProgram {
    PublishedProgram {
        hash: row.hash,
        program: row.program,
        municipality: row.municipality,
        version: row.version,
        closed: row.status == CLOSED,
        canonical: row.canonical,
        title: Bilingual::new(row.title_ja, row.title_en),
        published_at: row.published_at,
    }
}

fn stored_call(row: call::Model) -> Result<StoredCall> {
    Ok(StoredCall {
        id: row.id,
        program: row.program,
        fiscal_year: FiscalYear(row.fiscal_year),
        window: row.call_window,
        opens: row.opens,
        closes: row.closes,
        budget_line: row.budget_line,
        target: row.target.map(|target| from_json("call", &target)).transpose()?,
        capacity: row.capacity,
        taken: row.taken,
        carry_over: row.carry_over.map(|words| from_json("call", &words)).transpose()?,
    })
}

impl Reader {
    /// By name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn municipalities(&self) -> Result<Vec<Municipality>> {
        let rows = municipality::Entity::find().order_by_asc(municipality::Column::Name).all(&self.db()).await?;
        rows.iter().map(|row| from_json("municipality", &row.definition)).collect()
    }

    /// What a municipality says of itself, and which revision that is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn municipality(&self, name: &str) -> Result<Option<(Municipality, i64)>> {
        let row = municipality::Entity::find_by_id(name).one(&self.db()).await?;
        row.map(|row| Ok((from_json("municipality", &row.definition)?, row.revision))).transpose()
    }

    /// Another one each time that the municipality has said something else of itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn municipality_revision(&self, name: &str) -> Result<Option<i64>> {
        let row = self.one(sql::MUNICIPALITY_REVISION, vec![name.into()]).await?;
        row.map(|row| Columns::of(&row).take()).transpose()
    }

    /// # Errors
    /// When the database fails.
    pub async fn program_by_hash(&self, hash: &str) -> Result<Option<PublishedProgram>> {
        Ok(program_version::Entity::find_by_id(hash).one(&self.db()).await?.map(published))
    }

    /// The newest version, or the one that is asked for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn program(&self, program: &str, version: Option<i32>) -> Result<Option<PublishedProgram>> {
        use program_version::Column;
        let mut query = program_version::Entity::find().filter(Column::Program.eq(program));
        if let Some(version) = version {
            query = query.filter(Column::Version.eq(version));
        }
        Ok(query.order_by_desc(Column::Version).one(&self.db()).await?.map(published))
    }

    /// The newest version of every program, of one municipality or of all, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn programs(&self, municipality: Option<&str>) -> Result<Vec<PublishedProgram>> {
        use program_version::Column;
        let mut query = program_version::Entity::find();
        if let Some(municipality) = municipality {
            query = query.filter(Column::Municipality.eq(municipality));
        }
        let rows = query.order_by_asc(Column::Program).order_by_desc(Column::Version).all(&self.db()).await?;
        let mut newest: Vec<PublishedProgram> = rows.into_iter().map(published).collect();
        newest.dedup_by(|later, first| later.program == first.program);
        Ok(newest)
    }

    /// All versions of a program, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn program_versions(&self, program: &str) -> Result<Vec<VersionNamed>> {
        self.versions(program, None).await
    }

    /// # Errors
    /// When the database fails.
    pub async fn newest_version(&self, program: &str) -> Result<Option<VersionNamed>> {
        Ok(self.versions(program, Some(1)).await?.into_iter().next())
    }

    async fn versions(&self, program: &str, limit: Option<u64>) -> Result<Vec<VersionNamed>> {
        use program_version::Column;
        let query = program_version::Entity::find()
            .select_only()
            .columns([Column::Hash, Column::Version, Column::Status, Column::PublishedAt])
            .filter(Column::Program.eq(program))
            .order_by_desc(Column::Version)
            .limit(limit);
        let rows: Vec<(String, i32, String, Instant)> = query.into_tuple().all(&self.db()).await?;
        let named = |(hash, version, status, published_at): (String, i32, String, Instant)| VersionNamed {
            hash,
            version,
            closed: status == CLOSED,
            published_at,
        };
        Ok(rows.into_iter().map(named).collect())
    }

    /// What happened to a version, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn program_events(&self, hash: &str) -> Result<Vec<ProgramEvent>> {
        use program_event::Column;
        let query = program_event::Entity::find().filter(Column::ProgramHash.eq(hash));
        let rows = query.order_by_asc(Column::At).order_by_desc(Column::Kind).all(&self.db()).await?;
        let event = |row: program_event::Model| {
            Ok(ProgramEvent { kind: from_word("program_event", &row.kind)?, at: row.at, actor: row.actor })
        };
        rows.into_iter().map(event).collect()
    }

    /// Newest first; of one program or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calls(&self, program: Option<&str>) -> Result<Vec<StoredCall>> {
        let mut query = call::Entity::find();
        if let Some(program) = program {
            query = query.filter(call::Column::Program.eq(program));
        }
        let rows = query
            .order_by_asc(call::Column::Program)
            .order_by_desc(call::Column::Opens)
            .order_by_asc(call::Column::CallWindow)
            .all(&self.db())
            .await?;
        rows.into_iter().map(stored_call).collect()
    }

    /// # Errors
    /// When the database fails.
    pub async fn call(&self, id: Uuid) -> Result<Option<StoredCall>> {
        call::Entity::find_by_id(id).one(&self.db()).await?.map(stored_call).transpose()
    }
}

impl Tx<'_> {
    /// # Errors
    /// [`crate::StoreError::Unique`] when another municipality has the code.
    pub async fn put_municipality(&self, definition: &Municipality) -> Result<()> {
        let name = definition.municipality.as_str().into();
        let values = vec![name, definition.code.as_str().into(), json(definition)?.into()];
        self.run(sql::PUT_MUNICIPALITY, values).await?;
        Ok(())
    }

    /// Adds a version, numbered after the newest. The same definition again changes nothing and returns the version it
    /// has.
    ///
    /// # Errors
    /// [`crate::StoreError::Unique`] when two are published at once; ask again.
    pub async fn publish_program(&self, new: &NewProgram<'_>) -> Result<PublishedProgram> {
        if let Some(known) = self.program_by_hash(new.hash).await? {
            return Ok(known);
        }
        let newest = self.program(new.program, None).await?;
        let published = PublishedProgram {
            hash: new.hash.to_owned(),
            program: new.program.to_owned(),
            municipality: new.program.split('/').next().unwrap_or_default().to_owned(),
            version: newest.map_or(1, |newest| newest.version + 1),
            closed: false,
            canonical: new.canonical.to_owned(),
            title: new.title.clone(),
            published_at: new.now,
        };
        let row = program_version::ActiveModel {
            hash: Set(published.hash.clone()),
            program: Set(published.program.clone()),
            municipality: Set(published.municipality.clone()),
            version: Set(published.version),
            status: Set(PUBLISHED.to_owned()),
            canonical: Set(published.canonical.clone()),
            title_ja: Set(published.title.ja.clone()),
            title_en: Set(published.title.en.clone()),
            published_at: Set(published.published_at),
        };
        program_version::Entity::insert(row).exec_without_returning(&self.db()).await?;
        self.note_program(new.hash, ProgramEventKind::Published, new.now, new.actor).await?;
        Ok(published)
    }

    /// Closes a version for new applications, for good. Returns whether it was open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_program(&self, hash: &str, now: Instant, actor: Option<Uuid>) -> Result<bool> {
        let update = program_version::Entity::update_many()
            .col_expr(program_version::Column::Status, Expr::value(CLOSED))
            .filter(program_version::Column::Hash.eq(hash))
            .filter(program_version::Column::Status.eq(PUBLISHED));
        let was_open = update.exec(&self.db()).await?.rows_affected == 1;
        if was_open {
            self.note_program(hash, ProgramEventKind::Closed, now, actor).await?;
        }
        Ok(was_open)
    }

    async fn note_program(&self, hash: &str, kind: ProgramEventKind, at: Instant, actor: Option<Uuid>) -> Result<()> {
        let row = program_event::ActiveModel {
            program_hash: Set(hash.to_owned()),
            kind: Set(word(&kind)?),
            at: Set(at),
            actor: Set(actor),
        };
        program_event::Entity::insert(row).exec_without_returning(&self.db()).await?;
        Ok(())
    }

    /// Makes the call of a program, year and window, or changes its days, line and target. Returns the id it has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_call(&self, call: &StoredCall) -> Result<Uuid> {
        use call::Column;
        let row = call::ActiveModel {
            id: Set(call.id),
            program: Set(call.program.clone()),
            fiscal_year: Set(call.fiscal_year.0),
            call_window: Set(call.window.clone()),
            opens: Set(call.opens),
            closes: Set(call.closes),
            budget_line: Set(call.budget_line),
            target: Set(call.target.as_ref().map(json).transpose()?),
            capacity: Set(call.capacity),
            taken: Set(0),
            carry_over: Set(call.carry_over.as_ref().map(json).transpose()?),
        };
        let on_conflict = OnConflict::columns([Column::Program, Column::FiscalYear, Column::CallWindow])
            .update_columns([
                Column::Opens,
                Column::Closes,
                Column::BudgetLine,
                Column::Target,
                Column::Capacity,
                Column::CarryOver,
            ])
            .to_owned();
        let stored = call::Entity::insert(row).on_conflict(on_conflict).exec_with_returning(&self.db()).await?;
        Ok(stored.id)
    }
}

/// A definition to be published.
#[derive(Clone, Copy, Debug)]
pub struct NewProgram<'a> {
    pub hash: &'a str,
    pub program: &'a str,
    pub canonical: &'a str,
    pub title: &'a Bilingual,
    pub now: Instant,
    /// None for whoever runs the installation.
    pub actor: Option<Uuid>,
}
