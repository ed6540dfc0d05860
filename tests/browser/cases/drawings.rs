//! Drawings, colours without words, and what is dragged to resize.

use agent::action::Action;

use super::{index_at, tab_at};
use crate::support::run;

#[test]
fn a_drawing_that_listens_is_listed_with_its_shapes_and_pressed_at_a_point() {
    run(async {
        let small = "<circle r=1 cx=9 cy=9 />".repeat(60);
        let body = format!(
            "<svg id=board width=400 height=200 style='display:block;margin:50px'><rect x=10 y=10 width=80 height=40 fill='#c00'/>\
             <text x=20 y=30>Tank</text><circle cx=150 cy=60 r=20 fill=none stroke='#0a0'/><rect width=0 height=0 />\
             <path d='M200 20 L260 20 L230 70 Z' fill='#00c'/>{small}</svg><script>\
             board.addEventListener('click', (e) => {{ const to = board.getBoundingClientRect();\
               tell(e.clientX - to.left + ',' + (e.clientY - to.top)); board.querySelector('text').textContent = 'Full' }})\
             </script>"
        );
        let (site, tab) = tab_at(&body).await;
        let view = tab.text().await;
        assert!(view.contains("<svg size=400x200"), "{view}");
        for shape in [
            "rect \"Tank\" #cc0000 80x40 at 50,30",
            "circle outline #00aa00 40x40 at 150,60",
            "path #0000cc 60x50 at 230,45",
            "and 23 more",
        ] {
            assert!(view.contains(shape), "{shape} is not in\n{view}");
        }
        assert!(!view.contains("0x0"), "{view}");
        let index = index_at(&view, "<svg");
        // What is drawn may change without its being another drawing.
        for at in [(150.0, 60.0), (395.0, 5.0)] {
            let click = Action::Click {
                index: Some(index.into()),
                x: Some(at.0),
                y: Some(at.1),
                button: None,
                count: None,
                modifiers: None,
            };
            tab.act(click).await.unwrap();
            site.hears(&format!("{},{}", at.0, at.1)).await;
        }
        tab.close().await;
    });
}

#[test]
fn lines_between_nodes_are_connections() {
    run(async {
        let body = "<svg width=500 height=200><g transform='translate(20,20)'><rect width=80 height=40 fill='#eee'/>\
            <text x=10 y=25>Start</text></g><g transform='translate(220,20)'><rect width=80 height=40 fill='#eee'/>\
            <text x=10 y=25>Check</text></g><g transform='translate(400,120)'><rect width=80 height=40 fill='#eee'/>\
            <text x=10 y=25>End</text></g><path d='M100 40 L220 40' stroke=black fill=none />\
            <path d='M300 40 C350 40 350 140 400 140' stroke=black fill=none /><line x1=0 y1=190 x2=500 y2=190 stroke=red />\
            </svg><div style='position:relative;height:100px'><div style='position:absolute;left:0;width:60px'>Alpha</div>\
            <div style='position:absolute;left:200px;width:60px'>Beta</div><svg style='position:absolute;left:0;top:0;\
            pointer-events:none' width=300 height=80><path class=edge d='M60 10 L200 10' stroke=black fill=none /></svg></div>";
        let (_site, tab) = tab_at(body).await;
        let view = tab.text().await;
        assert!(view.contains("(connections: Start -> Check; Check -> End)"), "{view}");
        assert!(view.contains("(connections: Alpha -> Beta)"), "{view}");
        tab.close().await;
    });
}

#[test]
fn a_colour_that_stands_alone_is_told() {
    run(async {
        let body = "<style>i { display: inline-block; width: 10px; height: 10px; border-radius: 50% }</style>\
            <p><i style='background:#0a0'></i> Server A</p><p><i style='background:#c00' title=Failed></i> Server B</p>\
            <p><i style='background:#ddd'></i> Ornament</p><table><tr><td>Mon<td style='background:#c60;width:90px'></table>";
        let (_site, tab) = tab_at(body).await;
        let view = tab.text().await;
        for line in ["(colour: #00aa00) Server A", "(colour: #cc0000, Failed) Server B", "Mon | (colour: #cc6600)"] {
            assert!(view.contains(line), "{line} is not in\n{view}");
        }
        assert_eq!(view.matches("(colour:").count(), 3, "{view}");
        tab.close().await;
    });
}

#[test]
fn handles_that_resize_are_offered_and_can_be_dragged() {
    run(async {
        let body = "<div style='position:relative;width:300px;height:100px'><div id=h style='position:absolute;left:100px;\
            width:8px;height:100px;cursor:col-resize'></div></div><button id=s>Stop</button><script>let from = null;\
            document.addEventListener('mousedown', (e) => { if (e.target === h) from = e.clientX });\
            document.addEventListener('mouseup', (e) => { if (from !== null && e.target === s) tell('dragged') })\
            </script>";
        let (site, tab) = tab_at(body).await;
        let view = tab.text().await;
        assert!(view.contains("<div icon=col-resize draggable />"), "{view}");
        let (from, to) = (index_at(&view, "col-resize").into(), tab.find("Stop").await.into());
        tab.act(Action::Drag { from, to: Some(to), to_x: None, to_y: None, x: None, y: None, path: None })
            .await
            .unwrap();
        site.hears("dragged").await;
        tab.close().await;
    });
}
