//! Pages that are blocked, and pages that only look like it.

use crate::observe::facts::{DocumentResponse, Facts, FrameFact};
use crate::observe::{blocker, may_pass};
use agent::observation::BlockerKind::{
    self, BotDenied, Captcha, FormInvalid, Interstitial, LoginRequired, RateLimited,
};

fn kind(facts: &Facts) -> Option<BlockerKind> {
    blocker(facts).map(|blocker| blocker.kind)
}

fn response(status: u16, headers: &[(&str, &str)]) -> DocumentResponse {
    DocumentResponse::new(
        status,
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    )
}

/// A page with little content.
fn wall(status: u16, title: &str) -> Facts {
    Facts { response: response(status, &[]), title: title.to_owned(), text: 150, controls: 1, ..Facts::default() }
}

/// A page with content.
fn article(title: &str) -> Facts {
    Facts { headings: vec![title.to_owned()], text: 6_000, controls: 60, ..wall(200, title) }
}

fn frame(url: &str, width: i32, height: i32) -> Vec<FrameFact> {
    vec![FrameFact { url: url.to_owned(), width, height }]
}

const ANCHOR: &str = "https://www.google.com/recaptcha/api2/anchor?k=1";
const BFRAME: &str = "https://www.google.com/recaptcha/api2/bframe?k=1";
const TURNSTILE: &str = "https://challenges.cloudflare.com/cdn-cgi/challenge-platform/h/b/turnstile/1";

#[test]
fn an_active_challenge_blocks_any_page() {
    for url in [BFRAME, "https://newassets.hcaptcha.com/captcha/v1/1/static/hcaptcha.html#frame=challenge&id=1"] {
        assert_eq!(kind(&Facts { frames: frame(url, 400, 580), ..article("Sign up") }), Some(Captcha), "{url}");
    }
}

#[test]
fn a_captcha_in_a_form_with_other_fields_and_an_idle_badge_block_nothing() {
    let form = Facts { fields: 2, text: 300, ..wall(200, "Contact us") };
    for url in [ANCHOR, TURNSTILE, "https://newassets.hcaptcha.com/captcha.html#frame=checkbox"] {
        assert_eq!(kind(&Facts { frames: frame(url, 304, 78), ..form.clone() }), None, "{url}");
    }
    assert_eq!(kind(&Facts { frames: frame(ANCHOR, 70, 60), ..wall(200, "Launcher") }), None);
}

#[test]
fn a_page_that_consists_of_a_captcha_is_blocked() {
    assert_eq!(kind(&Facts { frames: frame(ANCHOR, 304, 78), ..wall(429, "https://search.example/") }), Some(Captcha));
    assert_eq!(kind(&Facts { frames: frame(TURNSTILE, 300, 65), ..wall(200, "shop.example") }), Some(Captcha));
    let datadome = "https://geo.captcha-delivery.com/captcha/?initialCid=1&t=fe";
    assert_eq!(kind(&Facts { frames: frame(datadome, 1280, 900), ..wall(403, "shop.example") }), Some(Captcha));
    assert_eq!(kind(&Facts { gates: vec!["perimeterx".into()], ..wall(403, "shop.example") }), Some(Captcha));
    assert_eq!(kind(&wall(200, "Verify you are human")), Some(Captcha));
    let waf = response(405, &[("X-Amzn-Waf-Action", "captcha")]);
    assert_eq!(kind(&Facts { response: waf, ..wall(405, "") }), Some(Captcha));
}

#[test]
fn hosts_resembling_a_provider_do_not_count() {
    for url in ["https://nothcaptcha.com/#frame=challenge", "https://captcha-delivery.com.evil.example/captcha/"] {
        assert_eq!(kind(&Facts { frames: frame(url, 400, 580), ..wall(200, "Hello") }), None, "{url}");
    }
}

#[test]
fn an_automatic_check_is_an_interstitial() {
    let challenged = response(403, &[("cf-mitigated", "challenge")]);
    for facts in [
        Facts { response: challenged.clone(), ..wall(403, "Un momento\u{2026}") },
        wall(503, "Just a moment..."),
        wall(200, "Checking your browser before accessing shop.example"),
        Facts { response: response(202, &[("x-amzn-waf-action", "challenge")]), ..wall(202, "") },
        Facts { gates: vec!["cloudflare".into()], ..wall(503, "shop.example") },
    ] {
        let found = blocker(&facts).unwrap();
        assert_eq!(found.kind, Interstitial, "{facts:?}");
        assert!(may_pass(&facts, &found));
    }
    // Its checkbox may still tick itself.
    let ticking = Facts { response: challenged, frames: frame(TURNSTILE, 300, 65), ..wall(403, "Just a moment...") };
    let found = blocker(&ticking).unwrap();
    assert_eq!((found.kind, may_pass(&ticking, &found)), (Captcha, true));
}

