//! Which failures are retried, and after what delay.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use agent::ports::{ModelError, Notices};

use super::settings::CallLimits;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// Another attempt would fail the same way.
    Permanent(ModelError),
    /// Another attempt may succeed, after the delay that the server requests, if any.
    Transient { error: ModelError, retry_after: Option<Duration> },
}

impl AttemptError {
    pub(super) fn transient(error: ModelError) -> Self {
        Self::Transient { error, retry_after: None }
    }
}

/// Makes attempts until one succeeds or fails permanently, or the limits are used up. Each delay is reported to
/// `notices`. No delay extends beyond the deadline.
pub(super) async fn retry<T, F>(
    limits: &CallLimits,
    deadline: Option<Instant>,
    notices: &dyn Notices,
    mut attempt: impl FnMut() -> F,
) -> Result<T, ModelError>
where
    F: Future<Output = Result<T, AttemptError>>,
{
    let mut attempts = 1;
    loop {
        let (error, retry_after) = match attempt().await {
            Ok(value) => return Ok(value),
            Err(AttemptError::Permanent(error)) => return Err(error),
            Err(AttemptError::Transient { error, retry_after }) => (error, retry_after),
        };
        // Retrying earlier than requested would only prolong a rate limit.
        if attempts >= limits.max_attempts || retry_after.is_some_and(|delay| delay > limits.backoff_cap) {
            return Err(error);
        }
        let delay = retry_after.unwrap_or_else(|| backoff(attempts, limits));
        if deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
            return Err(error);
        }
        attempts += 1;
        notices.notice(format!("{error}, trying again {} ({attempts} of {})", in_seconds(delay), limits.max_attempts));
        tokio::time::sleep(delay).await;
    }
}

/// A random part of a delay that doubles with each attempt: calls that failed together are not retried together.
fn backoff(attempts: u32, limits: &CallLimits) -> Duration {
    let doubled = limits.backoff_base.saturating_mul(2_u32.saturating_pow(attempts - 1));
    doubled.min(limits.backoff_cap).mul_f64(fastrand::f64())
}

fn in_seconds(delay: Duration) -> String {
    let tenths = delay.as_millis().div_ceil(100);
    match (tenths / 10, tenths % 10) {
        (0, 0) => "at once".to_owned(),
        (seconds, 0) => format!("in {seconds} s"),
        (seconds, tenth) => format!("in {seconds}.{tenth} s"),
    }
}

/// Parses a `Retry-After` header: seconds, or a date. A date in the past means no delay.
pub(super) fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Recorded(Mutex<Vec<String>>);

    impl Notices for Recorded {
        fn notice(&self, message: String) {
            self.0.lock().unwrap().push(message);
        }
    }

    fn limits() -> CallLimits {
        CallLimits {
            max_attempts: 4,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(10),
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(20),
            max_response_bytes: 1024,
        }
    }

    fn limited(retry_after: Option<u64>) -> AttemptError {
        let retry_after = retry_after.map(Duration::from_secs);
        AttemptError::Transient {
            error: ModelError::RateLimited { provider: "openai".into(), retry_after },
            retry_after,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_delay_that_the_server_requests_is_kept_and_announced() {
        let (notices, attempts, begin) = (Recorded::default(), Cell::new(0), Instant::now());
        let answer = retry(&limits(), None, &notices, async || {
            attempts.set(attempts.get() + 1);
            if attempts.get() == 3 { Ok("there") } else { Err(limited(Some(2))) }
        })
        .await;
        assert_eq!(answer, Ok("there"));
        assert_eq!(begin.elapsed(), Duration::from_secs(4));
        assert_eq!(
            *notices.0.lock().unwrap(),
            [
                "openai limits the rate of calls, trying again in 2 s (2 of 4)",
                "openai limits the rate of calls, trying again in 2 s (3 of 4)"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_after_all_attempts_with_the_last_error() {
        let (notices, attempts, begin) = (Recorded::default(), Cell::new(0), Instant::now());
        let answer: Result<(), _> = retry(&limits(), None, &notices, async || {
            attempts.set(attempts.get() + 1);
            Err(limited(None))
        })
        .await;
        assert_eq!(answer, Err(ModelError::RateLimited { provider: "openai".into(), retry_after: None }));
        assert_eq!((attempts.get(), notices.0.lock().unwrap().len()), (4, 3));
        assert!(begin.elapsed() <= Duration::from_secs(1 + 2 + 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_above_the_cap_ends_the_attempts() {
        let (notices, begin) = (Recorded::default(), Instant::now());
        let answer: Result<(), _> = retry(&limits(), None, &notices, async || Err(limited(Some(21)))).await;
        let retry_after = Some(Duration::from_secs(21));
        assert_eq!(answer, Err(ModelError::RateLimited { provider: "openai".into(), retry_after }));
        assert_eq!((begin.elapsed(), notices.0.lock().unwrap().len()), (Duration::ZERO, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_beyond_the_deadline_ends_the_attempts() {
        let (notices, attempts, begin) = (Recorded::default(), Cell::new(0), Instant::now());
        let deadline = Some(begin + Duration::from_secs(5));
        let answer: Result<(), _> = retry(&limits(), deadline, &notices, async || {
            attempts.set(attempts.get() + 1);
            Err(limited(Some(3)))
        })
        .await;
        assert!(matches!(answer, Err(ModelError::RateLimited { .. })));
        assert_eq!((attempts.get(), begin.elapsed()), (2, Duration::from_secs(3)));
        assert_eq!(notices.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn delays_double_up_to_the_cap_with_full_jitter() {
        let limits = limits();
        for (attempts, longest) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 20), (40, 20), (u32::MAX, 20)] {
            let waits: Vec<_> = (0..200).map(|_| backoff(attempts, &limits)).collect();
            let longest = Duration::from_secs(longest);
            assert!(waits.iter().all(|wait| *wait <= longest), "after {attempts}");
            assert!(waits.iter().any(|wait| *wait < longest / 3) && waits.iter().any(|wait| *wait > longest * 2 / 3));
        }
    }

    #[test]
    fn a_retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Fri, 30 Jan 2026 12:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("Fri, 30 Jan 2026 12:00:30 GMT", Some(30)),
            ("Fri, 30 Jan 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(parse_retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn a_delay_is_announced_in_seconds() {
        for (millis, notices) in
            [(0, "at once"), (1, "in 0.1 s"), (400, "in 0.4 s"), (2000, "in 2 s"), (2350, "in 2.4 s")]
        {
            assert_eq!(in_seconds(Duration::from_millis(millis)), notices);
        }
    }
}
