//! The real `hojokin`, run as a child of the test and never left behind.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use vocabulary::Clock as _;

/// As [`built`].
///
/// # Panics
/// When there is none.
#[must_use]
pub fn path() -> PathBuf {
    built().expect("no `hojokin`: set HOJOKIN_BIN, or `cargo build -p server` first")
}

/// `HOJOKIN_BIN`, which `cargo xtask test` sets, else the one beside this test.
#[must_use]
pub fn built() -> Option<PathBuf> {
    if let Some(path) = env::var_os("HOJOKIN_BIN").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let test = env::current_exe().ok()?;
    test.parent().and_then(Path::parent).map(|folder| folder.join("hojokin")).filter(|path| path.is_file())
}

/// A command that knows nothing of the environment around the test.
#[must_use]
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HOJOKIN_")) {
        command.env_remove(name);
    }
    command
}

/// What a command said, and how it ended.
#[derive(Clone, Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs it to its end.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn run(arguments: &[&str]) -> Said {
    command(arguments).output().expect("hojokin runs").into()
}

/// Lets `serve --development` in this data folder go on at that time.
///
/// # Panics
/// When the folder cannot be written to.
pub fn set_clock(data: &Path, now: vocabulary::Instant) {
    let ahead = (now - server::adapters::SystemClock.now()).num_seconds();
    let made = serde_json::json!({
        "accounts": [], "applications": [], "bank_file": null, "clock_ahead_seconds": ahead,
    });
    fs::write(data.join("demo.json"), made.to_string()).expect("a file in the data folder");
}

/// `hojokin serve`, killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it on a free port and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready; with what it said.
    #[must_use]
    pub fn start(database: &str, data: &Path) -> Self {
        /// Of 20 ms each.
        const PATIENCE: usize = 3_000;
        let address = free_address();
        let log = data.join("log");
        let stderr = fs::File::options().create(true).append(true).open(&log).expect("a log");
        let listen = address.to_string();
        let data_folder = data.display().to_string();
        let child =
            command(&["serve", "--development", "--database", database, "--data", &data_folder, "--listen", &listen])
                .stdout(Stdio::null())
                .stderr(stderr)
                .spawn()
                .expect("hojokin starts");
        let mut server = Self { child, address };
        for _ in 0..PATIENCE {
            if server.is_ready() {
                return server;
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                panic!("hojokin ended with {status}: {}", tail(&log));
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("hojokin does not get ready: {}", tail(&log));
    }

    fn is_ready(&self) -> bool {
        let url = format!("http://{}/health/ready", self.address);
        // A thread of its own: the blocking client may not be used on an async one.
        thread::spawn(move || reqwest::blocking::get(url).is_ok_and(|answer| answer.status().is_success()))
            .join()
            .unwrap_or(false)
    }

    /// `kill -9`; returns when the process is gone.
    ///
    /// # Panics
    /// When it had ended by itself before.
    pub fn kill(&mut self) {
        let ended = self.child.try_wait().expect("a child");
        assert!(ended.is_none(), "hojokin had ended by itself: {ended:?}");
        self.child.kill().expect("a signal");
        self.child.wait().expect("an end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

fn tail(log: &Path) -> String {
    let lines: Vec<String> = fs::File::open(log)
        .map(|file| BufReader::new(file).lines().map_while(Result::ok).collect())
        .unwrap_or_default();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
