//! Datagrams: nothing of a page leaves as one, so WebRTC has no way out and tells no address either.

use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::net::UdpSocket;

use super::trap::Trap;
use crate::support::{OwnBrowser, Site, page, run};

/// A page that looks for peers by servers of all kinds and tells what it found.
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
fn a_page_that_looks_for_peers_finds_no_address_and_sends_no_datagram() {
    run(async {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (open, closed) = (Trap::at("127.0.0.1").await, Trap::at("127.0.0.1").await);
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
        // Over TCP a relay can be asked, where the policy lets a run reach it.
        open.hears("").await;
        tab.close().await;
        assert_eq!(closed.came(), [""; 0]);
        let mut datagram = [0; 64];
        let came = tokio::time::timeout(Duration::ZERO, udp.recv(&mut datagram)).await;
        assert!(came.is_err(), "{came:?}");
        browser.close().await;
    });
}
