//! Values that a run may type but that its model must not read: each has a name and the origins that may get it.
//!
//! Models and planners write `<secret>name</secret>`. Only the browser replaces it by the value, when it types. In all that
//! leaves the browser, and everywhere else, the placeholder replaces the value. Passwords for HTTP authentication are
//! secrets, too, but have no name: only the browser's network stack gets them.

mod blocking;
mod decode;
mod encode;
mod http_credentials;
mod mask;
mod masked;
mod masker;
mod origin;
mod search;
mod secret;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use url::Origin;

pub use blocking::run_blocking;
pub use http_credentials::{HttpCredentials, HttpCredentialsError};
pub use mask::Mask;
pub use masked::{MaskedModel, MaskedPage, MaskedReporter};
pub use masker::{Masker, mask_log_line};
pub use origin::{OriginPattern, OriginPatternError};
pub use secret::{SecretName, SecretNameError, SecretValue, SecretValueError};

const OPEN: &str = "<secret>";
const CLOSE: &str = "</secret>";

/// A run's secrets. Cheap to clone.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Inner>>);

struct Inner {
    /// In the order of the request, each pattern once.
    origins: Vec<OriginSecrets>,
    /// One for each origin.
    http_credentials: Vec<HttpCredentials>,
    masker: Arc<Masker>,
}

/// The secrets of one origin pattern.
#[derive(Debug, Clone)]
pub struct OriginSecrets {
    pub origin: OriginPattern,
    /// Each name once.
    pub values: Vec<(SecretName, SecretValue)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    #[error("more than {} origins", Secrets::MAX_ORIGINS)]
    TooManyOrigins,
    #[error("more than {} secrets", Secrets::MAX_COUNT)]
    TooMany,
    #[error("two patterns of the same origin")]
    SameOrigin,
    /// Names are public.
    #[error("a name that holds a value")]
    NameHoldsValue,
}

