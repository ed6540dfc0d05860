//! The browser's own prompts, which are invisible without a window. None of them keeps the page from receiving clicks
//! and keys.

use agent::observation::BlockerKind;
use agent::ports::Browsers;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{notices, tab_at};
use crate::support::{Browser, Site, Tab, headless, open, page, run};

/// Presses a button for each prompt, and after each another one. The page must hear it, no tab may be left, and the run
/// must be told.
#[test]
fn no_prompt_of_the_browser_keeps_a_page_from_input_and_each_is_told() {
    run(async {
        let frame = |url: &str| format!("frame('{url}')");
        let another = "wanted to open another program";
        let rows = [
            ("location.href = 'tel:+491'".to_owned(), "another program (tel:)"),
            ("location.href = 'zoommtg://zoom.example/join'".to_owned(), "another program (zoommtg:)"),
            ("location.href = 'ftp://files.example/a'".to_owned(), "another program (ftp:)"),
            (frame("webcal://calendar.example/a.ics"), "another program (webcal:)"),
            (frame("intent://scan/#Intent;scheme=zxing;end"), "another program (intent:)"),
            ("window.open('slack://open')".to_owned(), another),
            ("window.open('sms:+491')".to_owned(), another),
            ("document.querySelector('a').click()".to_owned(), "another program (tel:)"),
            ("navigator.credentials.get({ publicKey: { challenge: new Uint8Array(8) } })".to_owned(), "a passkey"),
            (
                "navigator.credentials.create({ publicKey: { challenge: new Uint8Array(8), rp: { name: 'x' }, \
                 user: { id: new Uint8Array(8), name: 'x', displayName: 'x' }, pubKeyCredParams: [] } })"
                    .to_owned(),
                "a passkey",
            ),
            ("navigator.mediaDevices.getDisplayMedia()".to_owned(), "the screen"),
            ("document.body.requestPointerLock()".to_owned(), "the pointer"),
            ("onafterprint = () => tell('goes on'); print()".to_owned(), "asked to print"),
        ];
        let buttons = rows.iter().enumerate().map(|(n, (script, _))| {
            format!("<button onclick=\"this.after('.'); {}\">Prompt {n}</button> ", script.replace('"', "&quot;"))
        });
        let body = format!(
            "<a href='tel:+491' target=_blank>Call</a>
             <script>function frame(url) {{
               const frame = document.createElement('iframe');
               frame.hidden = true;
               frame.src = url;
               document.body.append(frame);
             }}</script>{}
             <button onclick=\"this.after('.'); tell('continued ' + (window.times = (window.times ?? 0) + 1))\">Go on</button>",
            buttons.collect::<String>()
        );
        let (site, tab) = tab_at(&body).await;
        let mut wrong = Vec::new();
        for (n, (script, told)) in rows.iter().enumerate() {
            let effect = tab.click(&format!("Prompt {n}")).await.unwrap().effect;
            let seen = tab.observe().await;
            let notices = format!("{effect}\n{}", notices(&seen));
            if !notices.contains(told) || seen.tabs.len() != 1 {
                wrong.push(format!("{script}: {} tabs, {notices}", seen.tabs.len()));
            }
            tab.click("Go on").await.unwrap();
            site.hears(&format!("continued {}", n + 1)).await;
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        tab.close().await;
    });
}

/// A site whose `/staff` requires HTTP authentication; its first page has this body.
async fn guarded(body: &str) -> Site {
    fn denied() -> Response {
        let asks = [(header::WWW_AUTHENTICATE, "Basic realm=\"operations\"")];
        (StatusCode::UNAUTHORIZED, asks, Html(page("<h1>Staff only</h1>"))).into_response()
    }
    let html = page(body);
    Site::with(Router::new().route("/", get(|| async { Html(html) })).route("/staff", get(|| async { denied() }))).await
}

#[test]
fn printing_a_hidden_frame_is_told() {
    run(async {
        let body = "<iframe hidden srcdoc='Receipt'></iframe>\
                    <button onclick=\"this.after('.'); frames[0].print()\">Print</button>";
        let (_site, tab) = tab_at(body).await;
        assert!(!notices(&tab.observe().await).contains("print"));
        tab.click("Print").await.unwrap();
        let told = notices(&tab.observe().await);
        assert!(told.contains("The page asked to print, which is not possible here"), "{told}");
        tab.close().await;
    });
}

#[test]
fn a_page_behind_http_authentication_is_a_blocker_with_its_realm() {
    run(async {
        let site = guarded("<a href=/staff>Staff</a>").await;
        let tab = open(&site, "/").await;
        // By URL and by link.
        for by_link in [false, true] {
            if by_link {
                tab.go(&site.url("/")).await.unwrap();
                tab.click("Staff").await.unwrap();
            } else {
                let _ = tab.go(&site.url("/staff")).await;
            }
            let seen = tab.observe().await;
            let blocker = seen.blocker.as_ref().unwrap_or_else(|| panic!("no blocker: {seen:#?}"));
            assert_eq!(blocker.kind, BlockerKind::LoginRequired);
            assert!(blocker.message.contains("operations"), "{blocker:?}");
            assert!(seen.view.text.contains("Staff only"), "{}", seen.view.text);
        }
        tab.close().await;
    });
}

#[test]
fn what_a_page_asked_for_and_did_not_get_is_told() {
    run(async {
        let (site, tab) = tab_at(
            "<button onclick=\"this.after('.'); navigator.geolocation.getCurrentPosition(() => tell('found'))\">Shops</button>
             <button onclick=\"this.after('.'); navigator.clipboard.readText()\">Paste</button>
             <button onclick=\"this.after('.'); navigator.mediaDevices.getUserMedia({ audio: true })\">Talk</button>
             <iframe srcdoc='<script>Notification.requestPermission()</script>'></iframe>",
        )
        .await;
        for button in ["Shops", "Paste", "Talk"] {
            tab.click(button).await.unwrap();
        }
        let asked =
            ["for the location", "to show notifications", "to read the clipboard", "for a camera or microphone"];
        let told = asked.map(|what| format!("The page asked {what} and was denied."));
        tab.until(|seen| told.iter().all(|line| seen.notices.contains(line))).await;
        tab.go(&site.url("/?again")).await.unwrap();
        assert!(!notices(&tab.observe().await).contains("the location"), "another document has asked for nothing");
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

/// Only a browser with windows blocks them.
#[test]
fn a_window_that_opens_by_itself_is_in_front_or_told() {
    run(async {
        let site = Site::of(&[
            ("/", "<h1>Home</h1><script>tell(open('/report') ? 'opened' : 'blocked')</script>"),
            ("/report", "<h1>Report</h1>"),
        ])
        .await;
        let tab = Tab::new(Browser::shared().open(headless()).await.unwrap());
        let effect = tab.go(&site.url("/")).await.unwrap().effect;
        let is_open = site.hears_any().await == "opened";
        let seen = tab.until(|seen| seen.tabs.len() == 1 + usize::from(is_open)).await;
        let told = format!("{effect}\n{}", notices(&seen));
        let expected = format!("the page tried to open a window, {}, and was blocked", site.url("/report"));
        assert_eq!(!is_open, told.contains(&expected), "{told}");
        tab.close().await;
    });
}
