//! Nested menus.

use agent::action::Action;

use crate::support::{Site, Tab, open, run};

async fn hover(tab: &Tab, label: &str) {
    let index = tab.find(label).await;
    tab.act(Action::hover(index)).await.unwrap();
}

#[test]
fn nested_hover_submenus_are_opened() {
    run(async {
        let body = "<style>ul ul { display: none; position: absolute; left: 100% } li { position: relative; width: 120px }\
                    li:hover > ul { display: block; top: 0 }</style>\
                    <ul><li><a href=#>Shop</a><ul><li><a href=#>Kitchen</a><ul>\
                    <li><a href=/kettles>Kettles</a></ul></ul></ul>";
        let site = Site::of(&[("/", body), ("/kettles", "All kettles")]).await;
        let tab = open(&site, "/").await;
        assert!(!tab.text().await.contains("Kitchen"));
        hover(&tab, "Shop").await;
        assert!(!tab.text().await.contains("Kettles"));
        hover(&tab, "Kitchen").await;
        tab.click("Kettles").await.unwrap();
        site.is_asked("GET /kettles").await;
        tab.close().await;
    });
}

#[test]
fn nested_click_submenus_that_close_on_leave_are_opened() {
    run(async {
        let body = "<div id=menu role=menu></div><script>
            // Built when they open, and removed when the pointer leaves the item and its submenu.
            const item = (list, name, inner) => {
                const holder = list.appendChild(document.createElement('div'));
                holder.innerHTML = `<button role=menuitem aria-expanded=${inner ? false : ''}>${name}</button><div></div>`;
                const [button, sub] = holder.children;
                button.onclick = () => {
                    if (!inner) return tell('chose ' + name);
                    button.setAttribute('aria-expanded', true);
                    inner(sub);
                };
                holder.onmouseleave = () => sub.replaceChildren();
            };
            item(menu, 'File', (list) => item(list, 'Export', (list) => item(list, 'As text')));
            </script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        for name in ["File", "Export", "As text"] {
            tab.click(name).await.unwrap();
        }
        site.hears("chose As text").await;
        tab.close().await;
    });
}
