//! What a caller lets a run type without letting its model read it: values under names, each for the origins that may
//! have it.
//!
//! Models and planners write `<secret>name</secret>`. The value takes its place in the browser alone, at the moment of
//! typing; on its way out of the browser, and everywhere else, the placeholder takes the value's place again.

mod apart;
mod decoding;
mod frayed;
mod mask;
mod masked;
mod masker;
mod origin;
mod patterns;
mod pieces;
mod walk;
mod writings;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::Origin;

pub use apart::apart;
pub use mask::Mask;
pub use masked::{MaskedModel, MaskedPage, MaskedReporter};
pub use masker::{Masker, mask_log_line};
pub use origin::{OriginPattern, OriginPatternError};

/// How a text is cut that is masked later: a masker looks for parts of values where it finds an ellipsis.

const OPEN: &str = "<secret>";
const CLOSE: &str = "</secret>";

/// What a placeholder calls a secret: 1 to 64 ASCII letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretName(String);

/// No name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name: 1 to {} ASCII letters, digits, '_', '.' and '-'", SecretName::MAX_LENGTH)]
pub struct SecretNameError;

impl SecretName {
    pub const MAX_LENGTH: usize = 64;

    pub fn parse(raw: &str) -> Result<Self, SecretNameError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let is_name = !raw.is_empty() && raw.len() <= Self::MAX_LENGTH && raw.bytes().all(is_plain);
        if is_name { Ok(Self(raw.to_owned())) } else { Err(SecretNameError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for the secret.
    fn placeholder(&self) -> String {
        format!("{OPEN}{}{CLOSE}", self.0)
    }
}

/// A value that is typed and never told. It does not print.
#[derive(Debug, Clone)]
pub struct SecretValue(SecretString);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretValueError {
    /// Whatever holds a letter or two would be masked everywhere: it would spoil the texts, and the gaps would tell it.
    #[error("fewer than {} characters apart from blanks", SecretValue::MIN_CHARS)]
    TooShort,
    #[error("more than {} bytes", SecretValue::MAX_BYTES)]
    TooLong,
    /// No field takes them, or they would be taken for keys.
    #[error("control characters or line breaks")]
    Control,
    #[error("a placeholder")]
    Placeholder,
}

impl SecretValue {
    pub const MIN_CHARS: usize = 4;
    pub const MAX_BYTES: usize = 1_024;

    pub fn parse(raw: &str) -> Result<Self, SecretValueError> {
        if raw.chars().filter(|c| !c.is_whitespace()).count() < Self::MIN_CHARS {
            Err(SecretValueError::TooShort)
        } else if raw.len() > Self::MAX_BYTES {
            Err(SecretValueError::TooLong)
        } else if raw.chars().any(char::is_control) {
            Err(SecretValueError::Control)
        } else if raw.contains(OPEN) || raw.contains(CLOSE) {
            Err(SecretValueError::Placeholder)
        } else {
            Ok(Self(raw.to_owned().into()))
        }
    }
}

/// A run's secrets. Clones are the same.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Inner>>);

struct Inner {
    /// In the order of the request, without doubles.
    places: Vec<SecretsOf>,
    masker: Arc<Masker>,
}

/// The secrets of one origin pattern.
#[derive(Debug, Clone)]
pub struct SecretsOf {
    pub origin: OriginPattern,
    /// No name stands twice.
    pub values: Vec<(SecretName, SecretValue)>,
}

/// Why a set of secrets is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    #[error("more than {} origins", Secrets::MAX_ORIGINS)]
    TooManyOrigins,
    #[error("more than {} secrets", Secrets::MAX_COUNT)]
    TooMany,
    #[error("two patterns of the same origin")]
    SameOrigin,
    /// Names are told, and values must not be.
    #[error("a name that holds a value")]
    NameHoldsValue,
}

/// Why a placeholder does not become a value. The text is for whoever wrote the placeholder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefusal {
    #[error("there is no secret {name}; there are: {known}")]
    Unknown { name: String, known: String },
    #[error("the secret {name} may not be given to {origin}, only to {allowed}; nothing was typed")]
    Elsewhere { name: String, origin: String, allowed: String },
    #[error("write secrets as <secret>name</secret>; there are: {known}")]
    Malformed { known: String },
}

impl Secrets {
    pub const MAX_ORIGINS: usize = 20;
    /// Of all origins together.
    pub const MAX_COUNT: usize = 50;

