//! The browser's own prompts, which nobody sees and which take all clicks and keys while they are open: each one is
//! refused before it opens. See `http_logins` for logins by HTTP.

use chromiumoxide_cdp::cdp::browser_protocol::page::AddScriptToEvaluateOnNewDocumentParams;
use chromiumoxide_cdp::cdp::browser_protocol::web_authn;
use url::Url;

use super::tabs::Tab;
use agent::text::shorten;
use cdp::Session;

/// See `scripts/src/guard.js`.
const GUARD: &str = include_str!("../../scripts/dist/guard.js");
/// Maximum length of a scheme in characters.
const MAX_SCHEME: usize = 30;

/// Schemes that Chromium handles itself. All others lead to another program.
const OWN_SCHEMES: [&str; 15] = [
    "",
    "about",
    "blob",
    "chrome",
    "chrome-error",
    "chrome-extension",
    "data",
    "devtools",
    "file",
    "filesystem",
    "http",
    "https",
    "javascript",
    "view-source",
    "chrome-untrusted",
];

/// Installs the guard in a page or an out-of-process frame.
pub(super) fn guard(session: &Session) {
    // Without an authenticator and without its window.
    session.send(web_authn::EnableParams::default());
    session.send(AddScriptToEvaluateOnNewDocumentParams::new(GUARD));
}

/// Reports a navigation of a frame that leads to another program. The profile's block list refuses it.
pub(super) fn check_navigation(tab: &mut Tab, url: &str) {
    if let Some(scheme) = external_scheme(url) {
        let scheme = shorten(&scheme, MAX_SCHEME);
        tab.add_notice_once(format!("the page wanted to open another program ({scheme}), which is not possible here"));
    }
}

/// `tel:` of a URL that another program would take.
pub(super) fn external_scheme(url: &str) -> Option<String> {
    let scheme = Url::parse(url).ok()?.scheme().to_owned();
    (!OWN_SCHEMES.contains(&scheme.as_str())).then(|| format!("{scheme}:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_that_chromium_handles_are_not_external() {
        for url in ["https://a.example/", "about:blank", "blob:https://a.example/1", "data:,x", "", "no url"] {
            assert_eq!(external_scheme(url), None, "{url}");
        }
        for (url, scheme) in [("tel:+49", "tel:"), ("ZOOMMTG://x", "zoommtg:"), ("mailto:a@b.example", "mailto:")] {
            assert_eq!(external_scheme(url).as_deref(), Some(scheme), "{url}");
        }
    }
}
