//! The service as a process with a real browser and real HTTP, and its leftovers.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::{get, post};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::json;
use testkit::shop::{BUYER, Shop, order_request};

use crate::support::{
    Events, Gate, Log, Site, Start, eventually, files_named, finished, page, processes, run, until_dropped,
};

/// A site whose page keeps a request open until the page is closed, and a log of ended requests.
async fn endless() -> (Site, Log<&'static str>) {
    let ended = Log::new();
    let log = ended.clone();
    let router = Router::new()
        .route("/", get(|| async { Html(page("<script>fetch('/hang')</script><h1>Home</h1>")) }))
        .route("/hang", get(|| async move { until_dropped(log).await }));
    (Site::with(router).await, ended)
}

/// A service with a short settling limit.
fn impatient() -> Start {
    Start::new().set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms")
}

/// A task that lasts as long as the action.
fn endless_task(site: &Site) -> String {
    format!("open {}, then wait for 'what never comes'", site.url("/"))
}

#[test]
fn an_order_is_placed_at_the_demo_shop() {
    run(async {
        let shop = Shop::open().await.unwrap();
        let service = Start::new().ready().await;
        let events = Events::of(service.post(&order_request(&shop.url)).await).rest().await;
        let result = events.last().unwrap();
        assert_eq!((&result["type"], &result["success"]), (&json!("result"), &json!(true)), "{result}");
        let orders = shop.orders.list();
        let [order] = &orders[..] else { panic!("{orders:?}") };
        let items: Vec<_> = order.items.iter().map(|item| (item.product.as_str(), item.quantity)).collect();
        assert_eq!(items, [("Blue kettle", 2)]);
        assert_eq!((order.name.as_str(), order.email.as_str()), (BUYER, "ada@example.com"));
        assert_eq!(order.shipping, "Express");
        assert!(result["finalText"].as_str().unwrap().contains(&order.number), "{result}");
        let steps: Vec<_> = events.iter().filter(|event| event["type"] == "step").collect();
        assert!(steps.len() >= 5);
        for step in steps {
            let picture = step["screenshot"].as_str().unwrap();
            assert!(picture.starts_with("data:image/png;base64,iVBORw0KGgo"), "{}", &picture[..40]);
        }
        service.stop().await;
    });
}

#[test]
fn killing_the_service_during_a_run_leaves_no_process_or_file() {
    run(async {
        let (site, ended) = endless().await;
        let mut service = impatient().ready().await;
        let _events = service.run(&endless_task(&site)).await;
        site.is_asked("GET /hang").await;
        assert_ne!(processes::of(&service.profiles()), []);
        service.signal(Signal::KILL);
        let killed = Instant::now();
        service.ended().await;
        let limit = Duration::from_secs(3);
        eventually("no process is left", limit, || processes::of(&service.profiles()).is_empty()).await;
        eventually("no file is left", limit, || service.files().is_empty()).await;
        assert!(killed.elapsed() < limit, "{:?}", killed.elapsed());
        ended.until("the page is gone", |ended| !ended.is_empty()).await;
    });
}

#[test]
fn a_stopping_service_lets_its_run_send_its_terminal_event() {
    run(async {
        let (site, ended) = endless().await;
        let mut service = impatient().set("SHUTDOWN_GRACE", "100ms").set("SHUTDOWN_TIMEOUT", "20s").ready().await;
        let events = service.run(&endless_task(&site)).await;
        site.is_asked("GET /hang").await;
        service.signal(Signal::TERM);
        // Reads to [DONE] or fails.
        let last = events.rest().await.pop().expect("there is a terminal event");
        assert_eq!((&last["type"], &last["isComplete"]), (&json!("error"), &json!(true)), "{last}");
        assert_eq!(service.ended().await.code(), Some(0), "{}", service.log());
        service.leaves_nothing();
        ended.until("the page is gone", |ended| !ended.is_empty()).await;
    });
}

#[test]
fn a_disconnected_client_closes_the_runs_pages() {
    run(async {
        let (site, ended) = endless().await;
        let service = impatient().ready().await;
        let events = service.run(&endless_task(&site)).await;
        site.is_asked("GET /hang").await;
        drop(events);
        let left = Instant::now();
        ended.until("the page is gone", |ended| !ended.is_empty()).await;
        assert!(left.elapsed() < Duration::from_secs(2), "{:?}", left.elapsed());
        // The service is not affected.
        finished(service.run(&format!("open {}, then read 'Home'", site.url("/"))).await).await;
        service.stop().await;
    });
}

