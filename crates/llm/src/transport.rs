//! The one place that sends calls to providers.

use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use agent::ports::{ModelError, ModelName, Notices};

use super::endpoint::Endpoint;
use super::retry::{Fault, parse_retry_after, retrying};
use super::settings::CallLimits;

/// Sends calls through one client, whose connections all providers and runs share.
pub(super) struct Transport {
    client: reqwest::Client,
    limits: CallLimits,
}

/// One call: JSON posted to a provider's method.
pub(super) struct Call<'a> {
    pub(super) name: &'a ModelName,
    pub(super) endpoint: &'a Endpoint,
    pub(super) url: Url,
    pub(super) body: &'a Value,
    /// From sending the request to the first byte of the answer.
    pub(super) opening: Duration,
    pub(super) deadline: Option<Instant>,
    pub(super) notices: &'a dyn Notices,
}

/// An answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    /// What the server asks to wait before another try.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// How an answer came to its end.
enum End {
    Whole,
    /// Nothing more came for too long.
    Silent,
    /// The connection broke.
    Broken,
}

impl Transport {
    pub(super) fn new(limits: CallLimits) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect_timeout)
            // A provider's API does not move during a call, and a redirect could carry prompts to somewhere else.
            .redirect(reqwest::redirect::Policy::none())
            // `retry` alone decides, so that attempts are counted and told.
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Self { client, limits })
    }

    pub(super) fn limits(&self) -> &CallLimits {
        &self.limits
    }

    /// Makes the call and lets `read` make sense of the answer, again for as long as the fault may pass: silence does, as
    /// a server that has said nothing has stalled. An attempt that was at work for the whole time limit is not repeated.
    pub(super) async fn call<T>(
        &self,
        call: Call<'_>,
        read: impl Fn(&Answer) -> Result<T, Fault>,
    ) -> Result<T, ModelError> {
        let provider = || call.name.provider.clone();
        let request = self
            .client
            .post(call.url.clone())
            .headers(call.endpoint.headers().clone())
            .json(call.body)
            .build()
            .map_err(|_| ModelError::Unreachable { provider: provider() })?;
        retrying(&self.limits, call.deadline, call.notices, || async {
            let request = request.try_clone().expect("a body in memory can be sent again");
            let exchange = self.exchange(&call, request);
            let (answer, end) = match timeout(self.limits.timeout, exchange).await {
                Ok(received) => received?,
                Err(_) => return Err(Fault::Final(ModelError::TimedOut { provider: provider() })),
            };
            match (read(&answer), end) {
                // An answer that can be read was all there, whatever became of its connection.
                (Err(_), End::Silent) if answer.is_success() => {
                    Err(Fault::passing(ModelError::TimedOut { provider: provider() }))
                }
                (Err(_), End::Broken) if answer.is_success() => {
                    Err(Fault::passing(ModelError::Interrupted { provider: provider() }))
                }
                (result, _) => result,
            }
        })
        .await
    }

    async fn exchange(&self, call: &Call<'_>, request: reqwest::Request) -> Result<(Answer, End), Fault> {
        let provider = || call.name.provider.clone();
        let failed = |error: reqwest::Error| {
            tracing::debug!(provider = provider(), error = %error.without_url(), "a connection failed");
        };
        let too_slow = |_| Fault::passing(ModelError::TimedOut { provider: provider() });
        let mut until = Instant::now() + call.opening;
        let mut response = match timeout_at(until, self.client.execute(request)).await.map_err(too_slow)? {
            Ok(response) => response,
            Err(error) => {
                failed(error);
                return Err(Fault::passing(ModelError::Unreachable { provider: provider() }));
            }
        };
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| parse_retry_after(value, SystemTime::now()));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let end = loop {
            match timeout_at(until, response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > self.limits.max_response_bytes => {
                    let limit = self.limits.max_response_bytes;
                    tracing::debug!(provider = provider(), limit, "an answer was too long");
                    return Err(Fault::Final(ModelError::Malformed { provider: provider() }));
                }
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break End::Whole,
                Ok(Err(error)) => {
                    failed(error);
                    break End::Broken;
                }
                Err(_) => break End::Silent,
            }
            until = Instant::now() + self.limits.idle_timeout;
        };
        Ok((Answer { status, retry_after, body }, end))
    }
}
