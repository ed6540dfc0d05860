//! Listed elements can be clicked: the same rule identifies them in the view and before an action.

use agent::action::Action;

use super::{index_at, tab_at};
use crate::support::run;

#[test]
fn listeners_on_elements_of_any_role_can_be_pressed() {
    run(async {
        let roles = [
            "row",
            "gridcell",
            "cell",
            "listitem",
            "article",
            "img",
            "heading",
            "region",
            "columnheader",
            "group",
            "status",
            "treeitem",
            "presentation",
            "none",
        ];
        let items: String =
            roles.iter().map(|role| format!("<div class=item role={role} data-role={role}>The {role}</div>")).collect();
        let body = format!(
            "<style>.item {{ height: 30px }}</style>{items}<div class=item data-role=div>The div</div><script>\
             for (const item of document.querySelectorAll('.item'))\
               item.addEventListener('click', () => tell(item.dataset.role));</script>"
        );
        let (site, tab) = tab_at(&body).await;
        let view = tab.text().await;
        let mut refused = Vec::new();
        for role in roles.iter().chain(&["div"]) {
            if let Err(error) = tab.act(Action::click(index_at(&view, &format!("The {role}")))).await {
                refused.push(error.to_string());
            } else {
                site.hears(role).await;
            }
        }
        assert_eq!(refused, [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_link_without_an_address_that_scripts_listen_to_can_be_pressed() {
    run(async {
        let body = "<a id=more style='cursor: pointer'>Details</a><script>more.addEventListener('click', () => tell('details'))</script>";
        let (site, tab) = tab_at(body).await;
        tab.click("Details").await.unwrap();
        site.hears("details").await;
        tab.close().await;
    });
}

#[test]
fn a_cell_of_a_grid_is_double_clicked_and_edited() {
    run(async {
        let body = "<style>[role=gridcell] { display: inline-block; width: 120px; height: 24px }</style>\
            <div role=grid><div role=row><div role=gridcell tabindex=-1>Tea</div><div role=gridcell tabindex=-1><span>12</span></div></div></div>\
            <script>for (const cell of document.querySelectorAll('[role=gridcell]')) {\
              cell.addEventListener('mousedown', () => {}); cell.addEventListener('click', () => {});\
              cell.addEventListener('dblclick', () => { cell.innerHTML = '<input aria-label=Amount>'; cell.firstChild.focus();\
                cell.firstChild.onchange = (event) => tell('amount ' + event.target.value) });\
            }</script>";
        let (site, tab) = tab_at(body).await;
        let index = index_at(&tab.text().await, "12");
        tab.act(Action::Click {
            index: Some(index.into()),
            x: None,
            y: None,
            button: None,
            count: Some(2),
            modifiers: None,
        })
        .await
        .unwrap();
        tab.input("Amount", "15").await.unwrap();
        tab.keys("Tab").await.unwrap();
        site.hears("amount 15").await;
        tab.close().await;
    });
}

#[test]
fn what_can_be_dragged_is_one_control() {
    run(async {
        let node = |name: &str| {
            format!(
                "<div class=node><div>{name}</div><div><div style='height: 9px; background: url(data:image/svg+xml,x)'>\
                 </div></div><div style='width: 9px; height: 9px; background: #d9d9d9'></div></div>"
            )
        };
        let body = format!(
            "<style>.node {{ cursor: move; width: 90px }}</style>{}{}<script>\
             for (const node of document.querySelectorAll('.node'))\
               node.addEventListener('mousedown', () => tell(node.textContent.trim()));</script>",
            node("inject"),
            node("debug")
        );
        let (site, tab) = tab_at(&body).await;
        let view = tab.text().await;
        assert_eq!(
            view.lines().take(2).collect::<Vec<_>>(),
            ["[1]<div draggable />inject", "[2]<div draggable />debug"]
        );
        tab.act(Action::click(index_at(&view, "debug"))).await.unwrap();
        site.hears("debug").await;
        tab.close().await;
    });
}
