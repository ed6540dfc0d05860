//! Finds the page that a task names, so that it can be opened before the first step.

use std::sync::LazyLock;

use regex::Regex;
use url::{Host, Url};

/// The URL in the task, if there is exactly one. Ignores mail addresses, and URLs after "not", "never" or "don't" in
/// their sentence: missing a URL costs one step, opening a forbidden one cannot be undone.
pub(crate) fn url_in_task(task: &str) -> Option<Url> {
    let mut found: Option<Url> = None;
    for candidate in CANDIDATE.find_iter(task) {
        let Some(url) = parse(task, candidate.start(), candidate.as_str()) else { continue };
        if NEGATION.is_match(&task[..candidate.start()]) {
            continue;
        }
        match &found {
            Some(earlier) if *earlier != url => return None,
            _ => found = Some(url),
        }
    }
    found
}

/// Runs of characters a URL may consist of: ASCII ones, and letters of scripts that put blanks between words (a URL
/// ends where Chinese text begins).
static CANDIDATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        [\p{L}\p{N}\-._~:/?\#\[\]@!$&'()*+,;=%
          && [^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}] ]+",
    )
    .expect("the pattern is valid")
});

static SCHEME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)https?://").expect("the pattern is valid"));

/// `example.com`, `localhost:8080/path`, `10.0.0.1?q`: host, port, rest.
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?xi) ^ (?<host> localhost | \d{1,3}(?:\.\d{1,3}){3} | (?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+ \p{L}{2,} ) (?<port>:\d{1,5})? (?<rest>[/?\#].*)? $")
        .expect("the pattern is valid")
});

/// A negation in the sentence that a text leaves open.
static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        \b (?: not | never | don['’]?t | cannot | can['’]t | mustn['’]t ) \b
        (?: [^\n;!?.] | \.+ [^\s;!?.] )* $",
    )
    .expect("the pattern is valid")
});

/// File extensions that look like country domains: `readme.md` is no site in Moldova.
const FILE_ENDINGS: &[&str] =
    &["cc", "cs", "gz", "hs", "js", "kt", "md", "ml", "pm", "ps", "py", "rb", "rs", "sh", "tf", "ts", "vb", "xz"];

/// Generic top-level domains of bare names; any two letters count as a country.
const GENERIC_ENDINGS: &str = "app|blog|biz|cloud|com|design|dev|edu|email|example|gov|info|int|internal|lan|local|localhost|\
    mil|mobi|museum|name|net|news|online|org|page|pro|shop|site|store|tech|test|travel|website|wiki|world|xyz";

fn parse(task: &str, start: usize, run: &str) -> Option<Url> {
    if let Some(scheme) = SCHEME.find(run) {
        return web_url(trim_end(&run[scheme.start()..]));
    }
    // Other schemes, and what continues a path or an address begun in characters that are none of ours.
    if run.contains("://") || task[..start].ends_with(['\\', '|', '^']) {
        return None;
    }
    let bare = trim_end(run.trim_start_matches(['(', '[', '\'', ',', ';', ':']));
    let parts = BARE.captures(bare)?;
    let host = &parts["host"];
    let named_by_more = parts.name("port").or(parts.name("rest")).is_some();
    if !named_by_more && !plausible_host(host) {
        return None;
    }
    let encrypted = !matches!(Host::parse(host), Ok(Host::Ipv4(_) | Host::Ipv6(_)))
        && !host.eq_ignore_ascii_case("localhost")
        && !host.to_ascii_lowercase().ends_with(".localhost");
    web_url(&format!("{}://{bare}", if encrypted { "https" } else { "http" }))
}

/// Whether a name without scheme, port or path is meant as a site.
fn plausible_host(host: &str) -> bool {
    let Some((_, ending)) = host.rsplit_once('.') else { return true };
    let lowered = ending.to_lowercase();
    // A capital after the dot is the next sentence: "Press the button.Then wait."
    let one_case = ending == lowered || host == host.to_uppercase();
    let known = GENERIC_ENDINGS.split('|').any(|known| known == lowered)
        || (lowered.chars().count() == 2 && !FILE_ENDINGS.contains(&lowered.as_str()))
        || ending.bytes().all(|byte| byte.is_ascii_digit());
    one_case && (known || host.to_ascii_lowercase().starts_with("www."))
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host().is_some()).then_some(url)
}