/// A site whose page completes when the gate opens.
async fn waiting() -> (Site, Gate) {
    let gate = Gate::new();
    let held = gate.clone();
    let home = "<h1>Home</h1><script>fetch('/when').then(() => document.body.append('Prepared'))</script>";
    let router = Router::new()
        .route("/", get(move || async move { Html(page(home)) }))
        .route("/when", get(move || held.then("now")));
    (Site::with(router).await, gate)
}

fn waiting_task(site: &Site) -> String {
    format!("open {}, then wait for 'Prepared', then read 'Home'", site.url("/"))
}

async fn asked(site: &Site, times: usize) {
    let waits = || site.requests().iter().filter(|line| *line == "GET /when").count();
    eventually("the pages wait", Duration::from_secs(30), || waits() == times).await;
}

#[test]
fn runs_continue_in_the_next_browser_after_a_kill() {
    run(async {
        let (site, gate) = waiting().await;
        let service = impatient().ready().await;
        let runs = [service.run(&waiting_task(&site)).await, service.run(&waiting_task(&site)).await];
        asked(&site, 2).await;
        processes::signal(processes::browser(&service.profiles()).unwrap(), Signal::KILL);
        asked(&site, 4).await;
        gate.open();
        for events in runs {
            let events = events.rest().await;
            let result = events.last().unwrap();
            assert_eq!((&result["type"], &result["success"]), (&json!("result"), &json!(true)), "{events:#?}");
            let told = format!("the browser was lost; going on in another one from {}", site.url("/"));
            let warnings = events.iter().filter(|event| event["message"] == told.as_str());
            assert_eq!(warnings.count(), 1, "{events:#?}");
        }
        service.stop().await;
    });
}

#[test]
fn a_run_that_loses_a_second_browser_ends() {
    run(async {
        let (site, gate) = waiting().await;
        let service = impatient().ready().await;
        let events = service.run(&waiting_task(&site)).await;
        for times in [1, 2] {
            asked(&site, times).await;
            processes::signal(processes::browser(&service.profiles()).unwrap(), Signal::KILL);
        }
        let last = events.rest().await.pop().expect("there is a terminal event");
        assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("browser_lost")), "{last}");
        gate.open();
        finished(service.run(&waiting_task(&site)).await).await;
        service.stop().await;
    });
}

#[test]
fn a_leftover_profile_is_removed_at_the_next_start_and_one_in_use_is_kept() {
    run(async {
        let start = Start::new();
        let (profiles, shared) = (start.profiles(), start.profiles().display().to_string());
        let other = Start::new().set("PROFILE_ROOT", &shared).ready().await;
        let in_use = std::fs::read_dir(&profiles).unwrap().next().unwrap().unwrap().path();
        // As after a kill of service and warden: the folder exists and is not locked.
        let left = profiles.join("browser-use-service-leftover");
        std::fs::create_dir_all(left.join("Default")).unwrap();
        std::fs::write(left.join("warden.lock"), "").unwrap();
        let foreign = profiles.join("somebody-elses");
        std::fs::create_dir(&foreign).unwrap();

        let service = start.ready().await;
        assert!(!left.exists(), "an unused folder is removed");
        assert!(in_use.exists() && foreign.exists(), "those of others are kept");
        std::fs::remove_dir(&foreign).unwrap();
        let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
        finished(other.run(&format!("open {}, then read 'Home'", site.url("/"))).await).await;
        other.stop().await;
        service.stop().await;
    });
}

#[test]
fn a_service_whose_browser_fails_to_start_is_not_ready() {
    run(async {
        let mut service =
            Start::new().set("BROWSER_EXECUTABLE", "/bin/false").set("BROWSER_LAUNCH_TIMEOUT", "1s").listening().await;
        let ready = service.get("/ready").await;
        assert_eq!(ready.status(), 503);
        assert_eq!(service.get("/health").await.status(), 200);
        let last = service.run("open http://127.0.0.1:9/").await.rest().await.pop().unwrap();
        assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("browser_unavailable")), "{last}");
        service.signal(Signal::TERM);
        assert_eq!(service.ended().await.code(), Some(0));
        service.leaves_nothing();
    });
}

/// A page with a download, a file field, and a request that stays open.
async fn files() -> (Site, Log<&'static str>, Log<String>) {
    let (ended, posted) = (Log::new(), Log::new());
    let (log, uploads) = (ended.clone(), posted.clone());
    let body = "<a href=/report>Report</a><form method=post action=/upload enctype=multipart/form-data>\
                <input type=file name=cv aria-label=CV><button>Send</button></form>";
    let attachment = [(header::CONTENT_DISPOSITION, "attachment; filename=report.txt")];
    let router = Router::new()
        .route("/", get(|| async { Html(page(body)) }))
        .route("/report", get(move || async move { (attachment, "the report") }))
        .route("/open", get(|| async { Html(page("<script>fetch('/hang')</script>")) }))
        .route("/hang", get(|| async move { until_dropped(log).await }))
        .route(
            "/upload",
            post(|body: String| async move {
                uploads.push(body);
                Html(page("<h1>Received</h1>"))
            }),
        );
    (Site::with(router).await, ended, posted)
}

