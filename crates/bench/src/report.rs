//! What was measured, as tables for people and as JSON for machines.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::actions::{Asked, Compared, Heard};
use crate::database::Database;
use crate::lists::Listed;
use crate::load::{Measured, round};
use crate::pages::Visited;

#[derive(Default)]
pub struct Report {
    pub acts: Vec<Acts>,
    lists: Vec<Lists>,
    pages: Vec<Pages>,
    notes: Vec<String>,
}

/// Acts on one engine.
pub struct Acts {
    engine: &'static str,
    pub heard: Option<Heard>,
    pub received: Vec<Compared>,
    pub submitted: Vec<Measured>,
    /// With the transactions that had to be tried again.
    pub granted: Vec<(Measured, Option<i64>)>,
    pub ready_ms: f64,
    /// KiB
    pub peak_memory: u64,
}

/// Lists on one engine at one size.
struct Lists {
    engine: &'static str,
    rows: Vec<Listed>,
    ready_ms: f64,
    peak_memory: u64,
}

/// Pages on one engine at one size.
struct Pages {
    engine: &'static str,
    size: u64,
    rows: Vec<Visited>,
}

impl Pages {
    fn text(&self, text: &mut String) {
        let _ = writeln!(text, "\n{}: pages at {} applications, with a session\n", self.engine, self.size);
        let _ = writeln!(text, "{:<26} {:>9} {:>9} {:>9} {:>9}", "page", "p50 ms", "p95 ms", "p99 ms", "bytes");
        for Visited { page, p50_ms, p95_ms, p99_ms, bytes } in &self.rows {
            let _ = writeln!(text, "{page:<26} {p50_ms:>9.2} {p95_ms:>9.2} {p99_ms:>9.2} {bytes:>9}");
        }
    }
}

impl Acts {
    pub fn of(database: &Database, heard: Option<Heard>) -> Self {
        Self {
            engine: database.name(),
            heard,
            received: Vec::new(),
            submitted: Vec::new(),
            granted: Vec::new(),
            ready_ms: 0.0,
            peak_memory: 0,
        }
    }

    fn text(&self, text: &mut String) {
        let _ = writeln!(text, "\n{}: actions over HTTP\n", self.engine);
        let _ = writeln!(
            text,
            "{:<36} {:>7} {:>9} {:>9} {:>9} {:>8} {:>9} {:>7} {:>7}",
            "", "clients", "per s", "p50 ms", "p99 ms", "CPU ms", "pgbench", "ms", "ratio"
        );
        let line = |what: &str, measured: &Measured, rest: &str| {
            let Measured { clients, per_second, p50_ms, p99_ms, cpu_ms, .. } = measured;
            format!("{what:<36} {clients:>7} {per_second:>9.0} {p50_ms:>9.2} {p99_ms:>9.2} {cpu_ms:>8.3}{rest}\n")
        };
        for Compared { served, replayed } in &self.received {
            let rest = replayed.map_or(String::new(), |replayed| {
                let ratio = served.per_second / replayed.per_second;
                format!(" {:>9.0} {:>7.2} {ratio:>7.2}", replayed.per_second, replayed.latency_ms)
            });
            text.push_str(&line("a receive (b: its statements alone)", served, &rest));
        }
        for measured in &self.submitted {
            text.push_str(&line("c save a draft, submit with documents", measured, ""));
        }
        for (measured, again) in &self.granted {
            let rest = again.map_or(String::new(), |again| format!("   {again} tried again"));
            text.push_str(&line("e grant, all on one budget line", measured, &rest));
        }
        for Asked { action, statements, round_trips, probes } in self.asked() {
            let _ = writeln!(
                text,
                "one {action}: {statements} statements in {round_trips} round trips, and {probes} probes of connections by the pool"
            );
        }
        let memory = f64::from(u32::try_from(self.peak_memory).unwrap_or(u32::MAX)) / 1024.0;
        let _ = writeln!(text, "server: {memory:.0} MiB at most under load, ready after {:.0} ms", self.ready_ms);
    }

    fn asked(&self) -> impl Iterator<Item = Asked> {
        self.heard.iter().flat_map(|heard| [heard.receive, heard.submit])
    }

