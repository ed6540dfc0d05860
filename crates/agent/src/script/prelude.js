// The environment of a script. Evaluates to the function that runs one: it takes the call to the host and the program, and
// promises the program's result as text. The names are those that `prompt/script.md` explains.
(call, code) => {
  "use strict";
  const stringify = JSON.stringify;
  const ask = (request) => {
    const answer = JSON.parse(call(stringify(request)));
    if ("error" in answer) throw new Error(answer.error);
    return answer.value;
  };
  const act = (name, fields) => ask({ act: { [name]: fields } });
  const found = (element) => (element !== null && typeof element === "object" ? element.index : element);
  const functions = {
    open: (url) => act("navigate", { url: String(url) }),
    back: () => act("goBack", {}),
    click: (element, options = {}) => act("click", { ...options, index: found(element) }),
    hover: (element) => act("hover", { index: found(element) }),
    input: (element, text, options = {}) => act("input", { ...options, index: found(element), text: String(text) }),
    select: (element, options) => act("select", { index: found(element), options: [options].flat().map(String) }),
    press: (keys) => act("sendKeys", { keys: String(keys) }),
    scroll: (direction = "down", pages = 1) => act("scroll", { direction, pages }),
    wait: (what) => act("wait", typeof what === "number" ? { seconds: what } : what),
    text: (element) => ask({ text: found(element) ?? null }),
    find: (words = "") => ask({ find: String(words) }),
    view: () => ask({ view: null }),
  };
  for (const [name, value] of Object.entries(functions)) Object.defineProperty(globalThis, name, { value });
  // The body of a function, so that it can return; async, for those who write await.
  const program = new (async () => {}).constructor(code);
  return program().then((result) => (typeof result === "string" ? result : stringify(result ?? null)));
};