/// A run of the built-in planner with a file.
fn with_a_file(task: &str) -> serde_json::Value {
    json!({
        "task": task,
        "provider": "template",
        "screenshotFormat": "none",
        "files": [{ "name": "cv.txt", "content": "dGVuIHllYXJzIG9mIHRlYQ==" }],
    })
}

#[test]
fn a_requests_file_is_uploaded_and_a_sites_file_is_reported() {
    run(async {
        let (site, _, posted) = files().await;
        let service = Start::new().ready().await;
        let task = format!("open {}, click Report, upload cv.txt to CV, click Send, read the page", site.url("/"));
        let events = Events::of(service.post(&with_a_file(&task)).await).rest().await;
        assert_eq!(events.last().unwrap()["success"], true, "{events:#?}");
        let posted = posted.list().pop().unwrap();
        assert!(posted.contains("filename=\"cv.txt\"") && posted.contains("ten years of tea"), "{posted}");
        let downloads: Vec<_> = events.iter().filter_map(|event| event.get("downloads")).collect();
        assert_eq!(downloads, [&json!([{ "name": "report.txt", "bytes": 10 }])]);
        let step = events.iter().find(|event| event.get("downloads").is_some()).unwrap();
        assert_eq!(step["action"], "click", "{step}");
        assert_eq!(files_named(&service.profiles(), "cv.txt") + files_named(&service.profiles(), "report.txt"), 0);
        service.stop().await;
    });
}

/// A run with an uploaded and a downloaded file that does not end.
async fn run_with_files(service: &crate::support::Service, site: &Site) -> Events {
    let task = format!("open {}, click Report, open {}, wait for 'never'", site.url("/"), site.url("/open"));
    let events = Events::of(service.post(&with_a_file(&task)).await);
    site.is_asked("GET /hang").await;
    for file in ["cv.txt", "report.txt"] {
        assert_eq!(files_named(&service.profiles(), file), 1, "{file}");
    }
    events
}

#[test]
fn a_runs_files_are_deleted_when_its_client_disconnects() {
    run(async {
        let (site, _, _) = files().await;
        let service = impatient().ready().await;
        let events = run_with_files(&service, &site).await;
        drop(events);
        let left = || ["cv.txt", "report.txt"].map(|file| files_named(&service.profiles(), file));
        eventually("the files are gone", Duration::from_secs(2), || left() == [0, 0]).await;
        service.stop().await;
    });
}

#[test]
fn a_runs_files_are_deleted_when_the_service_is_killed() {
    run(async {
        let (site, _, _) = files().await;
        let mut service = impatient().ready().await;
        let _events = run_with_files(&service, &site).await;
        service.signal(Signal::KILL);
        service.ended().await;
        eventually("no file is left", Duration::from_secs(3), || service.files().is_empty()).await;
    });
}

#[test]
fn a_service_out_of_descriptors_waits_for_free_ones() {
    run(async {
        let service = Start::new().ready().await;
        let process = Pid::from_raw(service.id().try_into().unwrap());
        let before =
            prlimit(process, Resource::Nofile, Rlimit { current: Some(1 << 10), maximum: Some(1 << 10) }).unwrap();
        assert!(before.current.is_none_or(|most| most >= 1 << 10), "{before:?}");
        let open = std::fs::read_dir(format!("/proc/{}/fd", service.id())).unwrap().count() as u64;
        let few = Rlimit { current: Some(open + 3), maximum: Some(1 << 10) };
        prlimit(process, Resource::Nofile, few).unwrap();

        let connections: Vec<_> = (0..40).map(|_| TcpStream::connect(service.address()).unwrap()).collect();
        // The browser's proxy complains as well.
        let complaints = || service.log().matches("serve: cannot accept a connection").count();
        eventually("it runs out of descriptors", Duration::from_secs(10), || complaints() > 0).await;
        let since = Instant::now();
        eventually("it goes on trying", Duration::from_secs(10), || complaints() >= 4).await;
        assert!(since.elapsed() > Duration::from_millis(500), "it tries without a pause: {}", service.log());
        drop(connections);
        assert_eq!(service.get("/health").await.status(), 200);
        prlimit(process, Resource::Nofile, Rlimit { current: Some(1 << 10), maximum: Some(1 << 10) }).unwrap();
        service.stop().await;
    });
}
