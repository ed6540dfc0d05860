//! The views of the fixture pages, compared with `views/`.

use std::time::{Duration, Instant};

use agent::action::Action;
use agent::ports::Browsers;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use browser::observe::tokens;

use super::support::{Browser, Site, Tab, open, run, with_screenshots};

/// The fixture pages on a site.
async fn fixtures() -> Site {
    let pages: [(&str, &'static str); 13] = [
        ("/boards", include_str!("fixtures/boards.html")),
        ("/disguised", include_str!("fixtures/disguised.html")),
        ("/form", include_str!("fixtures/form.html")),
        ("/generated", include_str!("fixtures/generated.html")),
        ("/glyphs", include_str!("fixtures/glyphs.html")),
        ("/list", include_str!("fixtures/list.html")),
        ("/listeners", include_str!("fixtures/listeners.html")),
        ("/log", include_str!("fixtures/log.html")),
        ("/overlays", include_str!("fixtures/overlays.html")),
        ("/places", include_str!("fixtures/places.html")),
        ("/shadow", include_str!("fixtures/shadow.html")),
        ("/structure", include_str!("fixtures/structure.html")),
        ("/visibility", include_str!("fixtures/visibility.html")),
    ];
    let router = pages
        .into_iter()
        .fold(Router::new(), |router, (path, html)| router.route(path, get(move || async move { Html(html) })));
    Site::with(router).await
}

/// Compares a fixture's view with the stored one, line by line.
#[track_caller]
fn reads_as(path: &'static str, expected: &'static str) {
    run(async move {
        let site = fixtures().await;
        let tab = open(&site, path).await;
        let found = tab.text().await;
        let lines = |text: &str| text.trim_end().lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&found), lines(expected), "\n{found}");
        tab.close().await;
    });
}

#[test]
fn a_screenshot_is_taken_anew_only_after_an_action_or_a_change() {
    run(async {
        let body = "<canvas width=50 height=50></canvas><p id=out>Quiet</p><script>\
            const pen = document.querySelector('canvas').getContext('2d');\
            const draw = (colour) => { pen.fillStyle = colour; pen.fillRect(0, 0, 50, 50) };\
            onmessage = (event) => { draw('red'); if (event.data) out.textContent = event.data }; draw('blue')</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = Tab::new(Browser::shared().open(with_screenshots()).await.unwrap());
        let picture = async || tab.observe().await.screenshot.unwrap();
        let post = async |text: &str| tab.act(Action::Evaluate { js: format!("postMessage('{text}')") }).await.unwrap();
        tab.go(&site.url("/")).await.unwrap();
        let blue = picture().await;
        assert!(picture().await == blue, "nothing was done");
        post("").await;
        let red = picture().await;
        assert!(red != blue, "something was done, whatever the text says");
        assert!(picture().await == red);
        tab.close().await;
    });
}

#[test]
fn a_screenshot_shows_what_an_action_brought_at_once_or_a_moment_later() {
    run(async {
        let body = "<style>.on { background: red } .slow { background: red; transition: margin 200ms; margin: 90px }</style>\
            <button>Change</button><p id=out>Quiet</p><script>\
            if (location.pathname.startsWith('/draw')) out.before(document.createElement('canvas'));\
            const colour = () => document.body.className = 'on';\
            const draw = () => document.querySelector('canvas').getContext('2d').fillRect(0, 0, 50, 50);\
            const kinds = { colour, draw,\
                text: () => out.textContent = 'Loud',\
                frame: () => requestAnimationFrame(colour),\
                timer: () => setTimeout(colour, 10),\
                twice: () => { out.textContent = 'Loud'; setTimeout(colour, 40) },\
                late: () => setTimeout(colour, 150),\
                drawnInFrame: () => requestAnimationFrame(draw),\
                moves: () => out.className = 'slow' };\
            document.querySelector('button').onclick = kinds[location.pathname.slice(1)];</script>";
        let paths = ["/colour", "/draw", "/text", "/frame", "/timer", "/twice", "/late", "/drawnInFrame", "/moves"]
            .map(|path| (path, body));
        let site = Site::of(&paths).await;
        let tab = Tab::new(Browser::shared().open(with_screenshots()).await.unwrap());
        for (path, _) in paths {
            tab.go(&site.url(path)).await.unwrap();
            let before = tab.observe().await.screenshot.unwrap();
            tab.click("Change").await.unwrap();
            let shown = tab.observe().await.screenshot.unwrap();
            tab.act(Action::Evaluate { js: "0".into() }).await.unwrap();
            assert!(shown == tab.observe().await.screenshot.unwrap(), "{path}: the picture is older than the view");
            assert!(shown != before, "{path}");
        }
        tab.close().await;
    });
}

