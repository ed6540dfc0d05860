//! Navigations.

use super::recording_servers::EgressTest;
use crate::support::run;

const WAYS: &[(&str, &str)] = &[
    ("location", "<script>location.href = '{T}'</script>"),
    ("replace", "<script>location.replace('{T}')</script>"),
    ("refresh", "<meta http-equiv=refresh content='0; url={T}'>"),
    ("get", "<form action='{T}'></form><script>document.forms[0].submit()</script>"),
    ("post", "<form method=post action='{T}'></form><script>document.forms[0].submit()</script>"),
    ("link", "<a href='{T}'>x</a><script>document.links[0].click()</script>"),
    ("redirect-301", "<script>location.href = '/redirect?status=301&to=' + encodeURIComponent('{T}')</script>"),
    ("redirect-302", "<script>location.href = '/redirect?status=302&to=' + encodeURIComponent('{T}')</script>"),
    (
        "redirect-307",
        "<form method=post id=f></form><script>f.action = '/redirect?status=307&to=' + encodeURIComponent('{T}');\
                      f.submit()</script>",
    ),
    (
        "frame-redirect",
        "<script>{ const it = document.createElement('iframe');\
                        it.src = '/redirect?status=302&to=' + encodeURIComponent('{T}'); document.body.append(it) }</script>",
    ),
    ("top", "<iframe srcdoc=\"<script>top.location.href = '{T}'</script>\"></iframe>"),
];

#[test]
fn no_navigation_reaches_a_forbidden_server() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        for (name, way) in WAYS {
            test.leaves(&tab, name, way).await;
        }
        test.assert_no_forbidden_connection(tab).await;
    });
}

#[test]
fn no_new_window_reaches_a_forbidden_server() {
    run(async {
        let test = EgressTest::new().await;
        for (name, way) in [
            ("opened", "<button onclick=\"window.open('{T}')\">Go</button>"),
            ("noopener", "<button onclick=\"window.open('{T}', '_blank', 'noopener')\">Go</button>"),
            ("blank", "<a target=_blank href='{T}'>Go</a>"),
            ("written", "<button onclick=\"window.open().document.write(`<img src='{T}'>`)\">Go</button>"),
            ("posted", "<form method=post target=_blank action='{T}'><button>Go</button></form>"),
        ] {
            for target in test.targets() {
                let tab = test.browser.open().await;
                tab.go(&test.page(&way.replace("{T}", &format!("{target}/{name}")))).await.unwrap();
                let _ = tab.click("Go").await;
                if target == test.open.origin {
                    test.open.hears(&format!("/{name}")).await;
                }
                tab.close().await;
            }
        }
        let tab = test.browser.open().await;
        test.assert_no_forbidden_connection(tab).await;
    });
}

#[test]
fn the_model_itself_reaches_no_forbidden_server_in_any_spelling() {
    run(async {
        let test = EgressTest::new().await;
        let tab = test.browser.open().await;
        let port = test.closed[0].port;
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127。0。0。1",
            "１２７.0.0.1",
            "localhost",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(tab.go(&format!("http://{host}:{port}/")).await.is_err(), "{host}");
        }
        tab.go(&format!("{}/control", test.open.origin)).await.unwrap();
        test.open.hears("/control").await;
        test.assert_no_forbidden_connection(tab).await;
    });
}
