//! Who knows the addresses of names.

use std::net::{IpAddr, ToSocketAddrs};

use async_trait::async_trait;
use tokio::sync::Semaphore;

/// Look-ups of the system's under way in this process. Each is a blocking thread until the system gives up, which takes it
/// up to a minute where no name server answers, and nothing ends it before; half of the threads that the runtime has by
/// default stay for everything else.
static PLACES: Semaphore = Semaphore::const_new(256);

/// Who knows the addresses of names.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of a host name as URLs have it; none when it has none, or when nobody can tell. May take as long as it
    /// wants: nobody waits for ever.
    async fn resolve(&self, name: &str) -> Vec<IpAddr>;
}

/// The system's: its hosts file and its name servers.
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let name = name.to_owned();
        let look_up = move || (name, 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect());
        in_place(&PLACES, look_up).await.and_then(Result::ok).unwrap_or_default()
    }
}

/// Does blocking work in one of some places. The place is free when the work is over, and not when nobody waits for it any
/// more. None when the work panics.
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
    async fn the_system_knows_this_machine_and_no_label_that_is_too_long() {
        assert!(SystemResolver.resolve("localhost").await.iter().any(IpAddr::is_loopback));
        assert_eq!(SystemResolver.resolve(&format!("{}.example", "x".repeat(64))).await, [] as [IpAddr; 0]);
    }

    #[tokio::test]
    async fn a_look_up_keeps_its_place_although_nobody_waits_for_it_any_more() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (end, ended) = mpsc::channel::<()>();
        // Begun, and left at once.
        assert_eq!(in_place(&ONE, move || ended.recv().is_ok()).now_or_never(), None);
        assert_eq!(ONE.available_permits(), 0);
        end.send(()).unwrap();
        assert_eq!(in_place(&ONE, || ()).await, Some(()), "it is free now");
    }
}
