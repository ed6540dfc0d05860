//! Clicks: the event reaches the element that a user would hit, or the action fails with the reason.

use std::time::Duration;

use agent::action::Action;
use agent::ports::ActionError;
use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Site, open, page, run};

#[test]
fn a_button_gets_a_trusted_click() {
    run(async {
        let site = Site::of(&[("/", "<button onclick=\"tell('clicked ' + event.isTrusted)\">Save</button>")]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Save").await.unwrap();
        assert_eq!(outcome.description, "Click 'Save'");
        assert!(!outcome.page_changed);
        site.hears("clicked true").await;
        assert_eq!(site.told().len(), 1);
        tab.close().await;
    });
}

#[test]
fn a_button_outside_the_viewport_is_scrolled_to() {
    run(async {
        let body = "<div style='height: 1200px'></div><button onclick=\"tell('clicked')\">Far</button><div style='height: 3000px'></div>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Far").await.unwrap();
        site.hears("clicked").await;
        tab.close().await;
    });
}

#[test]
fn a_link_is_followed() {
    run(async {
        let site = Site::of(&[("/", "<a href=/next>Next</a>"), ("/next", "Arrived")]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Next").await.unwrap();
        assert!(outcome.page_changed);
        assert!(outcome.effect.contains("/next"), "{outcome:?}");
        assert!(tab.text().await.contains("Arrived"));
        tab.close().await;
    });
}

#[test]
fn a_link_over_two_lines_is_clicked_on_its_text() {
    run(async {
        // The centre of the box around both lines is outside the link.
        let body = "<p style='width: 300px; line-height: 60px; font: 16px monospace'>\
                    <span>some words here then </span><a href=/next>begin and</a></p>\
                    <p style='width: 200px; font: 20px monospace; line-height: 50px'>xxxxxxxxxxx <a href=/next>a b</a> xx</p>";
        let wrapped = "<div style='width: 320px; font: 20px monospace; line-height: 80px'>\
                       aaaaaaaaaaaaaaaaaaaa <a href=/next onclick=\"tell('clicked')\">start end</a> zzzzzzzzzzzzzzzz</div>";
        let site = Site::of(&[("/", &format!("{wrapped}{body}")), ("/next", "Arrived")]).await;
        let tab = open(&site, "/").await;
        tab.click("start end").await.unwrap();
        site.hears("clicked").await;
        assert_eq!(tab.observe().await.url, site.url("/next"));
        tab.close().await;
    });
}

#[test]
fn a_button_below_the_viewport_is_not_scrolled_under_the_sticky_header() {
    run(async {
        let body = "<header style='position: fixed; top: 0; left: 0; width: 100%; height: 120px; background: #ccc; z-index: 9'>Menu</header>\
                    <div style='height: 4000px'></div><button style='position: absolute; top: 1500px' onclick=\"tell('low')\">Low</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Low").await.unwrap();
        site.hears("low").await;
        tab.close().await;
    });
}

#[test]
fn an_element_under_a_sticky_header_is_scrolled_out() {
    run(async {
        let body = "<header style='position: fixed; top: 0; left: 0; width: 100%; height: 120px; background: #ccc'>Menu</header>\
                    <button style='margin-top: 540px' onclick=\"tell('clicked')\">Under</button>\
                    <div style='height: 4000px'></div><script>onkeydown = () => scrollTo(0, 500)</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let index = tab.find("Under").await;
        tab.keys("x").await.unwrap();
        tab.act(Action::click(index)).await.unwrap();
        site.hears("clicked").await;
        tab.close().await;
    });
}

