//! Sends requests within timeouts and a size limit.

use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use agent::ports::{ModelError, ModelName, Notices};

use super::endpoint::Endpoint;
use super::retry::{AttemptError, parse_retry_after, retry};
use super::settings::CallLimits;

/// One HTTP client, whose connections all providers and runs share.
pub(super) struct Transport {
    client: reqwest::Client,
    limits: CallLimits,
}

/// A JSON body, posted to a method of a provider's API.
pub(super) struct Call<'a> {
    pub(super) name: &'a ModelName,
    pub(super) endpoint: &'a Endpoint,
    pub(super) url: Url,
    pub(super) body: &'a Value,
    pub(super) first_byte_timeout: Duration,
    pub(super) deadline: Option<Instant>,
    pub(super) notices: &'a dyn Notices,
}

/// A response of any status.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// How a body ended.
enum BodyEnd {
    Complete,
    IdleTimeout,
    ConnectionLost,
}

impl Transport {
    pub(super) fn new(limits: CallLimits) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect_timeout)
            // A redirect could send prompts elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            // `retry` counts and reports attempts.
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Self { client, limits })
    }

    pub(super) fn limits(&self) -> &CallLimits {
        &self.limits
    }

    /// Sends the request and interprets the response with `read`. Transient errors are retried, including timeouts
    /// without data. An attempt that uses up the whole timeout is not.
    pub(super) async fn call<T>(
        &self,
        call: Call<'_>,
        read: impl Fn(&Response) -> Result<T, AttemptError>,
    ) -> Result<T, ModelError> {
        let provider = || call.name.provider.clone();
        let request = self
            .client
            .post(call.url.clone())
            .headers(call.endpoint.headers().clone())
            .json(call.body)
            .build()
            .map_err(|_| ModelError::Unreachable { provider: provider() })?;
        retry(&self.limits, call.deadline, call.notices, || async {
            let request = request.try_clone().expect("a body in memory can be cloned");
            let (response, end) = timeout(self.limits.timeout, self.send(&call, request))
                .await
                .map_err(|_| AttemptError::Permanent(ModelError::TimedOut { provider: provider() }))??;
            let result = read(&response);
            // A response that can be read was complete, even if its connection failed afterwards.
            if result.is_ok() || !response.is_success() {
                return result;
            }
            match end {
                BodyEnd::Complete => result,
                BodyEnd::IdleTimeout => Err(AttemptError::transient(ModelError::TimedOut { provider: provider() })),
                BodyEnd::ConnectionLost => {
                    Err(AttemptError::transient(ModelError::Interrupted { provider: provider() }))
                }
            }
        })
        .await
    }

    /// One attempt: the response, or the part of it that arrived.
    async fn send(&self, call: &Call<'_>, request: reqwest::Request) -> Result<(Response, BodyEnd), AttemptError> {
        let provider = || call.name.provider.clone();
        let log_failure = |error: reqwest::Error| {
            tracing::debug!(provider = provider(), error = %error.without_url(), "a connection failed");
        };
        let mut deadline = Instant::now() + call.first_byte_timeout;
        let mut response = match timeout_at(deadline, self.client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                log_failure(error);
                return Err(AttemptError::transient(ModelError::Unreachable { provider: provider() }));
            }
            Err(_) => return Err(AttemptError::transient(ModelError::TimedOut { provider: provider() })),
        };
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| parse_retry_after(value, SystemTime::now()));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let end = loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > self.limits.max_response_bytes => {
                    let limit = self.limits.max_response_bytes;
                    tracing::debug!(provider = provider(), limit, "a response was too long");
                    return Err(AttemptError::Permanent(ModelError::Malformed { provider: provider() }));
                }
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break BodyEnd::Complete,
                Ok(Err(error)) => {
                    log_failure(error);
                    break BodyEnd::ConnectionLost;
                }
                Err(_) => break BodyEnd::IdleTimeout,
            }
            deadline = Instant::now() + self.limits.idle_timeout;
        };
        Ok((Response { status, retry_after, body }, end))
    }
}
