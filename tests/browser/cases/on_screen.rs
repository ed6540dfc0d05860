//! The view shows what is on the screen: controls, labels, and what is beyond the edges.

use agent::action::Action;

use super::{index_at, tab_at};
use crate::support::run;

#[test]
fn a_header_shows_how_its_column_is_sorted() {
    run(async {
        for (header, unsorted) in [
            ("<th aria-sort=ascending><button>Price</button></th>", "<th aria-sort=none><button>Name</button></th>"),
            ("<th aria-sort=ascending>Price</th>", "<th>Name</th>"),
            ("<th aria-sort=ascending tabindex=0 onclick=1>Price</th>", "<th tabindex=0 onclick=1>Name</th>"),
        ] {
            let body = format!("<table><tr>{header}{unsorted}</tr><tr><td>3 euro</td><td>Lamp</td></tr></table>");
            let (_site, tab) = tab_at(&body).await;
            let text = tab.text().await;
            assert_eq!(text.matches("ascending").count(), 1, "{header}:\n{text}");
            assert!(text.find("ascending") < text.find("Name"), "{header}:\n{text}");
            tab.close().await;
        }
    });
}

#[test]
fn a_grid_shows_its_row_count_and_scroll_position() {
    run(async {
        let body = "<div role=grid aria-rowcount=1000 aria-label=Orders style='height: 90px; overflow: auto'><div style='height: 30000px'>\
            <div role=row aria-rowindex=1><span role=gridcell>Order A</span></div><div role=row aria-rowindex=2><span role=gridcell>Order B</span></div>\
            <div role=row aria-rowindex=3><span role=gridcell>Order C</span></div></div></div>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        assert!(text.contains("scroll="), "{text}");
        assert!(text.replace(',', "").contains("1000"), "the rows are counted:\n{text}");
        tab.close().await;
    });
}

#[test]
fn a_scroll_container_with_a_hidden_scrollbar_is_recognized() {
    run(async {
        let body = "<div style='position: relative; height: 100px; width: 300px; overflow: hidden'>\
            <div style='position: absolute; inset: 0; overflow-y: auto; scrollbar-width: none'><div style='height: 5000px'>\
            <div role=row>Row one</div><div role=row>Row two</div></div></div></div>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        assert!(text.contains("scroll="), "{text}");
        tab.close().await;
    });
}

