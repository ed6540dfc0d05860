//! Downloads: files, reports and limits.

use std::time::Duration;

use agent::action::Action;
use agent::ports::Browsers;
use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures::StreamExt;
use tokio::sync::Notify;

use crate::support::{Browser, Log, OwnBrowser, Site, Tab, files_named, headless, open, page, run};

fn attachment(name: &str, content: impl Into<Body>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [(header::CONTENT_DISPOSITION, disposition), (header::CONTENT_TYPE, "application/octet-stream".into())],
        content.into(),
    )
        .into_response()
}

/// An empty document.
const PDF: &str = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n\
    trailer<</Root 1 0 R>>\n%%EOF\n";

/// A page with this body and some files, and a record of uploads to `/upload`.
async fn site(body: &str) -> (Site, Log<String>) {
    let posted = Log::new();
    let (log, html) = (posted.clone(), page(body));
    let router = Router::new()
        .route("/", get(|| async { Html(html) }))
        .route("/report", get(|| async { attachment("report.txt", "the report") }))
        .route("/invoice", get(|| async { ([(header::CONTENT_TYPE, "application/pdf")], PDF) }))
        .route("/program", get(|| async { attachment("setup.exe", "a program") }))
        .route("/evil", get(|| async { attachment("..%2F..%2Fetc%2Fpasswd", "x") }))
        .route("/plain", get(|| async { "plain text" }))
        .route("/large", get(|| async { attachment("large.bin", vec![b'x'; (1 << 20) + 1]) }))
        .route("/half", get(|| async { attachment("half.bin", vec![b'x'; 900 << 10]) }))
        .route(
            "/endless",
            get(|| async {
                let chunks = futures::stream::repeat(vec![b'x'; 64 << 10]).map(Ok::<_, std::io::Error>);
                attachment("endless.bin", Body::from_stream(chunks))
            }),
        )
        .route(
            "/upload",
            post(|body: String| async move {
                log.push(body);
                ""
            }),
        );
    (Site::with(router).await, posted)
}

async fn names(tab: &Tab) -> Vec<String> {
    tab.observe().await.downloads.into_iter().map(|file| file.name).collect()
}

#[test]
fn a_download_by_link_is_reported_with_its_name_and_size() {
    run(async {
        let body =
            "<a href=/report>Report</a><a href=/plain download='my notes.txt'>Notes</a><a href=/program>Setup</a>";
        let (site, _) = site(body).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Report").await.unwrap();
        assert_eq!((outcome.effect.as_str(), outcome.page_changed), ("downloaded report.txt (10 B)", false));
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/"));
        assert_eq!(seen.downloads.iter().map(ToString::to_string).collect::<Vec<_>>(), ["report.txt (10 B)"]);
        assert!(names(&tab).await.is_empty(), "it is reported once");
        assert_eq!(tab.click("Notes").await.unwrap().effect, "downloaded my notes.txt (10 B)");
        assert_eq!(tab.click("Report").await.unwrap().effect, "downloaded report (2).txt (10 B)");
        assert_eq!(tab.click("Setup").await.unwrap().effect, "downloaded setup.exe (9 B)");
        tab.close().await;
    });
}

#[test]
fn a_blob_created_by_a_script_is_downloaded_too() {
    run(async {
        let body = "<script>function save(name, href) {
              const link = Object.assign(document.createElement('a'), { download: name, href });
              document.body.append(link); link.click(); link.remove();
            }</script>
            <button onclick=\"save('blob.csv', window.URL.createObjectURL(new Blob(['a;b'])))\">Blob</button>
            <button onclick=\"save('data.txt', 'data:text/plain,hello')\">Data</button>
            <button onclick=\"fetch('/plain').then((r) => r.blob()).then((b) => save('fetched.txt', window.URL.createObjectURL(b)))\">Fetch</button>
            <button onclick=\"for (const n of [1, 2, 3]) save(n + '.txt', window.URL.createObjectURL(new Blob(['n'])))\">Three</button>
            <button onclick=\"window.open('/report')\">Window</button>";
        let (site, _) = site(body).await;
        for (button, files) in [
            ("Blob", vec!["blob.csv"]),
            ("Data", vec!["data.txt"]),
            ("Fetch", vec!["fetched.txt"]),
            ("Three", vec!["1.txt", "2.txt", "3.txt"]),
            ("Window", vec!["report.txt"]),
        ] {
            let tab = open(&site, "/").await;
            tab.click(button).await.unwrap();
            let mut got = Vec::new();
            while got.len() < files.len() {
                let seen = tab.until(|seen| !seen.downloads.is_empty()).await;
                got.extend(seen.downloads.into_iter().map(|file| file.name));
            }
            got.sort();
            assert_eq!(got, files, "{button}");
            tab.close().await;
        }
    });
}

