use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::*;
use crate::egress::dns_cache::tests::Scripted;
use crate::settings::NetworkLimits;
use url_policy::{HostPattern, UrlPolicy};

/// A SOCKS greeting and its answer.
const HELLO: [u8; 3] = [5, 1, 0];
const WELCOME: [u8; 2] = [5, 0];
/// The reply's second byte.
const MADE: u8 = 0;
const UNREACHABLE: u8 = 4;
const NO_SUCH_COMMAND: u8 = 7;

struct Served {
    address: SocketAddr,
    egress: Arc<Egress>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Served {
    /// For a run that may reach the named non-public hosts, with scripted DNS.
    async fn new(open: &str, answers: &[(&str, &[&str])]) -> Self {
        Self::within(NetworkLimits { connections: 8, bytes: 1 << 20, redirects: 20 }, open, answers).await
    }

    async fn within(limits: NetworkLimits, open: &str, answers: &[(&str, &[&str])]) -> Self {
        let egress = Arc::new(Egress::new(Arc::new(Scripted::new(answers)), limits));
        egress.open(UrlPolicy::new(HostPattern::parse_list(open).unwrap()));
        let proxy = Proxy::bind().await.unwrap();
        let address = proxy.0.local_addr().unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(proxy.serve(egress.clone(), stop.clone()));
        tasks.close();
        Self { address, egress, stop, tasks }
    }

    /// A client after the handshake.
    async fn welcomed(&self) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(&HELLO).await.unwrap();
        let mut welcome = [0; 2];
        client.read_exact(&mut welcome).await.unwrap();
        assert_eq!(welcome, WELCOME);
        client
    }

    /// Requests a connection by name; returns the reply code and the tunnel.
    async fn ask(&self, host: &str, port: u16) -> (u8, TcpStream) {
        let name = [&[3, u8::try_from(host.len()).unwrap()], host.as_bytes()].concat();
        self.ask_at(1, &name, port).await
    }

    async fn ask_at(&self, command: u8, address: &[u8], port: u16) -> (u8, TcpStream) {
        let mut client = self.welcomed().await;
        let request = [&[5, command, 0], address, &port.to_be_bytes()[..]].concat();
        client.write_all(&request).await.unwrap();
        let mut reply = [0; 10];
        client.read_exact(&mut reply).await.unwrap();
        (reply[1], client)
    }
}

