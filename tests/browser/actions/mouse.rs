//! Hovering, dragging and other clicks.

use agent::action::{Action, Modifier, MouseButton};
use agent::locator::Locator;
use agent::ports::ActionError;

use crate::support::{Site, open, run};

#[test]
fn a_press_follows_what_glides_after_scrolling() {
    run(async {
        let buttons: String =
            (1..=20).map(|n| format!("<button onclick=\"tell('{n}')\">Button {n}</button>")).collect();
        let body = format!(
            "<style>body {{ height: 6000px }} #m {{ position: absolute; top: 1300px }} button {{ display: block; height: 24px }}\
             </style><div id=m>{buttons}</div><script>let y = 0; const glide = () => {{ const left = scrollY * -0.3 - y;\
             if (Math.abs(left) < 0.5) return; y += left * 0.2; m.style.transform = `translateY(${{y}}px)`;\
             requestAnimationFrame(glide) }}; onscroll = () => requestAnimationFrame(glide)</script>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Button 9").await.unwrap();
        assert_eq!(site.hears_any().await, "9");
        tab.close().await;
    });
}

#[test]
fn a_hover_menu_can_be_used() {
    run(async {
        let body = "<style>#menu { display: none } nav:hover #menu { display: block }</style>\
                    <nav><button>Products</button><div id=menu><a href=/kettles>Kettles</a></div></nav>";
        let site = Site::of(&[("/", body), ("/kettles", "All kettles")]).await;
        let tab = open(&site, "/").await;
        let index = tab.find("Products").await;
        tab.act(Action::hover(index)).await.unwrap();
        tab.click("Kettles").await.unwrap();
        site.is_asked("GET /kettles").await;
        tab.close().await;
    });
}

#[test]
fn clicks_have_the_requested_button_count_and_modifiers() {
    run(async {
        let body = "<button oncontextmenu=\"tell('right'); return false\" ondblclick=\"tell('double')\" \
                    onclick=\"if (event.shiftKey) tell('shift')\">Row</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let index = Some(tab.find("Row").await);
        let how = |button, count, modifiers| Action::Click {
            index: index.map(Into::into),
            x: None,
            y: None,
            button,
            count,
            modifiers,
        };
        let right = tab.act(how(Some(MouseButton::Right), None, None)).await.unwrap();
        assert_eq!(right.description, "Right-click 'Row'");
        site.hears("right").await;
        tab.act(how(None, Some(2), None)).await.unwrap();
        site.hears("double").await;
        tab.act(how(None, None, Some(vec![Modifier::Shift]))).await.unwrap();
        site.hears("shift").await;
        tab.close().await;
    });
}

#[test]
fn a_point_of_a_canvas_can_be_clicked_and_one_outside_cannot() {
    run(async {
        let body = "<body style='margin: 0'><canvas width=400 height=300 onclick=\"tell(offsetOf(event))\"></canvas>\
                    <script>const offsetOf = (event) => `${event.offsetX},${event.offsetY}`</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let at = |x, y| Action::Click { index: None, x, y, button: None, count: None, modifiers: None };
        tab.act(at(Some(120.0), Some(80.0))).await.unwrap();
        site.hears("120,80").await;
        for nowhere in
            [at(Some(1280.0), Some(5.0)), at(Some(-1.0), Some(5.0)), at(Some(f64::NAN), Some(5.0)), at(Some(1.0), None)]
        {
            assert!(matches!(tab.act(nowhere).await, Err(ActionError::NotPossible(_))));
        }
        tab.close().await;
    });
}

#[test]
fn html_drag_and_drop_transfers_its_data() {
    run(async {
        let body = "<div id=card draggable=true role=button style='width: 100px; height: 40px'>Card</div>\
                    <div id=bin role=button style='margin-top: 80px; width: 200px; height: 100px'>Bin</div><script>\
                    card.addEventListener('dragstart', (event) => event.dataTransfer.setData('text/plain', 'card 7'));\
                    bin.addEventListener('dragover', (event) => event.preventDefault());\
                    bin.addEventListener('drop', (event) => { event.preventDefault(); tell('dropped ' + event.dataTransfer.getData('text/plain')); });\
                    card.addEventListener('dragend', () => tell('end'));</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let (from, to) = (tab.find("Card").await, tab.find("Bin").await);
        let outcome = tab
            .act(Action::Drag {
                from: from.into(),
                x: None,
                y: None,
                to: Some(to.into()),
                to_x: None,
                to_y: None,
                path: None,
            })
            .await
            .unwrap();
        assert_eq!(outcome.description, "Drag 'Card' to 'Bin'");
        site.hears("dropped card 7").await;
        tab.close().await;
    });
}

#[test]
fn a_drag_without_data_is_dropped_too() {
    run(async {
        let body = "<div id=card draggable=true role=button style='width: 100px; height: 40px'>Card</div>\
                    <div id=bin role=button style='margin-top: 80px; width: 200px; height: 100px'>Bin</div><script>\
                    let held;\
                    card.addEventListener('dragstart', () => { held = 'card 7'; });\
                    bin.addEventListener('dragover', (event) => event.preventDefault());\
                    bin.addEventListener('drop', () => tell('dropped ' + held));</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let (from, to) = (tab.find("Card").await, tab.find("Bin").await);
        tab.act(Action::Drag {
            from: from.into(),
            x: None,
            y: None,
            to: Some(to.into()),
            to_x: None,
            to_y: None,
            path: None,
        })
        .await
        .unwrap();
        site.hears("dropped card 7").await;
        tab.close().await;
    });
}

