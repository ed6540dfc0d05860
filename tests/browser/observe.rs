//! What the agent reads of each fixture page. The views are kept as a planner sees them, in `views/`.

use std::time::{Duration, Instant};

use agent::action::Action;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use browser::observe::tokens;

use super::support::{Site, Tab, open, run};

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

/// Holds a fixture's view to the one that is kept, line by line.
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
fn every_kind_of_field_tells_its_type_value_and_bounds() {
    reads_as("/form", include_str!("views/form.txt"));
}

#[test]
fn what_a_banner_covers_is_not_offered() {
    reads_as("/overlays", include_str!("views/overlays.txt"));
}

#[test]
fn under_a_modal_only_the_modal_is_offered() {
    reads_as("/overlays#modal", include_str!("views/overlays-modal.txt"));
}

#[test]
fn a_native_dialog_makes_the_rest_inert() {
    reads_as("/overlays#native", include_str!("views/overlays-native.txt"));
}

#[test]
fn tables_cards_and_containers_keep_their_structure() {
    reads_as("/structure", include_str!("views/structure.txt"));
}

#[test]
fn icons_scripts_and_drawings_are_told_and_forgery_is_marked() {
    reads_as("/glyphs", include_str!("views/glyphs.txt"));
}

#[test]
fn shadow_trees_open_and_closed_and_nested_frames_are_read() {
    reads_as("/shadow", include_str!("views/shadow.txt"));
}

#[test]
fn names_that_hide_the_documents_properties_do_not_hide_the_page() {
    reads_as("/disguised", include_str!("views/disguised.txt"));
}

#[test]
fn a_long_list_is_read_as_far_as_one_screen_down() {
    reads_as("/list", include_str!("views/list.txt"));
}

#[test]
fn of_a_text_longer_than_the_screen_the_near_part_is_read() {
    reads_as("/log", include_str!("views/log.txt"));
}

#[test]
fn what_nobody_can_see_or_press_is_not_offered() {
    reads_as("/visibility", include_str!("views/visibility.txt"));
}

#[test]
fn areas_boxless_elements_and_drawings_are_offered_where_they_are() {
    reads_as("/places", include_str!("views/places.txt"));
}

#[test]
fn cells_of_boards_and_calendars_tell_what_distinguishes_them() {
    reads_as("/boards", include_str!("views/boards.txt"));
}

#[test]
fn what_scripts_listen_to_is_offered_and_not_what_contains_it() {
    reads_as("/listeners", include_str!("views/listeners.txt"));
}

#[test]
fn areas_boxless_elements_and_shapes_are_pressed_where_they_are() {
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
fn what_scripts_listen_to_is_pressed_as_one_part_of_it() {
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
fn listeners_that_come_later_are_found_then() {
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
fn what_an_action_brings_up_is_marked_as_new() {
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
fn a_row_that_can_be_clicked_keeps_its_words_whatever_is_hidden_in_it() {
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
fn buttons_that_only_hovering_shows_are_offered_where_they_take_presses() {
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
fn what_can_be_read_on_a_control_is_told_beside_the_name_it_was_given() {
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
fn a_box_that_scrolls_by_next_to_nothing_is_no_scroller() {
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
fn frames_of_another_origin_are_read_where_they_stand() {
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
fn reading_a_huge_page_costs_what_its_screen_costs() {
    run(async {
        let site = fixtures().await;
        let (small, _) = median_of(&open(&site, "/generated?nodes=1000").await).await;
        let (huge, size) = median_of(&open(&site, "/generated?nodes=50000").await).await;
        assert!(size <= 8_000, "{size} tokens");
        // Fifty times the nodes. The slack is for machines that do other things as well.
        assert!(huge < small * 10 + Duration::from_millis(100), "{small:?} for 1,000 nodes, {huge:?} for 50,000");
    });
}

/// Of several readings: the time, and the size of the view in tokens.
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
