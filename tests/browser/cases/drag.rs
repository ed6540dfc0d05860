//! Dragging cards between lists, with HTML drag and drop and with pointer events.

use agent::action::Action;

use super::tab_at;
use crate::support::{Site, Tab, open, run};

async fn drag(tab: &Tab, from: &str, to: &str) {
    let (from, to) = (tab.find(from).await, tab.find(to).await);
    tab.act(Action::Drag {
        from: from.into(),
        to: Some(to.into()),
        to_x: None,
        to_y: None,
        x: None,
        y: None,
        path: None,
    })
    .await
    .unwrap();
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

#[test]
fn a_target_below_the_window_is_scrolled_to_on_the_way() {
    run(async {
        for gap in [200, 500] {
            let body = format!(
                "<style>#a, #b {{ width: 100px; height: 60px; border: 1px solid }} #a {{ margin-top: 700px }}\
                 #b {{ margin-top: {gap}px }} body {{ height: 3000px }}</style><div id=a role=button tabindex=0>Card</div>\
                 <div id=b role=button tabindex=0>Trash</div><script>let on = false; a.onpointerdown = () => on = true;\
                 addEventListener('pointerup', (e) => {{\
                 if (on) tell('drop on ' + document.elementFromPoint(e.clientX, e.clientY)?.id); on = false }})</script>"
            );
            let (site, tab) = tab_at(&body).await;
            drag(&tab, "Card", "Trash").await;
            site.hears("drop on b").await;
            tab.close().await;
        }
    });
}

#[test]
fn a_drag_goes_from_a_point_to_a_point_and_rests_there() {
    run(async {
        let body = "<style>#a, #b { width: 200px; height: 100px; border: 0; padding: 0; margin: 20px }</style>\
                    <button id=a>Paper</button><button id=b>Stamp</button><script>let last;\
                    const at = (e) => { const r = e.target.getBoundingClientRect();\
                    return [e.target.id, Math.round(e.clientX - r.left), Math.round(e.clientY - r.top)].join() };\
                    a.onpointerdown = (e) => tell('from ' + at(e)); addEventListener('pointermove', (e) => {\
                    if (last === at(e)) tell('rests'); last = at(e) }); addEventListener('pointerup', (e) => tell('to ' + at(e)))\
                    </script>";
        let (site, tab) = tab_at(body).await;
        let (from, to) = (tab.find("Paper").await.into(), tab.find("Stamp").await.into());
        let [x, y, to_x, to_y] = [5.0, 6.0, 190.0, 90.0].map(Some);
        tab.act(Action::Drag { from, to: Some(to), to_x, to_y, x, y, path: None }).await.unwrap();
        for told in ["from a,5,6", "rests", "to b,190,90"] {
            site.hears(told).await;
        }
        tab.close().await;
    });
}
