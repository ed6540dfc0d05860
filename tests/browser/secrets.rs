//! Secrets: typed only into allowed fields, and never shown.

use std::time::{SystemTime, UNIX_EPOCH};

use agent::action::Action;
use agent::image::ImageFormat;
use agent::ports::{ActionError, ActionOutcome, Browsers, PageSpec};
use agent::secrets::{MaskedPage, OriginSecrets, SecretName, SecretValue, Secrets};
use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use totp_rs::{Builder, Secret};
use uuid::Uuid;

use crate::support::{Browser, Events, Site, Start, Tab, headless, page, run};

const PASSWORD: &str = "<secret>password</secret>";
const VALUE: &str = "Hunter \"22\" & Co";

/// For the origins of these URLs.
fn secrets(urls: &[&str], value: &str) -> Secrets {
    let places = urls.iter().map(|url| OriginSecrets {
        origin: url.trim_end_matches('/').parse().unwrap(),
        values: vec![(SecretName::parse("password").unwrap(), SecretValue::parse(value).unwrap())],
    });
    Secrets::new(places.collect()).unwrap()
}

/// A run at a URL with a password for these origins, with the agent's masking.
async fn open(url: &str, secrets: Secrets, screenshots: Option<ImageFormat>) -> Tab {
    let opened =
        Browser::shared().open(PageSpec { screenshots, secrets: secrets.clone(), ..headless() }).await.unwrap();
    let tab = Tab::new(MaskedPage::wrap(opened, &secrets));
    tab.go(url).await.unwrap();
    tab
}

/// A site of one page that records what is posted to `/in`.
async fn site(body: &str) -> Site {
    let html = page(body);
    let take = "<script>onload = () => tell(location.search + ' ' + document.body.innerText)</script>";
    Site::with(Router::new().route("/", get(|| async { Html(html) })).route(
        "/in",
        post(move |form: String| async move { Html(page(&format!("{form}{take}"))) }).get(|| async { "got" }),
    ))
    .await
}

const FIELD: &str =
    "<form method=post action=/in><label>Password <input name=p type=text></label><button>Go</button></form>";

async fn typed(site: &Site, allowed: &[&str]) -> Result<ActionOutcome, ActionError> {
    let tab = open(&site.url("/"), secrets(allowed, VALUE), None).await;
    let outcome = tab.input("Password", PASSWORD).await;
    tab.close().await;
    outcome
}

#[test]
fn a_value_arrives_in_the_field_of_its_origin_like_typing() {
    run(async {
        let site = site(&format!(
            "{FIELD}<script>const p = document.querySelector('input'); const heard = [];
             for (const type of ['input', 'keydown', 'keyup'])
               p.addEventListener(type, (e) => heard.push(type + ':' + e.isTrusted));
             p.form.onsubmit = () => tell(JSON.stringify([p.value, [...new Set(heard)]]))</script>"
        ))
        .await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), None).await;
        let outcome = tab.input("Password", PASSWORD).await.unwrap();
        assert_eq!(outcome.description, format!("Type '{PASSWORD}' into 'Password'"));
        assert_eq!(outcome.effect, "");
        let text = tab.text().await;
        assert!(!text.contains("Hunter"), "{text}");
        tab.click("Go").await.unwrap();
        let heard = site.hears_any().await;
        let expected = json!([VALUE, ["input:true", "keydown:true", "keyup:true"]]);
        let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
        assert_eq!(heard[0], expected[0]);
        for event in expected[1].as_array().unwrap() {
            assert!(heard[1].as_array().unwrap().contains(event), "{heard}");
        }
        tab.close().await;
    });
}

