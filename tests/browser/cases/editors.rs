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

/// A chat box that draws its text itself: each paragraph a block of spans; Enter sends.
const CHAT: &str = "<style>#ed { border: 1px solid; min-height: 60px; width: 400px; white-space: pre-wrap }\
    .ph { color: #999; position: absolute; pointer-events: none }</style><div style=position:relative>\
    <div class=ph id=ph>Write a message</div><div id=ed contenteditable role=textbox aria-label=Message></div></div><script>\
    let model = [''], kinds = new Set();\
    const isAll = () => { const s = getSelection(); return !s.isCollapsed &&\
      s.toString().replace(/\\s/g, '').length >= model.join('').replace(/\\s/g, '').length };\
    const draw = () => { ed.replaceChildren(...model.map((line) => { const d = document.createElement('div');\
      if (line) for (const word of line.split(/( )/)) { const s = document.createElement('span'); s.textContent = word;\
        d.append(s) } else d.append(document.createElement('br')); return d }));\
      ph.style.display = model.join('') ? 'none' : '';\
      const r = document.createRange(); r.selectNodeContents(ed); r.collapse(false);\
      getSelection().removeAllRanges(); getSelection().addRange(r) };\
    ed.addEventListener('beforeinput', (e) => { e.preventDefault(); kinds.add(e.inputType + (e.isTrusted ? '' : ' untrusted'));\
      if (isAll()) model = [''];\
      if (e.inputType == 'insertText') model[model.length - 1] += e.data;\
      else if (/^insert(Paragraph|LineBreak)/.test(e.inputType)) model.push('');\
      draw() });\
    ed.onkeydown = (e) => { if (e.key == 'Enter' && !e.shiftKey) { e.preventDefault();\
      tell(model.join('|')); model = ['']; draw() } };\
    </script>";

#[test]
fn an_editor_that_owns_its_text_gets_all_lines_and_one_send() {
    run(async {
        let (site, tab) = super::tab_at(CHAT).await;
        let outcome = tab.input("Message", "one two\nthree\nfour").await.unwrap();
        assert!(!outcome.effect.contains("the field"), "{outcome:?}");
        tab.keys("Enter").await.unwrap();
        site.hears("one two|three|four").await;
        tab.input("Message", "first").await.unwrap();
        tab.input("Message", "second").await.unwrap();
        assert!(tab.text().await.contains("value=second"));
        tab.keys("Enter").await.unwrap();
        site.hears("second").await;
        assert_eq!(site.told().len(), 2, "{:?}", site.told());
        tab.close().await;
    });
}

/// An editor of the kind of CodeMirror: 300 lines in an object of the page's own, ten of them drawn, each typed line
/// break indented as the line before.
const MODEL: &str = "<style>.CodeMirror { position: relative; height: 200px; width: 500px; overflow: hidden;\
    font: 14px/20px monospace } .CodeMirror-line, .CodeMirror-linenumber { height: 20px; white-space: pre }\
    .in { overflow: hidden; width: 3px; height: 0; position: relative } textarea { width: 1000px; position: absolute }\
    .CodeMirror-linenumber { position: absolute; left: 0 } .CodeMirror-line { margin-left: 40px }</style>\
    <div class=CodeMirror id=box><div class=in><textarea id=keys></textarea></div><div id=lines></div></div>\
    <button id=save>Save</button><script>\
    let lines = [...Array(300)].map((_, n) => 'row(' + (n + 1) + ')'), all = false;\
    box.CodeMirror = { getValue: () => lines.join('\\n'), getMode: () => ({ name: 'python' }) };\
    const draw = () => box.querySelector('#lines').replaceChildren(...lines.slice(0, 10).flatMap((text, n) => {\
      const number = document.createElement('div'), line = document.createElement('pre');\
      number.className = 'CodeMirror-linenumber'; number.textContent = n + 1;\
      line.className = 'CodeMirror-line'; line.style.margin = '0 0 0 40px'; line.textContent = text;\
      return [number, line] }));\
    const put = (text) => { if (all) lines = ['']; all = false;\
      const [first, ...more] = text.split('\\n'); lines[0] += first; lines.splice(1, 0, ...more); draw() };\
    box.onmousedown = (e) => { e.preventDefault(); keys.focus(); all = false };\
    keys.onkeydown = (e) => { if (e.key == 'a' && e.ctrlKey) { e.preventDefault(); all = true } };\
    keys.oninput = () => { put(keys.value.replaceAll('\\n', '\\n    ')); keys.value = '' };\
    keys.onpaste = (e) => { e.preventDefault(); put(e.clipboardData.getData('text/plain')) };\
    draw(); save.onclick = () => tell(lines.join('|'))</script>";

#[test]
fn an_editor_is_read_by_its_model_and_its_lines_are_pasted() {
    run(async {
        let (site, tab) = super::tab_at(MODEL).await;
        let view = tab.text().await;
        let line = view.lines().find(|line| line.contains("<textarea")).unwrap();
        assert!(line.contains("state=python") && line.contains("lines=\"1-10 of 300\""), "{view}");
        assert!(line.contains("row(10)") && !view.contains("row(11)"), "{view}");
        let index = super::index_at(&view, "<textarea");
        let read = tab.act(Action::extract(Some(index.into()))).await.unwrap();
        assert!(read.extracted.unwrap().ends_with("row(300)"));
        let input = Action::Input {
            index: index.into(),
            text: "def f(x):\n    return [x\n\nf(1)".into(),
            clear: None,
            submit: None,
        };
        let effect = tab.act(input).await.unwrap().effect;
        assert!(!effect.contains("the editor now"), "{effect}");
        let view = tab.text().await;
        assert!(view.contains("lines=4 value=\"def f(x):\\n    return [x\\n\\nf(1)\""), "{view}");
        tab.click("Save").await.unwrap();
        site.hears("def f(x):|    return [x||f(1)").await;
        tab.close().await;
    });
}

#[test]
fn an_editable_element_keeps_all_lines() {
    run(async {
        let body = "<div contenteditable role=textbox aria-label=Note>old</div>\
            <div contenteditable role=textbox aria-label=Deaf onpaste='return false'></div>";
        let (_site, tab) = super::tab_at(body).await;
        for field in ["Note", "Deaf"] {
            assert_eq!(tab.input(field, "first line\n\nthird line").await.unwrap().effect, "", "{field}");
            assert!(tab.text().await.contains("value=\"first line\\n\\nthird line\""), "{}", tab.text().await);
        }
        tab.close().await;
    });
}

#[test]
fn an_editor_that_hears_late_of_its_selection_is_replaced_as_a_whole() {
    run(async {
        let body = "<div contenteditable role=textbox aria-label=Note id=note>Old</div><script>let isAll = false;\
            document.onselectionchange = () => { isAll = String(getSelection()) === note.textContent };\
            note.onpaste = (e) => { e.preventDefault();\
              note.innerText = (isAll ? '' : note.innerText) + e.clipboardData.getData('text/plain') }</script>";
        let (_site, tab) = super::tab_at(body).await;
        tab.input("Note", "one\ntwo").await.unwrap();
        let view = tab.text().await;
        assert!(view.contains("value=\"one\\ntwo\""), "{view}");
        tab.close().await;
    });
}