#[test]
fn a_refusal_names_its_status_and_quotes_the_page() {
    let facts = Facts {
        headings: vec!["Sorry, you have been blocked".into()],
        ..wall(403, "Attention Required! | Cloudflare")
    };
    let found = blocker(&facts).unwrap();
    assert_eq!(found.kind, BotDenied);
    assert_eq!(found.message, "the site refuses this browser (HTTP 403): Sorry, you have been blocked");
    for title in ["Access Denied", "Access to this page has been denied", "Pardon Our Interruption"] {
        assert_eq!(kind(&wall(403, title)), Some(BotDenied), "{title}");
    }
    let banned = "https://geo.captcha-delivery.com/captcha/?initialCid=1&t=bv";
    assert_eq!(kind(&Facts { frames: frame(banned, 1280, 900), ..wall(403, "shop.example") }), Some(BotDenied));
}

#[test]
fn pages_about_captchas_limits_and_refusals_are_not_blocked() {
    for title in ["Verify you are human", "Too many requests", "Access denied", "Just a moment...", "Are you a robot?"]
    {
        assert_eq!(kind(&article(title)), None, "{title}");
    }
    // Short pages as well.
    for title in
        ["What is a captcha and why do I see it?", "Access denied? How to get your account back in three steps"]
    {
        assert_eq!(kind(&wall(200, title)), None, "{title}");
    }
}

#[test]
fn ordinary_errors_are_not_blocked() {
    for (status, title) in [
        (404, "Not Found"),
        (404, "Access denied"),
        (500, "Internal Server Error"),
        (503, "Down for maintenance"),
        (403, "403 Forbidden"),
    ] {
        assert_eq!(kind(&wall(status, title)), None, "{status} {title}");
    }
}

#[test]
fn a_rate_limit_reports_when_to_retry() {
    let limited = Facts { response: response(429, &[("Retry-After", "30")]), ..wall(429, "Slow down") };
    let found = blocker(&limited).unwrap();
    assert_eq!(found.kind, RateLimited);
    assert_eq!(
        found.message,
        "the site limits the number of requests and may be tried again in 30 s (HTTP 429): Slow down"
    );
    assert_eq!(kind(&wall(503, "Too many requests")), Some(RateLimited));
}

fn login_form(asked: &str, url: &str) -> Facts {
    let page = wall(200, "Log in");
    Facts { asked: asked.into(), url: url.into(), password: true, fields: 2, controls: 8, text: 400, ..page }
}

#[test]
fn a_login_form_instead_of_the_requested_page_is_a_login_wall() {
    let url = "https://app.example/login?next=/orders";
    assert_eq!(kind(&login_form("https://app.example/orders", url)), Some(LoginRequired));
    assert_eq!(kind(&login_form("https://app.example/#/orders", "https://app.example/#/login")), Some(LoginRequired));
    let sso = Facts {
        password: false,
        account: true,
        fields: 1,
        ..login_form("https://app.example/", "https://login.sso.example/x")
    };
    assert_eq!(kind(&sso), Some(LoginRequired));
    assert_eq!(kind(&wall(401, "Unauthorized")), Some(LoginRequired));
    assert_eq!(kind(&Facts { response: response(403, &[]), ..login_form(url, url) }), Some(LoginRequired));
}

#[test]
fn a_requested_login_page_is_not_blocked() {
    let url = "https://app.example/login";
    assert_eq!(kind(&login_form(url, url)), None);
    assert_eq!(kind(&login_form("https://app.example/login", "https://app.example/users/sign_in")), None);
    assert_eq!(kind(&login_form("http://app.example/login/", "https://www.app.example/login")), None);
    assert_eq!(kind(&login_form("", url)), None, "the requested URL is unknown");
    let sign_up = Facts { fields: 9, ..login_form("https://app.example/join", "https://app.example/register") };
    assert_eq!(kind(&sign_up), None);
}

#[test]
fn form_errors_are_reported_up_to_a_limit() {
    let complaints = vec!["E-mail: Please include an '@'".to_owned(), "x".repeat(10_000)];
    let found = blocker(&Facts { fields: 3, complaints, ..wall(200, "Order") }).unwrap();
    assert_eq!(found.kind, FormInvalid);
    assert!(found.message.starts_with("the form is not accepted: E-mail: Please include an '@'; xxx"));
    assert!(found.message.chars().count() <= 400);
}
