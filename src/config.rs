//! The service's settings: environment variables, read once at start into one struct per concern.
//!
//! Each variable is declared where it is read, with its form, default and help. Parsing, `.env.example` and
//! `docs/SETTINGS.md` follow from that; to add a variable, read it in one of the files in `config/`.

mod browser;
mod docs;
mod form;
mod models;
mod runs;
mod server;
mod variables;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ::browser::settings::BrowserSettings;
use agent::AgentSettings;
use llm::settings::LlmSettings;
use url_policy::UrlPolicy;

use crate::http::settings::HttpSettings;
use crate::run::settings::RunSettings;
use crate::shutdown::ShutdownSettings;
use crate::telemetry::TelemetrySettings;
pub use docs::{env_example, markdown};
use variables::Variables;

/// Everything that a deployment can set.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    pub http: HttpSettings,
    pub run: RunSettings,
    pub agent: AgentSettings,
    pub llm: LlmSettings,
    pub browser: BrowserSettings,
    pub policy: UrlPolicy,
    pub shutdown: ShutdownSettings,
    pub telemetry: TelemetrySettings,
    /// Folder for recordings; none: runs are not recorded.
    pub record_dir: Option<PathBuf>,
}

/// Why the service does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{variable} must be {expected}")]
    Invalid { variable: &'static str, expected: String },
    #[error(
        "HOST is {host}, which other machines can reach: set BROWSER_USE_INTERNAL_API_KEY or use a loopback address"
    )]
    KeyRequired { host: IpAddr },
    #[error("the file .env cannot be read: {cause}")]
    DotEnv { cause: String },
}

impl Settings {
    /// Reads the process's environment and, for what is not set there, the file `.env` in the working directory.
    ///
    /// # Errors
    /// A variable is invalid; the message names it and never repeats its value. Or `.env` cannot be read.
    pub fn load() -> Result<Self, ConfigError> {
        Self::read(&mut Variables::of_process()?)
    }

    /// Reads the given variables. A blank value counts as unset.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Self::read(&mut Variables::new(variables))
    }

    /// The order of the reads is that of the documentation.
    fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let (listen, http) = server::listen_and_http(variables)?;
        let mut settings = Self {
            listen,
            http,
            run: runs::run(variables)?,
            record_dir: runs::record_dir(variables)?,
            agent: runs::agent(variables)?,
            llm: models::llm(variables)?,
            browser: browser::browser(variables)?,
            policy: browser::policy(variables)?,
            shutdown: server::shutdown(variables)?,
            telemetry: server::telemetry(variables)?,
        };
        settings.run.files_folder.clone_from(&settings.browser.profile_root);
        Ok(settings)
    }
}
