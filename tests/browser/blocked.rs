//! Blockers in a real browser, and pages that only look blocked.

use agent::observation::{Blocker, BlockerKind};
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::{Site, Start, Tab, open, page, run};

const LOGIN: &str = "<h1>Log in</h1><form method=post action=/login><input name=user placeholder=Name>\
                     <input type=password placeholder=Password><button>Log in</button></form>";
const CAPTCHA: &str = "https://www.google.com/recaptcha/api2/anchor?k=1";

fn titled(status: u16, title: &str, body: &str) -> Response {
    let html = page(body).replace("<title>Fixture</title>", &format!("<title>{title}</title>"));
    (StatusCode::from_u16(status).unwrap(), Html(html)).into_response()
}

async fn blocked_at(site: &Site, path: &str) -> Option<Blocker> {
    let tab = open(site, path).await;
    let blocker = tab.observe().await.blocker;
    tab.close().await;
    blocker
}

fn kind(blocker: &Option<Blocker>) -> Option<BlockerKind> {
    blocker.as_ref().map(|blocker| blocker.kind)
}

#[test]
fn status_and_headers_of_the_document_are_recorded() {
    run(async {
        let router = Router::new()
            .route("/limited", get(|| async { ([("Retry-After", "7")], titled(429, "Slow down", "Wait.")) }))
            .route("/denied", get(|| async { titled(403, "Access Denied", "<h1>Access Denied</h1>Reference #18.1") }))
            .route("/missing", get(|| async { titled(404, "Not found", "<h1>No such page</h1>") }))
            .route(
                "/",
                get(|| async { titled(200, "Home", "<h1>Home</h1><img src=/limited><iframe src=/denied></iframe>") }),
            );
        let site = Site::with(router).await;
        let found = blocked_at(&site, "/limited").await.unwrap();
        assert_eq!(found.kind, BlockerKind::RateLimited);
        assert!(found.message.contains("in 7 s"), "{}", found.message);
        assert_eq!(kind(&blocked_at(&site, "/denied").await), Some(BlockerKind::BotDenied));
        assert_eq!(blocked_at(&site, "/missing").await, None);
        assert_eq!(blocked_at(&site, "/").await, None, "a frame and a picture are not the page");
    });
}

#[test]
fn a_captcha_blocks_its_own_page_but_not_a_form() {
    run(async {
        let widget = format!("<iframe title=reCAPTCHA width=304 height=78 src=\"{CAPTCHA}\"></iframe>");
        let wall = format!("<p>Our systems need to know.</p>{widget}");
        let form = format!("<form><input placeholder=Name><textarea></textarea>{widget}<button>Send</button></form>");
        let hidden = format!(
            "<h1>Shop</h1><a href=/>Tea</a><div style='visibility:hidden;position:absolute;top:-10000px'>\
             <iframe width=400 height=580 src=\"{}\"></iframe></div>",
            CAPTCHA.replace("anchor", "bframe")
        );
        let shown = hidden.replace("visibility:hidden;position:absolute;top:-10000px", "position:absolute;top:9px");
        let help =
            format!("<h1>Verify you are human</h1>{}", "<p>Sites ask for a captcha when they see a bot.".repeat(40));
        let site =
            Site::of(&[("/wall", &wall), ("/form", &form), ("/idle", &hidden), ("/up", &shown), ("/help", &help)])
                .await;
        assert_eq!(kind(&blocked_at(&site, "/wall").await), Some(BlockerKind::Captcha));
        assert_eq!(kind(&blocked_at(&site, "/up").await), Some(BlockerKind::Captcha));
        for path in ["/form", "/idle", "/help"] {
            assert_eq!(blocked_at(&site, path).await, None, "{path}");
        }
    });
}

