//! What names mean to a run: each is asked for once and then kept for a while, so that everything about one page is
//! decided by one answer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long an answer holds. Long enough that a page of a hundred requests asks once a host.
pub(super) const TTL: Duration = Duration::from_secs(30);
/// How long a name counts as one without an address: a resolver that stumbles must not cost a run its site.
const UNRESOLVED_TTL: Duration = Duration::from_secs(2);
/// Look-ups at a time. Each takes a thread of the pool that all runs share; a page may invent names without end.
const MAX_LOOKUPS: usize = 8;
/// Answers kept at most; a page that invents names must not fill the memory.
const MAX_NAMES: usize = 1_024;
/// Addresses of a name that count; no site has as many.
const MAX_ADDRESSES: usize = 32;

/// Who knows the addresses of names.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of a host name as URLs have it; none when it has none, or when nobody can tell.
    async fn resolve(&self, name: &str) -> Vec<IpAddr>;
}

/// The system's: its hosts file and its name servers.
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let found = tokio::net::lookup_host((name, 0)).await;
        found.map(|addresses| addresses.map(|address| address.ip()).collect()).unwrap_or_default()
    }
}

/// With the moment of the look-up; empty for a name without an address.
type Answer = (Instant, Arc<[IpAddr]>);

/// One run's answers.
pub(super) struct Names {
    resolver: Arc<dyn Resolver>,
    known: Mutex<HashMap<String, Answer>>,
    lookups: Semaphore,
}

impl Names {
    pub(super) fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, known: Mutex::default(), lookups: Semaphore::new(MAX_LOOKUPS) }
    }

    /// Empty for a name without an address.
    pub(super) async fn addresses(&self, name: &str) -> Arc<[IpAddr]> {
        if let Some(addresses) = self.known(name) {
            return addresses;
        }
        let _permit = self.lookups.acquire().await.expect("it is never closed");
        // Another request may have asked for the same name meanwhile.
        if let Some(addresses) = self.known(name) {
            return addresses;
        }
        let mut addresses = self.resolver.resolve(name).await;
        addresses.truncate(MAX_ADDRESSES);
        let addresses: Arc<[IpAddr]> = addresses.into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        known.insert(name.to_owned(), (Instant::now(), addresses.clone()));
        addresses
    }

    fn known(&self, name: &str) -> Option<Arc<[IpAddr]>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, addresses) = known.get(name)?;
        let ttl = if addresses.is_empty() { UNRESOLVED_TTL } else { TTL };
        (since.elapsed() < ttl).then(|| addresses.clone())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Gives the answers of a script, those of one name in order; the last one of it stays.
    pub(crate) struct Scripted(Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>);

    impl Scripted {
        pub(crate) fn new(answers: &[(&str, &[&str])]) -> Self {
            let mut script: HashMap<String, VecDeque<Vec<IpAddr>>> = HashMap::new();
            for (name, addresses) in answers {
                let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
                script.entry((*name).to_owned()).or_default().push_back(addresses);
            }
            Self(Mutex::new(script))
        }
    }

    #[async_trait]
    impl Resolver for Scripted {
        async fn resolve(&self, name: &str) -> Vec<IpAddr> {
            let mut script = self.0.lock().unwrap();
            let Some(answers) = script.get_mut(name) else { return Vec::new() };
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }.unwrap_or_default()
        }
    }

    fn names(answers: &[(&str, &[&str])]) -> Names {
        Names::new(Arc::new(Scripted::new(answers)))
    }

    async fn first(names: &Names, name: &str) -> Option<String> {
        names.addresses(name).await.first().map(ToString::to_string)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_holds_for_a_while_and_no_longer() {
        let names = names(&[("a.example", &["8.8.8.8"]), ("a.example", &["9.9.9.9"])]);
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("8.8.8.8"));
        tokio::time::advance(TTL - Duration::from_millis(1)).await;
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("8.8.8.8"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("9.9.9.9"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_without_an_address_is_asked_for_again_soon() {
        let names = names(&[("a.example", &[]), ("a.example", &["8.8.8.8"])]);
        assert_eq!(first(&names, "a.example").await, None);
        assert_eq!(first(&names, "a.example").await, None);
        tokio::time::advance(UNRESOLVED_TTL).await;
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("8.8.8.8"));
    }

    #[tokio::test]
    async fn a_page_that_invents_names_does_not_fill_the_memory() {
        let names = names(&[]);
        for n in 0..=MAX_NAMES {
            names.addresses(&format!("host-{n}.example")).await;
        }
        assert_eq!(names.known.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_system_knows_this_machine_and_no_label_that_is_too_long() {
        assert!(SystemResolver.resolve("localhost").await.iter().any(IpAddr::is_loopback));
        assert_eq!(SystemResolver.resolve(&format!("{}.example", "x".repeat(64))).await, [] as [IpAddr; 0]);
    }
}
