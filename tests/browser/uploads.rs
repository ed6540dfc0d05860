//! Uploads and saved pages.

use agent::action::Action;
use agent::files::{FileName, SentFile};
use agent::ports::{ActionError, ActionOutcome, Browsers, PageSpec};
use axum::Router;
use axum::body::Bytes;
use axum::response::Html;
use axum::routing::{get, post};

use crate::support::{Browser, Log, Site, Tab, headless, page, run};

fn sent(files: &[(&str, &str)]) -> PageSpec {
    let file = |(name, content): &(&str, &str)| SentFile {
        name: FileName::parse(name).unwrap(),
        content: content.as_bytes().into(),
    };
    PageSpec { files: files.iter().map(file).collect(), ..headless() }
}

/// A page with this body, and what forms have posted to `/upload`.
async fn site(body: &str) -> (Site, Log<String>) {
    site_of(&[("/", body)]).await
}

async fn site_of(pages: &[(&'static str, &str)]) -> (Site, Log<String>) {
    let posted = Log::new();
    let log = posted.clone();
    let route = |router: Router, (path, body): &(&'static str, &str)| {
        let html = page(body);
        router.route(path, get(|| async { Html(html) }))
    };
    let router = pages.iter().fold(Router::new(), route).route(
        "/upload",
        post(|body: Bytes| async move {
            log.push(String::from_utf8_lossy(&body).into_owned());
            Html(page("Thank you"))
        }),
    );
    (Site::with(router).await, posted)
}

const FILES: [(&str, &str); 2] = [("cv.txt", "ten years of tea"), ("photo.png", "not really a picture")];

async fn open(site: &Site) -> Tab {
    let tab = Tab::new(Browser::shared().open(sent(&FILES)).await.unwrap());
    tab.go(&site.url("/")).await.unwrap();
    tab
}

async fn upload(tab: &Tab, label: &str, files: &[&str]) -> Result<ActionOutcome, ActionError> {
    let index = tab.find(label).await;
    tab.act(Action::Upload { index: index.into(), files: files.iter().map(|&file| file.to_owned()).collect() }).await
}

/// A form around a field that posts it.
fn form(field: &str) -> String {
    format!("<form method=post action=/upload enctype=multipart/form-data>{field}<button>Send</button></form>")
}

fn holds(posted: &str, (name, content): (&str, &str)) -> bool {
    posted.contains(&format!("filename=\"{name}\"")) && posted.contains(content)
}

/// Submits the form and waits for the upload.
async fn send(tab: &Tab, posted: &Log<String>) -> String {
    tab.click("Send").await.unwrap();
    posted.until("the form is posted", |posted| !posted.is_empty()).await.pop().unwrap()
}

#[test]
fn a_file_reaches_the_server_with_its_name_and_bytes() {
    run(async {
        let field = "<label>Your CV <input type=file name=cv oninput=\"this.first = event.type\" onchange=\"tell(this.first + ' ' + event.type)\"></label>";
        let (site, posted) = site(&form(field)).await;
        let tab = open(&site).await;
        let outcome = upload(&tab, "Your CV", &["cv.txt"]).await.unwrap();
        assert_eq!(outcome.description, "Upload 'cv.txt' to 'Your CV'");
        assert_eq!(outcome.effect, "the field now holds cv.txt");
        site.hears("input change").await;
        assert_eq!(site.told().len(), 1);
        let posted = send(&tab, &posted).await;
        assert!(holds(&posted, FILES[0]), "{posted}");
        tab.close().await;
    });
}

#[test]
fn a_hidden_file_field_is_listed_and_takes_files() {
    run(async {
        let field = "<input type=file id=cv name=cv aria-label=Hidden style='display:none'>\
                     <label for=cv style='padding:9px;background:#ddd'>Choose your CV</label>";
        let (site, posted) = site(&form(field)).await;
        let tab = open(&site).await;
        assert_eq!(tab.element("Hidden").await.input_type, "file");
        upload(&tab, "Hidden", &["cv.txt"]).await.unwrap();
        let posted = send(&tab, &posted).await;
        assert!(holds(&posted, FILES[0]), "{posted}");
        tab.close().await;
    });
}

#[test]
fn an_undisplayed_field_takes_files_through_its_button() {
    run(async {
        let script = "<button type=button onclick=\"
            const field = Object.assign(document.createElement('input'), { type: 'file', multiple: true });
            field.onchange = async () => {
              const body = new FormData();
              for (const file of field.files) body.append('files', file);
              await fetch('/upload', { method: 'POST', body });
              tell('sent ' + field.files.length);
            };
            field.click()\">Attach</button>";
        let (site, posted) = site(script).await;
        let tab = open(&site).await;
        // A plain click opens no file chooser.
        let clicked = tab.click("Attach").await.unwrap();
        assert!(clicked.effect.contains("a file chooser opened: to choose files, `upload`"), "{}", clicked.effect);
        assert_eq!(
            upload(&tab, "Attach", &["cv.txt", "photo.png"]).await.unwrap().effect,
            "the field now holds cv.txt, photo.png"
        );
        site.hears("sent 2").await;
        let posted = posted.list().pop().unwrap();
        assert!(FILES.iter().all(|file| holds(&posted, *file)), "{posted}");
        tab.close().await;
    });
}

#[test]
fn an_immediate_reaction_to_the_file_is_reported() {
    run(async {
        let field = "<input type=file aria-label=Drop onchange=\"tell(this.files[0].name); this.value = ''\">\
                     <form method=post action=/upload enctype=multipart/form-data>\
                     <input type=file name=now aria-label=Now onchange=\"this.form.submit()\"></form>";
        let (site, posted) = site(field).await;
        let tab = open(&site).await;
        let outcome = upload(&tab, "Drop", &["photo.png"]).await.unwrap();
        assert_eq!(outcome.effect, "the page has taken it and emptied the field");
        site.hears("photo.png").await;
        let outcome = upload(&tab, "Now", &["cv.txt"]).await.unwrap();
        assert!(outcome.effect.contains("/upload;") && outcome.page_changed, "{outcome:?}");
        assert!(holds(&posted.list()[0], FILES[0]));
        tab.close().await;
    });
}

#[test]
fn file_fields_in_frames_and_shadow_trees_take_files() {
    run(async {
        let inner = form("<input type=file name=cv aria-label='In a frame'>");
        let (other, framed) = site(&inner).await;
        let shadow = "<div id=host></div><script>
            const root = host.attachShadow({ mode: 'closed' });
            root.innerHTML = '<input type=file aria-label=Shadow>';
            root.firstChild.onchange = (event) => tell('shadow ' + event.target.files[0].name);
            </script>";
        let frame = format!("<iframe src='{}' width=600 height=200></iframe>{shadow}", other.url_at("127.0.0.1", "/"));
        let (site, _) = site(&frame).await;
        let tab = open(&site).await;
        upload(&tab, "Shadow", &["photo.png"]).await.unwrap();
        site.hears("shadow photo.png").await;
        assert_eq!(upload(&tab, "In a frame", &["cv.txt"]).await.unwrap().effect, "the field now holds cv.txt");
        let posted = send(&tab, &framed).await;
        assert!(holds(&posted, FILES[0]), "{posted}");
        tab.close().await;
    });
}

#[test]
fn a_file_chooser_of_a_frame_gets_files() {
    run(async {
        let inner = "<button onclick=\"
            const field = Object.assign(document.createElement('input'), { type: 'file' });
            field.onchange = () => field.files[0].text().then((text) => tell(origin + ' has ' + text));
            field.click()\">Attach</button>";
        // Sandboxed, for its own origin and possibly its own process.
        let outer = "<h1>Outer</h1><iframe sandbox='allow-scripts' src=/inner width=600 height=200></iframe>";
        let (site, _) = site_of(&[("/", outer), ("/inner", inner)]).await;
        let tab = open(&site).await;
        assert_eq!(upload(&tab, "Attach", &["cv.txt"]).await.unwrap().effect, "the field now holds cv.txt");
        site.hears("null has ten years of tea").await;
        tab.close().await;
    });
}

#[test]
fn an_unknown_file_is_rejected_with_the_available_ones() {
    run(async {
        let body = "<input type=file aria-label=One><input type=file aria-label=Off disabled>\
                    <input type=file aria-label=Folder webkitdirectory>\
                    <input type=file aria-label=Picture accept='image/*,.pdf'>\
                    <button onclick=\"tell('clicked')\">Nothing</button>\
                    <button onclick=\"showOpenFilePicker().catch(() => tell('no picker'))\">Picker</button>";
        let (site, _) = site(body).await;
        let tab = open(&site).await;
        for (label, files, problem) in [
            ("One", vec!["x.txt"], "there is no file \"x.txt\"; there are: cv.txt (16 B), photo.png (20 B)"),
            ("One", vec!["../cv.txt"], "there is no file \"../cv.txt\""),
            ("One", vec![], "name at least one file"),
            ("One", vec!["cv.txt", "photo.png"], "takes one file only"),
            ("Off", vec!["cv.txt"], "is disabled"),
            ("Folder", vec!["cv.txt"], "takes whole folders"),
            ("Nothing", vec!["cv.txt"], "clicking it opened no file chooser"),
            ("Picker", vec!["cv.txt"], "not supported here"),
        ] {
            let error = upload(&tab, label, &files).await.unwrap_err().to_string();
            assert!(error.contains(problem), "{label}: {error}");
        }
        site.hears("no picker").await;
        let clicked = tab.click("One").await.unwrap_err().to_string();
        assert!(clicked.contains("use `upload`"), "{clicked}");
        let effect = upload(&tab, "Picture", &["cv.txt"]).await.unwrap().effect;
        assert_eq!(effect, "the field now holds cv.txt; it asks for image/*,.pdf, which cv.txt is not");
        assert_eq!(upload(&tab, "Picture", &["photo.png"]).await.unwrap().effect, "the field now holds photo.png");
        tab.close().await;
    });
}

#[test]
fn a_run_without_files_cannot_see_those_of_another() {
    run(async {
        let (site, _) = site("<input type=file aria-label=CV>").await;
        let with = open(&site).await;
        let without = crate::support::open(&site, "/").await;
        let error = upload(&without, "CV", &["cv.txt"]).await.unwrap_err().to_string();
        assert_eq!(error, "there is no file \"cv.txt\"; there are no files");
        upload(&with, "CV", &["cv.txt"]).await.unwrap();
        with.close().await;
        without.close().await;
    });
}

#[test]
fn a_page_saved_as_a_pdf_can_be_uploaded() {
    run(async {
        let body = format!(
            "<script>document.title = 'Invoice 3/2026'</script><h1>Invoice</h1>{}",
            form("<input type=file name=pdf aria-label=PDF multiple>")
        );
        let (site, posted) = site(&body).await;
        let tab = open(&site).await;
        let saved = tab.act(Action::SavePdf {}).await.unwrap();
        assert_eq!(saved.description, "Save the page as PDF");
        assert!(saved.effect.starts_with("saved Invoice 3-2026.pdf ("), "{}", saved.effect);
        let again = tab.act(Action::SavePdf {}).await.unwrap();
        assert!(again.effect.starts_with("saved Invoice 3-2026 (2).pdf ("), "{}", again.effect);
        upload(&tab, "PDF", &["Invoice 3-2026.pdf", "Invoice 3-2026 (2).pdf"]).await.unwrap();
        let posted = send(&tab, &posted).await;
        for name in ["Invoice 3-2026.pdf", "Invoice 3-2026 (2).pdf"] {
            assert!(holds(&posted, (name, "%PDF-1")), "{name}");
        }
        tab.close().await;
    });
}
