// The buttons of a page that comes from `pare serve`: each sends the words of a command, as a comment would say them.

import { h } from './dom.js';

/** Null on a page from a file, and for a rule that nothing can be done about. */
export function commandBlock(data, rule) {
  const { served } = data;
  if (served === undefined) return null;
  const proposed = rule.action === 'remove' || rule.action === 'narrow';
  if (!served.act) return proposed ? h('p', { class: 'hint' }, 'Commands need write access to the repository.') : null;
  const answer = h('pre', { class: 'answer', role: 'status', hidden: true });
  const until = h('input', { type: 'date', 'aria-label': 'Keep until, empty for good' });
  const reason = h('input', { type: 'text', maxlength: 300, autocomplete: 'off', 'aria-label': 'Reason to keep it' });
  const buttons = [];
  const button = (text, words) => {
    const made = h('button', { type: 'button', class: 'pill act', onclick: () => give(words()) }, text);
    buttons.push(made);
    return made;
  };
  async function give(words) {
    for (const one of buttons) one.disabled = true;
    try {
      const response = await fetch(served.url, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'x-pare-token': served.token },
        body: words,
      });
      answer.textContent = (await response.json()).reply;
    } catch {
      answer.textContent = 'The server could not be reached; nothing was done.';
    }
    answer.hidden = false;
    for (const one of buttons) one.disabled = false;
  }
  const keep = () =>
    [
      'keep',
      rule.id,
      ...(until.value === '' ? [] : ['until', until.value]),
      ...(reason.value.trim() === '' ? [] : ['because', reason.value.trim()]),
    ].join(' ');
  const openable = proposed && rule.source?.edits !== undefined && rule.source.pullRequest === undefined;
  return h(
    'section',
    { class: 'commands', 'aria-label': 'Commands' },
    openable ? button('Open pull request', () => `open ${rule.id}`) : null,
    button('Explain', () => `explain ${rule.id}`),
    proposed
      ? h(
          'fieldset',
          {},
          h('legend', {}, 'Keep as it is'),
          h('label', {}, 'until ', until),
          h('label', {}, 'because ', reason),
          button('Keep', keep),
        )
      : null,
    answer,
  );
}
