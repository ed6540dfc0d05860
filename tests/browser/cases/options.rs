//! Selects whose options come late, and those that do not keep what is chosen.

use agent::ports::ActionError;

use super::tab_at;
use crate::support::run;

#[test]
fn options_that_load_when_a_select_is_used_are_waited_for() {
    run(async {
        for used in ["focus", "mousedown"] {
            let body = format!(
                "<label>Country <select id=a onchange='tell(value)'><option value=''>Choose</option></select></label><script>\
                 a.addEventListener('{used}', () => setTimeout(() => {{\
                 for (const x of ['Poland', 'Portugal']) a.add(new Option(x)) }}, 600), {{ once: true }})</script>"
            );
            let (site, tab) = tab_at(&body).await;
            let index = tab.find("Country").await;
            let choose =
                |option: &str| agent::action::Action::Select { index: index.into(), options: vec![option.into()] };
            tab.act(choose("Portugal")).await.unwrap();
            site.hears("Portugal").await;
            let Err(ActionError::NotPossible(why)) = tab.act(choose("Spain")).await else { panic!("Spain is chosen") };
            assert!(why.contains("it has: Choose, Poland, Portugal"), "{why}");
            tab.close().await;
        }
    });
}

#[test]
fn a_choice_that_the_page_takes_back_is_reported() {
    run(async {
        let body = "<label>Size <select id=b onchange=\"setTimeout(() => b.selectedIndex = 0)\"><option>Small<option>Large</select>\
                    </label>";
        let (_site, tab) = tab_at(body).await;
        let effect = tab.select("Size", &["Large"]).await.unwrap().effect;
        assert!(effect.contains("the page did not keep that: 'Small' is selected now"), "{effect}");
        tab.close().await;
    });
}
