//! A PostgreSQL server that goes away and comes back under the feet of those who use it.

use std::process::Command;

use crate::throwaway::{ThrowawayPostgres, as_server_user, binary};

/// Where the server's data are and who starts it.
#[derive(Debug)]
pub struct Outage {
    folder: String,
}

impl Outage {
    /// Of a server that runs.
    ///
    /// # Panics
    /// When the server does not answer.
    #[must_use]
    pub fn of(server: &ThrowawayPostgres) -> Self {
        let psql = binary("psql").expect("psql");
        let output =
            Command::new(psql).args(["-XAtc", "SHOW data_directory", server.url()]).output().expect("psql runs");
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(!folder.is_empty(), "the server does not say where its data are");
        Self { folder }
    }

    /// Everything is cut at once, as by a loss of power.
    ///
    /// # Panics
    /// When the server does not stop.
    pub fn begin(&self) {
        self.pg_ctl(&["-m", "immediate", "-w", "stop"]);
    }

    /// Returns when the server answers again.
    ///
    /// # Panics
    /// When it does not.
    pub fn end(&self) {
        let log = format!("{}/../log", self.folder);
        self.pg_ctl(&["-l", &log, "-w", "-t", "60", "start"]);
    }

    fn pg_ctl(&self, arguments: &[&str]) {
        let program = binary("pg_ctl").expect("pg_ctl");
        // Not `output()`: the server would inherit the pipe and keep it open.
        let status = as_server_user(&program)
            .args(["-D", &self.folder])
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "pg_ctl {arguments:?}");
    }
}
