//! The browser's door: every request that it pauses is checked before its bytes leave. What it does not pause meets the
//! proxy; here a refusal costs no connection, and the run hears why.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::fetch::{ContinueRequestParams, FailRequestParams};
use chromiumoxide_cdp::cdp::browser_protocol::network::ErrorReason;
use url::Url;

use crate::egress::{Denied, Egress};
use cdp::Session;
use cdp::messages::RequestPaused;

/// Requests under way whose redirects are counted.
const MAX_COUNTED: usize = 256;

/// One run's.
pub(crate) struct RequestFilter {
    egress: Arc<Egress>,
    /// How often requests were redirected, by the id that they keep.
    redirects: Mutex<VecDeque<(String, usize)>>,
}

impl RequestFilter {
    pub(crate) fn new(egress: Arc<Egress>) -> Self {
        Self { egress, redirects: Mutex::default() }
    }

    /// Lets a paused request go or fails it; returns why it was failed.
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
            let limit = self.egress.limits().redirects;
            return Err(Denied::Forbidden(format!("it was redirected more than {limit} times")));
        }
        match Url::parse(&paused.request.url) {
            // They load nothing from anywhere. Whether a tab may show them is another question.
            Ok(url) if matches!(url.scheme(), "data" | "blob" | "about") => Ok(()),
            Ok(url) => self.egress.check(&url).await,
            Err(_) => Err(Denied::Forbidden("its URL cannot be read".into())),
        }
    }

    /// Counts a redirect; false when there were too many.
    fn follows(&self, paused: &RequestPaused) -> bool {
        let Some(id) = &paused.network_id else { return true };
        let mut redirects = self.redirects.lock().unwrap_or_else(PoisonError::into_inner);
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
        count <= self.egress.limits().redirects
    }
}
