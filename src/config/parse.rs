//! How values are written. Each parser answers, on failure, what the value must be.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// Beyond this a duration is a mistake, and adding it to a clock would overflow.
const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 3600);

/// Seconds (`90`, `1.5`), or numbers with units (`250ms`, `10m`, `1h30m`).
pub(super) fn duration(raw: &str) -> Result<Duration, String> {
    parse_duration(raw)
        .filter(|duration| *duration <= MAX_DURATION)
        .ok_or_else(|| "a duration such as 90, 250ms or 10m".to_owned())
}

/// As [`duration`], and not zero.
pub(super) fn nonzero_duration(raw: &str) -> Result<Duration, String> {
    match duration(raw)? {
        Duration::ZERO => Err("a duration above zero".to_owned()),
        duration => Ok(duration),
    }
}

/// Bytes, or a number with a unit of 1024's powers (`512KiB`, `2G`).
pub(super) fn size(range: RangeInclusive<usize>) -> impl FnOnce(&str) -> Result<usize, String> {
    move |raw| {
        parse_size(raw).filter(|size| range.contains(size)).ok_or_else(|| {
            format!("a size in bytes, such as 1048576 or 512MiB, from {} to {}", range.start(), range.end())
        })
    }
}

pub(super) fn integer<T>(range: RangeInclusive<T>) -> impl FnOnce(&str) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + Display,
{
    move |raw| {
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        raw.parse().ok().filter(|number| range.contains(number)).ok_or_else(expected)
    }
}

/// A part of a whole, above 0 and at most 1, written in hundredths: `85%`, or `85`.
pub(super) fn percentage(raw: &str) -> Result<f64, String> {
    let number = raw.strip_suffix('%').unwrap_or(raw).trim_end().parse::<f64>().ok();
    let part = number.map(|hundredths| hundredths / 100.0).filter(|part| *part > 0.0 && *part <= 1.0);
    part.ok_or_else(|| "a percentage above 0% and up to 100%".to_owned())
}

pub(super) fn flag(raw: &str) -> Result<bool, String> {
    match raw.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

pub(super) fn choice<T: Copy>(choices: &[(&'static str, T)]) -> impl FnOnce(&str) -> Result<T, String> {
    move |raw| {
        let chosen = choices.iter().find(|(name, _)| raw.eq_ignore_ascii_case(name));
        let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" or ");
        chosen.map(|(_, value)| *value).ok_or_else(names)
    }
}

pub(super) fn http_url(raw: &str) -> Result<Url, String> {
    let url = Url::parse(raw).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "an http or https URL".to_owned())
}

/// A secret that can stand in an HTTP header.
pub(super) fn key(raw: &str) -> Result<String, String> {
    if raw.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(raw.to_owned())
    } else {
        Err("of visible ASCII characters".to_owned())
    }
}

pub(super) fn path(raw: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(raw))
}

pub(super) fn text(raw: &str) -> Result<String, String> {
    Ok(raw.to_owned())
}

fn parse_duration(raw: &str) -> Option<Duration> {
    if let Ok(seconds) = raw.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut total = Duration::ZERO;
    let mut rest = raw;
    loop {
        let (number, after) = split_number(rest)?;
        let end = after.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, following) = after.split_at(end);
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = following.trim_start();
        if rest.is_empty() {
            return Some(total);
        }
    }
}

fn parse_size(raw: &str) -> Option<usize> {
    let (number, unit) = split_number(raw)?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    let bytes = number * factor as f64;
    (bytes.fract() == 0.0).then_some(bytes as usize)
}

fn split_number(raw: &str) -> Option<(f64, &str)> {
    let end = raw.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(raw.len());
    let (number, rest) = raw.split_at(end);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_or_numbers_with_units() {
        for (raw, millis) in [
            ("90", 90_000),
            ("1.5", 1_500),
            ("0", 0),
            ("250ms", 250),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1m 30s", 90_000),
        ] {
            assert_eq!(duration(raw), Ok(Duration::from_millis(millis)), "{raw}");
        }
        for raw in ["", "-1", "m", "10x", "1h30", "NaN", "inf", "1e300", "ten", "999999h"] {
            assert!(duration(raw).is_err(), "{raw}");
        }
        assert!(nonzero_duration("0s").is_err());
    }

    #[test]
    fn sizes_are_bytes_or_numbers_with_units() {
        let size = |raw| super::size(0..=1 << 40)(raw);
        for (raw, bytes) in [("1048576", 1 << 20), ("512KiB", 512 << 10), ("2G", 2 << 30), ("1.5 mb", 3 << 19)] {
            assert_eq!(size(raw), Ok(bytes), "{raw}");
        }
        for raw in ["", "-1", "1.3", "2T", "x", "99999G"] {
            assert!(size(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn percentages_are_parts_of_a_whole() {
        assert_eq!((percentage("85%"), percentage("12.5 %"), percentage("100")), (Ok(0.85), Ok(0.125), Ok(1.0)));
        for raw in ["", "%", "0%", "-1", "101%", "NaN", "inf", "half"] {
            assert!(percentage(raw).is_err(), "{raw}");
        }
    }
}
