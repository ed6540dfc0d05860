//! Requests of a document: elements, scripts, sockets, reports.

use super::recording_servers::{EgressTest, encoded};
use crate::support::run;

/// Name and attempt.
const ELEMENTS: &[(&str, &str)] = &[
    ("img", "<img src='{T}'>"),
    ("srcset", "<img srcset='{T} 1x'>"),
    ("script", "<script src='{T}'></script>"),
    ("module", "<script type=module src='{T}.js'></script>"),
    ("css", "<link rel=stylesheet href='{T}'>"),
    ("css-import", "<style>@import '{T}';</style>"),
    ("background", "<div style=\"background: url('{T}'); width: 9px; height: 9px\"></div>"),
    ("font", "<script>new FontFace('x', \"url('{T}')\").load().catch(() => {})</script>"),
    ("video", "<video src='{T}' preload=auto></video>"),
    ("audio", "<audio src='{T}' preload=auto></audio>"),
    (
        "track",
        "<video crossorigin><track src='{T}' kind=captions default></video>\
               <script>document.currentScript.previousElementSibling.textTracks[0].mode = 'showing'</script>",
    ),
    ("object", "<object data='{T}'></object>"),
    ("embed", "<embed src='{T}'>"),
    ("iframe", "<iframe src='{T}'></iframe>"),
    ("input-image", "<input type=image src='{T}'>"),
    ("svg-image", "<svg><image href='{T}'/></svg>"),
    ("preload", "<link rel=preload as=image href='{T}'>"),
    ("modulepreload", "<link rel=modulepreload href='{T}.js'>"),
    ("prefetch", "<link rel=prefetch href='{T}'>"),
    ("srcdoc", "<iframe srcdoc=\"<img src='{T}'>\"></iframe>"),
    (
        "sandboxed",
        "<iframe sandbox=allow-scripts srcdoc=\"<script>fetch('{T}', { mode: 'no-cors' })</script>\"></iframe>",
    ),
    ("data-frame", "<iframe src=\"data:text/html,<img src='{T}'>\"></iframe>"),
    (
        "blob-frame",
        "<script>{ const it = document.createElement('iframe'); document.body.append(it);\
                    it.src = URL.createObjectURL(new Blob([`<img src='{T}'>`], { type: 'text/html' })) }</script>",
    ),
    (
        "form-frame",
        "<iframe name='f{T}'></iframe><form method=post target='f{T}' action='{T}'></form>\
                    <script>document.currentScript.previousElementSibling.submit()</script>",
    ),
];

const SCRIPTS: &[(&str, &str)] = &[
    ("fetch", "fetch('{T}').catch(() => {})"),
    ("no-cors", "fetch('{T}', { mode: 'no-cors' }).catch(() => {})"),
    ("preflight", "fetch('{T}', { method: 'PUT', headers: { 'X-A': '1' }, body: 'x' }).catch(() => {})"),
    ("xhr", "{ const it = new XMLHttpRequest(); it.open('POST', '{T}'); it.send('x') }"),
    ("beacon", "navigator.sendBeacon('{T}', 'x')"),
    ("keepalive", "fetch('{T}', { method: 'POST', keepalive: true, mode: 'no-cors', body: 'x' }).catch(() => {})"),
    ("import", "import('{T}.js').catch(() => {})"),
    ("events", "new EventSource('{T}')"),
    ("socket", "new WebSocket('{W}')"),
    ("image", "new Image().src = '{T}'"),
    (
        "report",
        "{ const it = document.createElement('iframe'); it.src = '/page?csp=' + encodeURIComponent(\"img-src 'none'; report-uri {T}\")\
                + '&body=' + encodeURIComponent('<img src=/x>'); document.body.append(it) }",
    ),
    (
        "redirected",
        "document.body.append(Object.assign(new Image(), { src: '/redirect?status=302&to=' + encodeURIComponent('{T}') }))",
    ),
];

