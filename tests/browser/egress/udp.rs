//! UDP: pages send no datagrams by WebRTC or QUIC and learn no local address.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};

use super::recording_servers::RecordingServer;
use crate::support::{OwnBrowser, Site, page, run};

/// Maximum time from a browser's start to a page's first datagram.
const PATIENCE: Duration = Duration::from_secs(30);

/// A page that gathers ICE candidates with servers of all kinds and reports them.
fn peers(udp: u16, tcp: u16) -> String {
    format!(
        "<script>(async () => {{
            const turn = (urls) => ({{ urls, username: 'a', credential: 'b' }});
            const peer = new RTCPeerConnection({{ iceServers: [
                {{ urls: 'stun:127.0.0.1:{udp}' }}, turn('turn:127.0.0.1:{udp}'), turn('turn:127.0.0.1:{tcp}?transport=tcp'),
            ] }});
            const found = [];
            peer.onicecandidate = (event) => {{
                if (event.candidate) found.push(event.candidate.candidate);
                else tell('found ' + JSON.stringify(found));
            }};
            peer.createDataChannel('x');
            await peer.setLocalDescription(await peer.createOffer());
        }})()</script>"
    )
}

#[test]
fn webrtc_reveals_no_address_and_sends_no_datagram() {
    run(async {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (open, closed) = (RecordingServer::at("127.0.0.1").await, RecordingServer::at("127.0.0.1").await);
        let port = udp.local_addr().unwrap().port();
        let (through, refused) = (peers(port, open.port), peers(port, closed.port));
        let site = Site::with(
            Router::new()
                .route("/through", get(move || async move { Html(page(&through)) }))
                .route("/refused", get(move || async move { Html(page(&refused)) })),
        )
        .await;
        let own = site.url("").rsplit(':').next().unwrap().to_owned();
        let reach = format!("127.0.0.1:{own},127.0.0.1:{}", open.port);
        let browser = OwnBrowser::reaching(&reach, |_| {}).await;
        let tab = browser.open().await;
        tab.go(&site.url("/refused")).await.unwrap();
        site.hears("found []").await;
        tab.go(&site.url("/through")).await.unwrap();
        // TURN over TCP is possible if the policy allows the host.
        open.hears("").await;
        tab.close().await;
        assert_eq!(closed.connections(), [""; 0]);
        let mut datagram = [0; 64];
        let came = tokio::time::timeout(Duration::ZERO, udp.recv(&mut datagram)).await;
        assert!(came.is_err(), "{came:?}");
        browser.close().await;
    });
}

/// A page that opens WebTransport sessions, also in a worker, and reports the outcomes.
fn transports(urls: &[String]) -> String {
    format!(
        "<script>
            const tries = (urls) => Promise.all(urls.map(async (url) => {{
                try {{ await new WebTransport(url).ready; return 'ready' }} catch (error) {{ return error.name }}
            }}));
            const urls = {urls:?};
            tries(urls).then((ended) => tell('page ' + ended));
            const worker = new Worker(URL.createObjectURL(new Blob([
                `(${{tries}})(${{JSON.stringify(urls)}}).then((ended) => postMessage('worker ' + ended))`])));
            worker.onmessage = ({{ data }}) => tell(data);
        </script>"
    )
}

/// This machine's address in its network; none without a network.
async fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").await.ok()?;
    // Sends nothing; it only determines the source address.
    socket.connect("198.51.100.1:9").await.ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_unspecified())
}

/// The same browser without a proxy and without restrictions.
struct Plain {
    child: Child,
    _profile: TempDir,
}

impl Plain {
    fn open(executable: &Path, url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new(executable)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-proxy-server"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(url)
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, _profile: profile }
    }

    /// Ends it before its profile is removed.
    async fn close(mut self) {
        self.kill();
        self.child.wait().await.unwrap();
    }

    fn kill(&self) {
        let group = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        // It may have exited already.
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.kill();
    }
}

// WebTransport ignores proxies, and `--disable-quic` alone does not prevent it.
#[test]
fn webtransport_sends_no_datagram_even_to_allowed_hosts() {
    run(async {
        let mut hosts = vec![String::from("127.0.0.1")];
        // Without a network there is no other address.
        hosts.extend(own_address().await.map(|address| address.to_string()));
        let mut listeners = Vec::new();
        for host in &hosts {
            let udp = std::net::UdpSocket::bind((host.as_str(), 0)).unwrap();
            udp.set_nonblocking(true).unwrap();
            listeners.push(udp);
        }
        let urls: Vec<String> = listeners.iter().map(|udp| format!("https://{}/", udp.local_addr().unwrap())).collect();
        let html = page(&transports(&urls));
        let site = Site::with(Router::new().route("/", get(|| async { Html(html) }))).await;
        let browser = OwnBrowser::reaching(&hosts.join(","), |_| {}).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let refused = vec!["WebTransportError"; urls.len()].join(",");
        for who in ["page", "worker"] {
            site.hears(&format!("{who} {refused}")).await;
        }
        tab.close().await;
        let mut datagram = [0; 2048];
        for udp in &listeners {
            let came = udp.recv_from(&mut datagram).map_err(|error| error.kind());
            assert_eq!(came, Err(ErrorKind::WouldBlock), "{udp:?}");
        }
        // Control: an actual datagram.
        let executable = std::fs::read_link(format!("/proc/{}/exe", browser.main_process())).unwrap();
        let plain = Plain::open(&executable, &site.url("/"));
        for udp in listeners {
            let udp = UdpSocket::from_std(udp).unwrap();
            let came = tokio::time::timeout(PATIENCE, udp.recv(&mut datagram)).await;
            came.expect("a datagram comes from the same page elsewhere").unwrap();
        }
        plain.close().await;
        browser.close().await;
    });
}
