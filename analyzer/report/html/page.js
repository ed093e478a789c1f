// Runs in the reader's browser, inlined by ../html.ts. Everything shown is set as text, never as markup.

(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = new Map(data.rules.map((rule) => [rule.findingId, rule]));
  const table = document.getElementById('findings-table');
  const rows = [...table.tBodies[0].rows];
  const search = document.getElementById('search');
  const direction = document.getElementById('direction');
  const boxes = [...document.querySelectorAll('[name=action]')];
  const count = document.getElementById('count');
  const none = document.getElementById('none');
  const panel = document.getElementById('panel');
  const words = rows.map((row) => `${row.textContent} ${row.dataset.text}`.toLowerCase());

  document.getElementById('tools').hidden = false;
  search.addEventListener('input', filter);
  direction.addEventListener('change', filter);
  for (const box of boxes) box.addEventListener('change', filter);
  filter();

  function filter() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const actions = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    rows.forEach((row, i) => {
      const fits =
        actions.has(row.dataset.action) &&
        (direction.value === '' || row.dataset.direction === direction.value) &&
        wanted.every((word) => words[i].includes(word));
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    count.textContent = `${number(shown)} of ${number(rows.length)} rules`;
    none.hidden = shown > 0;
  }

  for (const th of table.tHead.rows[0].cells) {
    const button = element('button', th.textContent, 'sort');
    button.type = 'button';
    th.replaceChildren(button);
    button.addEventListener('click', () => sortBy(th));
  }

  function sortBy(th) {
    const column = th.cellIndex;
    const sign = th.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    th.setAttribute('aria-sort', sign === 1 ? 'ascending' : 'descending');
    const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    const sorted = rows
      .map((row) => [key(row), row])
      .sort(
        ([a], [b]) =>
          sign * (Number.isNaN(Number(a) - Number(b)) ? (a < b ? -1 : a > b ? 1 : 0) : Number(a) - Number(b)),
      );
    table.tBodies[0].append(...sorted.map(([, row]) => row));
  }

  for (const row of rows) {
    const cell = row.querySelector('[data-open]');
    const button = element('button', cell.textContent, 'open mono');
    button.type = 'button';
    button.setAttribute('aria-haspopup', 'dialog');
    button.addEventListener('click', () => open(row.dataset.id));
    cell.replaceChildren(button);
    row.addEventListener('click', (event) => {
      if (!event.target.closest('button') && String(getSelection()) === '') open(row.dataset.id);
    });
  }
  for (const row of document.querySelectorAll('[data-group]')) {
    const label = row.querySelector('.group');
    const button = element('button', label.textContent, 'open');
    button.type = 'button';
    button.title = 'Show the rules of this group';
    label.replaceChildren(button);
    button.addEventListener('click', () => {
      search.value = row.dataset.group;
      direction.value = row.dataset.direction;
      filter();
      document.getElementById('findings').scrollIntoView();
      search.focus({ preventScroll: true });
    });
    tips(row);
  }

  /** The day under the pointer, with its figure. */
  function tips(row) {
    const svg = row.querySelector('svg');
    const days = JSON.parse(row.dataset.days);
    const title = svg.querySelector('title');
    const label = title.textContent;
    svg.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect();
      const at = Math.min(data.days - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * data.days)));
      const day = new Date(Date.parse(`${data.firstDay}T00:00:00Z`) + at * 86400000).toISOString().slice(0, 10);
      title.textContent = `${day}: ${days[day] ? `${number(days[day])} records` : 'no record'}`;
    });
    svg.addEventListener('pointerleave', () => {
      title.textContent = label;
    });
  }

  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || panel.open) return;
    if (/^(input|select|textarea)$/i.test(document.activeElement?.tagName ?? '')) return;
    event.preventDefault();
    search.focus();
  });
  panel.addEventListener('click', (event) => {
    if (event.target === panel) panel.close();
  });
  panel.addEventListener('close', () => {
    history.replaceState(null, '', '#findings');
  });
  fromHash();
  addEventListener('hashchange', fromHash);

  function fromHash() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id.startsWith('rule=') && byId.has(id.slice(5))) open(id.slice(5));
  }

  function open(id) {
    const rule = byId.get(id);
    if (rule === undefined) return;
    panel.replaceChildren(...detail(rule));
    if (!panel.open) panel.showModal();
    panel.scrollTop = 0;
    history.replaceState(null, '', `#rule=${encodeURIComponent(id)}`);
  }

  function detail(rule) {
    const close = element('button', 'Close', 'close');
    close.type = 'button';
    close.addEventListener('click', () => panel.close());
    const chip = element('span', '', `chip ${rule.action}`);
    chip.append(element('span', data.marks[rule.action], 'mark'), rule.action);
    const title = element('h2', rule.text, 'mono');
    title.id = 'panel-title';
    const out = [close, chip, title, element('p', `${rule.groupName} (${rule.groupId}), ${rule.direction}`, 'lead')];
    if (rule.description) out.push(element('p', `“${rule.description}”`, 'lead'));
    out.push(element('p', rule.detail, 'detail'));
    if (rule.instead.length > 0) {
      out.push(element('h3', 'Rules to write instead'), bullets(rule.instead.map((text) => element('code', text))));
    }
    out.push(element('h3', 'Use by day'), ...spark(rule));
    const { usage, coverage } = rule;
    out.push(
      element('h3', 'Traffic that it let in or could have'),
      pairs([
        ['Records', `${number(usage.flows)} on ${number(usage.daysSeen)} days`],
        ['Only this rule', `${number(usage.onlyPermitterFlows)} records that no other rule lets in`],
        ['Unclear', `${number(usage.uncertainFlows)} records whose opener or peer is unclear; they count as use`],
        ['Volume', `${rule.volume}, ${number(usage.packets)} packets`],
        ['First seen', usage.firstSeen ?? 'never'],
        ['Last seen', usage.lastSeen ?? 'never'],
      ]),
    );
    if (rule.evidence.length > 0) {
      out.push(
        element('h3', 'How it is known who opened the connections'),
        grid(
          ['Evidence', 'Records'],
          rule.evidence.map(([meaning, n]) => [meaning, number(n)]),
        ),
      );
    }
    if (usage.topPeers.length > 0) {
      out.push(
        element('h3', 'Peers seen most'),
        grid(
          ['Address', 'Records', 'Bytes'],
          usage.topPeers.map((p) => [p.address, number(p.flows), number(p.bytes)]),
        ),
      );
    }
    if (usage.topPorts.length > 0) {
      out.push(
        element('h3', 'Ports seen most'),
        grid(
          ['Port', 'Records', 'Bytes'],
          usage.topPorts.map((p) => [`${p.protocol} ${p.port ?? 'any'}`, number(p.flows), number(p.bytes)]),
        ),
      );
    }
    out.push(
      element('h3', 'Coverage by flow logs'),
      pairs([
        ['Covered', rule.covered],
        [
          'Hours',
          `${number(Math.floor(coverage.observedInterfaceHours))} of ${number(Math.ceil(coverage.expectedInterfaceHours))} interface-hours`,
        ],
        ['Skipped', `${number(coverage.skippedRecords)} records that AWS reports as lost`],
        ['Interfaces', coverage.interfaces.join(', ') || 'none'],
      ]),
      element('h3', 'Names'),
      pairs([
        ['Rule', rule.ruleId],
        ['Account', `${rule.accountId}, ${rule.region}`],
        ['Reason', rule.reason],
        ['Confidence', `${Math.floor(rule.confidence * 1000) / 10} %`],
        ['Finding', rule.findingId],
        ...(rule.place ? [['Source', rule.place]] : []),
      ]),
    );
    return out;
  }

  function spark(rule) {
    const days = new Map(rule.usage.perDay);
    const most = Math.max(1, ...days.values());
    const svg = shape('svg', {
      viewBox: `0 0 ${data.days * 4} 56`,
      preserveAspectRatio: 'none',
      role: 'img',
      class: 'spark',
    });
    const title = shape('title', {});
    title.textContent =
      days.size === 0 ? 'no record on any day' : `records on ${days.size} days, at most ${number(most)} on one`;
    svg.append(title, shape('line', { x1: 0, x2: data.days * 4, y1: 55.5, y2: 55.5 }));
    for (let at = 0; at < data.days; at += 1) {
      const flows = days.get(at);
      if (!flows) continue;
      const height = Math.max(2, (flows / most) * 52);
      svg.append(shape('rect', { x: at * 4, y: 55 - height, width: 3, height }));
    }
    const axis = element('div', '', 'axis');
    axis.append(
      element('span', data.firstDay),
      element('span', `most on one day: ${days.size === 0 ? 0 : number(most)}`),
      element('span', data.lastDay),
    );
    return [svg, axis];
  }

  function element(name, text, className) {
    const node = document.createElement(name);
    node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  function shape(name, attributes) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    return node;
  }
  function bullets(items) {
    const list = element('ul', '');
    for (const item of items) {
      const li = element('li', '');
      li.append(item);
      list.append(li);
    }
    return list;
  }
  function pairs(entries) {
    const list = element('dl', '');
    for (const [name, value] of entries) list.append(element('dt', name), element('dd', value));
    return list;
  }
  function grid(heads, lines) {
    const node = element('table', '');
    const head = node.createTHead().insertRow();
    heads.forEach((text, i) => {
      const th = element('th', text, i === 0 ? '' : 'num');
      th.scope = 'col';
      head.append(th);
    });
    const body = node.createTBody();
    for (const line of lines) {
      const row = body.insertRow();
      line.forEach((text, i) => {
        row.append(element('td', text, i === 0 ? '' : 'num'));
      });
    }
    return node;
  }
  function number(value) {
    return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  }
})();