#[test]
fn a_slider_that_follows_the_pointer_can_be_dragged() {
    run(async {
        let body = "<div id=knob role=slider aria-label=Volume aria-valuenow=0 style='position: absolute; left: 50px; top: 50px; \
                    width: 20px; height: 20px; background: red'></div><script>\
                    let held = null;\
                    knob.addEventListener('pointerdown', (event) => { held = event.clientX; knob.setPointerCapture(event.pointerId); });\
                    knob.addEventListener('pointermove', (event) => { if (held !== null) knob.style.left = 50 + event.clientX - held + 'px'; });\
                    knob.addEventListener('pointerup', () => { held = null; tell('left at ' + knob.style.left); });</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let from = tab.find("Volume").await;
        tab.act(Action::Drag {
            from: from.into(),
            x: None,
            y: None,
            to: None,
            to_x: None,
            to_y: None,
            path: Some(vec![(120.0, 0.0)]),
        })
        .await
        .unwrap();
        site.hears("left at 170px").await;
        tab.close().await;
    });
}

#[test]
fn a_point_in_an_element_is_clicked_wherever_the_element_is() {
    run(async {
        let body = "<div style='height: 1500px'></div><canvas width=300 height=200 aria-label=Board role=img></canvas>\
                    <script>document.querySelector('canvas').onclick = (e) => tell(`${e.offsetX},${e.offsetY}`)</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let index = Some(Locator::Selector("canvas".into()));
        let at = |x, y| Action::Click {
            index: index.clone(),
            x: Some(x),
            y: Some(y),
            button: None,
            count: None,
            modifiers: None,
        };
        let outcome = tab.act(at(290.0, 15.0)).await.unwrap();
        assert_eq!(outcome.description, "Click 'Board' at 290, 15");
        site.hears("290,15").await;
        let outside = tab.act(at(301.0, 10.0)).await.unwrap_err();
        assert!(matches!(&outside, ActionError::NotPossible(why) if why.contains("300 by 200")), "{outside:?}");
        tab.close().await;
    });
}

#[test]
fn a_line_is_drawn_along_a_path_from_a_point_in_a_canvas() {
    run(async {
        let body = "<canvas width=300 height=200 aria-label=Board role=img></canvas><script>
                    const board = document.querySelector('canvas'); let line = null;
                    const at = (e) => `${e.offsetX},${e.offsetY}`;
                    board.onpointerdown = (e) => line = [at(e)];
                    board.onpointermove = (e) => line?.push(at(e));
                    board.onpointerup = (e) => { tell([line[0], ...['60,20', '60,80'].filter((p) => line.includes(p)), at(e)].join(' ')); line = null };
                    </script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let from = tab.find("Board").await;
        let path = Some(vec![(40.0, 0.0), (40.0, 60.0), (0.0, 60.0)]);
        tab.act(Action::Drag {
            from: from.into(),
            x: Some(20.0),
            y: Some(20.0),
            to: None,
            to_x: None,
            to_y: None,
            path,
        })
        .await
        .unwrap();
        site.hears("20,20 60,20 60,80 20,80").await;
        tab.close().await;
    });
}

#[test]
fn a_triple_click_selects_a_paragraph_and_a_native_slider_follows_the_mouse() {
    run(async {
        let body = "<button style='user-select: text'>Some words here</button><br>\
                    <input type=range aria-label=Volume value=0 style='width: 200px' onchange=\"tell('volume ' + value)\">\
                    <p id=p role=button>One two three</p>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let index = Some(tab.find("One two three").await);
        let triple = Action::Click {
            index: index.map(Into::into),
            x: None,
            y: None,
            button: None,
            count: Some(3),
            modifiers: None,
        };
        assert_eq!(tab.act(triple).await.unwrap().description, "Triple-click 'One two three'");
        let selected = tab.act(Action::Evaluate { js: "String(getSelection()).trim()".into() }).await.unwrap();
        assert_eq!(selected.extracted.as_deref(), Some("\"One two three\""));
        let from = tab.find("Volume").await;
        let path = Some(vec![(400.0, 0.0)]);
        tab.act(Action::Drag { from: from.into(), x: Some(8.0), y: Some(8.0), to: None, to_x: None, to_y: None, path })
            .await
            .unwrap();
        site.hears("volume 100").await;
        tab.close().await;
    });
}

#[test]
fn a_dragged_link_transfers_its_url() {
    run(async {
        let body = "<a id=link href=/lamp style='display: block; width: 100px'>Lamp</a>\
                    <div id=bin role=button style='margin-top: 80px; width: 200px; height: 100px'>Bin</div><script>\
                    bin.addEventListener('dragover', (event) => event.preventDefault());\
                    bin.addEventListener('drop', (event) => { event.preventDefault(); \
                      tell(new URL(event.dataTransfer.getData('text/uri-list')).pathname); });</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let (from, to) = (tab.find("Lamp").await, tab.find("Bin").await);
        tab.act(Action::Drag {
            from: from.into(),
            x: None,
            y: None,
            to: Some(to.into()),
            to_x: None,
            to_y: None,
            path: None,
        })
        .await
        .unwrap();
        site.hears("/lamp").await;
        tab.close().await;
    });
}
