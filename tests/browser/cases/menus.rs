//! Menus within menus.

use agent::action::Action;

use crate::support::{Site, Tab, open, run};

async fn hover(tab: &Tab, label: &str) {
    let index = tab.find(label).await;
    tab.act(Action::Hover { index: index.into() }).await.unwrap();
}

#[test]
fn submenus_that_unfold_under_the_pointer_are_gone_through_to_the_last() {
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
fn submenus_that_unfold_by_click_and_fold_when_the_pointer_leaves_are_gone_through() {
    run(async {
        let body = "<div id=menu role=menu></div><script>
            // Built as they unfold, and gone when the pointer is neither on the item nor on what it unfolded.
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
