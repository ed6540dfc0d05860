//! Detects pages that block the agent. Server response and page structure count first. Phrases count only in titles and
//! headings, and only on pages with little else.

use url::Url;

use super::challenge_frames::{FrameRole, provider};
use super::facts::{Facts, FrameFact};
use agent::observation::{Blocker, BlockerKind};
use agent::text::{one_line, shorten};

/// Above either of these, a page has content of its own.
const WALL_TEXT: usize = 1_200;
const WALL_CONTROLS: usize = 12;
/// The same if only phrases suggest a block.
const BARE_WALL_TEXT: usize = 600;
const BARE_WALL_CONTROLS: usize = 6;
/// Maximum fields and text of a login page.
const LOGIN_FIELDS: usize = 4;
const LOGIN_TEXT: usize = 2_500;
/// Minimum size of an active challenge in CSS pixels; the badge of an idle one is smaller.
const CHALLENGE_SIDE: i32 = 200;
/// Minimum size of a challenge's checkbox.
const WIDGET_WIDTH: i32 = 120;
const WIDGET_HEIGHT: i32 = 40;
/// Maximum length of a quote from the page.
const MAX_QUOTE: usize = 200;
/// Maximum length of a realm in characters.
const MAX_REALM: usize = 60;

/// What blocks the page, if anything.
pub fn blocker(facts: &Facts) -> Option<Blocker> {
    challenge(facts)
        .or_else(|| interstitial(facts))
        .or_else(|| rate_limit(facts))
        .or_else(|| denial(facts))
        .or_else(|| login(facts))
        .or_else(|| invalid_form(facts))
}

/// Whether a blocker usually disappears by itself, so that another look is worthwhile.
pub fn may_pass(facts: &Facts, blocker: &Blocker) -> bool {
    blocker.kind == BlockerKind::Interstitial || is_behind(facts)
}

/// A blocking page has little content.
fn is_wall(facts: &Facts) -> bool {
    facts.text <= WALL_TEXT && facts.controls <= WALL_CONTROLS && facts.fields <= 1 && !facts.password
}

fn is_bare_wall(facts: &Facts) -> bool {
    is_wall(facts) && facts.text <= BARE_WALL_TEXT && facts.controls <= BARE_WALL_CONTROLS
}

/// Statuses of blocking pages.
fn is_refusal(status: u16) -> bool {
    matches!(status, 400..=499 | 503) && !matches!(status, 404 | 410)
}

fn challenge(facts: &Facts) -> Option<Blocker> {
    let large = |frame: &FrameFact| frame.width >= CHALLENGE_SIDE && frame.height >= CHALLENGE_SIDE;
    let tickable = |frame: &FrameFact| frame.width >= WIDGET_WIDTH && frame.height >= WIDGET_HEIGHT;
    for frame in &facts.frames {
        let Some((name, part)) = provider(&frame.url) else { continue };
        let blocks = match part {
            FrameRole::Challenge => large(frame),
            // On a page with a form it is part of that form.
            FrameRole::Widget => tickable(frame) && ((is_wall(facts) && facts.fields == 0) || is_behind(facts)),
            FrameRole::Gate => is_wall(facts),
            FrameRole::Check if is_wall(facts) => {
                return Some(blocker_quoting(facts, BlockerKind::Interstitial, &passing(name)));
            }
            FrameRole::Denial if is_wall(facts) => {
                return Some(blocker_quoting(facts, BlockerKind::BotDenied, &format!("{name} refuses this browser")));
            }
            FrameRole::Check | FrameRole::Denial => false,
        };
        if blocks {
            return Some(blocker_quoting(facts, BlockerKind::Captcha, &human(name)));
        }
    }
    if facts.response.header("x-amzn-waf-action") == "captcha" {
        return Some(blocker_quoting(facts, BlockerKind::Captcha, &human("AWS WAF")));
    }
    // Not all challenges are frames.
    for (gate, name) in [("perimeterx", "HUMAN"), ("datadome", "DataDome"), ("awswaf", "AWS WAF")] {
        if facts.gates.iter().any(|found| found == gate) && is_wall(facts) {
            return Some(blocker_quoting(facts, BlockerKind::Captcha, &human(name)));
        }
    }
    page_says(facts, HUMAN)
        .then(|| blocker_quoting(facts, BlockerKind::Captcha, "the page asks for proof that a human is there"))
}

