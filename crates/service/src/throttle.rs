//! Limits on guessing: a bucket for each address and each account, kept by this process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use vocabulary::Instant;

/// Tries that may come at once, and the seconds that earn one more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub burst: u32,
    pub seconds_per_try: i64,
}

/// Who guesses from one place waits.
pub(crate) const PER_ADDRESS: Limit = Limit { burst: 10, seconds_per_try: 60 };
/// Generous, so that nobody can lock another person out.
pub(crate) const PER_ACCOUNT: Limit = Limit { burst: 100, seconds_per_try: 10 };

/// Forgets the fullest buckets beyond this many.
const MOST_BUCKETS: usize = 20_000;

#[derive(Default)]
pub(crate) struct Throttle {
    /// Key → the instant at which the bucket is full again.
    full_at: Mutex<HashMap<String, Instant>>,
}

impl Throttle {
    /// Takes one try, or says how many seconds to wait.
    pub fn take(&self, key: &str, limit: Limit, now: Instant) -> Result<(), u64> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MOST_BUCKETS {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let cost = TimeDelta::seconds(limit.seconds_per_try);
        let capacity = TimeDelta::seconds(limit.seconds_per_try * i64::from(limit.burst));
        let full_at = buckets.get(key).copied().unwrap_or(now).max(now) + cost;
        if full_at - now > capacity {
            let wait = (full_at - now - capacity).num_seconds() + 1;
            return Err(u64::try_from(wait).unwrap_or(1));
        }
        buckets.insert(key.to_owned(), full_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_a_minute() {
        let throttle = Throttle::default();
        let start = vocabulary::start_of_day(vocabulary::parse_day("2026-04-01").unwrap());
        for _ in 0..PER_ADDRESS.burst {
            assert!(throttle.take("a", PER_ADDRESS, start).is_ok());
        }
        assert!(throttle.take("a", PER_ADDRESS, start).is_err());
        assert!(throttle.take("b", PER_ADDRESS, start).is_ok());
        assert!(throttle.take("a", PER_ADDRESS, start + TimeDelta::seconds(60)).is_ok());
        assert!(throttle.take("a", PER_ADDRESS, start + TimeDelta::seconds(60)).is_err());
    }
}
