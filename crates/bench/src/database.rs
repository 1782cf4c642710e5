//! The database under measurement, and rows in bulk: copies of what real acts have made, with identifiers that follow
//! from a number.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use uuid::Uuid;

use crate::Outcome;

/// Where the rows are, and the program that takes statements.
#[derive(Clone, Debug)]
pub struct Database {
    pub url: String,
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Postgres { psql: PathBuf },
    Sqlite { file: PathBuf },
}

/// Identifiers of PostgreSQL: the tag (three hexadecimal digits), then the number in twelve decimal digits.
pub struct Postgres;

impl Postgres {
    /// SQL for the identifier of the number that `number` says as text.
    pub fn id(tag: &str, number: &str) -> String {
        format!("('00000000-0000-7000-8{tag}-' || lpad({number}, 12, '0'))")
    }
}

/// Which rows are copied: the cases' own numbers, and what they belong to.
#[derive(Clone, Debug)]
pub struct Copies<'a> {
    pub template: Uuid,
    /// The number of the template, which its copies must not share.
    pub number: Option<&'a str>,
    pub from: u64,
    pub to: u64,
    pub business: String,
    /// The account whose draft is copied.
    pub drafted_by: Option<Uuid>,
}

/// Businesses of the load, besides those that were registered.
pub const BUSINESSES: u64 = 20_000;
pub const CASE: &str = "ca5";
const EVENT: &str = "e0e";
const SUBMISSION: &str = "5ab";
pub const BUSINESS: &str = "b00";
pub const CLERK: &str = "ace";

const CASE_COLUMNS: [&str; 25] = [
    "id",
    "number",
    "municipality",
    "program",
    "program_hash",
    "call",
    "fiscal_year",
    "business",
    "state",
    "state_kind",
    "waits_on",
    "attention",
    "assignee",
    "version",
    "received_at",
    "deadline_at",
    "next_clock_at",
    "received_sort",
    "deadline_sort",
    "updated_at",
    "created_at",
    "head_sequence",
    "head_hash",
    "head_at",
    "granted_yen",
];

impl Database {
    /// A fresh database on the server of `server_url`.
    pub fn postgres(server_url: &str, pgbench: &Path, name: &str) -> Outcome<Self> {
        let beside = pgbench.with_file_name("psql");
        let psql = if beside.is_file() { beside } else { PathBuf::from("psql") };
        let server = Self { url: server_url.to_owned(), engine: Engine::Postgres { psql } };
        server.run(&format!("CREATE DATABASE \"{name}\" TEMPLATE template0"))?;
        let (server_part, _) = server_url.rsplit_once('/').ok_or("the address names no database")?;
        Ok(Self { url: format!("{server_part}/{name}?sslmode=disable"), ..server })
    }

    /// None when the program that takes statements is missing.
    pub fn sqlite(folder: &Path, name: &str) -> Option<Self> {
        output(Command::new("sqlite3").arg("--version")).ok()?;
        let file = folder.join(format!("{name}.db"));
        Some(Self { url: format!("sqlite://{}?mode=rwc", file.display()), engine: Engine::Sqlite { file } })
    }