/// The response headers announce a challenge.
fn is_behind(facts: &Facts) -> bool {
    facts.response.header("cf-mitigated") == "challenge"
        || facts.response.header("x-vercel-mitigated") == "challenge"
        || facts.response.header("x-amzn-waf-action") == "challenge"
}

fn interstitial(facts: &Facts) -> Option<Blocker> {
    let gate = |name: &str| facts.gates.iter().any(|found| found == name);
    let checks = is_behind(facts)
        || (is_wall(facts) && (gate("cloudflare") || (gate("ddosguard") && is_refusal(facts.response.status))))
        || page_says(facts, CHECKING);
    checks.then(|| blocker_quoting(facts, BlockerKind::Interstitial, &passing("the site")))
}

fn rate_limit(facts: &Facts) -> Option<Blocker> {
    if facts.response.status != 429 && !page_says(facts, TOO_MANY) {
        return None;
    }
    let again = match facts.response.header("retry-after") {
        "" => String::new(),
        seconds if seconds.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!(" and may be tried again in {seconds} s")
        }
        date => format!(" and may be tried again at {date}"),
    };
    Some(blocker_quoting(facts, BlockerKind::RateLimited, &format!("the site limits the number of requests{again}")))
}

fn denial(facts: &Facts) -> Option<Blocker> {
    let refused =
        facts.response.header("x-vercel-mitigated") == "deny" || facts.response.header("cf-mitigated") == "block";
    (refused || page_says(facts, DENIED))
        .then(|| blocker_quoting(facts, BlockerKind::BotDenied, "the site refuses this browser"))
}

fn login(facts: &Facts) -> Option<Blocker> {
    let status = facts.response.status;
    let form = (facts.password || (facts.account && is_login_url(&facts.url)))
        && facts.fields <= LOGIN_FIELDS
        && facts.text <= LOGIN_TEXT;
    let required = status == 401 || (status == 403 && facts.password) || (form && was_sent_away(facts));
    let what = match realm(facts.response.header("www-authenticate")) {
        Some(realm) => format!("the server asks for a login by HTTP to {realm:?}"),
        None => "the page asks for a login first".to_owned(),
    };
    required.then(|| blocker_quoting(facts, BlockerKind::LoginRequired, &what))
}

/// The realm of a challenge such as `Basic realm="staff"`.
fn realm(challenge: &str) -> Option<String> {
    let (_, rest) = challenge.split_once("realm=")?;
    let realm = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([',', ' ']).next()?,
    };
    Some(shorten(realm, MAX_REALM))
}

/// Whether the requested page was not a login page but another one is shown.
fn was_sent_away(facts: &Facts) -> bool {
    let (Ok(asked), Ok(url)) = (Url::parse(&facts.asked), Url::parse(&facts.url)) else { return false };
    let place = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        (host.strip_prefix("www.").unwrap_or(host).to_owned(), url.path().trim_end_matches('/').to_owned())
    };
    // Single-page applications may route by fragment.
    let route = |url: &Url| url.fragment().filter(|fragment| fragment.starts_with(['/', '!'])).map(str::to_owned);
    asked.has_host() && (place(&asked) != place(&url) || route(&asked) != route(&url)) && !is_login_url(&facts.asked)
}

