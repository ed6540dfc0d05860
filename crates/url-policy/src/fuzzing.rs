//! URLs and lists of hosts, as a fuzz target.

use super::*;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("url_policy", url_policy)];

/// Lines: a URL, private hosts, domains. An allowed URL has a public host, or one of the lists allows it.
fn url_policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, lists) = text.split_once('\n').unwrap_or((text, ""));
    let (list, domains) = lists.split_once('\n').unwrap_or((lists, ""));
    let Ok(url) = Url::parse(text) else { return };
    if UrlPolicy::default().check_url(&url).is_ok() {
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        match url.host() {
            Some(Host::Ipv4(it)) => {
                assert!(!(it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified()), "{url}");
            }
            Some(Host::Ipv6(it)) => {
                assert!(
                    !(it.is_loopback() || it.is_unspecified() || it.is_unique_local() || it.is_multicast()),
                    "{url}"
                );
            }
            Some(Host::Domain(name)) => assert!(name.parse::<IpAddr>().is_err(), "{url}"),
            None => panic!("{url} has no host"),
        }
    }
    if let Ok(patterns) = HostPattern::parse_list(list) {
        let open_to_all = patterns.iter().any(|pattern| pattern.host.is_none());
        let named = patterns.iter().any(|pattern| url.host().is_some_and(|host| pattern.host == Some(host.to_owned())));
        let opened = UrlPolicy::new(patterns).check_url(&url).is_ok();
        assert!(!opened || open_to_all || named || UrlPolicy::default().check_url(&url).is_ok(), "{url} by {list:?}");
    }
    if let Ok(patterns) = DomainPattern::parse_list(domains) {
        let allow = UrlPolicy::default()
            .narrowed(&DomainRules { allowed: Some(patterns.clone().into()), ..DomainRules::default() });
        let block =
            UrlPolicy::default().narrowed(&DomainRules { blocked: patterns.clone().into(), ..DomainRules::default() });
        let (open, allowed, blocked) =
            (UrlPolicy::default().check_url(&url), allow.check_url(&url), block.check_url(&url));
        // Every URL that is allowed without a list is either on it or not, and a list allows no others.
        assert_eq!(open.is_ok(), allowed.is_ok() || blocked.is_ok(), "{url} by {domains:?}");
        assert!(!(allowed.is_ok() && blocked.is_ok()), "{url} by {domains:?}");
        if allowed.is_ok() {
            let host = url.host_str().unwrap_or_default().trim_end_matches('.');
            assert!(patterns.iter().any(|pattern| host.ends_with(&pattern.host.to_string())), "{url} by {domains:?}");
        }
    }
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