#[test]
fn every_kind_of_field_shows_its_type_value_and_constraints() {
    reads_as("/form", include_str!("views/form.txt"));
}

#[test]
fn elements_under_a_banner_are_listed_if_scrolling_uncovers_them() {
    reads_as("/overlays", include_str!("views/overlays.txt"));
}

#[test]
fn under_a_modal_only_the_modal_is_listed() {
    reads_as("/overlays#modal", include_str!("views/overlays-modal.txt"));
}

#[test]
fn a_native_dialog_hides_the_rest() {
    reads_as("/overlays#native", include_str!("views/overlays-native.txt"));
}

#[test]
fn tables_cards_and_containers_keep_their_structure() {
    reads_as("/structure", include_str!("views/structure.txt"));
}

#[test]
fn icons_and_drawings_are_described_and_forged_lines_are_escaped() {
    reads_as("/glyphs", include_str!("views/glyphs.txt"));
}

#[test]
fn open_and_closed_shadow_trees_and_nested_frames_are_read() {
    reads_as("/shadow", include_str!("views/shadow.txt"));
}

#[test]
fn elements_that_shadow_document_properties_do_not_break_reading() {
    reads_as("/disguised", include_str!("views/disguised.txt"));
}

#[test]
fn a_long_list_is_read_up_to_one_screen_below() {
    reads_as("/list", include_str!("views/list.txt"));
}

#[test]
fn of_a_long_text_the_part_near_the_viewport_is_read() {
    reads_as("/log", include_str!("views/log.txt"));
}

#[test]
fn invisible_and_unclickable_elements_are_not_listed() {
    reads_as("/visibility", include_str!("views/visibility.txt"));
}

#[test]
fn areas_boxless_elements_and_drawings_are_listed_with_their_place() {
    reads_as("/places", include_str!("views/places.txt"));
}

#[test]
fn cells_of_boards_and_calendars_show_what_distinguishes_them() {
    reads_as("/boards", include_str!("views/boards.txt"));
}

#[test]
fn elements_with_listeners_are_listed_but_not_their_containers() {
    reads_as("/listeners", include_str!("views/listeners.txt"));
}

#[test]
fn areas_boxless_elements_and_shapes_are_clicked_at_their_place() {
    run(async {
        let site = fixtures().await;
        for path in ["/kitchen", "/bath", "/hall", "/outside"] {
            let tab = open(&site, "/places").await;
            let view = tab.observe().await.view;
            let area = view.elements.iter().find(|element| element.href.ends_with(path)).unwrap();
            tab.act(Action::click(area.index)).await.unwrap();
            site.is_asked(&format!("GET {path}")).await;
            tab.close().await;
        }
        let tab = open(&site, "/places").await;
        tab.click("Without a box").await.unwrap();
        site.hears("contents button").await;
        tab.click("January: 90").await.unwrap();
        site.hears("January").await;
        tab.click("circle").await.unwrap();
        site.hears("circle").await;
        tab.click("a link without one").await.unwrap();
        site.is_asked("GET /contents").await;
        tab.close().await;
    });
}

#[test]
fn elements_with_listeners_are_clicked_on_one_of_their_parts() {
    run(async {
        let site = fixtures().await;
        let tab = open(&site, "/listeners").await;
        tab.click("Second item").await.unwrap();
        site.hears("list Second item").await;
        tab.click("Listens to presses").await.unwrap();
        site.hears("down Listens to presses").await;
        tab.click("In a closed tree").await.unwrap();
        site.hears("closed").await;
        tab.click("X").await.unwrap();
        site.hears("board X").await;
        tab.close().await;
    });
}

#[test]
fn listeners_added_later_are_found() {
    run(async {
        let body = "<p id=first>First</p><button onclick=\"first.addEventListener('click', () => tell('pressed'))\">Listen</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        assert!(tab.text().await.starts_with("First\n"));
        tab.click("Listen").await.unwrap();
        tab.click("First").await.unwrap();
        site.hears("pressed").await;
        tab.close().await;
    });
}

#[test]
fn a_second_reading_has_the_same_indices_and_fingerprint() {
    run(async {
        let site = fixtures().await;
        let tab = open(&site, "/structure").await;
        let first = tab.observe().await.view;
        let second = tab.observe().await.view;
        assert_eq!(first.text, second.text);
        assert_eq!(first.fingerprint, second.fingerprint);
        tab.close().await;
    });
}

