//! Fields of forms that other tools fill wrongly.

use agent::ports::ActionError;

use super::tab_at;
use crate::support::run;

#[test]
fn a_field_does_not_get_what_was_meant_for_the_one_before_it() {
    run(async {
        // The page puts the focus elsewhere right after a field got it: once, or each time.
        for times in [1, 99] {
            let body = format!(
                "<form id=f><label>Name <input id=n value='Old Name'></label><label>Address <input id=a></label>\
                 <button>Save</button></form><script>\
                 let left = {times}; a.onfocus = () => left-- > 0 && setTimeout(() => n.focus()); n.oninput = () => tell('name ' + n.value);\
                 f.onsubmit = (e) => {{ e.preventDefault(); tell(n.value + ' / ' + a.value) }}</script>"
            );
            let (site, tab) = tab_at(&body).await;
            tab.input("Name", "Alice").await.unwrap();
            tab.input("Address", "12 Main St").await.unwrap();
            tab.click("Save").await.unwrap();
            site.hears("Alice / 12 Main St").await;
            let told = site.told();
            assert!(!told.iter().any(|line| line.starts_with("name") && line.contains(['1', 'M'])), "{told:?}");
            tab.close().await;
        }
    });
}

#[test]
fn a_picker_refuses_what_it_cannot_hold_and_tells_its_bounds() {
    run(async {
        let body = "<form id=f><label>Day <input type=date id=d min=2026-01-01 max=2026-12-31></label>\
            <label>Time <input type=time id=t step=900></label><label>Week <input type=week id=w></label>\
            <button>Save</button></form><script>const heard = {};\
            for (const field of f.querySelectorAll('input')) for (const kind of ['input', 'change'])\
              field.addEventListener(kind, () => heard[field.id] = (heard[field.id] ?? '') + kind[0]);\
            f.onsubmit = (e) => { e.preventDefault(); tell([d.value, t.value, w.value, heard.d, heard.t, heard.w]) }\
            </script>";
        let (site, tab) = tab_at(body).await;
        let view = tab.text().await;
        assert!(view.contains("min=2026-01-01 max=2026-12-31") && view.contains("step=900"), "{view}");
        // What the field does not take leaves it empty, which is an event as well.
        let refused = tab.input("Time", "2:30 pm").await.unwrap_err();
        assert!(matches!(&refused, ActionError::NotPossible(why) if why.contains("HH:MM")), "{refused:?}");
        for (field, value) in [("Day", "2026-05-03"), ("Time", "14:30"), ("Week", "2026-W19")] {
            assert_eq!(tab.input(field, value).await.unwrap().effect, "", "{field}");
        }
        tab.click("Save").await.unwrap();
        site.hears("2026-05-03,14:30,2026-W19,ic,icic,ic").await;
        // Out of its bounds: the field holds it, and says what is wrong.
        tab.input("Day", "2027-05-03").await.unwrap();
        tab.click("Save").await.unwrap();
        let day = tab.text().await;
        let day = day.lines().find(|line| line.contains("Day")).unwrap();
        assert!(day.contains("2027-05-03") && day.contains("invalid="), "{day}");
        tab.close().await;
    });
}