    pub const fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    pub const fn name(&self) -> &'static str {
        if self.is_postgres() { "PostgreSQL" } else { "SQLite" }
    }

    /// `host:port` of PostgreSQL.
    pub fn host(&self) -> Outcome<String> {
        let rest = self.url.split_once('@').map(|(_, rest)| rest).ok_or("the address names no user")?;
        Ok(rest.split('/').next().unwrap_or_default().to_owned())
    }

    /// The same database over another port of this machine.
    pub fn through(&self, address: std::net::SocketAddr) -> Outcome<String> {
        Ok(self.url.replace(&self.host()?, &address.to_string()))
    }

    /// What the statements answer, one value a line.
    pub fn run(&self, statements: &str) -> Outcome<String> {
        let mut command = match &self.engine {
            Engine::Postgres { psql } => {
                let mut command = Command::new(psql);
                command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", statements, &self.url]);
                command
            }
            Engine::Sqlite { file } => {
                let mut command = Command::new("sqlite3");
                command.args(["-bail", "-batch", "-cmd", ".timeout 10000"]).arg(file).arg(statements);
                command
            }
        };
        output(&mut command).map(|printed| printed.trim().to_owned())
    }

    pub fn number(&self, question: &str) -> Outcome<i64> {
        let answer = self.run(question)?;
        answer.parse().map_err(|_| format!("`{question}` answered `{answer}`"))
    }

    /// SQL for an identifier; `number` is SQL for a whole number.
    pub fn id(&self, tag: &str, number: &str) -> String {
        if self.is_postgres() {
            format!("CAST({} AS uuid)", Postgres::id(tag, &format!("CAST({number} AS text)")))
        } else {
            // Any sixteen bytes are an identifier; digits can be written without a function for it.
            format!("CAST('{tag}' || printf('%013d', {number}) AS BLOB)")
        }
    }

    /// The same, here.
    pub fn uuid(&self, tag: &str, number: u64) -> Uuid {
        if self.is_postgres() {
            format!("00000000-0000-7000-8{tag}-{number:012}").parse().unwrap_or_default()
        } else {
            Uuid::from_slice(format!("{tag}{number:013}").as_bytes()).unwrap_or_default()
        }
    }

    pub fn literal(&self, id: Uuid) -> String {
        if self.is_postgres() { format!("uuid '{id}'") } else { format!("x'{}'", id.simple()) }
    }

    /// SQL for rows `g.n`.
    pub fn series(&self, from: u64, to: u64) -> String {
        if self.is_postgres() {
            format!("generate_series({from}::bigint, {to}) AS g (n)")
        } else {
            format!(
                "(WITH RECURSIVE g (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM g WHERE n < {to}) SELECT n FROM g) \
                 AS g"
            )
        }
    }

    /// The number that a copied case has.
    pub fn case_number(number: &str) -> String {
        format!("('hino-b' || CAST({number} AS text))")
    }

    /// Copies a case with its history and submissions, and a draft where one is named.
    pub fn copy_cases(&self, copies: &Copies<'_>) -> Outcome {
        let template = self.literal(copies.template);
        let series = self.series(copies.from, copies.to);
        let case = self.id(CASE, "g.n");
        let (number, body) = match copies.number {
            Some(number) => {
                let own = Self::case_number("g.n");
                (own.clone(), format!("replace(a.body, '{number}', {own})"))
            }
            None => ("NULL".to_owned(), "a.body".to_owned()),
        };
        let selected: Vec<String> = CASE_COLUMNS
            .iter()
            .map(|column| match *column {
                "id" => case.clone(),
                "number" => number.clone(),
                "business" => copies.business.clone(),
                column => format!("a.{column}"),
            })
            .collect();
        let mut statements = format!(
            "INSERT INTO application ({}, body) SELECT {}, {body} FROM application a, {series} WHERE a.id = {template};",
            CASE_COLUMNS.join(", "),
            selected.join(", ")
        );
        let event = self.id(EVENT, "g.n * 16 + x.sequence");
        statements.push_str(&format!(
            "INSERT INTO event (id, application, sequence, at, actor, role, action, stage, from_state, to_state, facts, \
             previous, hash, comment) SELECT {event}, {case}, x.sequence, x.at, x.actor, x.role, x.action, x.stage, \
             x.from_state, x.to_state, x.facts, x.previous, x.hash, x.comment FROM event x, {series} \
             WHERE x.application = {template};"
        ));
        let submission = self.id(SUBMISSION, "g.n * 16 + x.sequence");
        statements.push_str(&format!(
            "INSERT INTO submission (id, application, form, sequence, at, submitted_by, field_values, documents, changes, \
             salt) SELECT {submission}, {case}, x.form, x.sequence, x.at, x.submitted_by, x.field_values, x.documents, \
             x.changes, x.salt FROM submission x, {series} WHERE x.application = {template};"
        ));
        if let Some(account) = copies.drafted_by {
            let account = self.literal(account);
            statements.push_str(&format!(
                "INSERT INTO draft (application, form, account, field_values, documents, saved_at) SELECT {case}, x.form, \
                 {account}, x.field_values, x.documents, x.saved_at FROM draft x, {series} \
                 WHERE x.application = {template};"
            ));
        }
        self.all_or_nothing(&statements)
    }

    pub fn all_or_nothing(&self, statements: &str) -> Outcome {
        // A statement of psql's -c is a transaction already.
        if self.is_postgres() {
            self.run(statements).map(drop)
        } else {
            self.run(&format!("BEGIN; {statements} COMMIT;")).map(drop)
        }
    }

    /// Begins every measurement alike: statistics are known, and nothing is left to be written to the tables.
    pub fn settle(&self) -> Outcome {
        if self.is_postgres() {
            self.run("ANALYZE")?;
            self.run("CHECKPOINT").map(drop)
        } else {
            self.run("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);").map(drop)
        }
    }
}

/// The standard output, or what the program complained about.
pub fn output(command: &mut Command) -> Outcome<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("`{program}` does not run: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(format!("`{program}` failed: {}", crate::http::shortened(&complaint)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_from_numbers() {
        let engine = Engine::Postgres { psql: PathBuf::new() };
        let postgres = Database { url: "postgres://me@127.0.0.1:5/x?sslmode=disable".to_owned(), engine };
        assert_eq!(postgres.uuid(CASE, 7).to_string(), "00000000-0000-7000-8ca5-000000000007");
        assert_eq!(postgres.host().unwrap(), "127.0.0.1:5");
        let other = postgres.through("127.0.0.1:6".parse().unwrap()).unwrap();
        assert_eq!(other, "postgres://me@127.0.0.1:6/x?sslmode=disable");
        let sqlite = Database { url: String::new(), engine: Engine::Sqlite { file: PathBuf::new() } };
        assert_eq!(sqlite.uuid(CASE, 7).as_bytes(), b"ca50000000000007");
    }
}
