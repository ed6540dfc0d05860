//! The service's own ports: its API and the proxies of runs.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::recording_servers::RecordingServer;
use crate::support::{Events, Site, Start, eventually, page, run};

/// The log line when a client of a proxy speaks HTTP: its first letter is not a SOCKS version.
const STRANGER: &str = "Unsupported SOCKS version `71`";

/// The IPv4 ports of a process's listeners, from `/proc/net/tcp` (proc(5)).
fn listening(process: u32) -> Vec<u16> {
    let root = Path::new("/proc").join(process.to_string());
    let files = std::fs::read_dir(root.join("fd")).unwrap().flatten();
    let sockets: Vec<String> = files
        .filter_map(|file| std::fs::read_link(file.path()).ok()?.to_str()?.strip_prefix("socket:[").map(str::to_owned))
        .collect();
    let table = std::fs::read_to_string(root.join("net/tcp")).unwrap();
    let port = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_own = sockets.iter().any(|socket| *socket == format!("{}]", fields[9]));
        // 0A: listening.
        (fields[3] == "0A" && is_own).then(|| u16::from_str_radix(fields[1].rsplit(':').next().unwrap(), 16).unwrap())
    };
    table.lines().skip(1).filter_map(port).collect()
}

/// Tries a port in every way, and reports whether each got a response.
fn tries(port: u16) -> String {
    format!(
        "<script>{{ const at = '127.0.0.1:{port}', url = `http://${{at}}/health`;\
         const told = (way) => [() => tell(`${{way}} {port} answered`), () => tell(`${{way}} {port} failed`)];\
         fetch(url, {{ mode: 'no-cors' }}).then(...told('fetch'));\
         fetch(url, {{ mode: 'no-cors', method: 'POST', keepalive: true, body: 'x' }}).then(...told('keepalive'));\
         const worker = new Worker(URL.createObjectURL(new Blob([`fetch('${{url}}', {{ mode: 'no-cors' }})\
           .then(() => postMessage(0), () => postMessage(1))`])));\
         worker.onmessage = ({{ data }}) => told('worker')[data]();\
         new WebSocket(`ws://${{at}}/health`).onerror = () => tell('socket {port} failed') }}</script>"
    )
}

#[test]
fn a_page_reaches_neither_the_service_nor_a_proxy() {
    run(async {
        let open = RecordingServer::at("127.0.0.1").await;
        let service_id = Arc::new(OnceLock::new());
        let (id, open_port) = (service_id.clone(), open.port);
        // By then, the run's context has its proxy.
        let attack = async move || {
            let ports = listening(*id.get().unwrap());
            assert!(ports.len() >= 2, "the interface and a proxy: {ports:?}");
            Html(page(&ports.iter().chain([&open_port]).map(|port| tries(*port)).collect::<String>()))
        };
        let site = Site::with(Router::new().route("/", get(attack))).await;
        let host = |url: &str| url.trim_start_matches("http://").to_owned();
        let reach = format!("{},{}", host(&site.url("")), host(&open.origin));
        let log = "browser=debug";
        let service = Start::new().set("BROWSER_USE_PRIVATE_HOSTS", &reach).set("RUST_LOG", log).ready().await;
        service_id.set(service.id()).unwrap();
        let request = json!({
            "task": "x", "provider": "template", "screenshotFormat": "none", "startUrl": site.url("/"),
            "actions": [{ "type": "wait", "delay_ms": 20_000 }],
        });
        let response = service.post(&request).await;
        assert_eq!(response.status(), 200);
        let events = Events::of(response);
        for way in ["fetch", "keepalive", "worker"] {
            site.hears(&format!("{way} {open_port} answered")).await;
        }
        let (ports, own) = (listening(service.id()), service.address().rsplit(':').next().unwrap().parse().unwrap());
        assert!(ports.contains(&own), "{ports:?}");
        for way in ["fetch", "keepalive", "worker", "socket"] {
            site.hears(&format!("{way} {own} failed")).await;
        }
        assert!(!site.told().iter().any(|told| told.contains("answered") && !told.contains(&open_port.to_string())));
        assert!(!service.log().contains(STRANGER), "{}", service.log());
        // Control: the line of an actual connection.
        for port in ports.into_iter().filter(|port| *port != own) {
            let mut stranger = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stranger.write_all(b"GET /health HTTP/1.1\r\n\r\n").await.unwrap();
            let _ = stranger.read(&mut [0; 16]).await;
        }
        eventually("the log has it", std::time::Duration::from_secs(10), || service.log().contains(STRANGER)).await;
        drop(events);
        service.stop().await;
    });
}
