//! DNS resolution.

use std::net::{IpAddr, ToSocketAddrs};

use async_trait::async_trait;
use tokio::sync::Semaphore;

/// Concurrent system look-ups of the process. Each blocks a thread until the system gives up, up to a minute, and
/// cannot be cancelled; half of the runtime's default threads remain free.
static PLACES: Semaphore = Semaphore::const_new(256);

/// Resolves host names.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of a host name; empty if it has none or resolving fails. Callers apply their own timeout.
    async fn resolve(&self, name: &str) -> Vec<IpAddr>;
}

/// The system's resolver: hosts file and name servers.
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let name = name.to_owned();
        let look_up = move || (name, 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect());
        in_place(&PLACES, look_up).await.and_then(Result::ok).unwrap_or_default()
    }
}

/// Runs blocking work under a permit, which is released when the work ends, even if the caller is dropped. None if the
/// work panics.
async fn in_place<T: Send + 'static>(
    places: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let place = places.acquire().await.expect("it is never closed");
    let working = move || {
        let _place = place;
        work()
    };
    tokio::task::spawn_blocking(working).await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_system_resolves_localhost_and_rejects_long_labels() {
        assert!(SystemResolver.resolve("localhost").await.iter().any(IpAddr::is_loopback));
        assert_eq!(SystemResolver.resolve(&format!("{}.example", "x".repeat(64))).await, [] as [IpAddr; 0]);
    }

    #[tokio::test]
    async fn a_dropped_lookup_keeps_its_permit() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (end, ended) = mpsc::channel::<()>();
        // Started and dropped at once.
        assert_eq!(in_place(&ONE, move || ended.recv().is_ok()).now_or_never(), None);
        assert_eq!(ONE.available_permits(), 0);
        end.send(()).unwrap();
        assert_eq!(in_place(&ONE, || ()).await, Some(()), "it is free now");
    }
}
