//! A run's DNS cache: one answer per name for a while, so that everything about a page is decided by the same
//! addresses.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout};

use super::resolver::Resolver;
use crate::process::panics::lock;

/// Long enough that a page of a hundred requests resolves each host once.
pub(super) const TTL: Duration = Duration::from_secs(30);
/// Short, so that a resolver's hiccup does not cost a run its site.
const UNRESOLVED_TTL: Duration = Duration::from_secs(2);
/// Concurrent look-ups of a run; a page may invent any number of names.
const MAX_LOOKUPS: usize = 8;
/// Limit of a look-up. Together with [`TURN`] shorter than the proxy's connect timeout.
const LOOKUP: Duration = Duration::from_secs(8);
/// How long a name may wait for its look-up: until the ones ahead have timed out, and no longer, since the agent's own
/// navigation waits in the same queue.
const TURN: Duration = Duration::from_secs(10);
/// Maximum number of cached names.
const MAX_NAMES: usize = 1_024;
/// Maximum length in bytes with the trailing dot (RFC 1035); hosts in URLs can be longer.
const MAX_NAME: usize = 254;
/// Maximum number of addresses used.
const MAX_ADDRESSES: usize = 32;

pub(super) struct DnsCache {
    resolver: Arc<dyn Resolver>,
    known: Mutex<HashMap<String, Arc<OnceCell<CachedAddresses>>>>,
    lookups: Semaphore,
}

struct CachedAddresses {
    since: Instant,
    /// Empty if the name has no address.
    addresses: Arc<[IpAddr]>,
}

impl DnsCache {
    pub(super) fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, known: Mutex::default(), lookups: Semaphore::new(MAX_LOOKUPS) }
    }

    /// Resolves a name. Empty if it has no address or resolving takes too long. Concurrent callers share one look-up.
    pub(super) async fn addresses(&self, name: &str) -> Arc<[IpAddr]> {
        if name.len() > MAX_NAME {
            return Arc::default();
        }
        let answer = self.entry(name);
        answer.get_or_init(|| self.look_up(name)).await.addresses.clone()
    }

    fn entry(&self, name: &str) -> Arc<OnceCell<CachedAddresses>> {
        let mut known = lock(&self.known);
        if let Some(entry) = known.get(name)
            && entry.get().is_none_or(CachedAddresses::holds)
        {
            return entry.clone();
        }
        if known.len() >= MAX_NAMES {
            // Names being looked up stay, or they would be looked up twice.
            known.retain(|_, entry| Arc::strong_count(entry) > 1);
        }
        let entry = Arc::<OnceCell<CachedAddresses>>::default();
        known.insert(name.to_owned(), entry.clone());
        entry
    }

    async fn look_up(&self, name: &str) -> CachedAddresses {
        let mut addresses = match timeout(TURN, self.lookups.acquire()).await {
            Ok(_turn) => timeout(LOOKUP, self.resolver.resolve(name)).await.unwrap_or_default(),
            Err(_elapsed) => Vec::new(),
        };
        addresses.truncate(MAX_ADDRESSES);
        CachedAddresses { since: Instant::now(), addresses: addresses.into() }
    }
}

impl CachedAddresses {
    fn holds(&self) -> bool {
        let ttl = if self.addresses.is_empty() { UNRESOLVED_TTL } else { TTL };
        self.since.elapsed() < ttl
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use futures::FutureExt;

    use super::*;

    /// Returns scripted answers, per name in order; the last one repeats.
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

    fn names(answers: &[(&str, &[&str])]) -> DnsCache {
        DnsCache::new(Arc::new(Scripted::new(answers)))
    }

    async fn first(names: &DnsCache, name: &str) -> Option<String> {
        names.addresses(name).await.first().map(ToString::to_string)
    }

    #[tokio::test(start_paused = true)]
    async fn answers_expire() {
        let names = names(&[("a.example", &["8.8.8.8"]), ("a.example", &["9.9.9.9"])]);
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("8.8.8.8"));
        tokio::time::advance(TTL - Duration::from_millis(1)).await;
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("8.8.8.8"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("9.9.9.9"));
    }