    pub fn new(places: Vec<SecretsOf>) -> Result<Self, SecretsError> {
        let all = || places.iter().flat_map(|place| &place.values);
        if places.len() > Self::MAX_ORIGINS {
            return Err(SecretsError::TooManyOrigins);
        }
        if all().count() > Self::MAX_COUNT {
            return Err(SecretsError::TooMany);
        }
        if places.iter().enumerate().any(|(n, place)| places[..n].iter().any(|other| other.origin == place.origin)) {
            return Err(SecretsError::SameOrigin);
        }
        if all().next().is_none() {
            return Ok(Self::default());
        }
        let masker = Masker::new(all().map(|(name, value)| (name.placeholder(), value.0.expose_secret())));
        if all().any(|(name, _)| !masker.places(name.as_str()).is_empty()) {
            return Err(SecretsError::NameHoldsValue);
        }
        Ok(Self(Some(Arc::new(Inner { places, masker: Arc::new(masker) }))))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// None when there is nothing to mask.
    pub fn masker(&self) -> Option<&Arc<Masker>> {
        self.0.as_ref().map(|inner| &inner.masker)
    }

    /// Whether a text has a placeholder in it, or what was meant to be one.
    pub fn are_meant_in(&self, text: &str) -> bool {
        !self.is_empty() && (text.contains(OPEN) || text.contains(CLOSE))
    }

    /// The origins with the names of their secrets, in the order of the request.
    pub fn listed(&self) -> impl Iterator<Item = (&OriginPattern, impl Iterator<Item = &SecretName>)> {
        self.places().iter().map(|place| (&place.origin, place.values.iter().map(|(name, _)| name)))
    }

    /// A text with values in the place of its placeholders, for a field in a document of the first origin; the others
    /// are those that get the text from there. Each of them has to be one that may have each of the secrets.
    pub fn fill(&self, text: &str, at: &Origin, goes_to: &[Origin]) -> Result<SecretString, SecretRefusal> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once(CLOSE).ok_or_else(|| self.malformed())?;
            filled.push_str(before);
            for origin in goes_to {
                self.value(name, origin)?;
            }
            filled.push_str(self.value(name, at)?);
            rest = after;
        }
        filled.push_str(rest);
        // Values hold no such thing, so it is the text's own.
        if rest.contains(CLOSE) { Err(self.malformed()) } else { Ok(filled.into()) }
    }

    /// Whether every placeholder of a text names a secret, wherever it may go.
    pub fn check_names(&self, text: &str) -> Result<(), SecretRefusal> {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once(CLOSE).ok_or_else(|| self.malformed())?;
            self.known(name)?;
            rest = after;
        }
        if rest.contains(CLOSE) { Err(self.malformed()) } else { Ok(()) }
    }

    /// The value of the pattern that describes the origin most closely.
    fn value(&self, name: &str, origin: &Origin) -> Result<&str, SecretRefusal> {
        let known = self.known(name)?;
        let fitting = known.iter().filter(|(pattern, _)| pattern.matches(origin));
        let closest = fitting.max_by_key(|(pattern, _)| pattern.precision());
        closest.map(|(_, value)| value.0.expose_secret()).ok_or_else(|| SecretRefusal::Elsewhere {
            name: name.to_owned(),
            origin: match origin {
                Origin::Tuple(..) => origin.ascii_serialization(),
                Origin::Opaque(_) => "a document without an origin".to_owned(),
            },
            allowed: known.iter().map(|(pattern, _)| pattern.to_string()).collect::<Vec<_>>().join(", "),
        })
    }

    fn known(&self, name: &str) -> Result<Vec<(&OriginPattern, &SecretValue)>, SecretRefusal> {
        let places = self.places().iter().flat_map(|place| {
            let named = place.values.iter().filter(|(own, _)| own.as_str() == name);
            named.map(|(_, value)| (&place.origin, value))
        });
        let known: Vec<_> = places.collect();
        match known.is_empty() {
            // A name that nobody gave may be anything, and of any length.
            true => Err(match SecretName::parse(name) {
                Ok(name) => SecretRefusal::Unknown { name: name.0, known: self.names() },
                Err(_) => self.malformed(),
            }),
            false => Ok(known),
        }
    }

    fn malformed(&self) -> SecretRefusal {
        SecretRefusal::Malformed { known: self.names() }
    }

    fn names(&self) -> String {
        let mut names: Vec<&str> = self.listed().flat_map(|(_, names)| names).map(SecretName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }

    fn places(&self) -> &[SecretsOf] {
        self.0.as_ref().map_or(&[], |inner| &inner.places)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.listed().map(|(origin, names)| (origin.to_string(), names.count()))).finish()
    }
}

