//! Whether a page is blocked. What its server and its structure say counts first; words count only where a page that
//! keeps people out has them, in its title or its headings, and only on a page that has little else.

use url::Url;

use super::facts::{Facts, FrameFact};
use agent::observation::{Blocker, BlockerKind};
use agent::text::shorten;

/// A page with more than this many characters of text, or more controls, is about something.
const WALL_TEXT: usize = 1_200;
const WALL_CONTROLS: usize = 12;
/// The same where nothing but words speaks for it.
const BARE_WALL_TEXT: usize = 600;
const BARE_WALL_CONTROLS: usize = 6;
/// Fields and text of a page that asks for a login and little else.
const LOGIN_FIELDS: usize = 4;
const LOGIN_TEXT: usize = 2_500;
/// A challenge that has been brought up is at least this large, CSS pixels; the badge of an idle one is not.
const CHALLENGE_SIDE: i32 = 200;
/// The box to tick of a challenge.
const WIDGET_WIDTH: i32 = 120;
const WIDGET_HEIGHT: i32 = 40;
/// Characters of the page's own words in a message.
const MAX_QUOTE: usize = 200;

/// What keeps the page from being worked with, if something does.
pub fn blocker(facts: &Facts) -> Option<Blocker> {
    challenge(facts)
        .or_else(|| interstitial(facts))
        .or_else(|| rate_limit(facts))
        .or_else(|| denial(facts))
        .or_else(|| login(facts))
        .or_else(|| invalid_form(facts))
}

/// Whether a blocker usually goes away by itself: worth another look before it counts.
pub fn may_pass(facts: &Facts, blocker: &Blocker) -> bool {
    blocker.kind == BlockerKind::Interstitial || is_behind(facts)
}

/// What a frame is to those who look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameRole {
    /// A question to response: images to choose, a slider.
    Challenge,
    /// A box to tick, usually part of a form.
    Widget,
    /// It takes the place of a page.
    Gate,
    /// The same, and usually passes by itself.
    Check,
    /// The same, and cannot be passed.
    Denial,
}

/// Whose frame it is, and which part.
fn provider(url: &str) -> Option<(&'static str, FrameRole)> {
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

pub(super) fn is_challenge_frame(url: &str) -> bool {
    provider(url).is_some()
}

/// A page that is there to keep people out has little on it.
fn is_wall(facts: &Facts) -> bool {
    facts.text <= WALL_TEXT && facts.controls <= WALL_CONTROLS && facts.fields <= 1 && !facts.password
}

fn is_bare_wall(facts: &Facts) -> bool {
    is_wall(facts) && facts.text <= BARE_WALL_TEXT && facts.controls <= BARE_WALL_CONTROLS
}

/// Statuses with which pages are kept back.
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
            // In a form of its page it is part of what is to be filled in.
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
    // Their challenges need not be frames.
    for (gate, name) in [("perimeterx", "HUMAN"), ("datadome", "DataDome"), ("awswaf", "AWS WAF")] {
        if facts.gates.iter().any(|found| found == gate) && is_wall(facts) {
            return Some(blocker_quoting(facts, BlockerKind::Captcha, &human(name)));
        }
    }
    page_says(facts, HUMAN)
        .then(|| blocker_quoting(facts, BlockerKind::Captcha, "the page asks for proof that a human is there"))
}

/// The server says that a check of its own stands before the page.
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
    required.then(|| blocker_quoting(facts, BlockerKind::LoginRequired, "the page asks for a login first"))
}

/// Whether another page was asked for than the one that is shown, and not one to log in at.
fn was_sent_away(facts: &Facts) -> bool {
    let (Ok(asked), Ok(url)) = (Url::parse(&facts.asked), Url::parse(&facts.url)) else { return false };
    let place = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        (host.strip_prefix("www.").unwrap_or(host).to_owned(), url.path().trim_end_matches('/').to_owned())
    };
    // A single-page application may keep its pages in the fragment.
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

/// What such pages say, in lower case. A title or heading counts when it begins with one and consists of it for the
/// better part.
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

/// Whether the page says one of these where it would, and has little else. A server that answered with the page itself
/// needs more to be taken for one that keeps it back.
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

/// A message with what the page says of itself.
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

fn one_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shorten(&words.join(" "), limit)
}
