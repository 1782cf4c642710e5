//! What is counted, and how it is shown to Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use poem::http::StatusCode;

/// Counters of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers by the first digit of their status.
    answers: [AtomicU64; 6],
    microseconds: AtomicU64,
    panics: AtomicU64,
}

impl Metrics {
    pub fn answered(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(counter) = self.answers.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(took, Ordering::Relaxed);
    }

    pub fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// As Prometheus reads it. `outbox`: how many wait, how many were given up.
    pub fn text(&self, outbox: Option<(u64, u64)>) -> String {
        let mut text = String::from("# HELP hojokin_http_requests_total Answered requests.\n");
        text.push_str("# TYPE hojokin_http_requests_total counter\n");
        for (class, counter) in self.answers.iter().enumerate().skip(1) {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(text, "hojokin_http_requests_total{{status=\"{class}xx\"}} {count}");
        }
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let errors = self.answers.get(5).map_or(0, load);
        let microseconds = load(&self.microseconds);
        let mut single = |name: &str, kind: &str, help: &str, value: String| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        };
        single("hojokin_http_errors_total", "counter", "Answers with a status of 500 or more.", errors.to_string());
        let seconds = format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
        single("hojokin_http_seconds_total", "counter", "Time spent on answers.", seconds);
        single("hojokin_panics_total", "counter", "Handlers that panicked.", load(&self.panics).to_string());
        if let Some((waiting, dead)) = outbox {
            single("hojokin_outbox_waiting", "gauge", "Jobs that wait in the outbox.", waiting.to_string());
            single("hojokin_outbox_dead", "gauge", "Jobs that were given up.", dead.to_string());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shown() {
        let metrics = Metrics::default();
        metrics.answered(StatusCode::OK, Duration::from_millis(1_500));
        metrics.answered(StatusCode::BAD_GATEWAY, Duration::ZERO);
        let text = metrics.text(Some((2, 1)));
        for line in [
            "hojokin_http_requests_total{status=\"2xx\"} 1",
            "hojokin_http_errors_total 1",
            "hojokin_http_seconds_total 1.500000",
            "hojokin_outbox_waiting 2",
            "hojokin_outbox_dead 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