#[test]
fn a_seed_is_typed_as_the_code_of_the_moment() {
    const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    run(async {
        let site = site(&format!(
            "{FIELD}<p id=t></p><script>const p = document.querySelector('input');
             p.form.onsubmit = () => tell(p.value); p.oninput = () => t.textContent = 'You typed ' + p.value</script>"
        ))
        .await;
        let named = vec![(SecretName::parse("password").unwrap(), SecretValue::totp(SEED).unwrap())];
        let place = OriginSecrets { origin: site.url("").parse().unwrap(), values: named };
        let tab = open(&site.url("/"), Secrets::new(vec![place]).unwrap(), None).await;
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let code = |at: u64| {
            Builder::new()
                .with_secret(Secret::try_from_base32(SEED).unwrap())
                .build_noncompliant()
                .generate(at)
                .to_string()
        };
        let before = now();
        let outcome = tab.input("Password", PASSWORD).await.unwrap();
        assert_eq!(outcome.description, format!("Type '{PASSWORD}' into 'Password'"));
        let text = tab.text().await;
        assert!(text.contains(&format!("You typed {PASSWORD}")), "the code is masked: {text}");
        tab.click("Go").await.unwrap();
        let heard = site.hears_any().await;
        // The end of a period is waited for.
        let codes: Vec<String> = (before..=now()).map(code).collect();
        assert!(codes.contains(&heard), "{heard} of {codes:?}");
        tab.close().await;
    });
}

#[test]
fn a_value_is_not_typed_where_it_is_not_allowed() {
    run(async {
        let telling = "<script>addEventListener('input', (e) => tell('typed ' + e.target.value), true)</script>";
        let evil = site("evil").await;
        let elsewhere = format!("action={}", evil.url("/in"));
        // The list of all origins is not truncated.
        let own = (1..=25).map(|n| format!("<button formaction='/{n}'>{n}</button>")).collect::<String>();
        let among_many = format!("{own}<button formaction='{}'>", evil.url_at("localhost", "/in"));
        for (body, why) in [
            (FIELD.replace("action=/in", &elsewhere), "may not be given to"),
            (FIELD.replace("<button>", &format!("<button form{elsewhere}>")), "may not be given to"),
            (FIELD.replace("<button>", &among_many), "may not be given to"),
            // A blank for scripts, but not for forms.
            (format!("<base href='{}'>{}", evil.url("/"), FIELD.replace("/in", "&nbsp;")), "may not be given to"),
            (FIELD.replace("method=post", "method=get"), "into a URL"),
            (FIELD.replace("<button>", "<button formmethod=GET>"), "into a URL"),
            (FIELD.replace("type=text", "type=search"), "for searching"),
            (FIELD.replace("type=text", "role=searchbox"), "for searching"),
            (FIELD.replace("<form", "<form role=search"), "for searching"),
            (FIELD.replace("type=text", "type=text readonly"), "is disabled"),
            ("<div contenteditable aria-label=Password style='height:2em'></div>".to_owned(), "no input field"),
            ("<select aria-label=Password><option>a</select>".to_owned(), "no input field"),
        ] {
            let site = site(&format!("{body}{telling}")).await;
            let refused = typed(&site, &[&site.url("")]).await.unwrap_err().to_string();
            assert!(refused.contains(why) && refused.contains("nothing was typed"), "{body}: {refused}");
            assert_eq!(site.told(), Vec::<String>::new(), "{body}");
        }
        let site = site(&format!("{FIELD}{telling}")).await;
        let other = typed(&site, &["https://shop.example", "http://*.example.com"]).await.unwrap_err().to_string();
        assert!(other.contains(&format!("may not be given to {}", site.url(""))), "{other}");
        assert_eq!((site.told(), evil.requests()), (vec![], vec![]));
    });
}

#[test]
fn a_form_may_submit_to_another_origin_of_the_secret() {
    run(async {
        let login = site("login").await;
        let site = site(&FIELD.replace("action=/in", &format!("action={}", login.url("/in")))).await;
        typed(&site, &[&site.url(""), &login.url("")]).await.unwrap();
    });
}

#[test]
fn the_origin_of_the_fields_document_decides() {
    run(async {
        let telling = "<script>addEventListener('input', (e) => tell('typed ' + e.target.value), true)</script>";
        let evil = site(&format!("{FIELD}{telling}")).await;
        for frame in [
            format!("<iframe src={}></iframe>", evil.url("/")),
            "<iframe sandbox='allow-scripts allow-forms' src=/inner></iframe>".to_owned(),
        ] {
            let (top, inner) = (page(&frame), page(FIELD));
            let router =
                Router::new().route("/", get(|| async { Html(top) })).route("/inner", get(|| async { Html(inner) }));
            let good = Site::with(router).await;
            let refused = typed(&good, &[&good.url("")]).await.unwrap_err().to_string();
            assert!(refused.contains("may not be given to"), "{frame}: {refused}");
        }
        assert_eq!(evil.told(), Vec::<String>::new());
    });
}

