//! One-time codes from a seed, as authenticator apps show them (RFC 6238: six digits, 30 s, SHA-1).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Builder, Secret};

/// A code with less time left is not typed any more: it takes a moment to reach the site.
const MIN_LEFT: Duration = Duration::from_secs(2);
const PERIOD: Duration = Duration::from_secs(30);

/// The seed of one-time codes. `Debug` does not print it.
#[derive(Debug, Clone)]
pub(super) struct TotpSeed {
    /// As it was given, without blanks, hyphens and padding, in upper case.
    base32: SecretString,
}

impl TotpSeed {
    /// Sites give 10 bytes (16 characters) and more.
    pub(super) const MIN_BYTES: usize = 10;
    pub(super) const MAX_BYTES: usize = 128;

    /// None if it is no base32 of a fitting length. Blanks and hyphens between groups, small letters and padding are fine.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let kept = raw.chars().filter(|character| !matches!(character, ' ' | '-'));
        let base32 = kept.collect::<String>().to_ascii_uppercase();
        let base32 = base32.trim_end_matches('=');
        let is_base32 = base32.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
        let bytes = Secret::try_from_base32(base32).ok().filter(|_| is_base32)?.as_bytes().len();
        let seed = (Self::MIN_BYTES..=Self::MAX_BYTES).contains(&bytes).then(|| base32.to_owned())?;
        Some(Self { base32: seed.into() })
    }

    pub(super) fn expose(&self) -> &str {
        self.base32.expose_secret()
    }

    /// The code of a moment.
    pub(super) fn code(&self, at: SystemTime) -> SecretString {
        let seed = Secret::try_from_base32(self.expose()).expect("it was parsed before");
        let totp = Builder::new().with_secret(seed).build_noncompliant();
        totp.generate(since_epoch(at).as_secs()).to_string().into()
    }
}

/// How long to wait until a code is valid for long enough; zero if it is now.
pub(super) fn wait_at(at: SystemTime) -> Duration {
    let into = Duration::from_nanos((since_epoch(at).as_nanos() % PERIOD.as_nanos()) as u64);
    let left = PERIOD - into;
    if left < MIN_LEFT { left } else { Duration::ZERO }
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    /// The last six digits of the test values in RFC 6238, appendix B, whose seed is 12345678901234567890.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for seed in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ==",
        ] {
            let seed = TotpSeed::parse(seed).unwrap();
            for (time, code) in [
                (59.0, "287082"),
                (1_111_111_109.0, "081804"),
                (1_111_111_111.0, "050471"),
                (1_234_567_890.0, "005924"),
                (2_000_000_000.0, "279037"),
                (20_000_000_000.0, "353130"),
            ] {
                assert_eq!(seed.code(at(time)).expose_secret(), code, "{time}");
            }
        }
    }

    #[test]
    fn a_code_that_ends_soon_waits_for_the_next() {
        for (time, wait) in [(0.0, 0), (28.0, 0), (28.5, 1_500), (59.75, 250), (60.0, 0)] {
            assert_eq!(wait_at(at(time)), Duration::from_millis(wait), "{time}");
        }
    }

    #[test]
    fn seeds_are_base32_of_ten_bytes_and_more() {
        assert!(TotpSeed::parse("JBSWY3DPEHPK3PXP").is_some());
        for seed in [
            "",
            "JBSWY3DPEHPK",
            "JBSWY3DPEHPK3PX1",
            "123456",
            "JBSWY3DP\nEHPK3PXP",
            &"A".repeat(210),
            "äbsway3dpehpk3pxp",
        ] {
            assert!(TotpSeed::parse(seed).is_none(), "{seed}");
        }
        assert!(!format!("{:?}", TotpSeed::parse("JBSWY3DPEHPK3PXP")).contains("JBSW"));
    }
}