#[test]
fn keyboard_focusable_elements_are_listed() {
    run(async {
        // One listener for the whole page, as with frameworks.
        let body = "<ul role=menu><li tabindex=0 aria-haspopup=true>New</li><li tabindex=0>Plain entry</li></ul>\
            <ul><li tabindex=0>Row one</li><li tabindex=-1>Row two</li></ul>\
            <script>document.addEventListener('click', (event) => tell(event.target.textContent))</script>";
        let (site, tab) = tab_at(body).await;
        let text = tab.text().await;
        for words in ["New", "Plain entry", "Row one"] {
            tab.act(Action::click(index_at(&text, words))).await.unwrap();
            site.hears(words).await;
        }
        assert!(!text.lines().any(|line| line.contains("Row two") && line.contains('[')), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_row_that_can_be_clicked_is_one_control() {
    run(async {
        for (row, cell) in [("tr", "td"), ("div role=row", "div role=cell")] {
            let cells: String = ["Ada", "Invoice", "May"]
                .map(|text| format!("<{cell} style='cursor: pointer'>{text}</{}>", cell.split(' ').next().unwrap()))
                .concat();
            let end = row.split(' ').next().unwrap();
            let rows = format!("<{row} class=entry style='cursor: pointer'>{cells}</{end}>").repeat(2);
            let rows = if end == "tr" { format!("<table>{rows}</table>") } else { rows };
            let body = format!(
                "{rows}<script>for (const row of document.querySelectorAll('.entry')) row.addEventListener('click', () => tell('opened'))</script>"
            );
            let (site, tab) = tab_at(&body).await;
            let view = tab.observe().await.view;
            assert_eq!(view.elements.len(), 2, "{row}:\n{}", view.text);
            for words in ["Ada", "Invoice", "May"] {
                assert!(view.text.contains(words), "{row}:\n{}", view.text);
            }
            tab.act(Action::click(view.elements[1].index)).await.unwrap();
            site.hears("opened").await;
            tab.close().await;
        }
    });
}

#[test]
fn an_input_in_a_hidden_box_is_listed_with_its_labels_name_and_state() {
    run(async {
        let boxes = [
            "clip: rect(0 0 0 0); position: absolute; height: 1px; width: 1px",
            "clip-path: inset(50%); height: 1px; width: 1px; position: absolute",
            "overflow: hidden; height: 1px; width: 1px; position: absolute",
            "border: 0; clip: rect(0 0 0 0); clip-path: inset(50%); height: 1px; margin: -1px; overflow: hidden; \
             padding: 0; position: absolute; width: 1px; white-space: nowrap",
            "opacity: 0; position: absolute",
        ];
        let mut missing = Vec::new();
        for hidden in boxes {
            for kind in ["type=checkbox", "type=checkbox role=switch", "type=radio name=size"] {
                let body = format!(
                    "<label style='display: flex; position: relative'><span style='{hidden}'><input {kind} onchange=\"tell(checked)\"></span>\
                     <div style='width: 16px; height: 16px; border: 1px solid'></div><div>Gift wrap</div></label>"
                );
                let (site, tab) = tab_at(&body).await;
                let view = tab.observe().await.view;
                match view.elements.iter().find(|element| element.name == "Gift wrap" && element.checked == Some(false))
                {
                    Some(element) => {
                        tab.act(Action::click(element.index)).await.unwrap();
                        site.hears("true").await;
                        assert_eq!(tab.element("Gift wrap").await.checked, Some(true), "{hidden}, {kind}");
                    }
                    None => missing.push(format!("{kind} in {hidden}:\n{}", view.text)),
                }
                tab.close().await;
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    });
}

#[test]
fn entries_of_a_popup_beyond_its_edge_are_counted() {
    run(async {
        let options: String =
            (1..=60).map(|n| format!("<div role=option style='height: 24px'>Entry {n}</div>")).collect();
        let body = format!(
            "<div role=listbox aria-label=Entries style='position: fixed; top: 20px; height: 240px; overflow: auto'>{options}</div>"
        );
        let (_site, tab) = tab_at(&body).await;
        let text = tab.text().await;
        assert!(text.contains("Entry 9"), "{text}");
        // All are in the page, so the count of omitted ones is exact.
        let listed =
            (1..=60).filter(|n| text.lines().any(|line| line.trim_end().ends_with(&format!("Entry {n}")))).count();
        assert!(listed == 60 || text.contains(&format!("{} more", 60 - listed)), "{listed} are listed:\n{text}");
        tab.close().await;
    });
}

#[test]
fn an_alert_is_reported_only_if_it_has_text() {
    run(async {
        // An existing alert that gets its text, and one inserted with its text; beside each an empty one.
        let alert = "<div role=alert><slot></slot></div>";
        for script in [
            "note.textContent = 'The order is saved'",
            "const other = document.createElement('div'); other.attachShadow({ mode: 'open' }).innerHTML = note.shadowRoot.innerHTML; \
             other.textContent = 'The order is saved'; document.body.append(other)",
        ] {
            let body = format!(
                "<div role=alert id=box></div><div id=note><template shadowrootmode=open>{alert}</template></div>\
                 <button onclick=\"box.innerHTML = '<span></span>'; {script}\">Save</button>"
            );
            let (_site, tab) = tab_at(&body).await;
            let before = tab.text().await;
            let effect = tab.click("Save").await.unwrap().effect;
            assert!(effect.contains("The order is saved"), "{effect}");
            let told = format!("{before}\n{effect}\n{}", tab.text().await);
            assert!(!told.contains("alert: ''"), "{told}");
            tab.close().await;
        }
    });
}

#[test]
fn covered_text_is_not_listed() {
    run(async {
        let card = |z: u32, name: &str| {
            format!(
                "<div style='position: absolute; inset: 0; background: #fff; z-index: {z}'><h2>{name}</h2><p>About {name}</p><button>Open {name}</button></div>"
            )
        };
        let body = format!(
            "<div style='position: relative; height: 200px; width: 400px'>{}{}</div>\
             <div style='position: relative; height: 60px; width: 400px'><p>Ready words</p>\
             <div style='position: absolute; inset: 0; background: #ddd'></div></div>",
            card(1, "Kettle"),
            card(2, "Teapot")
        );
        let (_site, tab) = tab_at(&body).await;
        let text = tab.text().await;
        for seen in ["Teapot", "About Teapot", "Open Teapot"] {
            assert!(text.contains(seen), "{seen}:\n{text}");
        }
        for covered in ["Open Kettle", "About Kettle", "Ready words"] {
            assert!(!text.contains(covered), "{covered}:\n{text}");
        }
        tab.close().await;
    });
}

#[test]
fn rows_that_the_page_places_are_listed_in_the_order_on_screen() {
    run(async {
        let row = |top: u32, name: &str| {
            format!(
                "<div role=row style='position:absolute;top:{top}px'><button onclick=\"tell('{name}')\">{name}</button></div>"
            )
        };
        let body = format!(
            "<div role=grid style='position:relative;height:90px'>{}{}{}</div><p>After</p>",
            row(60, "third"),
            row(0, "first"),
            row(30, "second")
        );
        let (_site, tab) = super::tab_at(&body).await;
        let view = tab.text().await;
        let at = |words: &str| view.find(words).unwrap_or_else(|| panic!("no {words} in {view}"));
        assert!(at("first") < at("second") && at("second") < at("third") && at("third") < at("After"), "{view}");
        tab.close().await;
    });
}

#[test]
fn items_that_styles_move_are_listed_in_the_order_on_screen() {
    const PAGES: [(&str, &str); 7] = [
        (
            "/0",
            "<div style='display:flex;flex-direction:row-reverse'><button>3</button><button>2</button><button>1</button></div>",
        ),
        (
            "/1",
            "<style>nav { display:flex; flex-direction:column-reverse }</style><nav>\
            <button>3</button><button>2</button><button>1</button></nav>",
        ),
        (
            "/2",
            "<style>.last { order:1 }</style><div style='display:flex'><button class=last>3</button><button>1</button><button>2</button></div>",
        ),
        (
            "/3",
            "<div style='display:grid'><button style='order:2'>3</button><button style='order:-1'>1</button><button>2</button></div>",
        ),
        (
            "/4",
            "<div style='display:flex;flex-flow:row-reverse wrap;width:100px'><button style='width:50px'>2</button>\
            <button style='width:50px'>1</button><button style='width:50px'>3</button></div>",
        ),
        (
            "/5",
            "<div id=h><button>3</button><button>2</button><button>1</button></div><script>h.attachShadow({ mode: 'open' })\
            .innerHTML = '<style>p { display:flex; flex-direction:row-reverse }</style><p><slot></slot></p>'</script>",
        ),
        (
            "/6",
            "<div style='display:flex;border:1px solid'><button>1</button><button>2</button><button>3</button></div>",
        ),
    ];
    run(async {
        let site = crate::support::Site::of(&PAGES).await;
        let tab = crate::support::open(&site, "/0").await;
        let mut wrong = Vec::new();
        for (path, body) in PAGES {
            tab.go(&site.url(path)).await.unwrap();
            let names: Vec<_> = tab.observe().await.view.elements.into_iter().map(|element| element.name).collect();
            if names != ["1", "2", "3"] {
                wrong.push(format!("{names:?}: {body}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        tab.close().await;
    });
}
