//! What an action brings about a moment after it.

use std::time::{Duration, Instant};

use super::{index_at, tab_at};
use crate::support::run;

#[test]
fn an_answer_from_a_timer_is_part_of_the_effect() {
    run(async {
        let body = "<button onclick=\"tell('pressed'); setTimeout(() => o.textContent = 'Result', 300)\">Go</button>\
                    <p id=o></p>";
        let (site, tab) = tab_at(body).await;
        assert_eq!(tab.click("Go").await.unwrap().effect, "new text: 'Result'");
        assert!(tab.text().await.contains("Result"));
        assert_eq!(site.told(), ["pressed"]);
        tab.close().await;
    });
}

#[test]
fn content_that_follows_a_new_address_is_part_of_the_effect() {
    run(async {
        let body = "<button onclick=\"history.pushState(0, '', '/orders');\
                    setTimeout(() => o.textContent = 'Three orders', 300)\">Orders</button><p id=o>Home</p>";
        let (_site, tab) = tab_at(body).await;
        let effect = tab.click("Orders").await.unwrap().effect;
        assert!(effect.contains("/orders") && effect.contains("Three orders"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn a_navigation_from_a_timer_is_part_of_the_effect() {
    run(async {
        let body = "<button onclick=\"setTimeout(() => location = '#/next', 200); setTimeout(() => location = '/?2', 300)\">\
                    Go</button>";
        let (_site, tab) = tab_at(body).await;
        let outcome = tab.click("Go").await.unwrap();
        assert!(outcome.page_changed && outcome.effect.contains("/?2"), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_form_that_slides_in_is_seen_where_it_comes_to_rest() {
    run(async {
        let body = "<button id=a>New</button><div id=story><div id=next style=\"position:relative;background:#fff;height:300px\">\
                    <h2>Old entry</h2></div></div><script>a.onclick = () => {\
                    const n = document.createElement('div'); n.style.height = '280px';\
                    n.innerHTML = '<label>Title <input></label><label>Tag <input></label>'; story.prepend(n);\
                    n.style.marginBottom = '-280px'; n.style.opacity = '0'; n.offsetHeight;\
                    n.style.transition = 'opacity 400ms, margin-bottom 400ms';\
                    n.style.marginBottom = '0px'; n.style.opacity = '1' }</script>";
        let (_site, tab) = tab_at(body).await;
        tab.text().await;
        tab.click("New").await.unwrap();
        let text = tab.text().await;
        assert!(text.contains("Title") && text.contains("Tag"), "{text}");
        assert!(text.contains(&format!("*[{}]", index_at(&text, "Title").0)), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_box_that_a_script_begins_to_animate_later_is_seen_open() {
    run(async {
        let body = "<button id=b>Expand</button><div id=d style='overflow:hidden;height:20px'><div style='height:20px'>Notes</div>\
                    <button>Save</button></div><script>b.onclick = () => setTimeout(() => {\
                    d.animate([{ height: '20px' }, { height: '120px' }], { duration: 400 }).onfinish = () => d.style.height = '120px'\
                    }, 150)</script>";
        let (_site, tab) = tab_at(body).await;
        assert!(!tab.text().await.contains("Save"));
        tab.click("Expand").await.unwrap();
        let text = tab.text().await;
        assert!(text.contains("Save"), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_menu_that_fades_out_is_gone_from_the_view() {
    run(async {
        let body = "<div id=m role=menu style='position:absolute;background:#fff;transition:opacity 300ms'>\
                    <button role=menuitem onclick=\"m.style.opacity = 0; setTimeout(() => m.remove(), 300)\">Close</button></div>\
                    <button>Beneath</button>";
        let (_site, tab) = tab_at(body).await;
        tab.click("Close").await.unwrap();
        let text = tab.text().await;
        assert!(!text.contains("Close") && text.contains("Beneath"), "{text}");
        tab.close().await;
    });
}

#[test]
fn endless_animations_are_not_awaited() {
    run(async {
        let body = "<style>@keyframes spin { to { transform: rotate(1turn) } } i { animation: spin 1s infinite }\
                    @keyframes fill { to { width: 90% } } b { display: block; animation: fill 60s }</style><i>*</i><b>bar</b>\
                    <button onclick=\"o.textContent = 'done'\">Go</button><p id=o></p>";
        let (_site, tab) = tab_at(body).await;
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let index = tab.find("Go").await;
            let started = Instant::now();
            tab.act(agent::action::Action::click(index)).await.unwrap();
            best = best.min(started.elapsed());
        }
        // Less than motions that end are given.
        assert!(best < Duration::from_millis(500), "{best:?}");
        tab.close().await;
    });
}
