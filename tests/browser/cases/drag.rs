//! Dragging cards between lists, with HTML drag and drop and with pointer events.

use agent::action::Action;

use crate::support::{Site, Tab, open, run};

async fn drag(tab: &Tab, from: &str, to: &str) {
    let (from, to) = (tab.find(from).await, tab.find(to).await);
    tab.act(Action::Drag { from: from.into(), to: Some(to.into()), x: None, y: None, path: None }).await.unwrap();
}

const BOARD: &str = "<style>section { float: left; width: 200px; height: 300px; margin: 20px; background: #eee }\
    .card { height: 40px; background: #fff; cursor: grab }</style>\
    <section aria-label='To do'><div class=card role=listitem tabindex=0 id=card>Boil water</div></section>\
    <section aria-label=Done id=done><div class=card role=listitem tabindex=0>Rinse pot</div></section>";

#[test]
fn a_card_moves_by_html_drag_and_drop() {
    run(async {
        let body = format!(
            "{BOARD}<script>card.draggable = true;
            card.ondragstart = (event) => event.dataTransfer.setData('text', 'card');
            done.ondragover = (event) => event.preventDefault();
            done.ondrop = (event) => {{
                event.preventDefault();
                done.append(document.getElementById(event.dataTransfer.getData('text')));
                tell('in ' + card.parentElement.ariaLabel);
            }};</script>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        drag(&tab, "Boil water", "Rinse pot").await;
        site.hears("in Done").await;
        tab.close().await;
    });
}

#[test]
fn a_card_moves_by_pointer_events() {
    run(async {
        // As drag libraries do: it starts after some pixels, and the card follows the pointer.
        let body = format!(
            "{BOARD}<script>let from = null, dragging = false;
            card.onpointerdown = (event) => {{ from = [event.clientX, event.clientY]; event.preventDefault(); }};
            onpointermove = (event) => {{
                if (!from) return;
                const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
                dragging ||= Math.hypot(dx, dy) > 8;
                if (dragging) card.style = `transform: translate(${{dx}}px, ${{dy}}px); pointer-events: none`;
            }};
            onpointerup = (event) => {{
                if (dragging) document.elementFromPoint(event.clientX, event.clientY).closest('section').append(card);
                card.style = '';
                from = null;
                tell((dragging ? 'dragged to ' : 'pressed in ') + card.parentElement.ariaLabel);
            }};</script>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        drag(&tab, "Boil water", "Rinse pot").await;
        site.hears("dragged to Done").await;
        tab.close().await;
    });
}
