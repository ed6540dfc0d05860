//! Workers of every kind: what they ask for is not paused, and meets the proxy.

use super::trap::Ground;
use crate::support::run;

/// What a worker does; `{T}` and `{W}` as everywhere.
const WAYS: &[(&str, &str)] = &[
    ("fetch", "fetch('{T}', { mode: 'no-cors' }).catch(() => {})"),
    ("import", "try { importScripts('{T}.js') } catch {}"),
    ("socket", "new WebSocket('{W}')"),
    ("xhr", "{ const it = new XMLHttpRequest(); it.open('GET', '{T}'); it.send() }"),
];

/// Starts one worker a target, whose script is written out.
async fn tried(kind: &str, ways: &[(&str, &str)], start: impl Fn(&str) -> String) {
    let ground = Ground::new().await;
    let tab = ground.browser.open().await;
    for (way, script) in ways {
        let name = format!("{kind}-{way}");
        let mut body = String::new();
        for target in ground.targets() {
            let sockets = target.replace("http", "ws");
            let script =
                script.replace("{T}", &format!("{target}/{name}")).replace("{W}", &format!("{sockets}/{name}"));
            body.push_str(&format!("<script>{}</script>", start(&script)));
        }
        tab.go(&ground.page(&body)).await.unwrap();
        ground.open.hears(&format!("/{name}")).await;
    }
    ground.nobody_came(tab).await;
}

#[test]
fn no_dedicated_worker_reaches_a_forbidden_server() {
    run(tried("dedicated", WAYS, |script| format!("new Worker({:?})", Ground::script(script))));
}

#[test]
fn no_worker_of_a_blob_reaches_a_forbidden_server() {
    run(tried("blob", WAYS, |script| format!("new Worker(URL.createObjectURL(new Blob([{script:?}])))")));
}

#[test]
fn no_shared_worker_reaches_a_forbidden_server() {
    run(tried("shared", WAYS, |script| format!("new SharedWorker({:?})", Ground::script(script))));
}

#[test]
fn no_service_worker_reaches_a_forbidden_server() {
    // It has no XMLHttpRequest, and a scope of its own for each.
    run(tried("service", &WAYS[..3], |script| {
        let path = Ground::script(script);
        let scope = format!("/scope/{}", path.len());
        format!("navigator.serviceWorker.register({path:?}, {{ scope: {scope:?} + Math.random() }}).catch(() => {{}})")
    }));
}
