// What only the markup tells about a page that keeps people out: the scripts of challenge pages, and complaints of forms.

// Each is loaded by the challenge page itself, not by the pages that are protected by it.
const GATES = [
  ['cloudflare', /\/cdn-cgi\/challenge-platform\/.*\borchestrate\//],
  ['datadome', /^https:\/\/(?:ct|geo)\.captcha-delivery\.com\//],
  ['perimeterx', /^https:\/\/captcha\.(?:px-cdn|px-cloud|perimeterx)\.net\//],
  ['awswaf', /\.(?:captcha-sdk|captcha)\.awswaf\.com\/|\.awswaf\.com\/.*\/captcha\.js/],
  ['ddosguard', /\/\.well-known\/ddos-guard\/|^https:\/\/check\.ddos-guard\.net\//],
];

function gates() {
  const found = new Set();
  const scripts = page.getElementsByTagName('script');
  for (let i = 0; i < scripts.length && i < 200; i++) {
    const source = attribute(scripts[i], 'src');
    if (!source || source.length > 2000) continue;
    for (const [name, pattern] of GATES) if (pattern.test(source)) found.add(name);
  }
  return [...found];
}

const previousOf = getter(Element, 'previousElementSibling');

// Alerts in forms and right above them, as far as they do not tell of a success.
function complaints() {
  const out = [];
  const forms = page.getElementsByTagName('form');
  for (let i = 0; i < forms.length && i < 20; i++) {
    const above = previousOf(forms[i]);
    const alerts = [...Element.prototype.querySelectorAll.call(forms[i], '[role=alert]')];
    if (above && matches(above, '[role=alert]')) alerts.unshift(above);
    for (const alert of alerts.slice(0, 5)) {
      if (out.length === 3) return out;
      const visible = Element.prototype.checkVisibility.call(alert, { opacityProperty: true, visibilityProperty: true });
      if (!visible || /success|info/i.test(attribute(alert, 'class') ?? '')) continue;
      const words = textOf(alert, 160);
      if (words) out.push(words);
    }
  }
  return out;
}

function marks() {
  return { gates: gates(), complaints: complaints() };
}