#[test]
fn a_page_that_changes_during_the_click_gets_nothing() {
    run(async {
        let evil = site("<input aria-label=Password autofocus><script>addEventListener('input', (e) => tell(e.target.value))</script>").await;
        let url = evil.url("/");
        for handler in [
            format!("location.href = '{url}'; const end = Date.now() + 100; while (Date.now() < end);"),
            format!("p.form.action = '{url}in'"),
            "p.type = 'search'".to_owned(),
            format!(
                "const f = document.createElement('iframe'); f.src = '{url}'; document.body.append(f); f.focus(); p.remove()"
            ),
        ] {
            let site = site(&format!("{FIELD}<script>const p = document.querySelector('input'); p.onmousedown = () => {{ {handler} }}</script>")).await;
            let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), None).await;
            let outcome = tab.input("Password", PASSWORD).await;
            assert!(outcome.is_err(), "{handler}: {outcome:?}");
            tab.close().await;
        }
        assert_eq!(evil.told(), Vec::<String>::new());
    });
}

#[test]
fn values_shown_by_the_page_are_masked_and_blacked_out() {
    run(async {
        let body = format!(
            "<h1 id=h style='margin:40px;font:40px monospace'>Hello</h1><b>H</b><i>unter</i> \"22\" &amp; Co
             {FIELD}<iframe id=f srcdoc='&lt;h2&gt;frame&lt;/h2&gt;' style='position:absolute;left:600px;top:300px;width:300px;height:200px'></iframe>
             <input aria-label=Other id=o>
             <script>document.querySelector('input').oninput = (e) => {{
               const value = e.target.value;
               h.textContent = value; o.value = value; document.title = value;
               f.contentDocument.body.textContent = value;
               history.pushState(0, '', '/?p=' + encodeURIComponent(value));
               console.log(value);
             }}</script>"
        );
        let site = site(&body).await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), Some(ImageFormat::Jpeg)).await;
        let before = tab.observe().await.screenshot.unwrap();
        assert_eq!(before.format, ImageFormat::Png, "nothing can be painted on others");
        tab.input("Password", PASSWORD).await.unwrap();
        let seen = tab.observe().await;
        let told = format!("{seen:?}");
        assert!(!told.contains("Hunter") && told.contains(PASSWORD), "{told}");
        assert!(seen.url.ends_with("/?p=<secret>password</secret>"), "{}", seen.url);
        assert_eq!(seen.title, PASSWORD);
        for picture in [seen.screenshot.unwrap(), tab.page().picture().await.unwrap()] {
            let (width, pixels) = rgb(&STANDARD.decode(&*picture.base64).unwrap());
            let black = |x: usize, y: usize| pixels[(y * width + x) * 3..][..3] == [0, 0, 0];
            // In the heading, between its letters too, and in the corners of the frame.
            assert!((60..300).step_by(5).all(|x| black(x, 65)), "the heading is covered");
            assert!([(610, 310), (890, 490), (750, 400)].iter().all(|(x, y)| black(*x, *y)), "the frame is covered");
            assert!(!black(1200, 850), "the rest is not");
        }
        tab.close().await;
    });
}