/// An echo server.
async fn echo(tasks: &TaskTracker) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        let mut served = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            served.spawn(async move {
                let (mut from, mut to) = client.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

/// A listener that must not get a connection.
async fn forbidden() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn nobody_came(listener: &TcpListener) {
    // A connection would already be in the queue.
    tokio::select! {
        biased;
        came = listener.accept() => panic!("{came:?}"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test]
async fn bytes_and_half_closes_are_relayed_in_both_directions() {
    let served = Served::new("site.example", &[("site.example", &["127.0.0.1"])]).await;
    let server = echo(&TaskTracker::new()).await;
    let (reply, mut tunnel) = served.ask("site.example", server.port()).await;
    assert_eq!(reply, MADE);
    tunnel.write_all(b"hello").await.unwrap();
    tunnel.shutdown().await.unwrap();
    let mut answer = Vec::new();
    tunnel.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"hello");
}

#[tokio::test]
async fn an_address_is_reachable_by_name_and_in_every_spelling() {
    let served = Served::new("127.0.0.1", &[]).await;
    let server = echo(&TaskTracker::new()).await;
    for host in ["127.0.0.1", "0x7f.1", "2130706433"] {
        assert_eq!(served.ask(host, server.port()).await.0, MADE, "{host}");
    }
    assert_eq!(served.ask_at(1, &[1, 127, 0, 0, 1], server.port()).await.0, MADE);
}

#[tokio::test]
async fn forbidden_addresses_are_refused_in_every_spelling() {
    let served =
        Served::new("", &[("evil.example", &["127.0.0.1"]), ("both.example", &["8.8.8.8", "127.0.0.1"])]).await;
    let (listener, port) = forbidden().await;
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "0",
        "evil.example",
        "EVIL.example",
        "both.example",
        "nobody.example",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "",
        " ",
        "127.0.0.1/",
        "x@127.0.0.1",
    ];
    for host in hosts {
        assert_eq!(served.ask(host, port).await.0, UNREACHABLE, "{host:?}");
    }
    assert_eq!(served.ask_at(1, &[1, 127, 0, 0, 1], port).await.0, UNREACHABLE);
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
    for address in [Ipv6Addr::LOCALHOST.octets(), mapped, Ipv6Addr::UNSPECIFIED.octets()] {
        assert_eq!(served.ask_at(1, &[&[4][..], &address].concat(), port).await.0, UNREACHABLE);
    }
    nobody_came(&listener).await;
    assert_eq!(served.ask("127.0.0.1", served.address.port()).await.0, UNREACHABLE, "the proxy itself");
}

#[tokio::test]
async fn a_rebinding_name_cannot_reach_a_second_address() {
    // Allowed, but nobody listens at its first address.
    let (listener, port) = forbidden().await;
    let answers: &[(&str, &[&str])] = &[("rebind.example", &["127.0.0.2"]), ("rebind.example", &["127.0.0.1"])];
    let served = Served::new("rebind.example", answers).await;
    for _ in 0..3 {
        assert_eq!(served.ask("rebind.example", port).await.0, UNREACHABLE);
    }
    nobody_came(&listener).await;
}

#[tokio::test]
async fn only_connect_requests_are_served() {
    let served = Served::new("127.0.0.1", &[]).await;
    let server = echo(&TaskTracker::new()).await;
    for command in [2, 3] {
        assert_eq!(served.ask_at(command, &[1, 127, 0, 0, 1], server.port()).await.0, NO_SUCH_COMMAND);
    }
}

#[tokio::test]
async fn connections_that_do_not_speak_socks_are_closed() {
    let served = Served::new("127.0.0.1", &[]).await;
    for garbage in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{4}\u{1}", "\u{5}\u{1}\u{2}"] {
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(garbage.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset ends it too.
        let _ = client.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer == [5, 0xff], "{answer:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_remembered_with_its_cause() {
    let served = Served::new("127.0.0.1", &[]).await;
    let (listener, port) = forbidden().await;
    drop(listener);
    assert_eq!(served.ask("127.0.0.1", port).await.0, UNREACHABLE);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(served.egress.explain(&url, "net::ERR_SOCKS_CONNECTION_FAILED"), "net::ERR_CONNECTION_REFUSED");
}

#[tokio::test]
async fn an_unresponsive_address_does_not_block_the_next_one() {
    // Nobody listens at the first address, somebody at the second.
    let served = Served::new("site.example", &[("site.example", &["127.0.0.2", "127.0.0.1"])]).await;
    let server = echo(&TaskTracker::new()).await;
    assert_eq!(served.ask("site.example", server.port()).await.0, MADE);
}

/// Dials unused addresses, of which at most one answers; returns the maximum number of parallel attempts and when
/// dialling ended.
async fn dialled(count: u16, somebody: Option<u16>) -> (io::Result<IpAddr>, usize, Duration) {
    let addresses: Vec<IpAddr> = (0..count).map(|n| Ipv6Addr::new(0x2e00, 0, 0, 0, 0, 0, 0, n).into()).collect();
    let under_way = Arc::new(());
    let most = AtomicUsize::new(0);
    let connect = |address| {
        let attempt = under_way.clone();
        most.fetch_max(Arc::strong_count(&attempt) - 1, Ordering::Relaxed);
        let is_there = somebody.is_some_and(|n| addresses[usize::from(n)] == address);
        async move {
            let _attempt = attempt;
            if !is_there {
                std::future::pending::<()>().await;
            }
            Ok(address)
        }
    };
    let began = Instant::now();
    let reached = dial(&addresses, connect).await;
    (reached, most.into_inner(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn many_addresses_use_few_sockets_at_a_time() {
    let (reached, most, took) = dialled(32, None).await;
    assert_eq!((reached.unwrap_err().kind(), most), (io::ErrorKind::TimedOut, MAX_ATTEMPTS));
    assert!(took <= CONNECT + Duration::from_secs(1), "{took:?}");
    let (reached, most, took) = dialled(32, Some(31)).await;
    assert_eq!((reached.unwrap(), most), ("2e00::1f".parse::<IpAddr>().unwrap(), MAX_ATTEMPTS));
    assert!(took <= CONNECT, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn few_addresses_get_the_full_time_limit_and_start_one_after_another() {
    let (reached, most, took) = dialled(3, None).await;
    assert_eq!((reached.unwrap_err().kind(), most), (io::ErrorKind::TimedOut, 3));
    assert_eq!(took, 2 * NEXT_ADDRESS + CONNECT);
    let (_, most, took) = dialled(3, Some(1)).await;
    assert_eq!((most, took), (2, NEXT_ADDRESS));
}

#[test]
fn an_unreachable_address_family_does_not_delay_the_other() {
    let of = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
    let turns = interleave_families(&of(&["2e00::1", "2e00::2", "2e00::3", "9.9.9.1", "9.9.9.2"]));
    assert_eq!(turns, of(&["2e00::1", "9.9.9.1", "2e00::2", "9.9.9.2", "2e00::3"]));
    assert_eq!(interleave_families(&of(&["9.9.9.1", "2e00::1"])), of(&["9.9.9.1", "2e00::1"]));
}

#[tokio::test]
async fn connections_close_at_the_byte_limit() {
    let limits = NetworkLimits { connections: 8, bytes: 1_000, redirects: 20 };
    let served = Served::within(limits, "127.0.0.1", &[]).await;
    let server = echo(&TaskTracker::new()).await;
    let (_, mut idle) = served.ask("127.0.0.1", server.port()).await;
    let (_, mut busy) = served.ask("127.0.0.1", server.port()).await;
    busy.write_all(&[7; 600]).await.unwrap();
    let mut answer = Vec::new();
    // A reset ends it too.
    let _ = busy.read_to_end(&mut answer).await;
    let _ = idle.read_to_end(&mut answer).await;
    assert!(answer.len() < 600, "{}", answer.len());
    assert_eq!(served.ask("127.0.0.1", server.port()).await.0, UNREACHABLE);
    assert_eq!(served.egress.take_notices().len(), 1);
}

#[tokio::test]
async fn connections_above_the_limit_wait() {
    let limits = NetworkLimits { connections: 1, bytes: 1_000, redirects: 20 };
    let served = Served::within(limits, "127.0.0.1", &[]).await;
    let server = echo(&TaskTracker::new()).await;
    let (_, first) = served.ask("127.0.0.1", server.port()).await;
    let mut second = TcpStream::connect(served.address).await.unwrap();
    second.write_all(&HELLO).await.unwrap();
    let mut welcome = [0; 2];
    let early = tokio::time::timeout(Duration::from_millis(50), second.read_exact(&mut welcome)).await;
    assert!(early.is_err(), "it is not served yet");
    drop(first);
    second.read_exact(&mut welcome).await.unwrap();
    assert_eq!(welcome, WELCOME);
}

#[tokio::test]
async fn connections_end_with_their_context() {
    let served = Served::new("127.0.0.1", &[]).await;
    let server = echo(&TaskTracker::new()).await;
    let (_, mut tunnel) = served.ask("127.0.0.1", server.port()).await;
    let mut half_open = served.welcomed().await;
    served.stop.cancel();
    served.tasks.wait().await;
    let mut rest = Vec::new();
    let _ = tunnel.read_to_end(&mut rest).await;
    let _ = half_open.read_to_end(&mut rest).await;
    assert_eq!(rest, [0; 0]);
    assert!(TcpStream::connect(served.address).await.is_err());
}