#[test]
fn no_password_leaves_the_page() {
    run(async {
        let site = fixtures().await;
        let tab = open(&site, "/form").await;
        let observation = tab.observe().await;
        assert!(!format!("{observation:?}").contains("top secret"));
        tab.close().await;
    });
}

#[test]
fn elements_added_by_an_action_are_marked_as_new() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<button onclick=\"menu.innerHTML = '<button>Rename</button>'\">More</button><div id=menu></div>",
        )])
        .await;
        let tab = open(&site, "/").await;
        tab.click("More").await.unwrap();
        assert!(tab.text().await.contains("*[2]<button />Rename"));
        assert!(tab.text().await.contains("\n[2]<button />Rename"), "new only once");
        tab.close().await;
    });
}

#[test]
fn a_clickable_row_keeps_its_text_despite_hidden_parts() {
    run(async {
        let row = "<div onclick=\"tell('row')\">Ada <b>Lovelace</b>\
                   <button style='opacity: 0; pointer-events: none'>More</button></div>";
        let site = Site::of(&[("/", row)]).await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        assert!(text.starts_with("[1]<div />Ada Lovelace\n"), "{text}");
        tab.close().await;
    });
}

#[test]
fn buttons_shown_on_hover_are_listed_if_clickable() {
    run(async {
        let body = "<style>.tools { opacity: 0 } li:hover .tools { opacity: 1 }</style>\
                    <ul><li>Invoice <span class=tools><button onclick=\"tell('deleted')\">Delete</button></span></ul>\
                    <div style='position: relative'><a href=#under style='opacity: 0'>Beneath a picture</a>\
                    <p style='position: absolute; inset: 0; margin: 0; background: white'>A picture</p></div>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        assert!(text.starts_with("Invoice\n[1]<button hidden />Delete\nA picture\n"), "{text}");
        tab.click("Delete").await.unwrap();
        site.hears("deleted").await;
        tab.close().await;
    });
}

#[test]
fn visible_text_of_a_control_is_shown_beside_its_accessible_name() {
    run(async {
        let body = "<button aria-label='Open user menu'>Ada Lovelace</button>\
                    <label for=send>Send:</label><button id=send>Submit</button>\
                    <a href=#alerts aria-label=Alerts>3</a><button aria-label='Close dialog'>CLOSE</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        let expected = "[1]<button />Open user menu (Ada Lovelace)\n[2]<button />Send: (Submit)\n\
                        [3]<a href=#alerts />Alerts (3)\n[4]<button />Close dialog\n";
        assert!(text.starts_with(expected), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_box_that_hardly_scrolls_is_not_a_scroll_container() {
    run(async {
        let body = "<pre style='overflow: auto; width: 600px'><div style='width: 612px'>Some code</div></pre>\
                    <div style='overflow: auto; height: 100px'><p style='height: 150px'>A list</p></div>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        assert!(text.starts_with("Some code\n[1]<div scroll="), "{text}");
        tab.close().await;
    });
}

#[test]
fn cross_origin_frames_are_read_in_place() {
    run(async {
        let inner = Site::of(&[("/", "<p>Other origin</p><a href=/deal>A deal</a>")]).await;
        let body = format!(
            "<button>Before</button><iframe title=Offer src=\"{}\"></iframe><button>After</button>",
            inner.url("/")
        );
        let outer = Site::of(&[("/", &body)]).await;
        let tab = open(&outer, "/").await;
        let expected =
            "[1]<button />Before\n<iframe> Offer\n\tOther origin\n\t[2]<a href=/deal />A deal\n[3]<button />After\n";
        let text = tab.text().await;
        assert!(text.starts_with(expected), "{text}");
        tab.close().await;
    });
}

#[test]
fn reading_a_huge_page_costs_as_much_as_its_screen() {
    run(async {
        let site = fixtures().await;
        let (small, _) = median_of(&open(&site, "/generated?nodes=1000").await).await;
        let (huge, size) = median_of(&open(&site, "/generated?nodes=50000").await).await;
        assert!(size <= 8_000, "{size} tokens");
        // Fifty times the nodes, with slack for a busy machine.
        assert!(huge < small * 10 + Duration::from_millis(100), "{small:?} for 1,000 nodes, {huge:?} for 50,000");
    });
}

/// The time of several readings, and the view's size in tokens.
async fn median_of(tab: &Tab) -> (Duration, usize) {
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..7 {
        let started = Instant::now();
        size = tokens(&tab.text().await);
        times.push(started.elapsed());
    }
    times.sort();
    (times[3], size)
}