/// Why a placeholder is not replaced by a value. Whoever wrote it gets the text.
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

    pub fn new(origins: Vec<OriginSecrets>) -> Result<Self, SecretsError> {
        let all = || origins.iter().flat_map(|secrets| &secrets.values);
        if origins.len() > Self::MAX_ORIGINS {
            return Err(SecretsError::TooManyOrigins);
        }
        if all().count() > Self::MAX_COUNT {
            return Err(SecretsError::TooMany);
        }
        if origins.iter().enumerate().any(|(n, one)| origins[..n].iter().any(|other| other.origin == one.origin)) {
            return Err(SecretsError::SameOrigin);
        }
        Self::built(origins, Vec::new())
    }

    /// These secrets and the credentials for HTTP authentication.
    ///
    /// # Errors
    /// There are too many, two of one origin, or a secret's name holds a password.
    pub fn with_http_credentials(self, credentials: Vec<HttpCredentials>) -> Result<Self, SecretsError> {
        if credentials.len() > Self::MAX_ORIGINS {
            return Err(SecretsError::TooManyOrigins);
        }
        let is_second =
            |(n, one): (usize, &HttpCredentials)| credentials[..n].iter().any(|other| other.origin() == one.origin());
        if credentials.iter().enumerate().any(is_second) {
            return Err(SecretsError::SameOrigin);
        }
        Self::built(self.origins().to_vec(), credentials)
    }

    fn built(origins: Vec<OriginSecrets>, http_credentials: Vec<HttpCredentials>) -> Result<Self, SecretsError> {
        let named = || origins.iter().flat_map(|secrets| &secrets.values);
        if named().next().is_none() && http_credentials.is_empty() {
            return Ok(Self::default());
        }
        let named_values = named().map(|(name, value)| (name.placeholder(), value.expose()));
        // A page may repeat the header.
        let headers: Vec<String> = http_credentials.iter().map(HttpCredentials::basic).collect();
        let passwords =
            http_credentials.iter().map(HttpCredentials::password).chain(headers.iter().map(String::as_str));
        let passwords = passwords.map(|value| (http_credentials::PLACEHOLDER.to_owned(), value));
        let masker = Masker::new(named_values.chain(passwords));
        if named().any(|(name, _)| !masker.find(name.as_str()).is_empty()) {
            return Err(SecretsError::NameHoldsValue);
        }
        Ok(Self(Some(Arc::new(Inner { origins, http_credentials, masker: Arc::new(masker) }))))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// None if there are no secrets.
    pub fn masker(&self) -> Option<&Arc<Masker>> {
        self.0.as_ref().map(|inner| &inner.masker)
    }

    /// Whether a text contains a placeholder or half of one. Always false if there are no secrets.
    pub fn has_placeholder(&self, text: &str) -> bool {
        !self.is_empty() && (text.contains(OPEN) || text.contains(CLOSE))
    }

    /// The origins and the names of their secrets, in the order of the request.
    pub fn names_by_origin(&self) -> impl Iterator<Item = (&OriginPattern, impl Iterator<Item = &SecretName>)> {
        self.origins().iter().map(|secrets| (&secrets.origin, secrets.values.iter().map(|(name, _)| name)))
    }

    /// The credentials for HTTP authentication, in the order of the request.
    pub fn http_credentials(&self) -> &[HttpCredentials] {
        self.0.as_ref().map_or(&[], |inner| &inner.http_credentials)
    }

    /// Replaces the placeholders in a text for a field of a document of origin `at` that submits to `targets`.
    ///
    /// # Errors
    /// A placeholder is malformed or unknown, or one of these origins may not have its secret.
    pub fn fill(&self, text: &str, at: &Origin, targets: &[Origin]) -> Result<SecretString, SecretRefusal> {
        let mut filled = String::new();
        let rest = self.for_each_placeholder(text, |before, name| {
            filled.push_str(before);
            for origin in targets {
                self.value(name, origin)?;
            }
            filled.push_str(self.value(name, at)?);
            Ok(())
        })?;
        filled.push_str(rest);
        Ok(filled.into())
    }

    /// Whether every placeholder names a secret, of whatever origin.
    pub fn check_names(&self, text: &str) -> Result<(), SecretRefusal> {
        self.for_each_placeholder(text, |_, name| self.values(name).map(drop)).map(drop)
    }

    /// Calls `visit` with the text before each placeholder, from the previous one on, and its name. Returns the text after
    /// the last one.
    fn for_each_placeholder<'t>(
        &self,
        text: &'t str,
        mut visit: impl FnMut(&'t str, &'t str) -> Result<(), SecretRefusal>,
    ) -> Result<&'t str, SecretRefusal> {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (name, after) = after.split_once(CLOSE).ok_or_else(|| self.malformed())?;
            visit(before, name)?;
            rest = after;
        }
        if rest.contains(CLOSE) { Err(self.malformed()) } else { Ok(rest) }
    }

    /// The value of the most specific pattern.
    fn value(&self, name: &str, origin: &Origin) -> Result<&str, SecretRefusal> {
        let values = self.values(name)?;
        let matching = values.iter().filter(|(pattern, _)| pattern.matches(origin));
        let best = matching.max_by_key(|(pattern, _)| pattern.specificity());
        best.map(|(_, value)| value.expose()).ok_or_else(|| SecretRefusal::Elsewhere {
            name: name.to_owned(),
            origin: match origin {
                Origin::Tuple(..) => origin.ascii_serialization(),
                Origin::Opaque(_) => "a document without an origin".to_owned(),
            },
            allowed: values.iter().map(|(pattern, _)| pattern.to_string()).collect::<Vec<_>>().join(", "),
        })
    }

    /// At least one value of this name.
    fn values(&self, name: &str) -> Result<Vec<(&OriginPattern, &SecretValue)>, SecretRefusal> {
        let values = self.origins().iter().flat_map(|secrets| {
            let named = secrets.values.iter().filter(|(own, _)| own.as_str() == name);
            named.map(|(_, value)| (&secrets.origin, value))
        });
        let values: Vec<_> = values.collect();
        if !values.is_empty() {
            return Ok(values);
        }
        // An invalid name may hold anything, at any length, so it is not repeated.
        Err(match SecretName::parse(name) {
            Ok(name) => SecretRefusal::Unknown { name: name.as_str().to_owned(), known: self.names() },
            Err(_) => self.malformed(),
        })
    }

    fn malformed(&self) -> SecretRefusal {
        SecretRefusal::Malformed { known: self.names() }
    }

    fn names(&self) -> String {
        let mut names: Vec<&str> =
            self.names_by_origin().flat_map(|(_, names)| names).map(SecretName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }

    fn origins(&self) -> &[OriginSecrets] {
        self.0.as_ref().map_or(&[], |inner| &inner.origins)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.names_by_origin().map(|(origin, names)| (origin.to_string(), names.count())))
            .entries(self.http_credentials())
            .finish()
    }
}