#[test]
fn values_in_later_closed_shadow_trees_are_blacked_out() {
    run(async {
        // Roots of a late upgraded element, nested, and beside other content; some are removed.
        let line = |top: u32| format!("position:fixed;left:40px;top:{top}px;margin:0;font:40px monospace");
        let body = format!(
            "{FIELD}<x-user></x-user><div id=host>light</div><iframe srcdoc='&lt;x-user&gt;&lt;/x-user&gt;' id=f
               style='position:absolute;left:600px;top:300px;width:300px;height:200px'></iframe>
             <script>document.querySelector('input').oninput = (e) => {{
               const say = (host, style) => {{
                 const root = host.attachShadow({{ mode: 'closed' }});
                 root.innerHTML = '<p style=\"' + style + '\"></p><x-inner></x-inner>';
                 root.firstChild.textContent = e.target.value;
                 return root;
               }};
               customElements.define('x-user', class extends HTMLElement {{
                 constructor() {{ super(); say(say(this, '{}').lastChild, '{}'); }} }});
               say(host, '{}');
               say(f.contentDocument.querySelector('x-user'), '');
             }}</script>",
            line(200),
            line(300),
            line(400)
        );
        let site = site(&body).await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), Some(ImageFormat::Png)).await;
        tab.observe().await;
        tab.input("Password", PASSWORD).await.unwrap();
        // Before the page is read again, and after.
        for picture in [tab.page().picture().await.unwrap(), tab.observe().await.screenshot.unwrap()] {
            let (width, pixels) = rgb(&STANDARD.decode(&*picture.base64).unwrap());
            let black = |x: usize, y: usize| pixels[(y * width + x) * 3..][..3] == [0, 0, 0];
            for top in [200, 300, 400] {
                assert!((60..300).step_by(5).all(|x| black(x, top + 25)), "the line at {top} is covered");
            }
            assert!(black(890, 490), "the frame is covered");
            assert!(!black(1200, 850), "the rest is not");
        }
        tab.close().await;
    });
}

#[test]
fn copied_and_dragged_text_stays_within_its_origin() {
    run(async {
        let evil = site(
            "<input aria-label=Paste ondrop='tell(event.dataTransfer.getData(`text/plain`))'>
            <script>oninput = (e) => tell(e.target.value)</script>",
        )
        .await;
        let body = format!(
            "<input aria-label=Shown value='{}'><input aria-label=Own oninput='tell(value)'
               ondrop='tell(event.dataTransfer.getData(`text/plain`))'>
             <div draggable=true ondragstart='event.dataTransfer.setData(`text/plain`, `dragged`)'>Card</div>
             <iframe src='{}'></iframe>
             <iframe srcdoc='<input aria-label=Near ondrop=\"parent.tell(`near`)\">'></iframe>",
            VALUE.replace('\"', "&quot;"),
            evil.url("/")
        );
        let site = site(&body).await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), None).await;
        for keys in ["Control+a Control+c", "Control+a Control+x"] {
            tab.click("Shown").await.unwrap();
            tab.keys(keys).await.unwrap();
            tab.click("Paste").await.unwrap();
            tab.keys("Control+v").await.unwrap();
        }
        tab.click("Own").await.unwrap();
        tab.keys("Control+v").await.unwrap();
        site.hears(VALUE).await;
        // Chromium itself drops nothing into a cross-origin frame.
        for to in ["Paste", "Near", "Own"] {
            let seen = tab.observe().await;
            let at = |label: &str| seen.view.elements.iter().find(|element| element.name == label).unwrap().index;
            let drag = Action::Drag {
                from: at("Card").into(),
                x: None,
                y: None,
                to: Some(at(to).into()),
                to_x: None,
                to_y: None,
                path: None,
            };
            tab.act(drag).await.unwrap();
        }
        site.hears("near").await;
        site.hears("dragged").await;
        tab.go(&evil.url("/")).await.unwrap();
        tab.click("Paste").await.unwrap();
        tab.keys("Control+v").await.unwrap();
        tab.keys("z").await.unwrap();
        evil.hears("z").await;
        assert_eq!(evil.told().into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>(), ["z"]);
        tab.close().await;
    });
}

pub(crate) fn rgb(png: &[u8]) -> (usize, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let samples = frame.color_type.samples();
    let pixels = pixels[..frame.buffer_size()].chunks(samples).flat_map(|pixel| pixel[..3].to_vec()).collect();
    (frame.width as usize, pixels)
}

#[test]
fn the_built_in_planner_logs_in_with_a_secret_and_reports_only_its_name() {
    run(async {
        let login = "<form method=post action=/in><label>E-mail <input name=e type=email></label>
            <label>Password <input name=p type=password></label><button>Log in</button></form>";
        let site = site(login).await;
        let service = Start::new().ready().await;
        let request = json!({
            "task": format!("open {} and log in as ada@example.com with password {PASSWORD}", site.url("/")),
            "provider": "template", "screenshotFormat": "none",
            "sensitiveData": { site.url(""): { "password": "hunter22" } },
        });
        let events = Events::of(service.post(&request).await).rest().await;
        assert_eq!(events.last().unwrap()["success"], true, "{events:#?}");
        let posted = site.hears_any().await;
        assert!(posted.contains("e=ada%40example.com&p=hunter22"), "{posted}");
        assert!(!json!(events).to_string().contains("hunter22"), "{events:#?}");
        service.stop().await;
    });
}

