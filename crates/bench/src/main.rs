//! How fast `hojokin` is, end to end, beside what the database alone could do in the same run on the same machine.
//!
//! Everything is local and thrown away: a fresh PostgreSQL database on the given server, a SQLite file in a temporary
//! folder, and the real server as a process on 127.0.0.1.

mod actions;
mod database;
mod http;
mod lists;
mod load;
mod pages;
mod replay;
mod report;
mod server;
mod wire;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use actions::Stage;
use database::Database;
use report::{Acts, Report};
use server::Server;
use world::World;

pub type Outcome<T = ()> = Result<T, String>;

/// Measures hojokin against a server of PostgreSQL and against SQLite.
#[derive(Debug, Parser)]
#[command(name = "hojokin-bench")]
struct Options {
    /// A server on which databases may be made and left: a throwaway one.
    #[arg(long, value_name = "URL")]
    postgres_url: String,
    /// The program `pgbench`; `psql` is looked for beside it.
    #[arg(long, value_name = "PATH", default_value = "pgbench")]
    pgbench: PathBuf,
    /// The program `hojokin`; the one beside this program when absent.
    #[arg(long, value_name = "PATH")]
    hojokin: Option<PathBuf>,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Parts: a (receive, with b on PostgreSQL), b, c (submit), d (lists), e (grants on one budget line), f (pages).
    #[arg(long, value_delimiter = ',', default_value = "a,b,c,d,e,f")]
    only: Vec<char>,
    /// Engines.
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    engines: Vec<String>,
    /// Clients at once; at most 16.
    #[arg(long, value_delimiter = ',', default_value = "1,8,16")]
    clients: Vec<usize>,
    /// Sizes of the table for lists and pages, growing.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000")]
    sizes: Vec<u64>,
    /// Turns that (a) and (b) take; the seconds are divided among them.
    #[arg(long, default_value_t = 2)]
    rounds: u32,
    /// Connections of the server to the database at most.
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Where the figures go.
    #[arg(long, value_name = "PATH", default_value = "target/bench.json")]
    json: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(run(&options)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Outcome {
    if options.clients.iter().any(|clients| !(1..=world::APPLICANTS).contains(clients)) {
        return Err(format!("there are 1 to {} clients", world::APPLICANTS));
    }
    let beside = std::env::current_exe().map_err(|error| error.to_string())?.with_file_name("hojokin");
    let program = options.hojokin.clone().unwrap_or(beside);
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut report = Report::default();
    for engine in &options.engines {
        // One name for one run, so that a server can be used again.
        let name = format!("bench_{}", std::process::id());
        let database = |suffix: &str| {
            let name = format!("{name}_{suffix}");
            match engine.as_str() {
                "postgres" => Database::postgres(&options.postgres_url, &options.pgbench, &name).map(Some),
                "sqlite" => Ok(Database::sqlite(folder.path(), &name)),
                other => Err(format!("`{other}` is neither postgres nor sqlite")),
            }
        };
        if ['a', 'b', 'c', 'e'].iter().any(|part| options.only.contains(part)) {
            match database("acts")? {
                Some(database) => acts(options, &program, folder.path(), &database, &mut report).await?,
                None => report.note("SQLite is left out: the program sqlite3 is not installed"),
            }
        }
        if ['d', 'f'].iter().any(|part| options.only.contains(part)) {
            match database("lists")? {
                Some(database) => lists(options, &program, folder.path(), &database, &mut report).await?,
                None => report.note("lists and pages on SQLite are left out: the program sqlite3 is not installed"),
            }
        }
    }
    println!("{}", report.text());
    let text = format!("{:#}\n", report.json());
    if let Some(parent) = options.json.parent() {
        std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    }
    std::fs::write(&options.json, text).map_err(|error| format!("{}: {error}", options.json.display()))
}

async fn found(database: &Database) -> Outcome<World> {
    step(&format!("{}: a municipality, its people, 20,000 businesses", database.name()));
    let world = World::make(database).await?;
    lists::found_businesses(database).await?;
    Ok(world)
}

/// (a), (b), (c), (e).
async fn acts(options: &Options, program: &Path, folder: &Path, database: &Database, report: &mut Report) -> Outcome {
    let world = found(database).await?;
    let mut stage = Stage {
        database,
        world: &world,
        program,
        folder,
        time: Duration::from_secs(options.seconds.max(1)),
        rounds: options.rounds.max(1),
        connections: options.connections,
        cases: 0,
    };
    let is_asked = |parts: &[char]| parts.iter().any(|part| options.only.contains(part));
    let heard = database.is_postgres() && is_asked(&['a', 'b', 'c']);
    let mut acts = Acts::of(database, if heard { Some(stage.listen().await?) } else { None });
    let server = stage.serve().await?;
    acts.ready_ms = server.ready_after.as_secs_f64() * 1000.0;
    for clients in options.clients.iter().filter(|_| is_asked(&['a', 'b'])) {
        step(&format!("{}: receive at {clients} clients", database.name()));
        let replay = acts.heard.as_ref().filter(|_| is_asked(&['b']));
        let replay = replay.map(|heard| (options.pgbench.as_path(), &heard.script));
        acts.received.push(stage.receive(&server, *clients, replay).await?);
    }
    for clients in options.clients.iter().filter(|_| is_asked(&['c'])) {
        step(&format!("{}: submit at {clients} clients", database.name()));
        acts.submitted.push(stage.submit(&server, *clients).await?);
    }
    for clients in options.clients.iter().filter(|_| is_asked(&['e'])) {
        step(&format!("{}: grants on one line at {clients} clients", database.name()));
        acts.granted.push(stage.grant(&server, *clients).await?);
    }
    acts.peak_memory = server.usage()?.peak_memory;
    report.acts.push(acts);
    Ok(())
}

/// (d), (f)
async fn lists(options: &Options, program: &Path, folder: &Path, database: &Database, report: &mut Report) -> Outcome {
    let world = found(database).await?;
    let now = world::present()?;
    let mut from = 1;
    let mut sizes = options.sizes.clone();
    sizes.sort_unstable();
    for size in sizes {
        step(&format!("{}: a table of {size} applications", database.name()));
        lists::fill(database, &world, now, from, size)?;
        from = size + 1;
        let server = Server::start(program, &database.url, folder, options.connections).await?;
        if options.only.contains(&'d') {
            step(&format!("{}: its lists", database.name()));
            let listed = lists::measure(&server, database, &world, size, Duration::from_secs(options.seconds)).await?;
            report.listed(database, listed, server.ready_after, server.usage()?.peak_memory);
        }
        if options.only.contains(&'f') {
            step(&format!("{}: its pages", database.name()));
            report.visited(database, size, pages::measure(&server, database, &world, size).await?);
        }
    }
    Ok(())
}

fn step(what: &str) {
    eprintln!("… {what}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }
}
