//! Settings of the HTTP interface.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;

pub use super::serve::ServeSettings;
use agent::image::ImageFormat;

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The secret that callers share; without one, everybody who reaches the service may call.
    pub api_key: Option<SecretString>,
    pub max_body_bytes: usize,
    /// From the end of a request's head to the end of its body.
    pub body_timeout: Duration,
    /// Maximum silence on an event stream.
    pub keep_alive: Duration,
    /// Default format of screenshots; none for no screenshots.
    pub screenshots: Option<ImageFormat>,
    /// Run requests per minute, per caller or for all without a name; none: no limit.
    pub max_requests_per_minute: Option<NonZeroU32>,
    pub serve: ServeSettings,
}

impl HttpSettings {
    /// The names of the formats of screenshots, in requests and settings.
    pub const SCREENSHOT_FORMATS: [(&str, Option<ImageFormat>); 4] = [
        ("png", Some(ImageFormat::Png)),
        ("jpeg", Some(ImageFormat::Jpeg)),
        ("webp", Some(ImageFormat::Webp)),
        ("none", None),
    ];
}
