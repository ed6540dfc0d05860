//! Workers: their requests are not paused, but meet the proxy.

use super::recording_servers::EgressTest;
use crate::support::run;

/// A worker's attempts, with `{T}` and `{W}`.
const WAYS: &[(&str, &str)] = &[
    ("fetch", "fetch('{T}', { mode: 'no-cors' }).catch(() => {})"),
    ("import", "try { importScripts('{T}.js') } catch {}"),
    ("socket", "new WebSocket('{W}')"),
    ("xhr", "{ const it = new XMLHttpRequest(); it.open('GET', '{T}'); it.send() }"),
];

/// Starts one worker per target with a complete script.
async fn query(kind: &str, ways: &[(&str, &str)], start: impl Fn(&str) -> String) {
    let test = EgressTest::new().await;
    let tab = test.browser.open().await;
    for (way, script) in ways {
        let name = format!("{kind}-{way}");
        let mut body = String::new();
        for target in test.targets() {
            let sockets = target.replace("http", "ws");
            let script =
                script.replace("{T}", &format!("{target}/{name}")).replace("{W}", &format!("{sockets}/{name}"));
            body.push_str(&format!("<script>{}</script>", start(&script)));
        }
        tab.go(&test.page(&body)).await.unwrap();
        test.open.hears(&format!("/{name}")).await;
    }
    test.assert_no_forbidden_connection(tab).await;
}

#[test]
fn no_dedicated_worker_reaches_a_forbidden_server() {
    run(query("dedicated", WAYS, |script| format!("new Worker({:?})", EgressTest::script(script))));
}

#[test]
fn no_worker_of_a_blob_reaches_a_forbidden_server() {
    run(query("blob", WAYS, |script| format!("new Worker(URL.createObjectURL(new Blob([{script:?}])))")));
}

#[test]
fn no_shared_worker_reaches_a_forbidden_server() {
    run(query("shared", WAYS, |script| format!("new SharedWorker({:?})", EgressTest::script(script))));
}

#[test]
fn no_service_worker_reaches_a_forbidden_server() {
    // It has no XMLHttpRequest, and a scope per target.
    run(query("service", &WAYS[..3], |script| {
        let path = EgressTest::script(script);
        let scope = format!("/scope/{}", path.len());
        format!("navigator.serviceWorker.register({path:?}, {{ scope: {scope:?} + Math.random() }}).catch(() => {{}})")
    }));
}