#[test]
fn a_navigation_that_is_a_download_keeps_the_page() {
    run(async {
        let (site, _) = site("<h1>Home</h1>").await;
        let tab = open(&site, "/").await;
        let outcome = tab.go(&site.url("/report")).await.unwrap();
        assert_eq!(outcome.effect, "it is a download; the page is the same; downloaded report.txt (10 B)");
        assert!(!outcome.page_changed);
        let seen = tab.observe().await;
        assert!(seen.url == site.url("/") && seen.view.text.contains("Home"), "{seen:#?}");
        tab.close().await;
    });
}

#[test]
fn a_pdf_document_is_a_download_and_blames_no_page() {
    run(async {
        let (site, _) = site("<h1>Invoices</h1><a href=/invoice>March</a>").await;
        let tab = open(&site, "/").await;
        let effect = tab.click("March").await.unwrap().effect;
        assert!(effect.contains("downloaded invoice.pdf"), "{effect}");
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Invoices"), "{seen:#?}");
        assert_eq!(seen.notices, [""; 0]);
        let effect = tab.go(&site.url("/invoice")).await.unwrap().effect;
        assert!(effect.contains("it is a download"), "{effect}");
        tab.close().await;
    });
}

/// A document with a page for each text.
fn pdf(texts: &[&str]) -> Vec<u8> {
    let kids: String = (0..texts.len()).map(|n| format!("{} 0 R ", 4 + 2 * n)).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", texts.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    for (n, text) in texts.iter().enumerate() {
        let shown = format!("BT /F 12 Tf 72 700 Td ({text}) Tj ET");
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents {} 0 R>>",
            5 + 2 * n
        ));
        objects.push(format!("<</Length {}>>stream\n{shown}\nendstream", shown.len()));
    }
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (n, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", n + 1));
    }
    let (size, start) = (objects.len() + 1, file.len());
    file.push_str(&format!("{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"));
    file.into_bytes()
}

/// A site whose `/bill` is this document.
async fn billing(document: Vec<u8>) -> Site {
    let bill = move || async move { ([(header::CONTENT_TYPE, "application/pdf")], document) };
    let router = Router::new()
        .route("/", get(|| async { Html(page("<h1>Bills</h1><a href=/bill>March</a> <a href=/other>Other</a>")) }))
        .route("/other", get(|| async { Html(page("<h1>Other</h1>")) }))
        .route("/bill", get(bill));
    Site::with(router).await
}