#[test]
fn no_output_contains_a_value_that_the_page_shows_everywhere() {
    run(async {
        let core = Uuid::new_v4().simple().to_string();
        let value = format!("Cä\"n&{core}<y>%");
        let other =
            site("<p id=t></p><script>onmessage = (e) => { document.title = t.textContent = e.data }</script>").await;
        let body = format!(
            "{FIELD}<p id=t></p><input aria-label=Copy id=c><iframe src='{}'></iframe>
             <script>document.querySelector('input').oninput = (e) => {{
               const value = e.target.value;
               t.textContent = [value, encodeURIComponent(value), escape(value), JSON.stringify(value), value.toUpperCase(),
                 btoa(unescape(encodeURIComponent(value))), value.split('').join('\\u200b')].join(' | ');
               c.value = c.placeholder = document.title = value;
               document.querySelector('button').textContent = 'Send ' + value;
               history.pushState(0, '', '/?p=' + encodeURIComponent(value) + '#' + btoa(unescape(encodeURIComponent(value))));
               console.error(value);
               document.querySelector('iframe').contentWindow.postMessage(value, '*');
               const a = document.createElement('a');
               a.href = 'data:text/plain,x'; a.download = value + '.txt'; a.click();
               setTimeout(() => {{ alert(value); prompt(value, value); throw new Error(value) }});
             }}</script>",
            other.url("/")
        );
        let site = site(&body).await;
        let service = Start::new().set("RUST_LOG", "trace").set("RECORD_DIR", "recordings").ready().await;
        let task =
            format!("type {PASSWORD} into Password, then click 'Send', then click 'Nowhere', then read the page");
        let request = json!({
            "task": task, "startUrl": site.url("/"), "provider": "template", "screenshotFormat": "png",
            "sensitiveData": { site.url(""): { "password": value } },
        });
        let events = Events::of(service.post(&request).await).rest().await;
        let typed = events.iter().any(|event| event["description"].as_str().is_some_and(|text| text.contains("Type")));
        assert!(typed, "{events:#?}");
        let told = events.iter().map(|event| {
            let mut event = event.clone();
            event.as_object_mut().unwrap().remove("screenshot");
            event.to_string()
        });
        let told = told.collect::<Vec<_>>().join("\n").to_lowercase();
        assert!(told.contains("<secret>password</secret>"), "{told}");
        let written = service.written();
        assert!(written.iter().any(|(path, _)| path.extension().is_some_and(|kind| kind == "jsonl")), "a recording");
        let base64 = STANDARD.encode(&value).to_lowercase();
        for (what, text) in [("events".into(), told)].into_iter().chain(written) {
            let text = text.to_lowercase();
            assert!(!text.contains(&core) && !text.contains(&base64), "{}: {text}", what.display());
        }
        service.stop().await;
    });
}

/// Asserts that no four consecutive characters of the value occur.
fn holds_no_part(text: &str) -> bool {
    let characters: Vec<char> = VALUE.chars().collect();
    characters.windows(4).all(|part| !text.contains(&String::from_iter(part)))
}

#[test]
fn truncated_texts_contain_no_part_of_a_value() {
    run(async {
        let body = format!(
            "<button onclick='alert(`${{`x`.repeat(490)}}{VALUE}`)'>Tell</button>
             <button onclick='prompt(`${{`x`.repeat(490)}}{VALUE}`, `${{`y`.repeat(490)}}{VALUE}`)'>Ask</button>
             <p>{VALUE} {} needle</p>",
            "z".repeat(66)
        );
        let site = site(&body).await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), None).await;
        let found = tab.act(Action::FindText { pattern: "needle".into(), regex: None }).await.unwrap();
        let around = found.extracted.unwrap();
        assert!(around.contains("zz needle") && holds_no_part(&around), "{around}");
        let told = tab.click("Tell").await.unwrap().effect;
        assert!(told.contains("xxx") && holds_no_part(&told), "{told}");
        tab.click("Ask").await.unwrap();
        let asked = tab.observe().await.dialog.unwrap();
        assert!(asked.proposal.contains("yyy") && asked.proposal.contains(PASSWORD), "{asked:?}");
        assert!(holds_no_part(&asked.message) && holds_no_part(&asked.proposal), "{asked:?}");
        tab.close().await;
    });
}

