//! Answers requests for HTTP authentication: with the run's credentials for the origin, else as a user who cancels the
//! browser's prompt.

use std::collections::VecDeque;

use chromiumoxide_cdp::cdp::browser_protocol::fetch::{
    AuthChallengeResponse, AuthChallengeResponseResponse, ContinueWithAuthParams,
};
use url::Url;

use super::state::ContextState;
use crate::navigation::short_url;
use crate::process::panics::lock;
use agent::secrets::Secrets;
use agent::text::shorten;
use cdp::Session;
use cdp::events::AuthRequired;

/// Maximum length of a realm in characters.
const MAX_REALM: usize = 60;
/// Requests of which it is known that they got credentials.
const MAX_ANSWERED: usize = 256;

/// A run's credentials, and the requests that got some.
#[derive(Default)]
pub(super) struct HttpLogins {
    secrets: Secrets,
    answered: VecDeque<String>,
}

enum Answer {
    Credentials(AuthChallengeResponse),
    /// There are none for this origin.
    Unknown,
    /// The server asks again.
    Refused,
}

impl HttpLogins {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { secrets, answered: VecDeque::new() }
    }

    /// Each request gets credentials once: a server that asks again has refused them.
    fn answer(&mut self, asked: &AuthRequired) -> Answer {
        let challenge = &asked.auth_challenge;
        if self.answered.contains(&asked.request_id) {
            return Answer::Refused;
        }
        // Not a proxy's, which has no origin of its own.
        let origin = Url::parse(&challenge.origin).ok().filter(|_| challenge.source.as_deref() != Some("Proxy"));
        let known = origin.map(|url| url.origin());
        let Some(credentials) =
            known.and_then(|origin| self.secrets.http_credentials().iter().find(|one| one.is_for(&origin)))
        else {
            return Answer::Unknown;
        };
        if self.answered.len() == MAX_ANSWERED {
            self.answered.pop_front();
        }
        self.answered.push_back(asked.request_id.clone());
        let mut response = AuthChallengeResponse::new(AuthChallengeResponseResponse::ProvideCredentials);
        response.username = Some(credentials.username().to_owned());
        response.password = Some(credentials.password().to_owned());
        Answer::Credentials(response)
    }
}

impl ContextState {
    /// Without credentials, the server's page is shown.
    pub(super) fn answer_login(&self, session: &Session, asked: &AuthRequired) {
        let answer = lock(&self.http_logins).answer(asked);
        let (response, was_refused) = match answer {
            Answer::Credentials(response) => (response, None),
            Answer::Unknown => (AuthChallengeResponse::new(AuthChallengeResponseResponse::CancelAuth), Some(false)),
            Answer::Refused => (AuthChallengeResponse::new(AuthChallengeResponseResponse::CancelAuth), Some(true)),
        };
        session.send(ContinueWithAuthParams::new(asked.request_id.clone(), response));
        let Some(was_refused) = was_refused else { return };
        let mut tabs = self.tabs();
        let Some(tab) = session.id().and_then(|id| tabs.of_session(id)) else { return };
        if was_refused {
            let origin = short_url(&asked.auth_challenge.origin);
            tab.add_notice_once(format!("{origin} refused the run's HTTP credentials"));
        }
        // That the document itself needs a login is the page's blocker.
        if asked.resource_type == "Document" && *tab.target == *asked.frame_id {
            return;
        }
        let (url, realm) = (short_url(&asked.request.url), shorten(&asked.auth_challenge.realm, MAX_REALM));
        tab.add_notice_once(format!("a part of the page, {url}, asks for a login ({realm:?}) and was left out"));
    }
}