#[test]
fn a_click_on_a_covered_element_fails_and_names_the_cover() {
    run(async {
        let body = "<button id=below onclick=\"tell('clicked')\">Buy</button><div id=late></div>\
            <button onclick=\"late.innerHTML = `<div role=dialog aria-label='Cookie notice' onclick='tell(1)' \
            style='position: fixed; inset: 0; background: #fff'>We bake</div>`\" style='position: relative'>Cover</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let buy = tab.find("Buy").await;
        tab.click("Cover").await.unwrap();
        // The notice appears between observation and click.
        let covered = tab.act(Action::click(buy)).await.unwrap_err();
        assert!(matches!(&covered, ActionError::ElementGone { .. } | ActionError::Covered { .. }), "{covered:?}");
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_cover_that_appears_after_the_observation_is_named() {
    run(async {
        let body = "<button onclick=\"tell('clicked')\">Buy</button><div id=late></div>\
            <script>addEventListener('keydown', () => late.innerHTML = `<div aria-label='Cookie notice' \
            style='position: fixed; inset: 0; background: #fff'>We bake</div>`)</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let buy = tab.find("Buy").await;
        tab.keys("x").await.unwrap();
        match tab.act(Action::click(buy)).await {
            Err(ActionError::Covered { by, .. }) => assert!(by.contains("Cookie notice"), "{by}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_disabled_button_is_not_clicked() {
    run(async {
        let body = "<button disabled onclick=\"tell('clicked')\">Save</button>\
                    <button aria-disabled=true onclick=\"tell('clicked')\">Send</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        for label in ["Save", "Send"] {
            assert!(tab.element(label).await.disabled);
            assert!(matches!(tab.click(label).await, Err(ActionError::NotPossible(_))));
        }
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn checkboxes_and_radios_report_their_new_state() {
    run(async {
        let body = "<label><input type=checkbox onchange=\"tell('terms ' + checked)\"> Terms</label>\
                    <label><input type=radio name=r onchange=\"tell('red')\"> Red</label>\
                    <label><input type=radio name=r onchange=\"tell('blue')\"> Blue</label>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Terms").await.unwrap();
        assert!(outcome.effect.contains("now checked"), "{outcome:?}");
        site.hears("terms true").await;
        assert_eq!(tab.element("Terms").await.checked, Some(true));
        let outcome = tab.click("Terms").await.unwrap();
        assert!(outcome.effect.contains("now unchecked"), "{outcome:?}");
        tab.click("Blue").await.unwrap();
        site.hears("blue").await;
        assert_eq!((tab.element("Red").await.checked, tab.element("Blue").await.checked), (Some(false), Some(true)));
        let outcome = tab.click("Blue").await.unwrap();
        assert!(outcome.effect.contains("did not change"), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn inputs_hidden_behind_labels_are_toggled() {
    run(async {
        let body = "<style>input { position: absolute; opacity: 0; width: 0; height: 0 } .none { display: none }</style>\
                    <input type=radio name=size id=small onchange=\"tell('small')\"><label for=small>Small</label>\
                    <input type=radio name=size id=large onchange=\"tell('large')\"><label for=large>Large</label>\
                    <input class=none type=checkbox id=gift onchange=\"tell('gift')\"><label for=gift>Gift</label>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Large").await.unwrap();
        site.hears("large").await;
        tab.click("Gift").await.unwrap();
        site.hears("gift").await;
        assert_eq!(site.told().len(), 2);
        tab.close().await;
    });
}

#[test]
fn a_click_waits_for_its_request_and_the_update() {
    run(async {
        let home = "<p id=out>Nothing yet</p>\
            <button onclick=\"fetch('/slow').then(r => r.text()).then(t => out.textContent = t)\">Load</button>";
        let router = Router::new().route("/", get(|| async { Html(page(home)) })).route(
            "/slow",
            get(|| async {
                // The server's response time, which the action has to await.
                tokio::time::sleep(Duration::from_millis(200)).await;
                "Fresh from the kettle"
            }),
        );
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Load").await.unwrap();
        assert!(!outcome.effect.contains("pending"), "{outcome:?}");
        assert!(tab.text().await.contains("Fresh from the kettle"));
        tab.close().await;
    });
}

#[test]
fn a_response_that_never_comes_is_reported_and_not_awaited() {
    run(async {
        let home = "<button onclick=\"fetch('/never')\">Load</button>";
        let router = Router::new()
            .route("/", get(|| async { Html(page(home)) }))
            .route("/never", get(|| async { std::future::pending::<&str>().await }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Load").await.unwrap();
        assert!(outcome.effect.contains("1 requests are still pending"), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_removed_or_replaced_element_is_not_clicked() {
    run(async {
        let body = "<div id=box><button onclick=\"tell('old')\">Cancel</button></div>\
            <script>addEventListener('keydown', (event) => {\
            if (event.key === 'r') box.innerHTML = ''; \
            if (event.key === 'n') document.querySelector('button').textContent = 'Delete all' })</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let index = tab.find("Cancel").await;
        tab.keys("n").await.unwrap();
        let changed = tab.act(Action::click(index)).await.unwrap_err();
        assert!(
            matches!(&changed, ActionError::ElementChanged { now, .. } if now.contains("Delete all")),
            "{changed:?}"
        );
        tab.keys("r").await.unwrap();
        let gone = tab.act(Action::click(index)).await.unwrap_err();
        assert!(matches!(gone, ActionError::ElementGone { .. }), "{gone:?}");
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_click_on_a_select_fails_with_its_options() {
    run(async {
        let body = "<select aria-label=Size><option>Small<option>Large</select>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let refused = tab.click("Size").await.unwrap_err();
        assert!(matches!(&refused, ActionError::NotPossible(why) if why.contains("Small, Large")), "{refused:?}");
        tab.close().await;
    });
}
