//! The SOCKS5 proxy of a context, on a loopback port that identifies the run. The browser sends host names, so it needs
//! no resolver, and one tunnel carries every protocol over TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fast_socks5::server::Socks5ServerProtocol;
use fast_socks5::util::target_addr::TargetAddr;
use fast_socks5::{ReplyError, Socks5Command};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Host;

use super::relay::relay;
use super::{Denied, Egress, NAME_NOT_RESOLVED};

/// Limit of the SOCKS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Limit of a connection attempt; Chromium waits 30 s for the proxy.
const CONNECT: Duration = Duration::from_secs(20);
/// Delay before the next address is tried in parallel (RFC 8305).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);
/// Addresses tried in parallel; each is a socket.
const MAX_ATTEMPTS: usize = 3;
/// Delay after a failed `accept`, for instance with too many open files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A bound listener.
pub(crate) struct Proxy(TcpListener);

impl Proxy {
    pub(crate) async fn bind() -> io::Result<Self> {
        Ok(Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?))
    }

    /// For Chromium's `proxyServer`.
    pub(crate) fn url(&self) -> io::Result<String> {
        Ok(format!("socks5://{}", self.0.local_addr()?))
    }

    /// Serves until `stop`, then closes all tunnels.
    pub(crate) async fn serve(self, egress: Arc<Egress>, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(egress.limits.connections));
        let mut tunnels = JoinSet::new();
        let serve = async {
            loop {
                // Without a permit, the next connection waits in the kernel's queue.
                let place = places.clone().acquire_owned().await.expect("it is never closed");
                match self.0.accept().await {
                    Ok((browser, _)) => {
                        let egress = egress.clone();
                        tunnels.spawn(async move {
                            tunnel(browser, &egress).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the proxy cannot accept a connection");
                        // Nothing reports when there is room again.
                        sleep(ACCEPT_AGAIN).await;
                    }
                }
                while tunnels.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            () = serve => {}
            () = stop.cancelled() => {}
        }
        tunnels.shutdown().await;
    }
}

/// Serves one connection of the browser.
async fn tunnel(browser: TcpStream, egress: &Egress) {
    // The browser batches its writes.
    let _ = browser.set_nodelay(true);
    let asked = async {
        let opened = Socks5ServerProtocol::accept_no_auth(browser).await?;
        opened.read_command().await
    };
    let (protocol, command, target) = match timeout(HANDSHAKE, asked).await {
        Ok(Ok(asked)) => asked,
        Ok(Err(error)) => return tracing::debug!(%error, "no request to the proxy"),
        Err(_elapsed) => return,
    };
    let made = match (command, endpoint(target)) {
        (Socks5Command::TCPConnect, Some((host, port))) => connect(egress, host, port).await,
        (Socks5Command::TCPConnect, None) => None,
        _ => {
            // Not the browser: it only connects.
            let _ = protocol.reply_error(&ReplyError::CommandNotSupported).await;
            return;
        }
    };
    match made {
        Some(server) => match protocol.reply_success((Ipv4Addr::UNSPECIFIED, 0).into()).await {
            Ok(browser) => relay(browser, server, egress).await,
            Err(error) => tracing::debug!(%error, "the proxy's client is gone"),
        },
        None => {
            let _ = protocol.reply_error(&ReplyError::HostUnreachable).await;
        }
    }
}

/// Host and port as in a URL; none for a host that no URL can have.
fn endpoint(target: TargetAddr) -> Option<(Host, u16)> {
    let of_address = |address| match address {
        IpAddr::V4(address) => Host::Ipv4(address),
        IpAddr::V6(address) => Host::Ipv6(address),
    };
    match target {
        TargetAddr::Ip(address) => Some((of_address(address.ip()), address.port())),
        TargetAddr::Domain(name, port) => match name.parse() {
            Ok(address) => Some((of_address(address), port)),
            Err(_) => Some((Host::parse(&name).ok()?, port)),
        },
    }
}

async fn connect(egress: &Egress, host: Host, port: u16) -> Option<TcpStream> {
    let cause = match timeout(CONNECT, reach(egress, &host, port)).await {
        Ok(Ok(server)) => return Some(server),
        Ok(Err(cause)) => cause,
        Err(_elapsed) => "net::ERR_CONNECTION_TIMED_OUT".to_owned(),
    };
    tracing::debug!(%host, port, cause, "no connection");
    egress.record_failure(host, port, cause);
    None
}

async fn reach(egress: &Egress, host: &Host, port: u16) -> Result<TcpStream, String> {
    let addresses = egress.addresses(host, port).await.map_err(|denied| match denied {
        Denied::Forbidden(reason) => format!("it may not be reached: {reason}"),
        Denied::Unresolved => NAME_NOT_RESOLVED.to_owned(),
    })?;
    let dialled = dial(&addresses, |address| TcpStream::connect(SocketAddr::new(address, port))).await;
    let server = dialled.map_err(|error| net_error(&error).to_owned())?;
    let _ = server.set_nodelay(true);
    Ok(server)
}

/// Connects to the first address that responds. Slow addresses run in parallel, and all attempts share the time limit.
async fn dial<T, F>(addresses: &[IpAddr], connect: impl Fn(IpAddr) -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let rounds = addresses.len().div_ceil(MAX_ATTEMPTS).max(1) as u32;
    let mut waiting = interleave_families(addresses).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if attempts.len() < MAX_ATTEMPTS
            && let Some(address) = waiting.next()
        {
            attempts.push(timeout(CONNECT / rounds, connect(address)));
        } else if attempts.is_empty() {
            return Err(failure);
        }
        tokio::select! {
            Some(attempt) = attempts.next() => match attempt {
                Ok(Ok(server)) => return Ok(server),
                Ok(Err(error)) => failure = error,
                Err(_elapsed) => failure = io::ErrorKind::TimedOut.into(),
            },
            // A timeout, not a pause: the attempts continue.
            () = sleep(NEXT_ADDRESS), if waiting.len() > 0 && attempts.len() < MAX_ATTEMPTS => {}
        }
    }
}

/// Alternates IPv6 and IPv4: one family may be unreachable (RFC 8305, section 4).
fn interleave_families(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let mut seen = [0; 2];
    let mut placed: Vec<_> = addresses
        .iter()
        .map(|address| {
            let place = &mut seen[usize::from(address.is_ipv6())];
            *place += 1;
            (*place, *address)
        })
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, address)| address).collect()
}

/// Chromium's name of an error.
fn net_error(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "net::ERR_CONNECTION_REFUSED",
        io::ErrorKind::ConnectionReset => "net::ERR_CONNECTION_RESET",
        io::ErrorKind::TimedOut => "net::ERR_CONNECTION_TIMED_OUT",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "net::ERR_ADDRESS_UNREACHABLE",
        _ => "net::ERR_CONNECTION_FAILED",
    }
}

#[cfg(test)]
mod tests;
