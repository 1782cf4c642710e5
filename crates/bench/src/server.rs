//! The real server as a process of its own, and what the system says of it.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::http::Connection;

/// Ends when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to the first `200` of `/health/ready`.
    pub ready_after: Duration,
}

/// What a process has used up to now.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub cpu: Duration,
    /// KiB, at most so far.
    pub peak_memory: u64,
}

/// A server that takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(30);
/// `/proc` counts in hundredths of a second on Linux, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

impl Server {
    /// As in production, but without the worker: it would send the mails of what is measured.
    pub async fn start(program: &Path, database: &str, folder: &Path, connections: u32) -> Outcome<Self> {
        let address = free_address()?;
        let log = File::create(folder.join("server.log")).map_err(|error| format!("no log for the server: {error}"))?;
        let began = Instant::now();
        let child = Command::new(program)
            .args(["serve", "--no-worker", "--database", database, "--data"])
            .arg(folder)
            .args(["--listen", &address.to_string(), "--max-connections", &connections.to_string()])
            .env_remove("HOJOKIN_DEVELOPMENT")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let mut server = Self { child, address, ready_after: Duration::ZERO };
        loop {
            if let Ok(mut connection) = Connection::open(address, "nobody").await
                && let Ok((200, _)) = connection.get("/health/ready").await
            {
                server.ready_after = began.elapsed();
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
                return Err(format!("the server ended ({status}): {log}"));
            }
            if began.elapsed() > PATIENCE {
                return Err("the server does not become ready".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn usage(&self) -> Outcome<Usage> {
        let read = |name: &str| {
            let path = format!("/proc/{}/{name}", self.child.id());
            std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
        };
        let cpu = cpu_of(&read("stat")?).ok_or("/proc/…/stat is not as expected")?;
        let peak_memory = peak_of(&read("status")?).ok_or("/proc/…/status is not as expected")?;
        Ok(Usage { cpu, peak_memory })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> Outcome<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| format!("no free port on 127.0.0.1: {error}"))
}

/// User and system time; the name in parentheses may hold anything.
fn cpu_of(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TICK * (user + system))
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_understood() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 4 0";
        assert_eq!(cpu_of(stat), Some(Duration::from_secs(3)));
        assert_eq!(peak_of("VmPeak:\t  9 kB\nVmHWM:\t  1234 kB\n"), Some(1234));
    }
}