#[test]
fn a_pdf_document_is_read_until_the_page_is_left() {
    run(async {
        let site = billing(pdf(&["Total 42.00 EUR", "Thank you"])).await;
        let tab = open(&site, "/").await;
        tab.click("March").await.unwrap();
        let text = tab.text().await;
        let shown = "PDF bill.pdf, 2 pages:\nTotal 42.00 EUR\nThank you";
        assert!(text.contains("Bills") && text.ends_with(shown), "{text}");
        let read = tab.read().await;
        assert!(read.contains("Bills") && read.ends_with(shown), "{read}");
        tab.click("Other").await.unwrap();
        let text = tab.text().await;
        assert!(text.contains("Other") && !text.contains("PDF"), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_pdf_document_that_is_opened_first_is_no_empty_page() {
    run(async {
        let site = billing(pdf(&["Total 42.00 EUR"])).await;
        let tab = Tab::new(Browser::shared().open(headless()).await.unwrap());
        tab.go(&site.url("/bill")).await.unwrap();
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("PDF bill.pdf, 1 pages:\nTotal 42.00 EUR"), "{seen:#?}");
        assert!(!seen.notices.iter().any(|notice| notice.contains("looks empty")), "{seen:#?}");
        tab.close().await;
    });
}

#[test]
fn a_hostile_pdf_cannot_be_read_and_harms_nothing() {
    run(async {
        let nested = format!("%PDF-1.4\n1 0 obj\n{}\nendobj\ntrailer<</Root 1 0 R>>\n", "[".repeat(200_000));
        for document in [nested.into_bytes(), b"%PDF-1.4\nno document".to_vec()] {
            let site = billing(document).await;
            let tab = open(&site, "/").await;
            tab.click("March").await.unwrap();
            let text = tab.text().await;
            assert!(text.ends_with("PDF bill.pdf: its text cannot be read"), "{text}");
            tab.close().await;
        }
    });
}

#[test]
fn a_pdf_document_in_a_page_is_told_with_its_address_and_blames_no_page() {
    run(async {
        for (body, address) in [
            ("<h1>Invoices</h1><embed src=/invoice type=application/pdf>", "/invoice"),
            ("<h1>Invoices</h1><iframe src=/invoice></iframe>", "/invoice"),
            ("<h1>Invoices</h1><object data=/a.pdf width=90 height=90></object>", "/a.pdf"),
        ] {
            let (site, _) = site(body).await;
            let tab = open(&site, "/").await;
            let told = format!("<iframe> {} (a PDF document; open its address to read it)", site.url(address));
            let seen = tab.until(|seen| seen.view.text.contains(&told)).await;
            assert!(seen.view.text.contains("Invoices"), "{seen:#?}");
            assert!(!seen.notices.iter().any(|notice| notice.contains("is refused")), "{:?}", seen.notices);
            tab.close().await;
        }
    });
}

#[test]
fn a_file_name_from_the_server_is_sanitized() {
    run(async {
        let body = "<a href=/evil>Evil</a><a href=/plain download='../../a\u{202e}txt.exe'>Turned</a>";
        let (site, _) = site(body).await;
        let tab = open(&site, "/").await;
        for link in ["Evil", "Turned"] {
            let effect = tab.click(link).await.unwrap().effect;
            assert!(effect.starts_with("downloaded ") && !effect.contains(['/', '\u{202e}']), "{effect:?}");
        }
        tab.close().await;
    });
}

#[test]
fn a_downloaded_file_can_be_uploaded() {
    run(async {
        let body = "<a href=/report>Report</a><form method=post action=/upload enctype=multipart/form-data>\
                    <input type=file name=f aria-label=File><button>Send</button></form>";
        let (site, posted) = site(body).await;
        let tab = open(&site, "/").await;
        tab.click("Report").await.unwrap();
        let index = tab.find("File").await;
        tab.act(Action::Upload { index: index.into(), files: vec!["report.txt".into()] }).await.unwrap();
        tab.click("Send").await.unwrap();
        let posted = posted.until("it is posted", |posted| !posted.is_empty()).await.pop().unwrap();
        assert!(posted.contains("filename=\"report.txt\"") && posted.contains("the report"), "{posted}");
        tab.close().await;
    });
}

#[test]
fn a_download_over_a_limit_is_cancelled_and_reported() {
    run(async {
        let links = ["large", "endless", "half", "report"].map(|name| format!("<a href=/{name}>{name}</a> "));
        let (site, _) = site(&links.concat()).await;
        let tab = open(&site, "/").await;
        for name in ["large", "endless"] {
            let effect = tab.click(name).await.unwrap().effect;
            assert_eq!(effect, format!("the download of \"{name}.bin\" was cancelled: a file may have 1.0 MB"));
        }
        for _ in 0..2 {
            assert!(tab.click("half").await.unwrap().effect.starts_with("downloaded half"));
        }
        let effect = tab.click("half").await.unwrap().effect;
        assert!(effect.contains("the files of a run may have 2.1 MB together"), "{effect}");
        for _ in 0..3 {
            assert!(tab.click("report").await.unwrap().effect.starts_with("downloaded report"));
        }
        let effect = tab.click("report").await.unwrap().effect;
        assert_eq!(effect, "the download of \"report.txt\" was cancelled: a run may make 5 files");
        tab.close().await;
    });
}

#[test]
fn a_slow_download_is_reported_when_complete() {
    run(async {
        let go = std::sync::Arc::new(Notify::new());
        let slow = go.clone();
        let router = Router::new().route("/", get(|| async { Html(page("<a href=/slow>Slow</a>")) })).route(
            "/slow",
            get(move || async move {
                let rest = futures::stream::once(async move {
                    slow.notified().await;
                    Ok::<_, std::io::Error>("end".to_owned())
                });
                let chunks = futures::stream::once(async { Ok("x".repeat(10_000)) }).chain(rest);
                attachment("slow.txt", Body::from_stream(chunks))
            }),
        );
        let site = Site::with(router).await;
        let browser = OwnBrowser::start(|settings| settings.download_wait = Duration::from_millis(300)).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let effect = tab.click("Slow").await.unwrap().effect;
        assert!(effect.starts_with("still downloading slow.txt ("), "{effect}");
        let seen = tab.observe().await;
        assert!(
            seen.downloads.is_empty() && seen.notices.iter().any(|n| n.starts_with("still downloading slow.txt")),
            "{seen:#?}"
        );
        go.notify_one();
        let seen = tab.until(|seen| !seen.downloads.is_empty()).await;
        assert_eq!(seen.downloads[0].to_string(), "slow.txt (11 kB)");
        assert!(seen.notices.iter().any(|notice| notice == "downloaded slow.txt (11 kB)"), "{seen:#?}");
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn downloads_obey_the_url_policy() {
    run(async {
        let (elsewhere, _) = site("").await;
        let forbidden = elsewhere.url_at("localhost", "/report");
        let target = forbidden.clone();
        let body = format!(
            "<a href='{forbidden}' download>Direct</a><a href=/away>Redirected</a><a href=/away download>Hidden</a>"
        );
        let router = Router::new()
            .route("/", get(move || async move { Html(page(&body)) }))
            .route("/away", get(|| async move { Redirect::to(&target) }));
        let site = Site::with(router).await;
        for link in ["Direct", "Redirected", "Hidden"] {
            let tab = open(&site, "/").await;
            let effect = tab.click(link).await.unwrap().effect;
            assert!(effect.contains("may not be opened"), "{link}: {effect}");
            assert!(names(&tab).await.is_empty(), "{link}");
            tab.close().await;
        }
        assert_eq!(elsewhere.requests(), Vec::<String>::new());
    });
}

#[test]
fn two_runs_do_not_see_each_others_downloads() {
    run(async {
        let (site, _) = site("<a href=/report>Report</a><input type=file aria-label=File>").await;
        let (first, second) = (open(&site, "/").await, open(&site, "/").await);
        let (one, two) = tokio::join!(first.click("Report"), second.click("Report"));
        assert_eq!(one.unwrap().effect, "downloaded report.txt (10 B)");
        assert_eq!(two.unwrap().effect, "downloaded report.txt (10 B)");
        let third = Tab::new(Browser::shared().open(headless()).await.unwrap());
        third.go(&site.url("/")).await.unwrap();
        assert!(names(&third).await.is_empty());
        let index = third.find("File").await;
        let upload = third.act(Action::Upload { index: index.into(), files: vec!["report.txt".into()] }).await;
        assert!(upload.unwrap_err().to_string().contains("there are no files"));
        for tab in [first, second, third] {
            tab.close().await;
        }
    });
}

#[test]
fn a_runs_files_are_deleted_with_it() {
    run(async {
        let (site, _) = site("<a href=/report>Report</a><a href=/hang>Hang</a>").await;
        let browser = OwnBrowser::start(|_| {}).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Report").await.unwrap();
        assert_eq!(files_named(browser.root(), "report.txt"), 1);
        tab.close().await;
        assert_eq!(files_named(browser.root(), "report.txt"), 0);
        browser.close().await;
    });
}
