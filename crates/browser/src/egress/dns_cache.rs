//! What names mean to a run: each is asked for once and then kept for a while, so that everything about one page is
//! decided by one answer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout};

use super::resolver::Resolver;

/// How long an answer holds. Long enough that a page of a hundred requests asks once a host.
pub(super) const TTL: Duration = Duration::from_secs(30);
/// How long a name counts as one without an address: a resolver that stumbles must not cost a run its site.
const UNRESOLVED_TTL: Duration = Duration::from_secs(2);
/// Look-ups of a run at a time; a page may invent names without end.
const MAX_LOOKUPS: usize = 8;
/// How long a look-up may take. With its [`TURN`] shorter than the proxy takes for a connection.
const LOOKUP: Duration = Duration::from_secs(8);
/// How long a name may wait for its look-up to begin: until those before it are given up, and no longer, since the agent's
/// own navigation waits with the requests of its pages.
const TURN: Duration = Duration::from_secs(10);
/// Answers kept at most; a page that invents names must not fill the memory.
const MAX_NAMES: usize = 1_024;
/// Bytes of a name, with the dot at its end. There is no longer one (RFC 1035), but there are longer hosts of URLs.
const MAX_NAME: usize = 254;
/// Addresses of a name that count; no site has as many.
const MAX_ADDRESSES: usize = 32;

/// One run's answers.
pub(super) struct DnsCache {
    resolver: Arc<dyn Resolver>,
    known: Mutex<HashMap<String, Arc<OnceCell<CachedAddresses>>>>,
    lookups: Semaphore,
}

struct CachedAddresses {
    /// The moment it was given.
    since: Instant,
    /// Empty for a name without an address.
    addresses: Arc<[IpAddr]>,
}

impl DnsCache {
    pub(super) fn new(resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, known: Mutex::default(), lookups: Semaphore::new(MAX_LOOKUPS) }
    }

    /// Empty for a name without an address, and for one whose look-up takes too long. Whoever asks while a name is looked up
    /// gets the same answer.
    pub(super) async fn addresses(&self, name: &str) -> Arc<[IpAddr]> {
        if name.len() > MAX_NAME {
            return Arc::default();
        }
        let answer = self.entry(name);
        answer.get_or_init(|| self.look_up(name)).await.addresses.clone()
    }

    /// Where the answer is, or will be.
    fn entry(&self, name: &str) -> Arc<OnceCell<CachedAddresses>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.get(name)
            && entry.get().is_none_or(CachedAddresses::holds)
        {
            return entry.clone();
        }
        if known.len() >= MAX_NAMES {
            // What somebody waits for stays, or it would be looked up a second time beside the first.
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

    fn names(answers: &[(&str, &[&str])]) -> DnsCache {
        DnsCache::new(Arc::new(Scripted::new(answers)))
    }

    async fn first(names: &DnsCache, name: &str) -> Option<String> {
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

    /// Gives names an address when it is let, and counts how often it is asked; those below `dead.example` never.
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
    async fn whoever_asks_while_a_name_is_looked_up_gets_the_same_answer() {
        let (slow, names) = slow();
        let let_go = async { slow.let_go.add_permits(2) };
        let (one, other, ()) = futures::join!(names.addresses("a.example"), names.addresses("a.example"), let_go);
        assert_eq!((one.len(), &one), (1, &other));
        assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_up_that_nobody_waits_for_any_more_is_begun_anew_by_the_next() {
        let (slow, names) = slow();
        assert_eq!(names.addresses("a.example").now_or_never(), None);
        slow.let_go.add_permits(1);
        assert_eq!(names.addresses("a.example").await.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_nobody_answers_for_counts_as_one_without_an_address() {
        let (_, names) = slow();
        let began = Instant::now();
        assert_eq!(names.addresses("dead.example").await.len(), 0);
        assert_eq!(began.elapsed(), LOOKUP);
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_nobody_answers_for_hold_up_another_one_no_longer() {
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
    async fn names_that_are_looked_up_are_not_forgotten_for_others() {
        let (slow, names) = slow();
        let mut early = Box::pin(names.addresses("a.example"));
        assert_eq!((&mut early).now_or_never(), None);
        for n in 0..=MAX_NAMES {
            // Begun and left.
            assert_eq!(names.addresses(&format!("host-{n}.example")).now_or_never(), None);
        }
        assert_eq!(names.known.lock().unwrap().len(), 2 + 1);
        slow.let_go.add_permits(2);
        assert_eq!(early.await, names.addresses("a.example").await);
    }

    #[tokio::test]
    async fn a_host_that_is_too_long_for_a_name_is_not_asked_for() {
        let long = format!("{}example", "x.".repeat(1 << 20));
        let names = names(&[(&long, &["8.8.8.8"])]);
        assert_eq!(first(&names, &long).await, None);
        assert_eq!(names.known.lock().unwrap().len(), 0);
    }
}
