//! DNS rebinding: names that resolve to a public address first and to a forbidden server from then on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use agent::ports::ActionError;
use async_trait::async_trait;
use browser::Resolver;

use super::recording_servers::RecordingServer;
use crate::support::{Log, OwnBrowser, Site, run};

/// A public but unassigned address.
const PUBLIC: [u16; 8] = [0x2e00, 0, 0, 0, 0, 0, 0, 1];
/// More names than a run caches, so that they are resolved again before they expire.
const INVENTED: usize = 1_100;

/// Resolves names below `rebind.example` to a public address first and to this machine from then on, `open.example`
/// to this machine, and no others.
struct Rebinding {
    asked: Log<String>,
    before: Mutex<HashMap<String, usize>>,
}

#[async_trait]
impl Resolver for Rebinding {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let mut before = self.before.lock().unwrap();
        let times = before.entry(name.to_owned()).or_default();
        *times += 1;
        self.asked.push(format!("{name} {times}"));
        match name {
            "open.example" => vec![[127, 0, 0, 1].into()],
            _ if name.ends_with("rebind.example") && *times == 1 => vec![PUBLIC.into()],
            _ if name.ends_with("rebind.example") => vec![[127, 0, 0, 1].into()],
            _ => Vec::new(),
        }
    }
}

#[test]
fn a_rebinding_name_reaches_no_forbidden_server() {
    run(async {
        // Reachable only as `open.example`.
        let server = RecordingServer::at("127.0.0.1").await;
        let asked = Log::new();
        let resolver = Rebinding { asked: asked.clone(), before: Mutex::default() };
        let browser = OwnBrowser::resolving("open.example", Arc::new(resolver), |_| {}).await;
        // Names are evicted when there are too many. Each attempt repeats meanwhile and afterwards: a request of
        // the page, which is paused, and those of a worker and a socket, which are not.
        let body = format!(
            "<script>const port = {port}, wait = (ms) => new Promise((then) => setTimeout(then, ms));\
             const ask = (host) => fetch(`http://${{host}}:${{port}}/page`, {{ mode: 'no-cors' }}).catch(() => {{}});\
             const socket = (host) => new Promise((then) => {{ const it = new WebSocket(`ws://${{host}}:${{port}}/socket`);\
               it.onerror = it.onopen = then }});\
             const worker = new Worker(URL.createObjectURL(new Blob([`onmessage = ({{ data }}) => \
               fetch('http://worker.rebind.example:{port}/worker', {{ mode: 'no-cors' }}).catch(() => {{}})\
               .then(() => postMessage(data))`])));\
             const work = () => new Promise((then) => {{ worker.onmessage = then; worker.postMessage(1) }});\
             const all = () => Promise.all([ask('page.rebind.example'), work(), socket('socket.rebind.example')]);\
             (async () => {{ await all();\
               for (let n = 0; n < {INVENTED}; n += 50)\
                 await Promise.all(Array.from({{ length: 50 }}, (_, k) => ask(`n${{n + k}}.invented.example`)));\
               await all(); await all(); await socket('open.example'); tell('over') }})()</script>",
            port = server.port,
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = browser.open().await;
        tab.go(&site.url_at("open.example", "/")).await.unwrap();
        site.hears("over").await;
        // They were resolved again, to the forbidden server.
        let asked = asked.list();
        for way in ["page", "worker", "socket"] {
            assert!(asked.contains(&format!("{way}.rebind.example 2")), "{way}: {asked:?}");
            let refused = tab.go(&format!("http://{way}.rebind.example:{}/", server.port)).await;
            assert!(matches!(refused, Err(ActionError::Forbidden { .. })), "{way}: {refused:?}");
        }
        server.hears("/socket").await;
        tab.close().await;
        let came = server.connections();
        assert_eq!(came.iter().filter(|line| *line == "a connection").count(), 1, "{came:?}");
        browser.close().await;
    });
}
