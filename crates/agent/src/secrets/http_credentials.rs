//! Credentials for HTTP authentication, which the browser gives to one origin.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Origin;

use super::origin::OriginPattern;
use super::secret::SecretValue;

/// Stands for the passwords in texts. Not the placeholder of a name, which has no blank: nobody can type it.
pub(super) const PLACEHOLDER: &str = "<secret>HTTP password</secret>";

/// A user's name and password at an origin.
#[derive(Clone)]
pub struct HttpCredentials {
    origin: OriginPattern,
    username: String,
    password: SecretValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpCredentialsError {
    #[error("not one origin such as https://shop.example or https://shop.example:8443")]
    Origin,
    /// The colon separates both parts of the header.
    #[error("a user name with a colon or control characters, or of more than {} bytes", HttpCredentials::MAX_USERNAME)]
    Username,
}

impl HttpCredentials {
    /// Bytes of a user name.
    pub const MAX_USERNAME: usize = 256;

    /// # Errors
    /// The origin is a pattern of subdomains, or the user name does not fit a header.
    pub fn new(origin: OriginPattern, username: String, password: SecretValue) -> Result<Self, HttpCredentialsError> {
        if origin.is_of_subdomains() {
            return Err(HttpCredentialsError::Origin);
        }
        if username.len() > Self::MAX_USERNAME || username.chars().any(|c| c == ':' || c.is_control()) {
            return Err(HttpCredentialsError::Username);
        }
        Ok(Self { origin, username, password })
    }

    pub fn origin(&self) -> &OriginPattern {
        &self.origin
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    /// For the browser only.
    pub fn password(&self) -> &str {
        self.password.expose()
    }

    pub fn is_for(&self, origin: &Origin) -> bool {
        self.origin.matches(origin)
    }

    /// As in the header `Authorization: Basic`.
    pub(super) fn basic(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.username, self.password()))
    }
}

impl fmt::Debug for HttpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpCredentials({})", self.origin)
    }
}
