//! Controls that only the pointer reveals.

use agent::action::Action;

use super::{index_at, tab_at};
use crate::support::run;

#[test]
fn rows_that_reveal_buttons_are_offered_with_what_they_reveal() {
    run(async {
        for (hidden, shown) in [("display:none", "display:inline"), ("visibility:hidden", "visibility:visible")] {
            let body = format!(
                "<style>.row {{ width: 300px; height: 36px }} .row .m {{ {hidden} }} .row:hover .m {{ {shown} }}\
                 @media (min-width: 1px) {{ .x:hover > .menu, .y:focus {{ display: block }} }} .menu {{ display: none }}</style>\
                 <div class=row>Work <button class=m onclick=\"tell('work')\">Options</button></div>\
                 <div class=row>Trip <button class=m onclick=\"tell('trip')\">Options</button></div>\
                 <div class=x>Files<div class=menu><a href=#open>Open</a><a href=#save>Save</a></div></div><p>Plain</p>"
            );
            let (site, tab) = tab_at(&body).await;
            let view = tab.text().await;
            assert!(view.contains("reveals=\"Open, Save\" />Files"), "{view}");
            let row = view.lines().find(|line| line.contains("Trip")).unwrap();
            assert!(row.contains("reveals=Options"), "{view}");
            assert!(!view.lines().any(|line| line.contains("Plain") && line.contains('[')), "{view}");
            tab.act(Action::hover(index_at(&view, "Trip"))).await.unwrap();
            let view = tab.text().await;
            tab.act(Action::click(index_at(&view, "/>Options"))).await.unwrap();
            site.hears("trip").await;
            tab.close().await;
        }
    });
}

#[test]
fn rows_whose_scripts_wait_for_the_pointer_are_offered() {
    run(async {
        let body = "<div class=row style='width:300px'>Work</div><div class=row style='width:300px'>Trip</div>\
            <p>Plain</p><div id=all><button>Beside</button><p>Some words</p></div><script>\
            for (const row of document.querySelectorAll('.row')) row.addEventListener('mouseenter', () => {\
              const button = document.createElement('button');\
              button.textContent = 'Options'; button.onclick = () => tell(row.firstChild.data); row.append(button) },\
              { once: true });\
            all.onmouseover = () => 0; document.addEventListener('mouseover', () => 0)</script>";
        let (site, tab) = tab_at(body).await;
        let view = tab.text().await;
        assert!(view.contains(" hover />Work") && view.contains(" hover />Trip"), "{view}");
        assert_eq!(view.matches(" hover ").count(), 2, "{view}");
        tab.act(Action::hover(index_at(&view, "Trip"))).await.unwrap();
        tab.click("Options").await.unwrap();
        site.hears("Trip").await;
        tab.close().await;
    });
}