impl PartialEq for Secrets {
    /// By what may be told: origins and names.
    fn eq(&self, other: &Self) -> bool {
        let told = |secrets: &Self| -> Vec<(OriginPattern, Vec<SecretName>)> {
            secrets.listed().map(|(origin, names)| (origin.clone(), names.cloned().collect())).collect()
        };
        told(self) == told(other)
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn secrets(places: &[(&str, &[(&str, &str)])]) -> Result<Secrets, SecretsError> {
        let places = places.iter().map(|(origin, values)| SecretsOf {
            origin: origin.parse().unwrap(),
            values: values
                .iter()
                .map(|(name, value)| (SecretName::parse(name).unwrap(), SecretValue::parse(value).unwrap()))
                .collect(),
        });
        Secrets::new(places.collect())
    }

    fn shop() -> Secrets {
        secrets(&[
            ("https://shop.example", &[("email", "ada@shop.example"), ("password", "hunter22")]),
            ("https://*.bank.example", &[("password", "wildcard")]),
            ("https://my.bank.example", &[("password", "exactly!"), ("pin", "4711")]),
        ])
        .unwrap()
    }

    fn origin(url: &str) -> Origin {
        Url::parse(url).unwrap().origin()
    }

    fn filled(text: &str, at: &str, goes_to: &[&str]) -> Result<String, String> {
        let goes_to: Vec<Origin> = goes_to.iter().map(|url| origin(url)).collect();
        let filled = shop().fill(text, &origin(at), &goes_to);
        filled.map(|text| text.expose_secret().to_owned()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn placeholders_become_the_values_of_the_documents_origin() {
        let password = "<secret>password</secret>";
        assert_eq!(filled(password, "https://shop.example/a", &[]).unwrap(), "hunter22");
        assert_eq!(filled(password, "https://www.bank.example/", &[]).unwrap(), "wildcard");
        assert_eq!(filled(password, "https://my.bank.example/", &[]).unwrap(), "exactly!");
        let both = "<secret>email</secret> / <secret>password</secret>!";
        assert_eq!(filled(both, "https://shop.example/", &[]).unwrap(), "ada@shop.example / hunter22!");
        let form = ["https://my.bank.example/login"];
        assert_eq!(filled(password, "https://www.bank.example/", &form).unwrap(), "wildcard");
    }

    #[test]
    fn elsewhere_they_are_refused_with_the_origins_that_may_have_them() {
        let password = "<secret>password</secret>";
        let refused = "the secret password may not be given to https://evil.example, only to https://shop.example, \
                       https://*.bank.example, https://my.bank.example; nothing was typed";
        assert_eq!(filled(password, "https://evil.example/", &[]).unwrap_err(), refused);
        assert_eq!(filled(password, "https://shop.example/", &["https://evil.example/"]).unwrap_err(), refused);
        assert!(filled(password, "http://shop.example/", &[]).is_err());
        assert!(filled("<secret>pin</secret>", "https://shop.example/", &[]).is_err());
        let opaque = filled(password, "data:text/html,x", &[]).unwrap_err();
        assert!(opaque.contains("a document without an origin"), "{opaque}");
    }

    #[test]
    fn what_is_no_placeholder_is_told() {
        let unknown = filled("<secret>pw</secret>", "https://shop.example/", &[]).unwrap_err();
        assert_eq!(unknown, "there is no secret pw; there are: email, password, pin");
        for text in [
            "<secret>password",
            "password</secret>",
            "<secret></secret>",
            "<secret>a b</secret>",
            "<secret><secret>password</secret></secret>",
        ] {
            let refused = filled(text, "https://shop.example/", &[]).unwrap_err();
            assert_eq!(refused, "write secrets as <secret>name</secret>; there are: email, password, pin", "{text}");
        }
        assert_eq!(filled("no secret here", "https://evil.example/", &[]).unwrap(), "no secret here");
    }

    #[test]
    fn nothing_that_cannot_be_kept_is_taken() {
        assert_eq!(SecretValue::parse("abc").unwrap_err(), SecretValueError::TooShort);
        assert_eq!(SecretValue::parse("  a b c  ").unwrap_err(), SecretValueError::TooShort);
        assert_eq!(SecretValue::parse(&"x".repeat(1_025)).unwrap_err(), SecretValueError::TooLong);
        assert_eq!(SecretValue::parse("a\nbcd").unwrap_err(), SecretValueError::Control);
        assert_eq!(SecretValue::parse("a<secret>b").unwrap_err(), SecretValueError::Placeholder);
        for name in ["", "a b", "ü", "a/b", "a\0", &"x".repeat(65)] {
            assert!(SecretName::parse(name).is_err(), "{name:?}");
        }
        let same = secrets(&[("https://a.example", &[("a", "abcd")]), ("https://A.example:443", &[("b", "efgh")])]);
        assert_eq!(same.unwrap_err(), SecretsError::SameOrigin);
        let told = secrets(&[("https://a.example", &[("my-hunter22", "HUNTER22")])]);
        assert_eq!(told.unwrap_err(), SecretsError::NameHoldsValue);
        assert!(secrets(&[("https://a.example", &[])]).unwrap().is_empty());
    }

    #[test]
    fn no_value_is_printed() {
        assert_eq!(
            format!("{:?}", shop()),
            r#"[("https://shop.example", 2), ("https://*.bank.example", 1), ("https://my.bank.example", 2)]"#
        );
        assert!(!format!("{:?}", SecretValue::parse("hunter22")).contains("hunter"));
    }
}