    fn json(&self) -> Value {
        let received = self.received.iter().map(|Compared { served, replayed }| {
            let mut value = served.json();
            if let (Some(replayed), Some(value)) = (replayed, value.as_object_mut()) {
                value.insert("pgbenchPerSecond".to_owned(), json!(round(replayed.per_second)));
                value.insert("pgbenchLatencyMs".to_owned(), json!(round(replayed.latency_ms)));
                value.insert("ratio".to_owned(), json!(round(served.per_second / replayed.per_second)));
            }
            value
        });
        let granted = self.granted.iter().map(|(measured, again)| {
            let mut value = measured.json();
            if let (Some(again), Some(value)) = (again, value.as_object_mut()) {
                value.insert("triedAgain".to_owned(), json!(again));
            }
            value
        });
        let asked = self.asked().map(|Asked { action, statements, round_trips, probes }| {
            json!({ "action": action, "statements": statements, "roundTrips": round_trips, "probes": probes })
        });
        json!({
            "engine": self.engine,
            "receive": received.collect::<Vec<_>>(),
            "submit": self.submitted.iter().map(Measured::json).collect::<Vec<_>>(),
            "grant": granted.collect::<Vec<_>>(),
            "asked": asked.collect::<Vec<_>>(),
            "replayed": self.heard.as_ref().map(|heard| heard.script.text().lines().collect::<Vec<_>>()),
            "peakMemoryKib": self.peak_memory,
            "readyMs": round(self.ready_ms),
        })
    }
}

impl Report {
    pub fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    pub fn listed(&mut self, database: &Database, rows: Vec<Listed>, ready: Duration, peak_memory: u64) {
        let ready_ms = ready.as_secs_f64() * 1000.0;
        self.lists.push(Lists { engine: database.name(), rows, ready_ms, peak_memory });
    }

    pub fn visited(&mut self, database: &Database, size: u64, rows: Vec<Visited>) {
        self.pages.push(Pages { engine: database.name(), size, rows });
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for acts in &self.acts {
            acts.text(&mut text);
        }
        let mut engines: Vec<_> = self.lists.iter().map(|lists| lists.engine).collect();
        engines.dedup();
        for engine in engines {
            self.lists_of(engine, &mut text);
        }
        for pages in &self.pages {
            pages.text(&mut text);
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{note}");
        }
        text
    }

    fn lists_of(&self, engine: &str, text: &mut String) {
        let sizes: Vec<&Lists> = self.lists.iter().filter(|lists| lists.engine == engine).collect();
        let (Some(smallest), Some(largest)) = (sizes.first(), sizes.last()) else { return };
        let _ = writeln!(text, "\n{engine}: the first 20 of the staff's list, p50/p99 in ms at so many applications\n");
        let _ = write!(text, "{:<16} {:<9}", "filter", "order");
        for size in &sizes {
            let _ = write!(text, " {:>15}", size.rows.first().map_or(0, |row| row.size));
        }
        let _ = writeln!(text, " {:>7}", "ratio");
        for (index, (small, large)) in smallest.rows.iter().zip(&largest.rows).enumerate() {
            let _ = write!(text, "{:<16} {:<9}", small.filter, small.order.to_ascii_lowercase());
            for row in sizes.iter().filter_map(|size| size.rows.get(index)) {
                let _ = write!(text, " {:>15}", format!("{:.2}/{:.2}", row.p50_ms, row.p99_ms));
            }
            let _ = writeln!(text, " {:>7.2}", large.p99_ms / small.p99_ms);
        }
        for size in sizes {
            let memory = size.peak_memory / 1024;
            let rows = size.rows.first().map_or(0, |row| row.size);
            let _ = writeln!(text, "at {rows}: server {memory} MiB at most, ready after {:.0} ms", size.ready_ms);
        }
    }

    pub fn json(&self) -> Value {
        let lists = self.lists.iter().map(|lists| {
            json!({
                "engine": lists.engine, "readyMs": round(lists.ready_ms), "peakMemoryKib": lists.peak_memory,
                "lists": lists.rows.iter().map(Listed::json).collect::<Vec<_>>(),
            })
        });
        let pages = self.pages.iter().map(|pages| {
            json!({
                "engine": pages.engine, "applications": pages.size,
                "pages": pages.rows.iter().map(Visited::json).collect::<Vec<_>>(),
            })
        });
        json!({
            "pages": pages.collect::<Vec<_>>(),
            "actions": self.acts.iter().map(Acts::json).collect::<Vec<_>>(),
            "lists": lists.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}
