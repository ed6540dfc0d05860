//! The one place that sends calls to providers.

use std::time::SystemTime;

use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use url::Url;

use crate::agent::ports::{ModelError, ModelName, Notices};

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
    pub(super) notices: &'a dyn Notices,
}

/// A complete answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    /// What the server asks to wait before another try.
    pub(super) retry_after: Option<std::time::Duration>,
    pub(super) body: Vec<u8>,
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

    /// Makes the call and lets `read` make sense of the answer, again for as long as the fault may pass. Each attempt
    /// has the whole deadline; one that runs into it is not repeated, since the provider may still be working on it.
    pub(super) async fn call<T>(
        &self,
        call: Call<'_>,
        read: impl Fn(Answer) -> Result<T, Fault>,
    ) -> Result<T, ModelError> {
        let request = self
            .client
            .post(call.url)
            .headers(call.endpoint.headers().clone())
            .json(call.body)
            .build()
            .map_err(|_| ModelError::Unreachable { provider: call.name.provider.clone() })?;
        retrying(&self.limits, call.notices, || async {
            let request = request.try_clone().expect("a body in memory can be sent again");
            let answer = match tokio::time::timeout(self.limits.timeout, self.exchange(call.name, request)).await {
                Ok(answer) => answer?,
                Err(_) => {
                    return Err(Fault::Final(ModelError::TimedOut { provider: call.name.provider.clone() }));
                }
            };
            read(answer)
        })
        .await
    }

    async fn exchange(&self, name: &ModelName, request: reqwest::Request) -> Result<Answer, Fault> {
        let unreachable = |error: reqwest::Error| {
            tracing::debug!(provider = name.provider, error = %error.without_url(), "a connection failed");
            Fault::passing(ModelError::Unreachable { provider: name.provider.clone() })
        };
        let mut response = self.client.execute(request).await.map_err(unreachable)?;
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| parse_retry_after(value, SystemTime::now()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > self.limits.max_response_bytes {
                tracing::debug!(
                    provider = name.provider,
                    limit = self.limits.max_response_bytes,
                    "an answer was too long"
                );
                return Err(Fault::Final(ModelError::Malformed { provider: name.provider.clone() }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status().as_u16(), retry_after, body })
    }
}