/// Attempts without a control, as Chromium does not perform them here. It must not start to.
const SILENT: &[(&str, &str)] = &[
    ("icon", "<link rel=icon href='{T}'>"),
    (
        "ping",
        "<script>{ const it = document.createElement('a'); it.href = '#here'; it.ping = '{T}'; document.body.append(it); \
         it.click() }</script>",
    ),
    ("preconnect", "<link rel=preconnect href='{T}'>"),
    ("dns-prefetch", "<link rel=dns-prefetch href='{T}'>"),
    ("manifest", "<link rel=manifest href='{T}'>"),
    (
        "speculated",
        "<script type=speculationrules>{\"prefetch\": [{\"urls\": [\"{T}\"], \"eagerness\": \"immediate\"}]}</script>",
    ),
    (
        "prerendered",
        "<script type=speculationrules>{\"prerender\": [{\"urls\": [\"{T}\"], \"eagerness\": \"immediate\"}]}</script>",
    ),
    (
        "payment",
        "<script>try { new PaymentRequest([{ supportedMethods: '{T}'.replace('http', 'https') }],\
                 { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } }).canMakePayment().catch(() => {}) } catch {}</script>",
    ),
    (
        "credentials",
        "<script>try { navigator.credentials.get({ identity: { providers: [{ configURL: '{T}', clientId: '1' }] } })\
                     .catch(() => {}) } catch {}</script>",
    ),
    ("later", "<script>try { fetchLater('{T}', { activateAfter: 0 }) } catch {}</script>"),
];

#[test]
fn no_element_reaches_a_forbidden_server() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        for (name, way) in ELEMENTS {
            test.tries(&tab, name, way).await;
        }
        test.assert_no_forbidden_connection(tab).await;
    });
}

#[test]
fn no_script_reaches_a_forbidden_server() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        for (name, way) in SCRIPTS {
            test.tries(&tab, name, &format!("<script>{way}</script>")).await;
        }
        test.assert_no_forbidden_connection(tab).await;
    });
}

#[test]
fn requests_on_unload_reach_no_forbidden_server() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        for (name, send) in [
            ("left-fetch", "fetch('{T}', { method: 'POST', keepalive: true, mode: 'no-cors', body: 'x' })"),
            ("left-beacon", "navigator.sendBeacon('{T}', 'x')"),
        ] {
            test.tries(&tab, "arrived", "<img src='{T}'>").await;
            let way = format!("<script>addEventListener('pagehide', () => {{ {send} }})</script>");
            let body: String = test.targets().iter().map(|to| way.replace("{T}", &format!("{to}/{name}"))).collect();
            tab.go(&test.page(&body)).await.unwrap();
            tab.go(&test.page("elsewhere")).await.unwrap();
            test.open.hears(&format!("/{name}")).await;
        }
        test.assert_no_forbidden_connection(tab).await;
    });
}

#[test]
fn the_browsers_own_requests_reach_no_forbidden_server() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        for (name, way) in SILENT {
            // The image is the last element: once it is requested, the rest was parsed.
            let with_picture = |to: &str| way.replace("{T}", &format!("{to}/{name}"));
            let closed: String = test.closed.iter().map(|server| with_picture(&server.origin)).collect();
            let body = format!("{closed}<img src='{}/after-{name}'>", test.open.origin);
            tab.go(&test.page(&body)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            test.open.hears(&format!("/after-{name}")).await;
        }
        let reporting = format!(
            "/page?csp={}&body=x",
            encoded(&format!("img-src 'none'; report-to x; report-uri {}/csp", test.closed[0].origin))
        );
        tab.go(&test.site.url(&reporting)).await.unwrap();
        test.assert_no_forbidden_connection(tab).await;
    });
}

#[test]
fn speculative_requests_reach_only_allowed_servers() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        let rules = "<script type=speculationrules>\
                     {\"prefetch\": [{\"urls\": [\"{T}\"], \"eagerness\": \"immediate\"}]}</script>";
        test.tries(&tab, "speculation", rules).await;
        test.assert_no_forbidden_connection(tab).await;
    });
}
