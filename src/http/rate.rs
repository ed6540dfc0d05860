//! Rate limit per caller: a token bucket each, full at first, one token per request, refilled within a minute.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::run::CallerId;

const MINUTE: Duration = Duration::from_secs(60);
/// Maximum number of callers with their own bucket. Further ones share that of callers without a name.
const MAX_CALLERS: usize = 10_000;

/// The buckets of all callers.
pub(super) struct Rate {
    /// Requests per caller and minute; none: no limit.
    per_minute: Option<NonZeroU32>,
    buckets: Mutex<HashMap<Option<CallerId>, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// As of `at`.
    tokens: f64,
    at: Instant,
}

impl Rate {
    pub(super) fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self { per_minute, buckets: Mutex::default() }
    }

    /// Counts a request, or returns the time until the next one is allowed.
    pub(super) fn take(&self, caller: Option<&CallerId>) -> Result<(), Duration> {
        let Some(most) = self.per_minute.map(|most| f64::from(most.get())) else { return Ok(()) };
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = caller.cloned();
        if !buckets.contains_key(&key) && buckets.len() >= MAX_CALLERS {
            // A full bucket is the same as a new one.
            buckets.retain(|_, bucket| bucket.filled(most, now).tokens < most);
            if buckets.len() >= MAX_CALLERS {
                key = None;
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: most, at: now });
        *bucket = bucket.filled(most, now);
        if bucket.tokens < 1.0 {
            return Err(MINUTE.mul_f64((1.0 - bucket.tokens) / most));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn filled(self, most: f64, now: Instant) -> Self {
        let new = most * now.saturating_duration_since(self.at).as_secs_f64() / MINUTE.as_secs_f64();
        Self { tokens: (self.tokens + new).min(most), at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_minute: u32) -> Rate {
        Rate::new(NonZeroU32::new(per_minute))
    }

    fn caller(name: &str) -> Option<CallerId> {
        Some(CallerId::parse(name.as_bytes()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_over_the_rate_limit_learns_when_to_retry() {
        let rate = rate(2);
        let (a, b) = (caller("a"), caller("b"));
        assert_eq!(rate.take(a.as_ref()), Ok(()));
        assert_eq!(rate.take(a.as_ref()), Ok(()));
        assert_eq!(rate.take(a.as_ref()), Err(Duration::from_secs(30)));
        assert_eq!(rate.take(b.as_ref()), Ok(()), "another caller has a bucket of its own");
        assert_eq!(rate.take(None), Ok(()));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(rate.take(a.as_ref()), Ok(()));
        assert_eq!(rate.take(a.as_ref()), Err(Duration::from_secs(30)));
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!((0..3).filter(|_| rate.take(a.as_ref()).is_ok()).count(), 2, "a long rest saves up no more");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_callers_are_forgotten_and_too_many_share_one_bucket() {
        let rate = rate(1);
        for n in 0..MAX_CALLERS {
            assert_eq!(rate.take(caller(&n.to_string()).as_ref()), Ok(()));
        }
        assert_eq!(rate.take(caller("one more").as_ref()), Ok(()));
        assert!(rate.take(caller("and another").as_ref()).is_err(), "both use the bucket of those without a name");
        assert_eq!(rate.buckets.lock().unwrap().len(), MAX_CALLERS + 1);
        tokio::time::advance(MINUTE).await;
        assert_eq!(rate.take(caller("later").as_ref()), Ok(()));
        assert_eq!(rate.buckets.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_no_request_is_counted() {
        let rate = Rate::new(None);
        assert!((0..1_000).all(|_| rate.take(None).is_ok()));
        assert!(rate.buckets.lock().unwrap().is_empty());
    }
}