impl PartialEq for Secrets {
    /// Compares origins, names and user names, not values.
    fn eq(&self, other: &Self) -> bool {
        let names = |secrets: &Self| -> Vec<(OriginPattern, Vec<SecretName>)> {
            secrets.names_by_origin().map(|(origin, names)| (origin.clone(), names.cloned().collect())).collect()
        };
        let users = |secrets: &Self| -> Vec<(OriginPattern, String)> {
            let credentials = secrets.http_credentials().iter();
            credentials.map(|one| (one.origin().clone(), one.username().to_owned())).collect()
        };
        names(self) == names(other) && users(self) == users(other)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use url::Url;

    use super::*;

    fn secrets(places: &[(&str, &[(&str, &str)])]) -> Result<Secrets, SecretsError> {
        let places = places.iter().map(|(origin, values)| OriginSecrets {
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
    fn placeholders_become_values_of_the_documents_origin() {
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
    fn a_rejection_names_the_origins_that_may_receive_the_secret() {
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
    fn a_text_that_is_not_a_placeholder_is_rejected() {
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
    fn values_and_names_that_cannot_be_masked_are_rejected() {
        assert_eq!(SecretValue::parse("abc").unwrap_err(), SecretValueError::TooShort);
        assert_eq!(SecretValue::parse("abc\u{200b}\u{200b}").unwrap_err(), SecretValueError::TooShort);
        assert_eq!(SecretValue::parse("  a b c  ").unwrap_err(), SecretValueError::TooShort);
        assert_eq!(SecretValue::parse(&"x".repeat(1_025)).unwrap_err(), SecretValueError::TooLong);
        assert_eq!(SecretValue::parse("a\nbcd").unwrap_err(), SecretValueError::Control);
        assert_eq!(SecretValue::parse("a<secret>b").unwrap_err(), SecretValueError::Placeholder);
        for name in ["", "a b", "ü", "a/b", "a\0", &"x".repeat(65)] {
            assert!(SecretName::parse(name).is_err(), "{name:?}");
        }
        let same = secrets(&[("https://a.example", &[("a", "abcd")]), ("https://A.example:443", &[("b", "efgh")])]);
        assert_eq!(same.unwrap_err(), SecretsError::SameOrigin);
        let named = secrets(&[("https://a.example", &[("my-hunter22", "HUNTER22")])]);
        assert_eq!(named.unwrap_err(), SecretsError::NameHoldsValue);
        assert!(secrets(&[("https://a.example", &[])]).unwrap().is_empty());
    }

    #[test]
    fn debug_prints_no_value() {
        assert_eq!(
            format!("{:?}", shop()),
            r#"[("https://shop.example", 2), ("https://*.bank.example", 1), ("https://my.bank.example", 2)]"#
        );
        assert!(!format!("{:?}", SecretValue::parse("hunter22")).contains("hunter"));
    }
}
