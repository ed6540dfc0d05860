//! The forms of values: how each is parsed, and how the documentation and errors describe it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use parse_size::Config as SizeConfig;
use url::Url;

use super::ConfigError;

/// Anything longer is a mistake, and adding it to a clock could overflow.
const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 3600);

/// How a value is written.
pub(super) struct Form<T> {
    /// What a value must be: "a whole number from 1 to 9".
    pub(super) expected: String,
    parse: Box<dyn Fn(&str) -> Option<T>>,
}

impl<T: 'static> Form<T> {
    pub(super) fn new(expected: impl Into<String>, parse: impl Fn(&str) -> Option<T> + 'static) -> Self {
        Self { expected: expected.into(), parse: Box::new(parse) }
    }

    /// Narrows the form to some of its values.
    pub(super) fn filter(self, expected: impl Into<String>, accepts: impl Fn(&T) -> bool + 'static) -> Self {
        Self::new(expected, move |raw| (self.parse)(raw).filter(&accepts))
    }
}

impl<T> Form<T> {
    /// The error names the variable and never repeats the value, which may be a secret.
    pub(super) fn parse(&self, variable: &'static str, raw: &str, example: &str) -> Result<T, ConfigError> {
        (self.parse)(raw).ok_or_else(|| {
            let example = if example.is_empty() { String::new() } else { format!(", for example {example}") };
            ConfigError::Invalid { variable, expected: format!("{}{example}", self.expected) }
        })
    }
}

/// Seconds (`90`, `1.5`), or numbers with units (`250ms`, `10m`, `1h30m`).
pub(super) fn duration() -> Form<Duration> {
    let parse = |raw: &str| match raw.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(raw).ok(),
    };
    Form::new("a duration", parse).filter("a duration", |duration| *duration <= MAX_DURATION)
}

/// As [`duration`], and not zero.
pub(super) fn nonzero_duration() -> Form<Duration> {
    duration().filter("a duration above zero", |duration| !duration.is_zero())
}

/// As [`nonzero_duration`], up to `most`.
pub(super) fn duration_up_to(most: Duration) -> Form<Duration> {
    let expected = format!("a duration above zero and up to {}", humantime::format_duration(most));
    nonzero_duration().filter(expected, move |duration| *duration <= most)
}

/// Bytes, or a number with a unit; all units are powers of 1024 (`512KiB`, `2G`).
pub(super) fn size(range: RangeInclusive<u64>) -> Form<u64> {
    let shown = |bytes: &u64| match bytes.trailing_zeros() {
        0..10 | 64 => bytes.to_string(),
        10..20 => format!("{}KiB", bytes >> 10),
        20..30 => format!("{}MiB", bytes >> 20),
        30..40 => format!("{}GiB", bytes >> 30),
        40.. => format!("{}TiB", bytes >> 40),
    };
    let expected = format!("a size from {} to {}", shown(range.start()), shown(range.end()));
    Form::new(expected, move |raw| {
        // The crate would round a fraction of a byte.
        let is_fraction = raw.contains('.') && raw.ends_with(|last: char| last.is_ascii_digit());
        let size = SizeConfig::new().with_binary().parse_size(raw).ok();
        size.filter(|size| !is_fraction && range.contains(size))
    })
}

/// A whole number.
pub(super) fn integer<T: FromStr + PartialOrd + Display + 'static>(range: RangeInclusive<T>) -> Form<T> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    Form::new(expected, move |raw| raw.parse().ok().filter(|number| range.contains(number)))
}

/// A fraction above 0 and up to 1, written as a percentage: `85%`, or `85`.
pub(super) fn percentage() -> Form<f64> {
    Form::new("a percentage above 0% and up to 100%", |raw| {
        let percent: f64 = raw.strip_suffix('%').unwrap_or(raw).trim_end().parse().ok()?;
        Some(percent / 100.0).filter(|fraction| *fraction > 0.0 && *fraction <= 1.0)
    })
}

pub(super) fn flag() -> Form<bool> {
    Form::new("true or false", |raw| match raw.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    })
}

/// One of a few names, in any case.
pub(super) fn choice<T: Copy + 'static, const N: usize>(choices: [(&'static str, T); N]) -> Form<T> {
    let names = choices.map(|(name, _)| name);
    let (last, others) = names.split_last().expect("a choice has names");
    Form::new(format!("{} or {last}", others.join(", ")), move |raw| {
        choices.iter().find(|(name, _)| raw.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    })
}

pub(super) fn http_url() -> Form<Url> {
    Form::new("an http or https URL", |raw| Url::parse(raw).ok().filter(|url| matches!(url.scheme(), "http" | "https")))
}

/// A secret that can be sent in an HTTP header.
pub(super) fn key() -> Form<String> {
    Form::new("visible ASCII characters", |raw| raw.bytes().all(|byte| byte.is_ascii_graphic()).then(|| raw.to_owned()))
}

pub(super) fn path() -> Form<PathBuf> {
    Form::new("a path", |raw| Some(raw.into()))
}

pub(super) fn text() -> Form<String> {
    Form::new("text", |raw| Some(raw.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_or_numbers_with_units() {
        let parse = |raw| (duration().parse)(raw);
        for (raw, millis) in [
            ("90", 90_000),
            ("1.5", 1_500),
            ("0", 0),
            ("250ms", 250),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1m 30s", 90_000),
            ("1.5m", 90_000),
            ("2min", 120_000),
        ] {
            assert_eq!(parse(raw), Some(Duration::from_millis(millis)), "{raw}");
        }
        for raw in ["", "-1", "m", "10x", "1h30", "NaN", "inf", "1e300", "ten", "999999h"] {
            assert_eq!(parse(raw), None, "{raw}");
        }
        assert_eq!((nonzero_duration().parse)("0s"), None);
        assert_eq!((duration_up_to(Duration::from_secs(15)).parse)("16s"), None);
    }

    #[test]
    fn sizes_are_bytes_or_numbers_with_units() {
        let parse = |raw| (size(0..=1 << 40).parse)(raw);
        for (raw, bytes) in [("1048576", 1 << 20), ("512KiB", 512 << 10), ("2G", 2 << 30), ("1.5 mb", 3 << 19)] {
            assert_eq!(parse(raw), Some(bytes), "{raw}");
        }
        for raw in ["", "-1", "1.3", "2T", "x", "99999G"] {
            assert_eq!(parse(raw), None, "{raw}");
        }
        assert_eq!(size(1..=1 << 30).expected, "a size from 1 to 1GiB");
        assert_eq!(size(0..=32 << 20).expected, "a size from 0 to 32MiB");
        assert_eq!(size(0..=1 << 40).expected, "a size from 0 to 1TiB");
    }

    #[test]
    fn percentages_are_parts_of_a_whole() {
        let parse = |raw| (percentage().parse)(raw);
        assert_eq!((parse("85%"), parse("12.5 %"), parse("100")), (Some(0.85), Some(0.125), Some(1.0)));
        for raw in ["", "%", "0%", "-1", "101%", "NaN", "inf", "half"] {
            assert_eq!(parse(raw), None, "{raw}");
        }
    }
}
