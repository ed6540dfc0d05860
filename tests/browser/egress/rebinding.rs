//! Names that mean something good when they are first asked for, and a forbidden server from then on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use agent::ports::ActionError;
use async_trait::async_trait;
use browser::Resolver;

use super::trap::Trap;
use crate::support::{Log, OwnBrowser, Site, run};

/// Of the public internet by its number, and in a part of it that nobody was given: nobody is reached there.
const PUBLIC: [u16; 8] = [0x2e00, 0, 0, 0, 0, 0, 0, 1];
/// More than a run remembers, so that it asks again before an answer's time is over.
const INVENTED: usize = 1_100;

/// Says of names below `rebind.example` that they are public when first asked, and here from then on; of `open.example`
/// always that it is here; and of all others that there are none.
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
fn a_name_that_was_good_at_first_leads_nobody_to_a_forbidden_server_later() {
    run(async {
        // One that may be reached by the name of `open.example`, and by no other.
        let trap = Trap::at("127.0.0.1").await;
        let asked = Log::new();
        let resolver = Rebinding { asked: asked.clone(), before: Mutex::default() };
        let browser = OwnBrowser::resolving("open.example", Arc::new(resolver), |_| {}).await;
        // The names are forgotten when there are too many. Each way goes on asking meanwhile and after that: one request of
        // the page's, which is paused, a worker's and a socket's, which are not.
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
            port = trap.port,
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = browser.open().await;
        tab.go(&site.url_at("open.example", "/")).await.unwrap();
        site.hears("over").await;
        // They were asked for again, and the answer was the forbidden one.
        let asked = asked.list();
        for way in ["page", "worker", "socket"] {
            assert!(asked.contains(&format!("{way}.rebind.example 2")), "{way}: {asked:?}");
            let refused = tab.go(&format!("http://{way}.rebind.example:{}/", trap.port)).await;
            assert!(matches!(refused, Err(ActionError::Forbidden { .. })), "{way}: {refused:?}");
        }
        trap.hears("/socket").await;
        tab.close().await;
        let came = trap.came();
        assert_eq!(came.iter().filter(|line| *line == "a connection").count(), 1, "{came:?}");
        browser.close().await;
    });
}
