//! Which failures may pass, and how long to wait before trying again.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use agent::ports::{ModelError, ModelName, Notices};

use super::settings::CallLimits;

/// Why an attempt brought no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// The same call would fail in the same way.
    Final(ModelError),
    /// The same call may succeed later, as soon as the server says if it does.
    Passing { error: ModelError, retry_after: Option<Duration> },
}

impl Fault {
    pub(super) fn passing(error: ModelError) -> Self {
        Self::Passing { error, retry_after: None }
    }

    /// The fault that a status other than 2xx means with every provider. `detail` is asked for where the provider's
    /// own words help.
    pub(super) fn of_status(
        status: u16,
        retry_after: Option<Duration>,
        name: &ModelName,
        detail: impl FnOnce() -> String,
    ) -> Self {
        let ModelName { provider, model } = name.clone();
        match status {
            401 | 403 => Self::Final(ModelError::Unauthorized { provider, model }),
            404 => Self::Final(ModelError::UnknownModel { provider, model }),
            413 => Self::Final(ModelError::ContextTooLong { provider, model }),
            408 => Self::Passing { error: ModelError::TimedOut { provider }, retry_after },
            429 => Self::Passing { error: ModelError::RateLimited { provider, retry_after }, retry_after },
            500 | 502 | 503 | 504 | 529 => {
                Self::Passing { error: ModelError::Unavailable { provider, status }, retry_after }
            }
            501.. => Self::Final(ModelError::Unavailable { provider, status }),
            _ => Self::Final(ModelError::Rejected { provider, model, detail: detail() }),
        }
    }
}

/// Makes attempts until one succeeds, one fails for good, or the limits are used up. Whoever waits is told before each
/// wait. No wait goes beyond the deadline.
pub(super) async fn retrying<T, F>(
    limits: &CallLimits,
    deadline: Option<Instant>,
    notices: &dyn Notices,
    mut attempt: impl FnMut() -> F,
) -> Result<T, ModelError>
where
    F: Future<Output = Result<T, Fault>>,
{
    let mut tried = 1;
    loop {
        let (error, asked) = match attempt().await {
            Ok(value) => return Ok(value),
            Err(Fault::Final(error)) => return Err(error),
            Err(Fault::Passing { error, retry_after }) => (error, retry_after),
        };
        // Coming back earlier than asked only prolongs a limit, so a wait that is too long is not begun.
        if tried >= limits.max_attempts || asked.is_some_and(|asked| asked > limits.backoff_cap) {
            return Err(error);
        }
        let wait = wait_after(tried, asked, limits);
        if deadline.is_some_and(|deadline| Instant::now() + wait >= deadline) {
            return Err(error);
        }
        tried += 1;
        notices.notice(format!("{error}, trying again {} ({tried} of {})", in_seconds(wait), limits.max_attempts));
        tokio::time::sleep(wait).await;
    }
}

/// The wait after the given number of attempts: what the server asked, else a random part of a doubling time, so that
/// runs which failed together do not come back together.
fn wait_after(tried: u32, asked: Option<Duration>, limits: &CallLimits) -> Duration {
    if let Some(asked) = asked {
        return asked;
    }
    let doubled = limits.backoff_base.saturating_mul(2_u32.saturating_pow(tried - 1));
    doubled.min(limits.backoff_cap).mul_f64(fastrand::f64())
}

fn in_seconds(wait: Duration) -> String {
    let tenths = wait.as_millis().div_ceil(100);
    match (tenths / 10, tenths % 10) {
        (0, 0) => "at once".to_owned(),
        (seconds, 0) => format!("in {seconds} s"),
        (seconds, tenth) => format!("in {seconds}.{tenth} s"),
    }
}

/// A `Retry-After` header: seconds, or a date. A date that has passed asks for no wait.
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
    struct Told(Mutex<Vec<String>>);

    impl Notices for Told {
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

    fn limited(retry_after: Option<u64>) -> Fault {
        let name = ModelName { provider: "openai".into(), model: "m".into() };
        Fault::of_status(429, retry_after.map(Duration::from_secs), &name, String::new)
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_asks_is_waited_to_the_second_and_told_before() {
        let (told, attempts, begin) = (Told::default(), Cell::new(0), Instant::now());
        let answer = retrying(&limits(), None, &told, async || {
            attempts.set(attempts.get() + 1);
            if attempts.get() == 3 { Ok("there") } else { Err(limited(Some(2))) }
        })
        .await;
        assert_eq!(answer, Ok("there"));
        assert_eq!(begin.elapsed(), Duration::from_secs(4));
        assert_eq!(
            *told.0.lock().unwrap(),
            [
                "openai limits the rate of calls, trying again in 2 s (2 of 4)",
                "openai limits the rate of calls, trying again in 2 s (3 of 4)"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_after_the_attempts_and_tells_the_last_error() {
        let (told, attempts, begin) = (Told::default(), Cell::new(0), Instant::now());
        let answer: Result<(), _> = retrying(&limits(), None, &told, async || {
            attempts.set(attempts.get() + 1);
            Err(limited(None))
        })
        .await;
        assert_eq!(answer, Err(ModelError::RateLimited { provider: "openai".into(), retry_after: None }));
        assert_eq!((attempts.get(), told.0.lock().unwrap().len()), (4, 3));
        assert!(begin.elapsed() <= Duration::from_secs(1 + 2 + 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_the_cap_is_not_begun() {
        let (told, begin) = (Told::default(), Instant::now());
        let answer: Result<(), _> = retrying(&limits(), None, &told, async || Err(limited(Some(21)))).await;
        let retry_after = Some(Duration::from_secs(21));
        assert_eq!(answer, Err(ModelError::RateLimited { provider: "openai".into(), retry_after }));
        assert_eq!((begin.elapsed(), told.0.lock().unwrap().len()), (Duration::ZERO, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let (told, attempts, begin) = (Told::default(), Cell::new(0), Instant::now());
        let deadline = Some(begin + Duration::from_secs(5));
        let answer: Result<(), _> = retrying(&limits(), deadline, &told, async || {
            attempts.set(attempts.get() + 1);
            Err(limited(Some(3)))
        })
        .await;
        assert!(matches!(answer, Err(ModelError::RateLimited { .. })));
        assert_eq!((attempts.get(), begin.elapsed()), (2, Duration::from_secs(3)));
        assert_eq!(told.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn waits_double_up_to_the_cap_and_spread_over_their_whole_length() {
        let limits = limits();
        for (tried, longest) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 20), (40, 20), (u32::MAX, 20)] {
            let waits: Vec<_> = (0..200).map(|_| wait_after(tried, None, &limits)).collect();
            let longest = Duration::from_secs(longest);
            assert!(waits.iter().all(|wait| *wait <= longest), "after {tried}");
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
    fn a_wait_is_told_in_seconds() {
        for (millis, told) in [(0, "at once"), (1, "in 0.1 s"), (400, "in 0.4 s"), (2000, "in 2 s"), (2350, "in 2.4 s")]
        {
            assert_eq!(in_seconds(Duration::from_millis(millis)), told);
        }
    }
}
