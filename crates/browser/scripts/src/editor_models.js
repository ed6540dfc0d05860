// Runs in the page's own world, apart from all other modules: editors keep their text in objects that only the page's
// scripts see, and draw a part of it. Everything is inside the function, as its declaration is all that is sent. What
// it returns is as untrusted as the page.

/**
 * The texts of a document's editors, in the order of `knownEditors`.
 *
 * @this {Document}
 * @returns {({ text: string, lines: number, language: string } | null)[]}
 */
export function editorModels() {
  const maxText = 200000;
  const monaco = /** @type {any} */ (globalThis).monaco?.editor;
  /**
   * @param {any} box
   * @returns {{ text: string, language?: unknown } | null}
   */
  const model = (box) => {
    const codeMirror5 = box.CodeMirror;
    if (codeMirror5) return { text: codeMirror5.getValue(), language: codeMirror5.getMode?.()?.name };
    const ace = box.env?.editor;
    if (ace) return { text: ace.getValue(), language: ace.session?.getMode?.()?.$id?.split("/").pop() };
    const content = box.querySelector(".cm-content");
    const codeMirror6 = (content?.cmTile?.root ?? content?.cmView?.rootView)?.view;
    if (codeMirror6) return { text: codeMirror6.state.doc.toString() };
    const editor = monaco?.getEditors?.().find((/** @type {any} */ one) => one.getDomNode?.() === box);
    return editor ? { text: editor.getValue(), language: editor.getModel?.()?.getLanguageId?.() } : null;
  };
  const out = [];
  for (const box of this.querySelectorAll(".CodeMirror,.monaco-editor[role=code],.ace_editor,.cm-editor")) {
    if (out.length === 20) break;
    try {
      const found = model(box);
      const text = found && String(found.text);
      out.push(
        found && text !== null
          ? {
              text: text.slice(0, maxText).toWellFormed(),
              lines: text.split("\n").length,
              language: String(found.language ?? "").slice(0, 30),
            }
          : null,
      );
    } catch {
      out.push(null);
    }
  }
  return out;
}
