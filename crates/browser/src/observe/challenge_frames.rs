//! Recognizes the frames of challenge providers.

use url::Url;

/// The role of a challenge provider's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameRole {
    /// A puzzle: images, a slider.
    Challenge,
    /// A checkbox, usually part of a form.
    Widget,
    /// Replaces the page.
    Gate,
    /// Replaces the page and usually passes by itself.
    Check,
    /// Replaces the page and cannot be passed.
    Denial,
}

/// The provider and role of a frame.
pub(super) fn provider(url: &str) -> Option<(&'static str, FrameRole)> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str().unwrap_or_default();
    let path = url.path();
    let under = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let fragment = url.fragment().unwrap_or_default();
    Some(match host {
        _ if path.starts_with("/recaptcha/") && (under("google.com") || under("recaptcha.net")) => match path {
            _ if path.ends_with("/bframe") => ("reCAPTCHA", FrameRole::Challenge),
            _ => ("reCAPTCHA", FrameRole::Widget),
        },
        _ if under("hcaptcha.com") && fragment.contains("frame=challenge") => ("hCaptcha", FrameRole::Challenge),
        _ if under("hcaptcha.com") => ("hCaptcha", FrameRole::Widget),
        "challenges.cloudflare.com" => ("Cloudflare", FrameRole::Widget),
        _ if under("captcha-delivery.com") => {
            let banned = url.query_pairs().any(|(name, value)| name == "t" && value == "bv");
            match path {
                _ if banned => ("DataDome", FrameRole::Denial),
                _ if path.starts_with("/interstitial") => ("DataDome", FrameRole::Check),
                _ => ("DataDome", FrameRole::Gate),
            }
        }
        _ if under("arkoselabs.com") || under("funcaptcha.com") => ("Arkose", FrameRole::Challenge),
        _ if path.starts_with("/_Incapsula_Resource") => ("Imperva", FrameRole::Denial),
        _ => return None,
    })
}
