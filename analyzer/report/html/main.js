// Unpacks the data, and shows the view that the address names.

import { h } from './dom.js';
import { fits, searchText } from './filter.js';
import { flowsView } from './flows.js';
import { groupView } from './group.js';
import { heatView } from './heat.js';
import { overviewView } from './overview.js';
import { rulePanel } from './rule.js';
import { rulesView } from './rules.js';
import { virtualTable } from './virtual.js';

/** The island is deflated JSON in base64: a tenth of the size, and parsed after the first paint. */
export async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const data = await new Response(stream).json();
  data.byAddress = new Map(Object.entries(data.interfaces).map(([id, { address }]) => [address, id]));
  for (const rule of data.rules) {
    rule.words = searchText(rule, data.groups[rule.group]);
    // Typed, for the heat map walks all of them at each key.
    rule.use.perDay = Uint32Array.from(rule.use.perDay);
  }
  return data;
}

export function start(data) {
  const view = document.getElementById('view');
  const overview = document.getElementById('overview');
  const notes = document.getElementById('notes');
  const nav = document.getElementById('nav');
  const panel = document.getElementById('panel');
  const byId = new Map(data.rules.map((rule) => [rule.id, rule]));
  const pageTitle = document.title;
  const app = {
    fits,
    virtualTable,
    groupHref: (group) => `#/group/${encodeURIComponent(group.key)}`,
    openRule: (id) => {
      const rule = byId.get(id);
      if (rule === undefined) return;
      panel.replaceChildren(...rulePanel(data, app, rule, () => panel.close()));
      if (!panel.open) panel.showModal();
      panel.scrollTop = 0;
      history.replaceState(null, '', `#/rule/${encodeURIComponent(id)}`);
    },
  };
  let route = '#/';
  let first = true;

  panel.addEventListener('click', (event) => {
    if (event.target === panel) panel.close();
  });
  panel.addEventListener('close', () => {
    if (location.hash.startsWith('#/rule/')) history.replaceState(null, '', route);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || panel.open) return;
    if (/^(input|select|textarea)$/i.test(document.activeElement?.tagName ?? '')) return;
    event.preventDefault();
    if (document.getElementById('search') === null) location.hash = '#/rules';
    setTimeout(() => document.getElementById('search')?.focus());
  });
  addEventListener('hashchange', go);
  nav.hidden = false;
  document.getElementById('plain').remove();
  go();

  function go() {
    const hash = location.hash === '' ? '#/' : location.hash;
    const [path, search] = hash.slice(2).split('?');
    const [kind, rest] = path.split('/');
    const argument = decode(rest ?? '');
    if (kind === 'rule' && byId.has(argument)) {
      if (first) render('rules', '', '');
      app.openRule(argument);
      return;
    }
    if (!hash.startsWith('#/')) return;
    if (panel.open) panel.close();
    route = hash;
    render(kind, argument, search ?? '');
  }

  function render(kind, argument, search) {
    const known = ['', 'rules', 'heat', 'group', 'flows'].includes(kind) ? kind : '';
    const made =
      known === 'rules'
        ? rulesView(data, app)
        : known === 'heat'
          ? heatView(data, app)
          : known === 'group'
            ? groupView(data, app, argument)
            : known === 'flows'
              ? flowsView(data, new URLSearchParams(search))
              : overviewView(data, app);
    overview.hidden = known !== '';
    notes.hidden = known !== '';
    view.replaceChildren(made.node);
    for (const link of nav.querySelectorAll('a')) {
      if (link.dataset.view === known || (known === 'group' && link.dataset.view === 'rules'))
        link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.title = known === '' ? pageTitle : `${made.title} – ${pageTitle}`;
    made.shown();
    if (!first) {
      scrollTo(0, 0);
      document.getElementById(known === '' ? 'overview-title' : 'view-title')?.focus({ preventScroll: true });
    }
    first = false;
    view.dataset.ready = known === '' ? 'overview' : known;
  }

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return '';
    }
  }
}

export function failed(error) {
  const note = h(
    'p',
    { class: 'none card', role: 'alert' },
    `The views need a browser of 2023 or newer (${error instanceof Error ? error.message : String(error)}); the list below is plain.`,
  );
  document.getElementById('view').replaceChildren(note);
}
