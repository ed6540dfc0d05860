// Made from crates/browser/scripts/src by `make scripts`. Do not edit.

// src/editor_models.js
function editorModels() {
  const maxText = 2e5;
  const monaco = (
    /** @type {any} */
    globalThis.monaco?.editor
  );
  const model = (box) => {
    const codeMirror5 = box.CodeMirror;
    if (codeMirror5) return { text: codeMirror5.getValue(), language: codeMirror5.getMode?.()?.name };
    const ace = box.env?.editor;
    if (ace) return { text: ace.getValue(), language: ace.session?.getMode?.()?.$id?.split("/").pop() };
    const content = box.querySelector(".cm-content");
    const codeMirror6 = (content?.cmTile?.root ?? content?.cmView?.rootView)?.view;
    if (codeMirror6) return { text: codeMirror6.state.doc.toString() };
    const editor = monaco?.getEditors?.().find((one) => one.getDomNode?.() === box);
    return editor ? { text: editor.getValue(), language: editor.getModel?.()?.getLanguageId?.() } : null;
  };
  const out = [];
  for (const box of this.querySelectorAll(".CodeMirror,.monaco-editor[role=code],.ace_editor,.cm-editor")) {
    if (out.length === 20) break;
    try {
      const found = model(box);
      const text = found && String(found.text);
      out.push(
        found && text !== null ? {
          text: text.slice(0, maxText).toWellFormed(),
          lines: text.split("\n").length,
          language: String(found.language ?? "").slice(0, 30)
        } : null
      );
    } catch {
      out.push(null);
    }
  }
  return out;
}
