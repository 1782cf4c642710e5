//! A PostgreSQL server of one's own, in a temporary folder, gone with the process that started it.
//!
//! Hides where the server's programs are, that they refuse to run as root, and how the server ends when its owner is
//! interrupted: a watcher holds the other end of a pipe, and the pipe closes however the owner ends. Standard library
//! only, because `xtask` compiles this file too and must stay small.

use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

/// What the server is started for. Both keep `fsync` on, because `hojokin` refuses to run without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing has to survive the loss of the machine: fewer bytes are written.
    Tests,
    /// As durable as the server in production, so that what is measured is what one gets.
    Measurement,
}

impl Purpose {
    fn settings(self) -> &'static str {
        match self {
            Self::Tests => {
                "full_page_writes = off\nwal_level = minimal\nmax_wal_senders = 0\nmax_wal_size = 4GB\n\
                 checkpoint_timeout = 30min\n"
            }
            Self::Measurement => "",
        }
    }
}

/// The server stops, and its folder goes, when this is dropped or when the process ends, even by a signal.
#[derive(Debug)]
pub struct ThrowawayPostgres {
    url: String,
    _watcher: Watcher,
}

impl ThrowawayPostgres {
    /// # Errors
    /// When the server's programs are missing or fail; the text says what to do next.
    pub fn start(purpose: Purpose) -> Result<Self, String> {
        /// Another process may take the free port before the server does.
        const ATTEMPTS: usize = 5;

        let initdb = binary("initdb").ok_or("the PostgreSQL server is not installed; run `cargo xtask setup`")?;
        let pg_ctl = initdb.with_file_name("pg_ctl");
        let (watcher, folder) = Watcher::start(&pg_ctl)?;
        let data = folder.join("data");

        // No locale, so that text sorts by its bytes here as it does in SQLite.
        let options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--username=postgres", "--auth=trust"];
        run(as_server_user(&initdb).args(options).arg("--pgdata").arg(&data))?;

        let mut failure = String::new();
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let settings = format!(
                "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n\
                 fsync = on\nsynchronous_commit = on\nshared_buffers = 256MB\nmax_connections = 300\n{}",
                folder.display(),
                purpose.settings(),
            );
            fs::write(data.join("postgresql.auto.conf"), settings)
                .map_err(|error| format!("cannot configure the throwaway PostgreSQL: {error}"))?;
            let log = folder.join("log");
            let started =
                run(as_server_user(&pg_ctl).arg("-D").arg(&data).arg("-l").arg(&log).args(["-w", "-t", "60", "start"]));
            match started {
                Ok(_) => {
                    return Ok(Self {
                        url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
                        _watcher: watcher,
                    });
                }
                Err(error) => failure = format!("{error}\n{}", fs::read_to_string(&log).unwrap_or_default()),
            }
        }
        Err(format!("the throwaway PostgreSQL does not start: {failure}"))
    }

    /// Of the maintenance database, `postgres://postgres@127.0.0.1:PORT/postgres`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A program of PostgreSQL: of the newest server installed the Debian way, else from `PATH`.
#[must_use]
pub fn binary(name: &str) -> Option<PathBuf> {
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let mut installed: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|folder| version(folder).is_some()).collect())
        .unwrap_or_default();
    installed.sort_by_key(version);
    let path = env::var_os("PATH").unwrap_or_default();
    installed
        .into_iter()
        .rev()
        .map(|folder| folder.join("bin"))
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Creates an empty database on the server of `server_url` and returns its address. Safe to call from many at once.
///
/// # Errors
/// When `psql` is missing or the server refuses.
pub fn create_database(server_url: &str, name: &str) -> Result<String, String> {
    let psql = binary("psql").ok_or("`psql` is not installed; run `cargo xtask setup`")?;
    // template0 takes no connections, so nobody can be in the way of the copy.
    let statement = format!("CREATE DATABASE \"{name}\" TEMPLATE template0");
    run(Command::new(psql).args(["--no-psqlrc", "--quiet", "--command", &statement, server_url]))?;
    with_database(server_url, name).ok_or_else(|| format!("`{server_url}` is not the address of a database"))
}

/// The same address with another database in it.
fn with_database(url: &str, name: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, query) = rest.split_once('?').map_or((rest, String::new()), |(rest, query)| (rest, format!("?{query}")));
    let server = rest.split_once('/').map_or(rest, |(server, _)| server);
    Some(format!("{scheme}://{server}/{name}{query}"))
}

/// Makes the folder; stops the server and removes the folder once the pipe to it closes: on drop, or by the end of this
/// process.
#[derive(Debug)]
struct Watcher(Child);

impl Watcher {
    /// With the folder, which belongs to the user that runs the server.
    fn start(pg_ctl: &Path) -> Result<(Self, PathBuf), String> {
        // More than once, because a server that is just being made or started when its owner dies still writes.
        const SCRIPT: &str = r#"trap "" HUP INT TERM
folder=$(mktemp -d "$0/hojokin-postgres-XXXXXX") || exit 1
echo "$folder"
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$1" -D "$folder/data" -m immediate -w stop >&2
    rm -rf -- "$folder" && break
    sleep 1
done"#;
        // Root's own temporary folder may be closed to the user that runs the server.
        let parent = if is_root() { PathBuf::from("/tmp") } else { env::temp_dir() };
        let mut child = as_server_user(Path::new("sh"))
            .arg("-c")
            .arg(SCRIPT)
            .arg(&parent)
            .arg(pg_ctl)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A group of its own, so that Ctrl-C in the terminal does not reach it.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start a shell: {error}"))?;
        let mut folder = String::new();
        let read = child.stdout.take().map(|output| BufReader::new(output).read_line(&mut folder));
        match read {
            Some(Ok(1..)) => Ok((Self(child), PathBuf::from(folder.trim_end_matches('\n')))),
            _ => {
                let _ = child.wait();
                Err(format!(
                    "no folder can be made in {} by the user that runs PostgreSQL (as root: `postgres`)",
                    parent.display()
                ))
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port on 127.0.0.1: {error}"))
}

/// PostgreSQL refuses to run as root; Debian's package brings a user for it.
pub fn as_server_user(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The standard output, or a text that names the program and what it complained about.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("`{program}` is not installed"),
        _ => format!("`{program}` does not run: {error}"),
    })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_an_address_changes() {
        let changed = |url| with_database(url, "other");
        assert_eq!(changed("postgres://me@host:1/mine").as_deref(), Some("postgres://me@host:1/other"));
        assert_eq!(changed("postgres://me@host").as_deref(), Some("postgres://me@host/other"));
        assert_eq!(changed("postgres://h/a?sslmode=off").as_deref(), Some("postgres://h/other?sslmode=off"));
        assert_eq!(changed("host"), None);
    }

    #[test]
    fn the_server_is_durable_and_leaves_nothing_behind() {
        let server = ThrowawayPostgres::start(Purpose::Tests).unwrap();
        let ask = |question: &str| run(Command::new(binary("psql").unwrap()).args(["-XAtc", question, server.url()]));
        assert_eq!(ask("SHOW fsync").unwrap().trim(), "on");
        assert_eq!(ask("SHOW synchronous_commit").unwrap().trim(), "on");
        let folder = PathBuf::from(ask("SHOW unix_socket_directories").unwrap().trim());
        assert!(folder.is_dir());
        let url = server.url().to_owned();
        drop(server);
        assert!(!folder.exists());
        assert!(create_database(&url, "late").is_err());
    }
}
