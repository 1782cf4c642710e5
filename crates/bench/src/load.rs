//! A closed loop: so many clients, each of which asks again as soon as it is answered.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Outcome;
use crate::server::Server;

/// What a loop of one kind of operation came to.
#[derive(Clone, Debug)]
pub struct Measured {
    pub clients: usize,
    pub operations: usize,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub cpu_ms: f64,
}

impl Measured {
    pub fn json(&self) -> Value {
        json!({
            "clients": self.clients, "operations": self.operations, "perSecond": round(self.per_second),
            "p50Ms": round(self.p50_ms), "p99Ms": round(self.p99_ms), "cpuMsPerOperation": round(self.cpu_ms),
        })
    }
}

pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// One client's operation, for its n-th turn; false when the client has nothing left to do.
pub type Turn<'a> = Pin<Box<dyn Future<Output = Outcome<bool>> + Send + 'a>>;

/// Somebody who asks again and again.
pub trait Client: Send + 'static {
    fn turn(&mut self) -> Turn<'_>;
}

/// Ends after `time`, or when every client has done all it had to do. The first failure ends it too.
pub async fn run<C: Client>(server: &Server, clients: Vec<C>, time: Duration) -> Outcome<Measured> {
    let count = clients.len();
    let before = server.usage()?;
    let began = Instant::now();
    let until = began + time;
    let mut loops = JoinSet::new();
    for client in clients {
        loops.spawn(one(client, until));
    }
    let mut taken = Vec::new();
    while let Some(times) = loops.join_next().await {
        taken.extend(times.map_err(|error| error.to_string())??);
    }
    let elapsed = began.elapsed();
    let cpu = server.usage()?.cpu.saturating_sub(before.cpu);
    taken.sort_unstable();
    let operations = taken.len();
    let per = f64::from(u32::try_from(operations.max(1)).unwrap_or(u32::MAX));
    Ok(Measured {
        clients: count,
        operations,
        per_second: per / elapsed.as_secs_f64(),
        p50_ms: percentile(&taken, 50),
        p99_ms: percentile(&taken, 99),
        cpu_ms: cpu.as_secs_f64() * 1000.0 / per,
    })
}

async fn one<C: Client>(mut client: C, until: Instant) -> Outcome<Vec<Duration>> {
    let mut taken = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= until || !client.turn().await? {
            return Ok(taken);
        }
        taken.push(asked.elapsed());
    }
}

/// Milliseconds, of times in order.
pub fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert!((percentile(&times, 50) - 50.0).abs() < 0.001);
        assert!((percentile(&times, 99) - 99.0).abs() < 0.001);
        assert!(percentile(&[], 99).abs() < 0.001);
    }
}
