//! Dates and times as people write them, in the form that date and time fields take.

use super::text::fold;

const MONTHS: &str = "january|february|march|april|may|june|july|august|september|october|november|december";

/// "3 May 2026", "May 3rd, 2026", "2026-5-3" and "03.05.2026" as "2026-05-03". Not "03/05/2026", which is another day
/// in the United States.
pub(super) fn date(written: &str) -> Option<String> {
    let folded = fold(written);
    let words: Vec<&str> = folded.split(' ').filter(|word| *word != "of" && *word != "the").collect();
    let [first, second, third] = words.as_slice() else { return None };
    let (year, month, day) = match (month(first), month(second)) {
        (None, Some(month)) => (number(third)?, month, number(first)?),
        (Some(month), None) => (number(third)?, month, number(second)?),
        _ if first.len() == 4 => (number(first)?, number(second)?, number(third)?),
        _ if written.contains('.') => (number(third)?, number(second)?, number(first)?),
        _ => return None,
    };
    let sound = (1000..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    sound.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// "2:30 pm", "2 pm" and "14:30" as "14:30".
pub(super) fn time(written: &str) -> Option<String> {
    let lower = written.trim().to_lowercase();
    let (clock, half) = match lower.strip_suffix("pm").map(|clock| (clock, Some(12))) {
        Some(clock) => clock,
        None => lower.strip_suffix("am").map_or((lower.as_str(), None), |clock| (clock, Some(0))),
    };
    let (hours, minutes) = clock.trim().split_once([':', '.']).unwrap_or((clock.trim(), "00"));
    if (half.is_none() && !clock.contains(':')) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let hours = match half {
        Some(half) if (1..=12).contains(&hours) => hours % 12 + half,
        Some(_) => return None,
        None => hours,
    };
    (hours < 24 && minutes < 60).then(|| format!("{hours:02}:{minutes:02}"))
}

fn month(word: &str) -> Option<u32> {
    let at = MONTHS.split('|').position(|name| word.len() >= 3 && name.starts_with(word))?;
    u32::try_from(at + 1).ok()
}

fn number(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    (digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unambiguous_dates_are_parsed() {
        let cases = [
            ("3 May 2026", Some("2026-05-03")),
            ("May 3rd, 2026", Some("2026-05-03")),
            ("the 3rd of May 2026", Some("2026-05-03")),
            ("2026-5-3", Some("2026-05-03")),
            ("03.05.2026", Some("2026-05-03")),
            ("24 Dec 2026", Some("2026-12-24")),
            ("03/05/2026", None),
            ("41 May 2026", None),
            ("May 2026", None),
            ("", None),
        ];
        for (written, expected) in cases {
            assert_eq!(date(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn times_are_parsed_in_12_and_24_hour_notation() {
        let cases = [
            ("14:30", Some("14:30")),
            ("2:30 pm", Some("14:30")),
            ("2pm", Some("14:00")),
            ("12 am", Some("00:00")),
            ("9:05", Some("09:05")),
            ("25:00", None),
            ("noon", None),
            ("14", None),
        ];
        for (written, expected) in cases {
            assert_eq!(time(written).as_deref(), expected, "{written}");
        }
    }
}
