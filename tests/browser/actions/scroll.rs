//! Scrolling pages and containers.

use agent::action::ScrollDirection::{Down, Right, Up};
use agent::action::{Action, ScrollDirection};
use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Site, Tab, open, page, run};

async fn scroll_far(tab: &Tab, direction: ScrollDirection) -> String {
    tab.act(Action::Scroll { direction, pages: Some(50.0), index: None }).await.unwrap().effect
}

#[test]
fn the_page_scrolls_by_its_viewport() {
    run(async {
        let site = Site::of(&[("/", "<div style='height: 5000px'>Top</div>Bottom")]).await;
        let tab = open(&site, "/").await;
        assert_eq!(tab.observe().await.view.scroll.pixels_above, 0);
        tab.scroll(Down, None).await.unwrap();
        assert_eq!(tab.observe().await.view.scroll.pixels_above, 900);
        tab.scroll(Up, None).await.unwrap();
        assert_eq!(tab.observe().await.view.scroll.pixels_above, 0);
        tab.close().await;
    });
}

#[test]
fn the_end_of_the_page_is_reported() {
    run(async {
        let site = Site::of(&[("/", "<div style='height: 5000px'>Top</div>Bottom")]).await;
        let tab = open(&site, "/").await;
        let effect = scroll_far(&tab, Down).await;
        assert!(effect.contains("0 px below: the bottom is reached"), "{effect}");
        assert_eq!(scroll_far(&tab, Down).await, "nothing scrolled: it is already at the bottom");
        assert_eq!(scroll_far(&tab, Right).await, "nothing scrolled: it is already at the right end");
        assert_eq!(tab.observe().await.view.scroll.pixels_below, 0);
        tab.close().await;
    });
}

#[test]
fn a_container_scrolls_by_an_element_in_it() {
    run(async {
        let rows: String =
            (1..=60).map(|n| format!("<button style='display: block; height: 40px'>Row {n}</button>")).collect();
        let body = format!(
            "<div id=box style='height: 400px; width: 300px; overflow: auto' onscroll=\"tell(box.scrollTop)\">{rows}</div>\
             <div style='height: 3000px'></div>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        let row = tab.find("Row 1").await;
        let outcome = tab.scroll(Down, Some(row)).await.unwrap();
        assert!(outcome.description.contains("container"), "{outcome:?}");
        site.hears("400").await;
        assert_eq!(tab.observe().await.view.scroll.pixels_above, 0, "the page stays");
        tab.close().await;
    });
}

#[test]
fn scrolling_an_infinite_list_waits_for_more_items() {
    run(async {
        #[derive(serde::Deserialize)]
        struct From {
            from: u32,
        }
        let home = "<ul id=list></ul><div id=end style='height: 10px'></div><script>
            let count = 0, busy = false;
            const more = async () => {
                if (busy) return;
                busy = true;
                const rows = await (await fetch('/rows?from=' + count)).json();
                for (const row of rows) list.insertAdjacentHTML('beforeend', `<li style='height: 60px'>${row}</li>`);
                count += rows.length;
                busy = false;
            };
            new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && more()).observe(end);
            </script>";
        let router = Router::new().route("/", get(|| async { Html(page(home)) })).route(
            "/rows",
            get(|Query(From { from }): Query<From>| async move {
                axum::Json((from..from + 20).map(|row| format!("Kettle {row}")).collect::<Vec<_>>())
            }),
        );
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        assert!(!tab.text().await.contains("Kettle 25"));
        let effect = scroll_far(&tab, Down).await;
        assert!(effect.contains("new text: ") && effect.contains("'Kettle 2"), "{effect}");
        assert!(tab.text().await.contains("Kettle 25"), "{}", tab.text().await);
        tab.close().await;
    });
}

#[test]
fn a_frame_is_scrolled_by_an_element_in_it() {
    run(async {
        let inner = "<button>In</button><div style='height: 2000px'></div><script>onscroll = () => tell('at ' + scrollY)</script>";
        let body = "<iframe src=/inner style='height: 300px; width: 400px; border: 0'></iframe>";
        let site = Site::of(&[("/", body), ("/inner", inner)]).await;
        let tab = open(&site, "/").await;
        let index = tab.find("In").await;
        let outcome = tab.scroll(Down, Some(index)).await.unwrap();
        assert_eq!(outcome.description, "Scroll down in its frame");
        assert!(outcome.effect.starts_with("300 px above"), "{outcome:?}");
        site.hears("at 300").await;
        let outcome =
            tab.act(Action::Scroll { direction: Down, pages: Some(20.0), index: Some(index.into()) }).await.unwrap();
        assert!(outcome.effect.contains("the bottom is reached"), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_page_that_scrolls_itself_receives_wheel_events() {
    run(async {
        let body = "<style>html, body { overflow: hidden; height: 100% }</style><p>Map</p>\
                    <script>addEventListener('wheel', (event) => tell('wheel ' + Math.sign(event.deltaY)))</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.scroll(Down, None).await.unwrap();
        site.hears("wheel 1").await;
        tab.close().await;
    });
}
