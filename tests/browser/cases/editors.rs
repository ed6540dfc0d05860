//! Editors that draw their text themselves.

use agent::action::Action;

use super::tab_at;
use crate::support::run;

/// A code editor: lines as displayed, and a text area without a size that receives the input. The text
/// is in a model, of which it draws the visible lines.
fn code_editor(hiding: &str) -> String {
    format!(
        "<style>#view {{ position: relative; height: 200px; width: 500px; overflow: hidden; border: 1px solid; font: 14px/20px monospace }}
         #view div {{ position: absolute; left: 20px; height: 20px; white-space: pre }} #keys {{ {hiding} }}</style>
         <h1>main.py</h1><div id=view role=code><textarea id=keys aria-label='Editor content'></textarea></div><button id=save>Save</button><script>
         let lines = Array.from({{ length: 80 }}, (_, n) => 'print(' + (n + 1) + ')'), line = 0, top_ = 0, everything = false;
         const draw = () => {{
             view.querySelectorAll('div').forEach((old) => old.remove());
             lines.slice(top_, top_ + 10).forEach((text, n) => {{
                 const row = document.createElement('div');
                 row.style.top = n * 20 + 'px';
                 row.textContent = text;
                 view.append(row);
             }});
         }};
         view.onmousedown = (event) => {{
             event.preventDefault();
             keys.focus();
             line = Math.floor((event.clientY - view.getBoundingClientRect().top) / 20);
             everything = false;
         }};
         keys.oninput = () => {{
             if (everything) {{ lines = ['']; line = 0; everything = false }}
             keys.value.split('\\n').forEach((text, n) => {{ if (n) lines.splice(++line, 0, ''); lines[line] += text }});
             keys.value = '';
             draw();
         }};
         keys.onkeydown = (event) => {{
             if (event.key === 'a' && event.ctrlKey) {{ event.preventDefault(); everything = true }}
             if (event.key === 'Backspace' && everything) {{ lines = ['']; line = 0; everything = false; draw() }}
         }};
         view.onwheel = (event) => {{
             event.preventDefault();
             top_ = Math.max(0, Math.min(lines.length - 10, top_ + Math.round(event.deltaY / 20)));
             draw();
         }};
         draw();
         save.onclick = () => tell(lines.slice(0, 3).join('|') + ' in ' + lines.length);
         </script>"
    )
}

#[test]
fn the_focused_field_is_listed_however_small() {
    run(async {
        let (_site, tab) =
            tab_at(&code_editor("position: absolute; width: 1px; height: 1px; opacity: 0; padding: 0; border: 0"))
                .await;
        let click =
            Action::Click { index: None, x: Some(100.0), y: Some(150.0), button: None, count: None, modifiers: None };
        tab.act(click).await.unwrap();
        let text = tab.text().await;
        assert!(text.lines().any(|line| line.contains("focused") && line.contains("Editor content")), "{text}");
        tab.close().await;
    });
}

/// Ten of eighty lines, drawn by the page; a textarea of one pixel takes the input.
const CODE: &str = "<style>#v { position: relative; height: 200px; width: 500px; overflow: hidden; border: 1px solid;\
    font: 14px/20px monospace } #v div { position: absolute; left: 20px; height: 20px; white-space: pre }\
    #ta { position: absolute; width: 1px; height: 1px; opacity: 0; padding: 0; border: 0; left: 0; top: 0 }</style>\
    <h1>main.py</h1><div id=v role=code class=language-python><textarea id=ta aria-label='Editor content'></textarea></div>\
    <button id=s>Save</button><script>\
    let L = [...Array(80)].map((_, i) => 'line ' + (i + 1)), cur = 0, all = false;\
    function r() { v.querySelectorAll('div').forEach((d) => d.remove()); L.slice(0, 10).forEach((t, i) => {\
    const d = document.createElement('div'); d.style.top = i * 20 + 'px'; d.textContent = t; v.append(d) }) }\
    v.addEventListener('mousedown', (e) => { e.preventDefault(); ta.focus();\
    cur = Math.floor((e.clientY - v.getBoundingClientRect().top) / 20); all = false });\
    ta.addEventListener('input', () => { if (all) { L = ['']; cur = 0; all = false }\
    ta.value.split('\\n').forEach((p, i) => { if (i) L.splice(++cur, 0, ''); L[cur] += p }); ta.value = ''; r() });\
    ta.addEventListener('keydown', (e) => { if (e.key == 'a' && e.ctrlKey) { e.preventDefault(); all = true } });\
    r(); s.onclick = () => tell(L.slice(0, 3).join('|') + ' ' + L.length)</script>";

#[test]
fn a_code_editor_is_one_field_and_is_filled_as_a_whole() {
    run(async {
        let (site, tab) = super::tab_at(CODE).await;
        let view = tab.text().await;
        assert!(view.contains("state=python") && view.contains("line 1") && view.contains("line 10"), "{view}");
        assert_eq!(view.matches("line 3").count(), 1, "{view}");
        let outcome = tab.input("Editor content", "a = 1\nb = 2").await.unwrap();
        assert!(!outcome.effect.contains("the editor now shows"), "{outcome:?}");
        tab.click("Save").await.unwrap();
        site.hears("a = 1|b = 2 2").await;
        assert!(tab.text().await.contains("b = 2"));
        tab.close().await;
    });
}
