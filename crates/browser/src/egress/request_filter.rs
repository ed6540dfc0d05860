//! Checks every request that the browser pauses (`Fetch.requestPaused`). What it does not pause meets the proxy; a
//! refusal here costs no connection and gives the run the reason.

use chromiumoxide_cdp::cdp::browser_protocol::fetch::{ContinueRequestParams, FailRequestParams};
use chromiumoxide_cdp::cdp::browser_protocol::network::ErrorReason;
use url::Url;

use crate::egress::{Denied, Egress};
use crate::process::panics::lock;
use cdp::Session;
use cdp::events::RequestPaused;

/// Requests whose redirects are counted.
const MAX_COUNTED: usize = 256;

impl Egress {
    /// Continues or fails a paused request; returns why it was failed.
    pub(crate) async fn decide(&self, session: &Session, paused: &RequestPaused) -> Option<Denied> {
        let denied = self.verdict(paused).await.err();
        match &denied {
            None => session.send(ContinueRequestParams::new(paused.request_id.clone())),
            Some(denied) => {
                let reason = match denied {
                    Denied::Forbidden(_) => ErrorReason::BlockedByClient,
                    Denied::Unresolved => ErrorReason::NameNotResolved,
                };
                session.send(FailRequestParams::new(paused.request_id.clone(), reason));
            }
        }
        denied
    }

    async fn verdict(&self, paused: &RequestPaused) -> Result<(), Denied> {
        if paused.redirected_request_id.is_some() && !self.follows(paused) {
            let limit = self.limits.redirects;
            return Err(Denied::Forbidden(format!("it was redirected more than {limit} times")));
        }
        match Url::parse(&paused.request.url) {
            // These schemes make no connection. Whether a tab may show them is checked separately.
            Ok(url) if matches!(url.scheme(), "data" | "blob" | "about") => Ok(()),
            Ok(url) => self.check(&url).await,
            Err(_) => Err(Denied::Forbidden("its URL cannot be read".into())),
        }
    }

    /// Counts a redirect; false above the limit.
    fn follows(&self, paused: &RequestPaused) -> bool {
        let Some(id) = &paused.network_id else { return true };
        let mut redirects = lock(&self.redirects);
        let count = match redirects.iter_mut().find(|(known, _)| known == id) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                if redirects.len() == MAX_COUNTED {
                    redirects.pop_front();
                }
                redirects.push_back((id.clone(), 1));
                1
            }
        };
        count <= self.limits.redirects
    }
}
