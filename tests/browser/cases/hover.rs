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
