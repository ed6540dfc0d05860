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
