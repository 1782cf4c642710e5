//! Time and identifiers that a test decides.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use uuid::{Builder, Uuid};
use vocabulary::{Clock, Ids, Instant, to_microseconds};

/// Stands still until it is told to move. Clones share the same time.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<Instant>>);

impl FakeClock {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(to_microseconds(now))))
    }

    /// # Panics
    /// When the text is not an instant such as `2026-04-01T09:00:00+09:00`.
    #[must_use]
    pub fn at(text: &str) -> Self {
        Self::new(text.parse().unwrap_or_else(|error| panic!("`{text}` is not an instant: {error}")))
    }

    pub fn set(&self, now: Instant) {
        *self.time() = to_microseconds(now);
    }

    /// Backwards too: a real clock may be set back.
    pub fn advance(&self, by: TimeDelta) {
        let mut time = self.time();
        *time = to_microseconds(*time + by);
    }

    fn time(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nine in the morning of the first day of fiscal year 2026.
impl Default for FakeClock {
    fn default() -> Self {
        Self::at("2026-04-01T09:00:00+09:00")
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        *self.time()
    }
}

/// The same identifiers and secrets in the same order for the same seed. Clones continue one sequence.
#[derive(Clone, Debug)]
pub struct SeededIds(Arc<Sequence>);

#[derive(Debug)]
struct Sequence {
    seed: u32,
    ids: AtomicU64,
    secrets: AtomicU64,
}

impl SeededIds {
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self(Arc::new(Sequence { seed, ids: AtomicU64::new(1), secrets: AtomicU64::new(1) }))
    }
}

impl Default for SeededIds {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Ids for SeededIds {
    /// A well-formed version 7: the place in the sequence stands where the milliseconds would.
    fn next(&self) -> Uuid {
        let place = self.0.ids.fetch_add(1, Ordering::Relaxed);
        let mut rest = [0; 10];
        // The front of the rest is where version and variant are written.
        rest[6..].copy_from_slice(&self.0.seed.to_be_bytes());
        Builder::from_unix_timestamp_millis(place, &rest).into_uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let place = self.0.secrets.fetch_add(1, Ordering::Relaxed);
        let digest = vocabulary::digest(format!("seed {}, secret {place}", self.0.seed).as_bytes());
        std::array::from_fn(|index| u8::from_str_radix(&digest[2 * index..2 * index + 2], 16).expect("hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_clock_moves_only_when_told_and_for_every_holder() {
        let clock = FakeClock::default();
        let held_elsewhere = clock.clone();
        assert_eq!(clock.now().to_rfc3339(), "2026-04-01T00:00:00+00:00");
        clock.advance(TimeDelta::days(1));
        assert_eq!(held_elsewhere.now().to_rfc3339(), "2026-04-02T00:00:00+00:00");
        clock.set("2026-05-31T23:59:59.123456789+09:00".parse().unwrap());
        assert_eq!(held_elsewhere.now().to_rfc3339(), "2026-05-31T14:59:59.123456+00:00");
    }

    #[test]
    fn identifiers_increase_and_repeat_for_the_same_seed() {
        let take = |seed| {
            let ids = SeededIds::new(seed);
            (0..300).map(|_| ids.next()).collect::<Vec<_>>()
        };
        let ids = take(7);
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(ids, take(7));
        let of_all_seeds: HashSet<_> = [7, 8, u32::MAX].into_iter().flat_map(take).collect();
        assert_eq!(of_all_seeds.len(), 900);
    }

    #[test]
    fn secrets_differ_and_repeat_for_the_same_seed() {
        let ids = SeededIds::new(1);
        let (first, second) = (ids.secret(), ids.clone().secret());
        assert_ne!(first, second);
        let again = SeededIds::new(1);
        assert_eq!([again.secret(), again.secret()], [first, second]);
        assert_ne!(SeededIds::new(2).secret(), first);
    }
}