    #[tokio::test(start_paused = true)]
    async fn unresolved_names_are_retried_soon() {
        let names = names(&[("a.example", &[]), ("a.example", &["8.8.8.8"])]);
        assert_eq!(first(&names, "a.example").await, None);
        assert_eq!(first(&names, "a.example").await, None);
        tokio::time::advance(UNRESOLVED_TTL).await;
        assert_eq!(first(&names, "a.example").await.as_deref(), Some("8.8.8.8"));
    }

    #[tokio::test]
    async fn the_number_of_cached_names_is_bounded() {
        let names = names(&[]);
        for n in 0..=MAX_NAMES {
            names.addresses(&format!("host-{n}.example")).await;
        }
        assert_eq!(names.known.lock().unwrap().len(), 1);
    }

    /// Resolves a name once permitted and counts the look-ups; names below `dead.example` never resolve.
    struct Slow {
        let_go: Semaphore,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Resolver for Slow {
        async fn resolve(&self, name: &str) -> Vec<IpAddr> {
            let times = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if name.ends_with("dead.example") {
                std::future::pending::<()>().await;
            }
            self.let_go.acquire().await.unwrap().forget();
            vec![[8, 8, 8, u8::try_from(times).unwrap()].into()]
        }
    }

    fn slow() -> (Arc<Slow>, DnsCache) {
        let slow = Arc::new(Slow { let_go: Semaphore::new(0), asked: AtomicUsize::new(0) });
        (slow.clone(), DnsCache::new(slow))
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_callers_share_one_lookup() {
        let (slow, names) = slow();
        let let_go = async { slow.let_go.add_permits(2) };
        let (one, other, ()) = futures::join!(names.addresses("a.example"), names.addresses("a.example"), let_go);
        assert_eq!((one.len(), &one), (1, &other));
        assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_lookup_is_restarted_by_the_next_caller() {
        let (slow, names) = slow();
        assert_eq!(names.addresses("a.example").now_or_never(), None);
        slow.let_go.add_permits(1);
        assert_eq!(names.addresses("a.example").await.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_that_times_out_counts_as_unresolved() {
        let (_, names) = slow();
        let began = Instant::now();
        assert_eq!(names.addresses("dead.example").await.len(), 0);
        assert_eq!(began.elapsed(), LOOKUP);
    }

    #[tokio::test(start_paused = true)]
    async fn unanswered_names_delay_others_by_a_bounded_time() {
        let (slow, names) = slow();
        slow.let_go.add_permits(1);
        let dead: Vec<String> = (0..500).map(|n| format!("{n}.dead.example")).collect();
        let all_dead = futures::future::join_all(dead.iter().map(|name| names.addresses(name)));
        let began = Instant::now();
        let good = async {
            names.addresses("a.example").await;
            began.elapsed()
        };
        let (dead, waited) = futures::join!(all_dead, good);
        assert!(dead.iter().all(|addresses| addresses.is_empty()));
        assert_eq!((waited, began.elapsed()), (TURN, 2 * LOOKUP));
        assert_eq!(slow.asked.load(Ordering::SeqCst), 2 * MAX_LOOKUPS, "those whose time is over are not begun");
    }

    #[tokio::test(start_paused = true)]
    async fn names_being_looked_up_are_not_evicted() {
        let (slow, names) = slow();
        let mut early = Box::pin(names.addresses("a.example"));
        assert_eq!((&mut early).now_or_never(), None);
        for n in 0..=MAX_NAMES {
            // Started and dropped.
            assert_eq!(names.addresses(&format!("host-{n}.example")).now_or_never(), None);
        }
        assert_eq!(names.known.lock().unwrap().len(), 2 + 1);
        slow.let_go.add_permits(2);
        assert_eq!(early.await, names.addresses("a.example").await);
    }

    #[tokio::test]
    async fn overlong_hosts_are_not_resolved() {
        let long = format!("{}example", "x.".repeat(1 << 20));
        let names = names(&[(&long, &["8.8.8.8"])]);
        assert_eq!(first(&names, &long).await, None);
        assert_eq!(names.known.lock().unwrap().len(), 0);
    }
}
