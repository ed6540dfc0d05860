//! Fields that take text at their own pace, and suggestions that come after it.

use super::tab_at;
use crate::support::run;

const TELL: &str = "<script>const T = (x) => tell(x)</script>";

#[test]
fn a_mask_with_slots_is_filled_key_by_key() {
    run(async {
        let body = format!(
            "{TELL}<label>Phone <input id=p></label><button onclick='T(p.value)'>Pay</button><script>\
             const S = '(___) ___-____'; p.onfocus = () => {{ if (!p.value) p.value = S }};\
             p.onkeydown = (e) => {{ if (/^[0-9]$/.test(e.key)) {{ e.preventDefault(); p.value = p.value.replace('_', e.key) }}\
             else if (e.key == 'Backspace') {{ e.preventDefault(); let s = S;\
             for (const c of p.value.replace(/\\D/g, '').slice(0, -1)) s = s.replace('_', c); p.value = s }}\
             else if (e.key.length == 1 && !e.ctrlKey) e.preventDefault() }};\
             p.onbeforeinput = (e) => {{ if (!e.inputType.startsWith('delete')) e.preventDefault() }}</script>"
        );
        let (site, tab) = tab_at(&body).await;
        for (number, held) in [("415 555 0199", "(415) 555-0199"), ("212 555 0100", "(212) 555-0100")] {
            tab.input("Phone", number).await.unwrap();
            tab.click("Pay").await.unwrap();
            site.hears(held).await;
        }
        tab.close().await;
    });
}

#[test]
fn a_field_that_is_slow_to_rewrite_what_is_typed_gets_all_of_it() {
    run(async {
        let body = format!(
            "{TELL}<label>Plate <input id=u></label><button onclick='T(u.value)'>Pay</button><script>\
             let st = '', busy = false; u.oninput = () => {{ if (busy) {{ u.value = st; return }} busy = true;\
             const w = u.value.toUpperCase(); setTimeout(() => {{ st = w; u.value = w; busy = false }}, 20) }}</script>"
        );
        let (site, tab) = tab_at(&body).await;
        tab.input("Plate", "abc 123").await.unwrap();
        tab.click("Pay").await.unwrap();
        site.hears("ABC 123").await;
        tab.close().await;
    });
}

#[test]
fn one_input_fills_all_boxes_of_a_code() {
    run(async {
        let body = format!(
            "{TELL}<h1>Enter code</h1><div id=x></div><script>for (let i = 0; i < 6; i++) {{\
             const b = document.createElement('input'); b.placeholder = '-'; x.append(b) }}\
             const bs = [...x.children]; bs.forEach((b, i) => b.addEventListener('input', () => {{ b.value = b.value.slice(-1);\
             setTimeout(() => {{ if (b.value && bs[i + 1]) bs[i + 1].focus(); const c = bs.map((y) => y.value).join('');\
             if (c.length == 6) T('code ' + c) }}, 50) }}))</script>"
        );
        let (site, tab) = tab_at(&body).await;
        let outcome = tab.input("-", "482913").await.unwrap();
        assert!(!outcome.effect.contains("the field now holds"), "{outcome:?}");
        site.hears("code 482913").await;
        tab.close().await;
    });
}

#[test]
fn text_that_does_not_clear_goes_to_the_caret() {
    run(async {
        let body = format!("{TELL}<label>Note <input id=n value='one three' oninput='T(value)'></label>");
        let (site, tab) = tab_at(&body).await;
        tab.click("Note").await.unwrap();
        tab.keys("Home ArrowRight ArrowRight ArrowRight ArrowRight").await.unwrap();
        tab.append("Note", "two ").await.unwrap();
        site.hears("one two three").await;
        tab.close().await;
    });
}

#[test]
fn the_suggestions_are_those_of_what_was_typed() {
    run(async {
        let body = format!(
            "{TELL}<label>Agent <input id=q role=combobox aria-autocomplete=list aria-invalid=true aria-expanded=false></label>\
             <div id=l hidden></div><script>\
             const all = ['12491249 — Berlin', '12491249 — Bern', '12491250 — Berlin', '555 — Bergen']; let t;\
             const rows = (a) => {{ l.innerHTML = ''; for (const x of a) {{ const d = document.createElement('div');\
             d.textContent = x; d.style.cursor = 'pointer'; l.append(d) }} }};\
             q.onfocus = () => {{ l.hidden = false; q.setAttribute('aria-expanded', 'true'); rows(all.slice(2)) }};\
             q.oninput = () => {{ clearTimeout(t); t = setTimeout(() => rows(all.filter((x) => x.startsWith(q.value))), 250) }}\
             </script>"
        );
        let (_site, tab) = tab_at(&body).await;
        assert_eq!(tab.observe().await.blocker, None, "nothing was filled in yet");
        let effect = tab.input("Agent", "12491249").await.unwrap().effect;
        assert!(effect.contains("it suggests '12491249 — Berlin', '12491249 — Bern'"), "{effect}");
        assert!(!effect.contains("Bergen"), "{effect}");
        assert!(tab.text().await.contains("12491249 — Bern"));
        tab.close().await;
    });
}

#[test]
fn a_code_that_sends_itself_is_not_typed_into_the_next_page() {
    run(async {
        let code = "<h1>Enter code</h1><div id=x></div><script>for (let i = 0; i < 4; i++) x.append(document.createElement('input'));\
                    const bs = [...x.children]; bs[0].placeholder = '-'; bs.forEach((b, i) => b.addEventListener('input', () => {\
                    b.value = b.value.slice(-1); setTimeout(() => bs[i + 1] ? bs[i + 1].focus() : location = '/next', 20) }))</script>";
        let next = "<h1>Welcome</h1><input autofocus oninput='tell(value)'>";
        let site = crate::support::Site::of(&[("/", code), ("/next", next)]).await;
        let tab = crate::support::open(&site, "/").await;
        let outcome = tab.input("-", "4829").await.unwrap();
        assert!(outcome.page_changed && tab.text().await.contains("Welcome"), "{outcome:?}");
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}