/// Without the punctuation of the sentence around it. A closing bracket stays when it was opened inside.
fn trim_end(text: &str) -> &str {
    let mut text = text;
    while let Some(last) = text.chars().next_back() {
        let unbalanced = |open, close| text.matches(close).count() > text.matches(open).count();
        let punctuation = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' => true,
            ')' => unbalanced('(', ')'),
            ']' => unbalanced('[', ']'),
            _ => false,
        };
        if !punctuation {
            break;
        }
        text = &text[..text.len() - last.len_utf8()];
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(task: &str) -> Option<String> {
        url_in_task(task).map(|url| url.to_string())
    }

    #[track_caller]
    fn finds(task: &str, url: &str) {
        assert_eq!(found(task).as_deref(), Some(url), "{task}");
    }

    #[track_caller]
    fn finds_none(task: &str) {
        assert_eq!(found(task), None, "{task}");
    }

    #[test]
    fn a_single_url_is_found_without_surrounding_punctuation() {
        finds("Open https://example.com/a?b=c#d.", "https://example.com/a?b=c#d");
        finds("Look at (http://example.com/x), then stop", "http://example.com/x");
        finds("Read <https://en.wikipedia.org/wiki/Rust_(language)>!", "https://en.wikipedia.org/wiki/Rust_(language)");
        finds("see [the page](https://example.com/p)", "https://example.com/p");
        finds("\"HTTPS://EXAMPLE.com\"", "https://example.com/");
        finds("URL:https://example.com/?next=https://other.com/", "https://example.com/?next=https://other.com/");
        finds("打开https://example.com/路，然后点击", "https://example.com/");
    }

    #[test]
    fn a_bare_domain_becomes_https_and_a_local_one_http() {
        finds("Go to example.com/path?q=1, read the title", "https://example.com/path?q=1");
        finds("go to www.heise.de.", "https://www.heise.de/");
        finds("Öffne müller.de und lies", "https://xn--mller-kva.de/");
        finds("open localhost:8080/shop", "http://localhost:8080/shop");
        finds("open localhost", "http://localhost/");
        finds("open shop.localhost:81", "http://shop.localhost:81/");
        finds("open 127.0.0.1:9000 now", "http://127.0.0.1:9000/");
        finds("EXAMPLE.COM please", "https://example.com/");
    }

    #[test]
    fn a_repeated_url_counts_once_and_two_different_urls_are_ignored() {
        finds("Open example.com and tell what https://example.com/ is about", "https://example.com/");
        finds_none("Compare https://a.com and https://b.com");
        finds_none("Compare a.com with b.org");
    }

    #[test]
    fn an_email_address_is_not_a_url() {
        finds_none("Write to jane.doe@example.com");
        finds_none("mailto:jane@example.com");
        finds("Log in at example.com as jane@mail.org", "https://example.com/");
    }

    #[test]
    fn a_url_in_a_prohibition_is_not_opened() {
        finds_none("Do not open https://example.com");
        finds_none("Find the price, but never go to example.com");
        finds_none("Don't, whatever happens, visit example.com.");
        finds_none("DON’T visit example.com");
        finds("Do not log in. Open https://example.com", "https://example.com/");
        finds("Open example.com, never evil.com", "https://example.com/");
        finds("Find nothing notable at example.com", "https://example.com/");
    }

    #[test]
    fn file_names_numbers_and_other_schemes_are_not_urls() {
        for task in [
            "Save it as report.pdf",
            "Read main.rs and node.js",
            "README.md",
            "price 12.50 or 1.2.3",
            "e.g. this",
            "Click the button.Then wait",
            "ftp://example.com/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "C:\\temp\\example.com",
            "either/or",
            "",
            "https://",
            "...",
            "Node.JS",
        ] {
            finds_none(task);
        }
    }

    proptest! {
        #[test]
        fn searching_any_task_does_not_panic(task in "\\PC{0,80}", glue in "[a-z.:/@()\\[\\]'’ 文ü\n]{0,60}") {
            url_in_task(&task);
            url_in_task(&glue);
        }
    }
}