fn is_login_url(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let route = url.fragment().unwrap_or_default();
    let words = url.path().split(['/', '.']).chain(route.split('/')).map(|word| word.to_ascii_lowercase());
    let is_login = |word: String| {
        matches!(
            word.replace(['-', '_'], "").as_str(),
            "login"
                | "signin"
                | "logon"
                | "auth"
                | "authenticate"
                | "authorize"
                | "oauth"
                | "sso"
                | "session"
                | "wplogin"
                | "userlogin"
                | "accountlogin"
                | "loginform"
        )
    };
    let host = url.host_str().unwrap_or_default();
    ["login.", "signin.", "auth.", "sso."].iter().any(|prefix| host.starts_with(prefix))
        || words.into_iter().any(is_login)
}

fn invalid_form(facts: &Facts) -> Option<Blocker> {
    if facts.complaints.is_empty() {
        return None;
    }
    let message = format!("the form is not accepted: {}", facts.complaints.join("; "));
    Some(Blocker { kind: BlockerKind::FormInvalid, message: one_line(&message, 2 * MAX_QUOTE) })
}

/// Phrases of blocking pages, in lower case. A title or heading matches if it starts with one and is not much longer.
type Phrases = &'static [&'static str];

const HUMAN: Phrases = &[
    "verify you are human",
    "verify you are a human",
    "verify that you are human",
    "please verify you are a human",
    "please verify you are human",
    "verifying you are human",
    "are you a robot",
    "are you human",
    "confirm you are human",
    "confirm you're human",
    "human verification",
    "robot check",
    "i'm not a robot",
    "press & hold to confirm you are a human",
    "complete the security check",
    "one more step please complete the security check",
    "captcha challenge",
];
const CHECKING: Phrases = &[
    "just a moment",
    "checking your browser",
    "checking if the site connection is secure",
    "please wait while we check your browser",
    "please wait while we verify",
    "performing security verification",
    "one moment, please",
    "ddos-guard",
    "vercel security checkpoint",
];
const TOO_MANY: Phrases = &[
    "too many requests",
    "429 too many requests",
    "error 429",
    "rate limit exceeded",
    "rate limited",
    "you are being rate limited",
    "you have been rate limited",
    "error 1015",
];
const DENIED: Phrases = &[
    "access denied",
    "access to this page has been denied",
    "access to this page has been blocked",
    "attention required! | cloudflare",
    "sorry, you have been blocked",
    "you have been blocked",
    "you've been blocked",
    "request blocked",
    "your request has been blocked",
    "the request could not be satisfied",
    "pardon our interruption",
    "unusual traffic",
    "our systems have detected unusual traffic",
    "automated access",
    "request unsuccessful. incapsula",
    "bot detected",
    "error 1020",
    "blocked",
];

/// Whether the page says one of these prominently and has little else. A successful response needs more evidence.
fn page_says(facts: &Facts, phrases: Phrases) -> bool {
    let little_else = if is_refusal(facts.response.status) { is_wall(facts) } else { is_bare_wall(facts) };
    let says = |line: &str| {
        let line = line.trim().to_lowercase().replace('\u{2019}', "'");
        phrases.iter().any(|phrase| line.starts_with(phrase) && line.len() <= 2 * phrase.len() + 10)
    };
    // A page without headings says it in its first line.
    let first = facts.opening.lines().next().filter(|_| facts.headings.is_empty());
    let lines = facts.headings.iter().map(String::as_str).chain(first).chain([facts.title.as_str()]);
    little_else && facts.response.status != 404 && lines.into_iter().any(says)
}

fn human(name: &str) -> String {
    format!("{name} asks for proof that a human is there")
}

fn passing(name: &str) -> String {
    format!("{name} checks the browser before it shows the page")
}

/// A blocker with a quote from the page.
fn blocker_quoting(facts: &Facts, kind: BlockerKind, what: &str) -> Blocker {
    let mut message = what.to_owned();
    if facts.response.status >= 400 {
        message.push_str(&format!(" (HTTP {})", facts.response.status));
    }
    let own = facts.headings.iter().chain([&facts.title]).find(|text| !text.trim().is_empty());
    if let Some(own) = own {
        message.push_str(&format!(": {}", one_line(own, MAX_QUOTE)));
    }
    Blocker { kind, message }
}
