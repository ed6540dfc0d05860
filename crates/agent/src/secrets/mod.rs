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
mod totp;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};
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

/// A run's secrets. Clones share them, also those that are learned later: what a person answered, and one-time codes that
/// were typed.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Inner>>);

struct Inner {
    /// In the order of the request, each pattern once.
    origins: Vec<OriginSecrets>,
    /// One for each origin.
    http_credentials: Vec<HttpCredentials>,
    learned: RwLock<Learned>,
}

/// What the run learned after its start.
#[derive(Default)]
struct Learned {
    /// What a person answered.
    asked: Vec<(OriginPattern, SecretName, SecretValue)>,
    /// One-time codes that were typed, with their names.
    codes: Vec<(SecretName, SecretString)>,
    /// Of all values.
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
    #[error("{} one-time codes were typed, and no more are in one run", Secrets::MAX_CODES)]
    TooManyCodes,
}

impl Secrets {
    pub const MAX_ORIGINS: usize = 20;
    /// Of all origins together.
    pub const MAX_COUNT: usize = 50;
    /// One-time codes typed in one run: all of them are masked until its end.
    pub const MAX_CODES: usize = 100;

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
        let masker = masker_of(&origins, &http_credentials, &Learned::default());
        if named().any(|(name, _)| !masker.find(name.as_str()).is_empty()) {
            return Err(SecretsError::NameHoldsValue);
        }
        let learned = RwLock::new(Learned { masker: Arc::new(masker), ..Learned::default() });
        Ok(Self(Some(Arc::new(Inner { origins, http_credentials, learned }))))
    }

    /// These secrets, to which a person may add.
    #[must_use]
    pub fn open_to_more(self) -> Self {
        let none = || Inner { origins: Vec::new(), http_credentials: Vec::new(), learned: RwLock::default() };
        Self(Some(self.0.unwrap_or_else(|| Arc::new(none()))))
    }

    /// Whether there are secrets by now.
    pub fn is_empty(&self) -> bool {
        !self.0.as_ref().is_some_and(|inner| inner.has_any())
    }

    /// Whether there are secrets, or may be later.
    pub fn may_have_any(&self) -> bool {
        self.0.is_some()
    }

    /// Of all values that are known by now; none if there are no secrets.
    pub fn masker(&self) -> Option<Arc<Masker>> {
        let inner = self.0.as_ref().filter(|inner| inner.has_any())?;
        Some(inner.learned().masker.clone())
    }

    /// Adds what a person answered, for one origin; returns the name to type it by.
    ///
    /// # Errors
    /// There are too many, or nothing can be added.
    pub fn add_asked(&self, value: SecretValue, origin: OriginPattern) -> Result<SecretName, SecretsError> {
        let inner = self.0.as_ref().ok_or(SecretsError::TooMany)?;
        let mut learned = inner.learned_mut();
        if learned.asked.len() >= Self::MAX_COUNT {
            return Err(SecretsError::TooMany);
        }
        let is_taken = |name: &SecretName| {
            let own = inner.origins.iter().flat_map(|secrets| &secrets.values).map(|(name, _)| name);
            own.chain(learned.asked.iter().map(|(_, name, _)| name)).any(|other| other == name)
        };
        let names = (1..).map(|number| SecretName::parse(&format!("asked-{number}")).expect("it is plain"));
        let name = names.into_iter().find(|name| !is_taken(name)).expect("there are more numbers than names");
        learned.asked.push((origin, name.clone(), value));
        inner.rebuild(&mut learned);
        Ok(name)
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

    /// How long to wait before the text is filled in, so that its one-time codes do not expire on their way.
    pub fn wait_for_codes(&self, text: &str) -> Duration {
        let is_code = |name: &str| self.values(name).is_ok_and(|values| values.iter().any(|(_, v)| v.seed().is_some()));
        let mut has_code = false;
        let _whatever = self.for_each_placeholder(text, |_, name| {
            has_code |= is_code(name);
            Ok(())
        });
        if has_code { totp::wait_at(SystemTime::now()) } else { Duration::ZERO }
    }

    /// Replaces the placeholders in a text for a field of a document of origin `at` that submits to `targets`. One-time
    /// codes are masked from now on.
    ///
    /// # Errors
    /// A placeholder is malformed or unknown, or one of these origins may not have its secret.
    pub fn fill(&self, text: &str, at: &Origin, targets: &[Origin]) -> Result<SecretString, SecretRefusal> {
        let (mut filled, now) = (String::new(), SystemTime::now());
        let mut codes = Vec::new();
        let rest = self.for_each_placeholder(text, |before, name| {
            filled.push_str(before);
            for origin in targets {
                self.value(name, origin)?;
            }
            let value = self.value(name, at)?;
            let typed = value.typed(now);
            filled.push_str(typed.expose_secret());
            if value.seed().is_some() {
                codes.push((SecretName::parse(name).map_err(|_| self.malformed())?, typed));
            }
            Ok(())
        })?;
        filled.push_str(rest);
        for (name, code) in codes {
            self.learn_code(name, code)?;
        }
        Ok(filled.into())
    }

    fn learn_code(&self, name: SecretName, code: SecretString) -> Result<(), SecretRefusal> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let mut learned = inner.learned_mut();
        let is_known = |(_, known): &(SecretName, SecretString)| known.expose_secret() == code.expose_secret();
        if learned.codes.iter().any(is_known) {
            return Ok(());
        }
        if learned.codes.len() >= Self::MAX_CODES {
            return Err(SecretRefusal::TooManyCodes);
        }
        learned.codes.push((name, code));
        inner.rebuild(&mut learned);
        Ok(())
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
    fn value(&self, name: &str, origin: &Origin) -> Result<SecretValue, SecretRefusal> {
        let values = self.values(name)?;
        let matching = values.iter().filter(|(pattern, _)| pattern.matches(origin));
        let best = matching.max_by_key(|(pattern, _)| pattern.specificity());
        best.map(|(_, value)| value.clone()).ok_or_else(|| SecretRefusal::Elsewhere {
            name: name.to_owned(),
            origin: match origin {
                Origin::Tuple(..) => origin.ascii_serialization(),
                Origin::Opaque(_) => "a document without an origin".to_owned(),
            },
            allowed: values.iter().map(|(pattern, _)| pattern.to_string()).collect::<Vec<_>>().join(", "),
        })
    }

    /// At least one value of this name.
    fn values(&self, name: &str) -> Result<Vec<(OriginPattern, SecretValue)>, SecretRefusal> {
        let declared = self.origins().iter().flat_map(|secrets| {
            let named = secrets.values.iter().filter(|(own, _)| own.as_str() == name);
            named.map(|(_, value)| (secrets.origin.clone(), value.clone()))
        });
        let mut values: Vec<_> = declared.collect();
        if let Some(inner) = &self.0 {
            let learned = inner.learned();
            let named = learned.asked.iter().filter(|(_, own, _)| own.as_str() == name);
            values.extend(named.map(|(origin, _, value)| (origin.clone(), value.clone())));
        }
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
        let declared = self.names_by_origin().flat_map(|(_, names)| names).cloned();
        let mut names: Vec<SecretName> = declared.collect();
        names.extend(self.0.iter().flat_map(|inner| inner.learned().asked.clone()).map(|(_, name, _)| name));
        let mut names: Vec<&str> = names.iter().map(SecretName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }

    fn origins(&self) -> &[OriginSecrets] {
        self.0.as_ref().map_or(&[], |inner| &inner.origins)
    }
}

impl Inner {
    fn learned(&self) -> RwLockReadGuard<'_, Learned> {
        self.learned.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_any(&self) -> bool {
        let named = self.origins.iter().any(|secrets| !secrets.values.is_empty());
        named || !self.http_credentials.is_empty() || !self.learned().asked.is_empty()
    }

    fn rebuild(&self, learned: &mut Learned) {
        learned.masker = Arc::new(masker_of(&self.origins, &self.http_credentials, learned));
        learned.masker.mask_logs();
    }

    fn learned_mut(&self) -> RwLockWriteGuard<'_, Learned> {
        self.learned.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn masker_of(origins: &[OriginSecrets], http_credentials: &[HttpCredentials], learned: &Learned) -> Masker {
    let named = origins.iter().flat_map(|secrets| &secrets.values).map(|(name, value)| (name, value));
    let named = named.chain(learned.asked.iter().map(|(_, name, value)| (name, value)));
    let named = named.map(|(name, value)| (name.placeholder(), value.expose()));
    let codes = learned.codes.iter().map(|(name, code)| (name.placeholder(), code.expose_secret()));
    // A page may repeat the header.
    let headers: Vec<String> = http_credentials.iter().map(HttpCredentials::basic).collect();
    let passwords = http_credentials.iter().map(HttpCredentials::password).chain(headers.iter().map(String::as_str));
    let passwords = passwords.map(|value| (http_credentials::PLACEHOLDER.to_owned(), value));
    Masker::new(named.chain(codes).chain(passwords))
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
    fn a_seed_and_the_codes_typed_from_it_are_masked() {
        const SEED: &str = "JBSWY3DPEHPK3PXP";
        let value = SecretValue::totp("jbsw y3dp ehpk 3pxp").unwrap();
        let origin_secrets = OriginSecrets {
            origin: "https://a.example".parse().unwrap(),
            values: vec![(SecretName::parse("code").unwrap(), value)],
        };
        let secrets = Secrets::new(vec![origin_secrets]).unwrap();
        let before = secrets.clone();
        assert!(secrets.wait_for_codes("<secret>code</secret>") < Duration::from_secs(2));
        let filled = secrets.fill("<secret>code</secret>", &origin("https://a.example/"), &[]).unwrap();
        let code = filled.expose_secret();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        let masked = |text: &str| before.masker().unwrap().mask(text).into_owned();
        assert_eq!(
            masked(&format!("{code} of {SEED}, jbsw y3dp ehpk 3pxp")),
            "<secret>code</secret> of <secret>code</secret>, <secret>code</secret>"
        );
        assert!(secrets.fill("<secret>code</secret>", &origin("https://b.example/"), &[]).is_err());
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