#[test]
fn a_long_text_is_shown_without_parts_of_values_at_its_ends() {
    run(async {
        for tag in ["p", "pre style='white-space:pre-wrap'"] {
            let body = format!(
                "<h1>Top</h1><{tag} id=t></p><script>t.textContent = ({}.repeat(200) + '\\n').repeat(100);
                 scrollTo(0, 9000)</script>",
                json!(format!("{VALUE} "))
            );
            let site = site(&body).await;
            let tab = open(&site.url("/"), secrets(&[&site.url("")], VALUE), None).await;
            let text = tab.text().await;
            assert!(text.contains(PASSWORD) && text.contains('…') && holds_no_part(&text), "{tag}: {text}");
            tab.close().await;
        }
    });
}

#[test]
fn a_value_split_between_elements_is_blacked_out() {
    run(async {
        let site = site("<h1 style='margin:40px;font:40px monospace'><b>Hunter</b>\n  <b>2</b></h1>").await;
        let secrets = secrets(&[&site.url("")], "Hunter 2");
        let tab = open(&site.url("/"), secrets, Some(ImageFormat::Png)).await;
        let picture = tab.page().picture().await.unwrap();
        let (width, pixels) = rgb(&STANDARD.decode(&*picture.base64).unwrap());
        assert!((60..200).step_by(5).all(|x| pixels[(65 * width + x) * 3..][..3] == [0, 0, 0]));
        tab.close().await;
    });
}

#[test]
fn an_apostrophe_in_a_label_does_not_hide_a_value() {
    run(async {
        let value = "o'brien@shop.example";
        let site = site(&format!("<button>Mail {value}</button>")).await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], value), None).await;
        let clicked = tab.click(&format!("Mail {PASSWORD}")).await.unwrap();
        assert_eq!(clicked.description, format!("Click 'Mail {PASSWORD}'"));
        tab.close().await;
    });
}

#[test]
fn no_picture_is_taken_of_a_value_that_cannot_be_covered_for_certain() {
    run(async {
        let value = "Hunter2244";
        let split = [
            "<details open>Hunter<summary>Name</summary>2244</details>",
            "<ruby>Hun<rt>read</rt>ter2244</ruby>",
            "<div id=h>Hunter</div><script>h.attachShadow({ mode: 'open' }).innerHTML = '<b><slot></slot>2244</b>'</script>",
            "<div id=h><b slot=b>2244</b><b slot=a>Hunter</b></div><script>\
             h.attachShadow({ mode: 'closed' }).innerHTML = '<slot name=a></slot><slot name=b></slot>'</script>",
            "<p style='display:flex'><b>Hunter</b><b>2244</b></p>",
            "<p style='text-shadow:0 90px red'>Hunter2244</p>",
            "<svg><text id=t y=20>Hunter2244</text><use href=#t y=40 /></svg>",
        ];
        for body in split {
            let site = site(body).await;
            let tab = open(&site.url("/"), secrets(&[&site.url("")], value), Some(ImageFormat::Png)).await;
            let seen = tab.observe().await;
            let notices = seen.notices.join("\n");
            assert!(seen.screenshot.is_none() && notices.contains("may not be covered entirely"), "{body}: {notices}");
            tab.close().await;
        }
        let whole = "<style>* { margin: 0; font: 40px/50px monospace } :popover-open { inset: 400px auto auto 0; border: 0;\
            padding: 0 }</style><div popover id=p>Hunter2244</div><details open><summary>Name</summary>Hunter2244</details>\
            <div id=h>Hunter2244</div><script>p.showPopover(); h.attachShadow({ mode: 'open' }).innerHTML = '<slot></slot>'\
            </script>";
        let site = site(whole).await;
        let tab = open(&site.url("/"), secrets(&[&site.url("")], value), Some(ImageFormat::Png)).await;
        let picture = tab.observe().await.screenshot.unwrap();
        let (width, pixels) = rgb(&STANDARD.decode(&*picture.base64).unwrap());
        for y in [75, 125, 425] {
            assert!((10..200).step_by(5).all(|x| pixels[(y * width + x) * 3..][..3] == [0, 0, 0]), "at {y}");
        }
        tab.close().await;
    });
}

