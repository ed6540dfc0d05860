//! Selecting options of custom lists.

use agent::action::Action;
use agent::locator::Locator;
use agent::ports::ActionError;

use crate::support::{Site, Tab, open, run};

/// A dropdown whose list is elsewhere in the page, is created when it opens, and needs trusted clicks.
const PORTAL: &str = "<button id=colour role=combobox aria-haspopup=listbox aria-expanded=false>Colour</button>\
    <div style='height: 300px'></div><script>
    const names = ['Red', 'Green', 'Blue'];
    colour.setAttribute('aria-label', 'Colour');
    colour.onclick = () => {
      const open = document.querySelector('.list');
      colour.setAttribute('aria-expanded', String(!open));
      if (open) return open.remove();
      const list = document.createElement('div');
      list.className = 'list'; ROLE
      list.style = 'position: fixed; top: 60px; left: 10px; background: #fff';
      setTimeout(() => document.body.append(list), 150);
      for (const name of names) {
        const option = document.createElement('div');
        option.textContent = name; option.style = 'cursor: pointer'; OPTION
        option.onclick = (event) => {
          if (!event.isTrusted) return;
          tell('chosen ' + name); colour.textContent = name; colour.setAttribute('aria-expanded', 'false'); list.remove();
        };
        list.append(option);
      }
    };</script>";

fn portal(roles: bool) -> String {
    let (list, option) = if roles {
        (
            "list.setAttribute('role', 'listbox');",
            "option.setAttribute('role', 'option'); option.dataset.value = name[0];",
        )
    } else {
        ("", "")
    };
    PORTAL.replace("ROLE", list).replace("OPTION", option)
}

async fn with(body: &str) -> (Site, Tab) {
    let site = Site::of(&[("/", body)]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

async fn options(tab: &Tab, label: &str) -> String {
    let index = tab.find(label).await;
    tab.act(Action::DropdownOptions { index: index.into() }).await.unwrap().extracted.unwrap()
}

fn refusal(outcome: Result<agent::ports::ActionOutcome, ActionError>) -> String {
    match outcome {
        Err(ActionError::NotPossible(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_option_of_a_detached_list_is_chosen_with_real_clicks() {
    run(async {
        let (site, tab) = with(&portal(true)).await;
        let outcome = tab.select("Colour", &["green"]).await.unwrap();
        assert_eq!(outcome.description, "Select 'green' in 'Colour'");
        site.hears("chosen Green").await;
        tab.select("Colour", &["B"]).await.unwrap();
        site.hears("chosen Blue").await;
        tab.close().await;
    });
}

#[test]
fn an_option_of_a_list_without_roles_is_chosen() {
    run(async {
        let (site, tab) = with(&portal(false)).await;
        tab.select("Colour", &["Blue"]).await.unwrap();
        site.hears("chosen Blue").await;
        tab.close().await;
    });
}

#[test]
fn an_unknown_option_fails_with_the_choices_and_closes_the_list() {
    run(async {
        let (site, tab) = with(&portal(true)).await;
        let why = refusal(tab.select("Colour", &["Pink"]).await);
        assert!(why.contains("it has: Red, Green, Blue"), "{why}");
        assert!(tab.text().await.contains("collapsed"), "{}", tab.text().await);
        let why = refusal(tab.select("Colour", &["Red", "Blue"]).await);
        assert!(why.contains("one option only"), "{why}");
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn options_are_listed_and_the_list_is_closed() {
    run(async {
        let (site, tab) = with(&portal(true)).await;
        assert_eq!(options(&tab, "Colour").await, "Red\nGreen\nBlue");
        assert!(tab.text().await.contains("collapsed"), "{}", tab.text().await);
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn several_options_are_chosen_in_a_multiple_list() {
    run(async {
        let body = "<div role=listbox aria-label=Toppings aria-multiselectable=true tabindex=0 style='width: 200px'>\
            <div role=option aria-selected=true>Ham</div><div role=option aria-selected=false>Olives</div>\
            <div role=option aria-selected=false>Figs</div></div><script>\
            for (const one of document.querySelectorAll('[role=option]')) one.onclick = () => {\
              one.setAttribute('aria-selected', one.getAttribute('aria-selected') !== 'true');\
              tell([...document.querySelectorAll('[aria-selected=true]')].map((o) => o.textContent).join('+'));\
            };</script>";
        let (site, tab) = with(body).await;
        let index = Locator::Selector("[role=listbox]".into());
        tab.act(Action::Select { index, options: vec!["Figs".into(), "Olives".into()] }).await.unwrap();
        site.hears("Olives+Figs").await;
        tab.close().await;
    });
}

#[test]
fn an_option_of_a_virtual_list_is_found_by_scrolling() {
    run(async {
        let body = "<button id=city aria-haspopup=listbox aria-expanded=false aria-controls=list>City</button>\
            <div id=list role=listbox hidden style='height: 200px; width: 200px; overflow: auto; position: relative'>\
            <div id=all style='height: 20000px'></div></div><script>
            const draw = () => {
              const first = Math.floor(list.scrollTop / 20);
              all.innerHTML = '';
              for (let i = first; i < first + 12; i++) all.insertAdjacentHTML('beforeend',
                `<div role=option style='position: absolute; top: ${i * 20}px; height: 20px'>City ${i}</div>`);
            };
            list.onscroll = draw;
            city.onclick = () => { list.hidden = false; city.setAttribute('aria-expanded', 'true'); draw() };
            list.onclick = (event) => { tell(event.target.textContent); list.hidden = true; city.setAttribute('aria-expanded', 'false') };
            </script>";
        let (site, tab) = with(body).await;
        tab.select("City", &["City 57"]).await.unwrap();
        site.hears("City 57").await;
        tab.close().await;
    });
}

#[test]
fn submenus_are_opened_one_by_one_and_reported() {
    run(async {
        let body = "<style>[role=menu] [role=menu] { display: none } [role=menuitem]:hover > [role=menu] { display: block }</style>\
            <button aria-haspopup=menu aria-expanded=false onclick=\"m.hidden = false; setAttribute('aria-expanded', true)\">File</button>\
            <div id=m role=menu aria-label=File hidden><div role=menuitem>Open</div>\
            <div role=menuitem aria-haspopup=menu aria-label=Export>Export\
              <div role=menu><div role=menuitem onclick=\"tell('pdf')\">As PDF</div><div role=menuitem>As text</div></div>\
            </div></div>";
        let (site, tab) = with(body).await;
        let effect = tab.click("File").await.unwrap().effect;
        assert!(effect.contains("the menu 'File' appeared with 'Open'"), "{effect}");
        let index = tab.find("Export").await;
        let effect = tab.act(Action::hover(index)).await.unwrap().effect;
        assert!(effect.contains("the menu appeared with 'As PDF', 'As text'"), "{effect}");
        tab.click("As PDF").await.unwrap();
        site.hears("pdf").await;
        tab.close().await;
    });
}

#[test]
fn a_click_on_a_file_field_suggests_upload() {
    run(async {
        let (_site, tab) = with("<input type=file aria-label=Photo>").await;
        assert!(refusal(tab.click("Photo").await).contains("`upload`"));
        tab.close().await;
    });
}
