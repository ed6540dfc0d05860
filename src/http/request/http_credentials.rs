//! Settings of the run's browser: `{"httpCredentials": [{"origin": "https://ops.example", "username": "ada", "password":
//! "..."}]}`.

use agent::secrets::{HttpCredentials, HttpCredentialsError, OriginPattern, SecretValue, Secrets};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::input::{Field, Input, Parsed, Problems, list, not_null, object, one};
use super::secrets::secret;
use crate::http::error::Problem;

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
#[serde(rename_all = "camelCase")]
pub(super) struct BrowserBody {
    /// User names and passwords for HTTP authentication, one for each origin.
    #[schemars(length(max = Secrets::MAX_ORIGINS))]
    http_credentials: Option<Field<Vec<Field<HttpCredentialsBody>>>>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["origin", "username", "password"]))]
struct HttpCredentialsBody {
    /// Scheme, host and port, such as `https://ops.example:8443`.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    origin: Option<Field<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(max = HttpCredentials::MAX_USERNAME))]
    username: Option<Field<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = SecretValue::MIN_CHARS, max = SecretValue::MAX_BYTES))]
    password: Option<Field<String>>,
}

impl Input for BrowserBody {
    fn parse(value: Value) -> Parsed<Self> {
        object(value)
    }
}

impl Input for HttpCredentialsBody {
    fn parse(value: Value) -> Parsed<Self> {
        object(value)
    }
}

/// The credentials for HTTP authentication.
pub(super) fn of_browser(body: BrowserBody) -> Parsed<Vec<HttpCredentials>> {
    let mut problems = Problems::default();
    let credentials = problems.optional("httpCredentials", body.http_credentials, all_credentials);
    problems.finish(Some(credentials.unwrap_or_default()))
}

fn all_credentials(bodies: Vec<Field<HttpCredentialsBody>>) -> Parsed<Vec<HttpCredentials>> {
    let all = list(bodies, Secrets::MAX_ORIGINS, credentials)?;
    for (index, one) in all.iter().enumerate() {
        if all[..index].iter().any(|earlier| earlier.origin() == one.origin()) {
            let problem = Problem::new("value_error", "Value error, other credentials are of this origin");
            return Err(vec![problem.within("origin").within(index)]);
        }
    }
    Ok(all)
}

fn credentials(body: HttpCredentialsBody) -> Parsed<HttpCredentials> {
    let mut problems = Problems::default();
    let origin = problems.required("origin", body.origin, origin);
    let username = problems.required("username", body.username, Ok);
    let password = problems.required("password", body.password, secret);
    let ((origin, username), password) = problems.finish(origin.zip(username).zip(password))?;
    HttpCredentials::new(origin, username, password).map_err(|error| {
        let field = match error {
            HttpCredentialsError::Origin => "origin",
            HttpCredentialsError::Username => "username",
        };
        vec![Problem::new("value_error", format!("Value error, {error}")).within(field)]
    })
}

fn origin(raw: String) -> Parsed<OriginPattern> {
    raw.parse().or_else(|_| one("value_error", format!("Value error, {}", HttpCredentialsError::Origin)))
}
