//! Effects of actions as the model sees them.

use agent::action::Action;

use crate::support::{Site, Tab, open, run};

async fn with(body: &str) -> (Site, Tab) {
    let site = Site::of(&[("/", body), ("/next", "Next")]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

async fn effect_of_clicking(tab: &Tab, label: &str) -> String {
    tab.click(label).await.unwrap().effect
}

#[test]
fn an_opened_menu_is_reported_with_its_items() {
    run(async {
        let (_site, tab) = with(
            "<button aria-expanded=false aria-haspopup=menu onclick=\"const open = menu.hidden; menu.hidden = !open; \
             setAttribute('aria-expanded', open)\">Sort</button>\
             <div id=menu role=menu aria-label='Sort by' hidden><div role=menuitem>Price</div><div role=menuitem>Age</div>\
             <div role=menuitem>Name</div></div>",
        )
        .await;
        let effect = effect_of_clicking(&tab, "Sort").await;
        assert_eq!(effect, "it is now expanded; the menu 'Sort by' appeared with 'Price', 'Age', 'Name'");
        let effect = effect_of_clicking(&tab, "Sort").await;
        assert_eq!(effect, "it is now collapsed; gone: the menu 'Sort by'");
        tab.close().await;
    });
}

#[test]
fn a_menu_shown_by_styles_is_reported() {
    run(async {
        let (_site, tab) = with(
            "<style>ul { display: none } nav:hover ul { display: block }</style>\
             <nav><button>Products</button><ul><li><a href=/next>Kettles</a><li><a href=/next>Cups</a></ul></nav>",
        )
        .await;
        let index = tab.find("Products").await;
        let outcome = tab.act(Action::hover(index)).await.unwrap();
        assert_eq!(outcome.effect, "appeared: 'Kettles', 'Cups'");
        tab.close().await;
    });
}

#[test]
fn a_dialog_is_reported_with_its_text_and_buttons() {
    run(async {
        let (_site, tab) = with(
            "<dialog id=d aria-label=Cart><p>Remove the lamp?</p><button onclick='d.close()'>Yes</button>\
             <button onclick='d.close()'>No</button></dialog><button onclick='d.showModal()'>Remove</button>",
        )
        .await;
        let effect = effect_of_clicking(&tab, "Remove").await;
        assert!(effect.contains("the dialog 'Cart' appeared: 'Remove the lamp?"), "{effect}");
        assert!(effect.contains("with 'Yes', 'No'"), "{effect}");
        let effect = effect_of_clicking(&tab, "No").await;
        assert!(effect.contains("gone: the dialog 'Cart'"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn alerts_new_texts_and_validation_errors_are_reported() {
    run(async {
        let (_site, tab) = with(
            "<div id=note role=alert></div><p id=out>Empty</p><input aria-label=Mail value=x>\
             <button onclick=\"note.textContent = 'No such user'\">Sign in</button>\
             <button onclick=\"out.textContent = 'Three lamps found'\">Search</button>\
             <button onclick=\"document.querySelector('input').setAttribute('aria-invalid', 'true')\">Check</button>\
             <form><input aria-label=Zip required><button>Send</button></form>",
        )
        .await;
        assert!(effect_of_clicking(&tab, "Sign in").await.contains("'No such user'"));
        assert_eq!(effect_of_clicking(&tab, "Search").await, "new text: 'Three lamps found'");
        assert!(effect_of_clicking(&tab, "Check").await.contains("'Mail' is now not valid"));
        let effect = effect_of_clicking(&tab, "Send").await;
        assert!(effect.contains("'Zip' is not valid: 'Please fill out this field.'"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn changes_of_other_controls_are_reported() {
    run(async {
        let (_site, tab) = with(
            "<input aria-label=Date id=date><button id=next disabled>Next</button>\
             <button onclick=\"date.value = '2026-03-01'; next.disabled = false; date.focus()\">1</button>\
             <details><summary>More</summary><p>Small print</p></details>",
        )
        .await;
        let effect = effect_of_clicking(&tab, "1").await;
        for told in ["'Date' now holds '2026-03-01'", "'Next' is now enabled", "the focus is on 'Date'"] {
            assert!(effect.contains(told), "{told} in {effect}");
        }
        let effect = effect_of_clicking(&tab, "More").await;
        assert!(effect.contains("expanded") && effect.contains("'Small print'"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn only_a_click_without_effect_reports_that_nothing_changed() {
    run(async {
        let (site, tab) = with(
            "<button>Dead</button><button onclick=\"document.title = 'Moved'; history.pushState(0, '', '/x')\">Move</button>\
             <canvas width=200 height=100 role=img aria-label=Board onclick=\"tell('drawn')\"></canvas>",
        )
        .await;
        assert_eq!(effect_of_clicking(&tab, "Dead").await, "nothing on the page changed");
        let effect = effect_of_clicking(&tab, "Move").await;
        assert_eq!(effect, format!("the page is now {}; the title is now 'Moved'", site.url("/x")));
        assert_eq!(effect_of_clicking(&tab, "Board").await, "", "canvas content is unknown");
        site.hears("drawn").await;
        assert_eq!(tab.keys("F9").await.unwrap().effect, "nothing on the page changed");
        tab.close().await;
    });
}

#[test]
fn an_identical_rerender_is_not_reported() {
    run(async {
        let rows = "'<button>One</button><button>Two</button>'";
        let body = format!(
            "<div id=list><button>One</button><button>Two</button></div>\
             <button onclick=\"list.innerHTML = {rows} + '<button>Three</button>'\">More</button>"
        );
        let (_site, tab) = with(&body).await;
        assert_eq!(effect_of_clicking(&tab, "More").await, "appeared: 'Three'");
        tab.close().await;
    });
}

#[test]
fn changes_in_frames_and_shadow_trees_are_reported() {
    run(async {
        let site = Site::of(&[
            (
                "/",
                "<iframe src=/inner></iframe><x-box></x-box><script>\
                   const root = document.querySelector('x-box').attachShadow({ mode: 'closed' });\
                   root.innerHTML = '<button>Deep</button><p hidden>Deep words</p>';\
                   root.querySelector('button').onclick = () => { root.querySelector('p').hidden = false }</script>",
            ),
            ("/inner", "<button onclick=\"out.textContent = 'Paid in the frame'\">Pay</button><p id=out>Open</p>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        assert_eq!(effect_of_clicking(&tab, "Pay").await, "new text: 'Paid in the frame'");
        assert_eq!(effect_of_clicking(&tab, "Deep").await, "new text: 'Deep words'");
        tab.close().await;
    });
}

#[test]
fn a_new_page_is_reported_with_its_title_and_passwords_never() {
    run(async {
        let (_site, tab) = with(
            "<a href=/next>Go</a><input type=password aria-label=Secret id=s>\
             <button onclick=\"s.value = 'hunter2'\">Fill</button>",
        )
        .await;
        let effect = effect_of_clicking(&tab, "Fill").await;
        assert_eq!(effect, "'Secret' is now filled");
        let effect = effect_of_clicking(&tab, "Go").await;
        assert!(effect.ends_with("/next; its title is 'Fixture'"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn a_page_that_changes_completely_is_reported_briefly() {
    run(async {
        let (_site, tab) = with(
            "<button onclick=\"for (let i = 0; i < 3000; i++) document.body.insertAdjacentHTML('beforeend', \
             `<p>Row ${i} ${'word '.repeat(50)}<button>Button ${i}</button>`)\">Flood</button>",
        )
        .await;
        let effect = effect_of_clicking(&tab, "Flood").await;
        assert!(effect.contains("'Button 0'") && effect.contains("more"), "{effect}");
        assert!(effect.chars().count() <= 500, "{effect}");
        tab.close().await;
    });
}