#[test]
fn a_check_that_passes_is_awaited_and_one_that_stays_is_reported() {
    run(async {
        let passing = "<p>This takes a second.</p><script>setTimeout(() => location.replace('/home'), 700)</script>";
        let router = Router::new()
            .route("/passing", get(move || async move { titled(503, "Just a moment...", passing) }))
            .route("/staying", get(|| async { titled(503, "Just a moment...", "<p>This takes long.</p>") }))
            .route("/home", get(|| async { titled(200, "Home", "<h1>Home</h1>") }));
        let site = Site::with(router).await;
        let tab = open(&site, "/passing").await;
        let seen = tab.observe().await;
        assert_eq!((seen.blocker, seen.title.as_str()), (None, "Home"));
        tab.close().await;
        assert_eq!(kind(&blocked_at(&site, "/staying").await), Some(BlockerKind::Interstitial));
    });
}

/// An app whose pages redirect to a login, by the server or by a script.
async fn app() -> Site {
    Site::with(
        Router::new()
            .route(
                "/",
                get(|| async { Html(page("<h1>App</h1><a href=/login>Log in</a> <a href=/orders>Orders</a>")) }),
            )
            .route("/orders", get(|| async { Redirect::to("/login?next=/orders") }))
            .route("/scripted", get(|| async { Html(page("<script>location.replace('/login')</script>")) }))
            .route("/login", get(|_: Query<Value>| async { Html(page(LOGIN)) })),
    )
    .await
}

#[test]
fn a_login_form_blocks_if_another_page_was_requested() {
    run(async {
        let site = app().await;
        let blocker = async |tab: &Tab| kind(&tab.observe().await.blocker);
        for path in ["/orders", "/scripted"] {
            assert_eq!(kind(&blocked_at(&site, path).await), Some(BlockerKind::LoginRequired), "{path}");
        }
        assert_eq!(blocked_at(&site, "/login").await, None);
        let tab = open(&site, "/").await;
        tab.click("Log in").await.unwrap();
        assert_eq!(blocker(&tab).await, None, "it was asked for");
        tab.back().await.unwrap();
        tab.click("Orders").await.unwrap();
        assert_eq!(blocker(&tab).await, Some(BlockerKind::LoginRequired));
        tab.input("Name", "ada").await.unwrap();
        assert_eq!(blocker(&tab).await, Some(BlockerKind::LoginRequired), "it still stands there");
        tab.close().await;
    });
}

#[test]
fn a_submitted_form_reports_rejected_fields() {
    run(async {
        let native = "<form><label>E-mail <input type=email required></label><button>Send</button></form>";
        let scripted = "<form onsubmit=\"event.preventDefault(); wrong.textContent = 'The code has 6 digits'\">\
                        <label>Code <input></label><p role=alert id=wrong></p><button>Send</button></form>";
        let site = Site::of(&[("/native", native), ("/scripted", scripted)]).await;
        for (path, field, says) in [("/native", "E-mail", "E-mail: "), ("/scripted", "Code", "The code has 6 digits")] {
            let tab = open(&site, path).await;
            assert_eq!(tab.observe().await.blocker, None, "{path}");
            tab.input(field, "12").await.unwrap();
            tab.click("Send").await.unwrap();
            let found = tab.observe().await.blocker.unwrap_or_else(|| panic!("{path}"));
            assert_eq!(found.kind, BlockerKind::FormInvalid);
            assert!(found.message.contains(says), "{}", found.message);
            tab.close().await;
        }
    });
}

#[test]
fn a_blocked_run_reports_the_blocker_in_its_steps_and_result() {
    run(async {
        let site = app().await;
        let service = Start::new().ready().await;
        let events =
            service.run(&format!("open {}, then click 'Cancel order'", site.url("/orders"))).await.rest().await;
        let told = |event: &Value| event["blocker"]["type"].clone();
        let end = events.last().unwrap();
        assert_eq!(
            (&end["type"], &end["success"], told(end)),
            (&json!("result"), &json!(false), json!("login_required"))
        );
        assert!(end["blocker"]["message"].as_str().unwrap().contains("login"), "{end}");
        let steps: Vec<_> = events.iter().filter(|event| event["type"] == "step").collect();
        assert!(steps.iter().any(|step| told(step) == "login_required"), "{events:#?}");
        let free = service.run(&format!("open {}", site.url("/"))).await.rest().await;
        assert!(free.iter().all(|event| event.get("blocker").is_none()), "{free:#?}");
        service.stop().await;
    });
}