/// Whether a picture shows something red, as only the value is. Decoding the lower half would take most of the test.
fn shows_red(picture: &agent::image::Image) -> bool {
    let file = STANDARD.decode(&*picture.base64).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let samples = reader.info().color_type.samples();
    let is_red = |pixel: &&[u8]| pixel[0] > 180 && pixel[1] < 90 && pixel[2] < 90;
    let mut red = 0;
    for _ in 0..500 {
        red += reader.next_row().unwrap().unwrap().data().chunks(samples).filter(is_red).count();
    }
    red > 20
}

#[test]
fn no_value_can_be_read_in_the_top_layer() {
    const PATHS: [&str; 13] = ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/10", "/11", "/12"];
    let red = "<style>*{color:red;fill:red;border-color:black;caret-color:transparent;outline:0;font:bold 30px monospace}</style>";
    let modal = "<script>for (const one of document.querySelectorAll('dialog')) one.showModal()</script>";
    let letters: String = "Hunter2244".chars().map(|letter| format!("<b>{letter}</b>")).collect();
    let frame = |style: &str| format!("<iframe style='{style}' srcdoc='{red}Hunter2244'></iframe>");
    let bodies = [
        format!("<dialog>Hunter2244</dialog>{modal}"),
        format!("<dialog><input value=Hunter2244></dialog>{modal}"),
        format!("<dialog><svg width=400 height=60><text y=40>Hunter2244</text></svg></dialog>{modal}"),
        format!("<dialog>{letters}</dialog>{modal}"),
        format!("<dialog style='text-transform:uppercase'>Hunter2244</dialog>{modal}"),
        format!("<dialog>Outer<dialog>Hunter2244</dialog></dialog>{modal}").replace("Outer", "<br><br><br>"),
        "<div id=h></div><script>const root = h.attachShadow({ mode: 'closed' });\
         root.innerHTML = '<style>*{color:red;border-color:black}</style><dialog>Hunter2244</dialog>'; root.lastChild.showModal()</script>"
            .to_owned(),
        format!("<dialog style='transform:rotate(30deg)'>Hunter2244</dialog>{modal}"),
        "<div popover id=p>Hunter2244</div><script>p.showPopover()</script>".to_owned(),
        "<div id=f onclick='f.requestFullscreen()' style='height:300px'>Hunter2244</div>".to_owned(),
        "<div style='position:fixed;inset:0;z-index:2147483647;background:white'>Hunter2244</div>".to_owned(),
        format!("<dialog>{}</dialog>{modal}", frame("")),
        frame("transform:scale(2);transform-origin:0 0"),
    ]
    .map(|body| format!("{red}{body}"));
    run(async {
        let site = Site::of(&PATHS.into_iter().zip(bodies.iter().map(String::as_str)).collect::<Vec<_>>()).await;
        let bare = open(&site.url("/0"), Secrets::default(), Some(ImageFormat::Png)).await;
        let tab = open(&site.url("/0"), secrets(&[&site.url("")], "Hunter2244"), Some(ImageFormat::Png)).await;
        for (path, body) in PATHS.into_iter().zip(&bodies) {
            for (tab, is_masked) in [(&bare, false), (&tab, true)] {
                tab.go(&site.url(path)).await.unwrap();
                if body.contains("requestFullscreen") {
                    tab.click(if is_masked { PASSWORD } else { "Hunter2244" }).await.unwrap();
                }
                let seen = tab.observe().await;
                match seen.screenshot {
                    Some(picture) => assert_eq!(shows_red(&picture), !is_masked, "{body}"),
                    None => assert!(
                        is_masked && seen.notices.iter().any(|why| why.contains("secret")),
                        "{body}: {:?}",
                        seen.notices
                    ),
                }
            }
        }
        bare.close().await;
        tab.close().await;
    });
}
