//! Elements whose nodes were replaced after they were shown.

use agent::action::Action;
use agent::ports::ActionError;

use super::support::{Site, open, run};

/// A list with buttons; "Again" rerenders it with new nodes, "Drop" removes its second item.
const LIST: &str = "<button onclick='draw()'>Again</button><button onclick='items.splice(1, 1); draw()'>Drop</button>\
    <ul id=list></ul><script>\
    let items = ['Tea', 'Milk', 'Rice'];\
    const draw = () => { list.innerHTML = items.map((item) => `<li>${item} <button onclick=\"tell('Delete ${item}')\">Delete</button>\
    <button onclick=\"tell('Open ${item}')\">Open ${item}</button></li>`).join('') };\
    draw();</script>";

#[test]
fn an_item_of_a_rerendered_list_is_found_again() {
    run(async {
        let site = Site::of(&[("/", LIST)]).await;
        let tab = open(&site, "/").await;
        let (again, rice) = (tab.find("Again").await, tab.find("Open Rice").await);
        tab.act(Action::click(again)).await.unwrap();
        tab.act(Action::click(rice)).await.unwrap();
        site.hears("Open Rice").await;
        tab.close().await;
    });
}

#[test]
fn of_identical_buttons_the_one_in_the_same_row_is_clicked() {
    run(async {
        let site = Site::of(&[("/", LIST)]).await;
        let tab = open(&site, "/").await;
        let view = tab.observe().await.view;
        let again = view.elements.iter().find(|element| element.name == "Again").unwrap();
        let milk = view.elements.iter().filter(|element| element.name == "Delete").nth(1).unwrap();
        tab.act(Action::click(again.index)).await.unwrap();
        tab.act(Action::click(milk.index)).await.unwrap();
        site.hears("Delete Milk").await;
        tab.close().await;
    });
}

#[test]
fn of_identical_buttons_none_is_clicked_in_doubt() {
    run(async {
        let site = Site::of(&[("/", LIST)]).await;
        let tab = open(&site, "/").await;
        let view = tab.observe().await.view;
        let drop = view.elements.iter().find(|element| element.name == "Drop").unwrap();
        let milk = view.elements.iter().filter(|element| element.name == "Delete").nth(1).unwrap();
        tab.act(Action::click(drop.index)).await.unwrap();
        let outcome = tab.act(Action::click(milk.index)).await;
        assert!(matches!(outcome, Err(ActionError::ElementGone { .. })), "{outcome:?}");
        assert_eq!(site.told(), Vec::<String>::new());
        tab.close().await;
    });
}

#[test]
fn a_rerendered_counter_is_clicked_twice() {
    run(async {
        let body = "<div id=app></div><script>let count = 0;\
            const draw = () => { app.innerHTML = `<p>Count: ${count}</p><button onclick='count++; draw(); tell(count)'>+</button>` };\
            draw();</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let plus = tab.find("+").await;
        tab.act(Action::click(plus)).await.unwrap();
        tab.act(Action::click(plus)).await.unwrap();
        site.hears("2").await;
        tab.close().await;
    });
}

#[test]
fn elements_in_frames_and_closed_shadow_trees_are_found_again() {
    run(async {
        let inner = "<div id=host></div><script>let presses = 0; const root = host.attachShadow({ mode: 'closed' });\
            const draw = () => { root.innerHTML = '<button>Go</button>';\
            root.firstChild.onclick = () => { tell('press ' + ++presses); draw() } }; draw();</script>";
        let site = Site::of(&[("/inner", inner), ("/", "<p>Around</p><iframe src=/inner></iframe>")]).await;
        let tab = open(&site, "/").await;
        let go = tab.find("Go").await;
        tab.act(Action::click(go)).await.unwrap();
        tab.act(Action::click(go)).await.unwrap();
        site.hears("press 2").await;
        tab.close().await;
    });
}
