//! Widgets that are built in unusual ways: what the view says of them, and that actions reach them.

use agent::action::Action;

use super::{index_at, tab_at};
use crate::support::{Site, open, run};

#[test]
fn a_custom_element_is_what_it_says_by_its_internals() {
    run(async {
        let body = "<x-check>Gift</x-check><x-plain>Text</x-plain><script>customElements.define('x-check', class extends HTMLElement {\
                    #own = this.attachInternals(); connectedCallback() { this.tabIndex = 0; this.#own.role = 'checkbox';\
                    this.#own.ariaChecked = 'false'; this.onclick = () => { this.#own.ariaChecked = 'true' } } })</script>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        assert!(text.contains("<checkbox />Gift") && text.contains("\nText"), "{text}");
        tab.click("Gift").await.unwrap();
        let text = tab.text().await;
        assert!(text.contains("<checkbox checked focused />Gift"), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_choice_is_made_among_what_is_drawn_beside_a_list_for_screen_readers() {
    run(async {
        let body = "<input id=field role=combobox aria-expanded=true aria-controls=list aria-label=Metal><div class=popup>\
            <div role=listbox id=list style='width: 0; height: 0; overflow: hidden'><div role=option>silver</div>\
            <div role=option>gold</div></div><div id=drawn><div style='cursor: pointer'><div>silver</div></div>\
            <div style='cursor: pointer'><div>gold</div></div></div></div>\
            <script>for (const one of drawn.children) one.onclick = () => { tell(one.textContent); drawn.parentNode.remove() }</script>";
        let (site, tab) = tab_at(body).await;
        let text = tab.text().await;
        assert!(!text.contains("listbox"), "{text}");
        tab.select("Metal", &["gold"]).await.unwrap();
        site.hears("gold").await;
        tab.close().await;
    });
}

#[test]
fn a_label_takes_a_choice_for_its_hidden_select() {
    run(async {
        let body = "<label>State <span style='position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0)'>\
            <select onchange='tell(value)'><option>Alabama<option>Hawaii</select></span><span> drawn</span></label>";
        let (site, tab) = tab_at(body).await;
        let text = tab.text().await;
        let index = index_at(&text, "State");
        tab.act(Action::Select { index: index.into(), options: vec!["Hawaii".into()] }).await.unwrap();
        site.hears("Hawaii").await;
        tab.close().await;
    });
}

#[test]
fn zones_for_drops_and_context_menus_are_listed() {
    run(async {
        let body = "<div id=zone style='width: 300px; height: 80px'>Drop invoices here</div>\
            <div id=row style='width: 300px'>Report</div><p>Plain</p><script>zone.addEventListener('drop', () => 0);\
            zone.addEventListener('dragover', () => 0); row.addEventListener('contextmenu', () => tell('menu'))</script>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        for words in ["Drop invoices here", "Report"] {
            index_at(&text, words);
        }
        assert_eq!(text.matches('[').count(), 2, "{text}");
        tab.close().await;
    });
}

#[test]
fn bars_of_a_chart_are_offered_with_their_titles() {
    run(async {
        let body = "<svg id=chart width=300 height=200><rect x=10 y=20 width=40 height=100 fill=red></rect>\
            <rect x=60 y=40 width=40 height=80 fill=blue></rect><circle cx=200 cy=60 r=20 fill=green><title>12 sales</title></circle>\
            </svg><p id=tip></p><script>for (const bar of chart.querySelectorAll('rect')) bar.addEventListener('mouseover',\
            () => tip.textContent = 'Bar at ' + bar.getAttribute('x'))</script>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        assert!(text.contains("12 sales"), "{text}");
        let bars: Vec<_> = text.lines().filter(|line| line.contains("<rect")).collect();
        assert_eq!(bars.len(), 2, "{text}");
        tab.act(Action::hover(index_at(&text, "<rect"))).await.unwrap();
        assert!(tab.text().await.contains("Bar at 10"));
        tab.close().await;
    });
}

#[test]
fn fields_under_a_footer_that_stays_are_listed_or_counted() {
    run(async {
        let fields: String = (1..=30)
            .map(|n| format!("<p style='height: 30px; margin: 0'><input aria-label='Field {n}'></p>"))
            .collect();
        let body = format!(
            "{fields}<div style='position: fixed; bottom: 0; left: 0; right: 0; height: 120px; background: white'>\
             <button>Save</button></div>"
        );
        let (_site, tab) = tab_at(&body).await;
        let text = tab.text().await;
        assert!(text.contains("Save"), "{text}");
        for n in 1..=30 {
            let listed = text.lines().any(|line| line.trim_end().ends_with(&format!("Field {n}")));
            assert!(listed, "Field {n} is missing:\n{text}");
        }
        tab.close().await;
    });
}

#[test]
fn gauges_by_role_are_listed_with_their_values() {
    run(async {
        let body = "<div role=progressbar aria-label=Upload aria-valuenow=30 aria-valuemax=60 style='width: 200px; height: 8px'>\
            <div style='height: 8px; width: 50%; background: blue'></div></div>\
            <div role=progressbar aria-label=Copy aria-valuenow=25><div>25%</div></div>\
            <div role=meter aria-label=Disk aria-valuenow=7 aria-valuetext='7 of 10 GB' style='height: 8px'></div>\
            <div role=progressbar aria-label=Search style='height: 8px'></div>\
            <div role=progressbar aria-label=Steps aria-valuenow=1 aria-valuemax=4>Step one</div>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        for words in
            ["(Upload: 50%)", "(Copy: 25%)", "(Disk: 7 of 10 GB)", "(Search: busy)", "(Steps: 25%)", "Step one"]
        {
            assert!(text.contains(words), "{words} is missing:\n{text}");
        }
        assert_eq!(text.matches("25%").count(), 2, "{text}");
        tab.close().await;
    });
}

#[test]
fn pages_in_objects_and_embeds_are_read() {
    run(async {
        let site = Site::of(&[
            (
                "/",
                "<object data=/one type=text/html></object><embed src=/two type=text/html><iframe src=/three></iframe>",
            ),
            ("/one", "<button>One</button>"),
            ("/two", "<button>Two</button>"),
            ("/three", "<button>Three</button>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        for words in ["One", "Two", "Three"] {
            index_at(&text, words);
        }
        tab.close().await;
    });
}

#[test]
fn a_box_that_scrolls_backwards_says_so() {
    run(async {
        let wide = "<div style='width: 900px'>Wide content</div>";
        let body = format!(
            "<div aria-label=Arabic dir=rtl style='width: 300px; overflow-x: auto'>{wide}</div>\
             <div aria-label=Latin style='width: 300px; overflow-x: auto'>{wide}</div>\
             <div aria-label=Chat style='height: 100px; overflow-y: auto; display: flex; flex-direction: column-reverse'>\
             <div style='height: 300px; flex: none'>Messages</div></div>"
        );
        let (_site, tab) = tab_at(&body).await;
        let text = tab.text().await;
        for (name, scroll) in
            [("Arabic", "scroll=\"2.0 left\""), ("Latin", "scroll=\"2.0 right\""), ("Chat", "scroll=\"2.0 above\"")]
        {
            let line = text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name}:\n{text}"));
            assert!(line.contains(scroll), "{text}");
        }
        let index = index_at(&text, "Arabic");
        let left = Action::Scroll {
            index: Some(index.into()),
            direction: agent::action::ScrollDirection::Left,
            pages: Some(1.0),
        };
        let effect = tab.act(left).await.unwrap().effect;
        assert!(effect.contains("300 px left, 300 px right"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn cells_and_labels_without_a_box_of_their_own_are_listed_once() {
    run(async {
        let body = "<div role=grid aria-label=Files><div role=row><span role=gridcell>Row 0</span> \
            <span role=gridcell><button>Open</button></span></div></div>\
            <label style='display: contents'><input> Street</label>";
        let (_site, tab) = tab_at(body).await;
        let text = tab.text().await;
        assert!(text.contains("Row 0 | [1]"), "{text}");
        assert_eq!(text.matches("Street").count(), 1, "{text}");
        tab.close().await;
    });
}
