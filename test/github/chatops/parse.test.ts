import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMAND_NAMES, commandTable } from '../../../bot/github/chatops/commands.ts';
import { formatCommand, parseCommand } from '../../../bot/github/chatops/parse.ts';
import { acting, CORPUS } from '../hostile.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z') / 1000;
const RULE = 'sgr-0123456789abcdef0';

function parsed(body: string) {
  const out = parseCommand(body, NOW);
  return out.kind === 'command' ? out.command : out.kind;
}

describe('the grammar', () => {
  it.each([
    ['/pare rerun', { name: 'rerun' }],
    ['/pare', { name: 'help' }],
    ['/PARE Status  ', { name: 'status' }],
    ['/pare explain', { name: 'explain', rule: null }],
    [`/pare explain \`${RULE}\``, { name: 'explain', rule: RULE }],
    [`/pare keep ${RULE}`, { name: 'keep', rule: RULE, until: null, reason: '' }],
    [
      `/pare keep ${RULE} until 2026-12-31 because of the audit\n\nmore text`,
      { name: 'keep', rule: RULE, until: Date.parse('2027-01-01T00:00:00Z') / 1000, reason: 'of the audit' },
    ],
    ['/pare unkeep f-0123456789ab', { name: 'unkeep', rule: 'f-0123456789ab' }],
    [`/pare narrow ${RULE} to tcp 443 from 10.0.0.0/8`, { name: 'narrow', rule: RULE, to: 'tcp 443 from 10.0.0.0/8' }],
    ['/pare pause until 2026-11-20', { name: 'pause', until: Date.parse('2026-11-21T00:00:00Z') / 1000, reason: '' }],
    ['/pare pause change freeze', { name: 'pause', until: null, reason: 'change freeze' }],
  ])('%j is a command', (body, command) => {
    expect(parsed(body)).toEqual(command);
  });

  it.each([
    '',
    'pare rerun',
    ' /pare rerun',
    '> /pare rerun',
    '`/pare rerun`',
    '```\n/pare rerun\n```',
    '    /pare rerun',
    '\n/pare rerun',
    '/parents',
    '<!-- /pare rerun -->',
    'see /pare rerun',
    '\ufeff/pare rerun',
  ])('%j is none: not at the very start, quoted, or code', (body) => {
    expect(parsed(body)).toBe('ignore');
  });

  it.each([
    ['/pare reurn', 'Did you mean `/pare rerun`?'],
    ['/pare recreat', 'Did you mean `/pare recreate`?'],
    ['/pare xyzzy', 'Commands are'],
    ['/pare keep', 'it needs a rule'],
    ['/pare keep everything', 'is no rule id'],
    [`/pare keep ${RULE} until tomorrow`, 'YYYY-MM-DD'],
    [`/pare keep ${RULE} until 2026-02-31`, 'YYYY-MM-DD'],
    [`/pare keep ${RULE} until 2026-11-19`, 'is over'],
    [`/pare narrow ${RULE}`, 'it needs “to”'],
    ['/pare rerun now', 'takes nothing'],
    ['/pare pause\n/pare resume', 'One command a comment'],
    [`/pare ${'x'.repeat(2000)}`, 'at most 1000 characters'],
  ])('%j is answered, and nothing is done', (body, part) => {
    const out = parseCommand(body, NOW);
    expect(out.kind).toBe('answer');
    expect(out.kind === 'answer' ? out.reply : '').toContain(part);
  });

  it('reads back what it writes into audit lines', () => {
    for (const body of [
      '/pare rerun',
      `/pare keep ${RULE} until 2026-12-31`,
      `/pare narrow ${RULE} to 443`,
      `/pare drop ${RULE}`,
    ]) {
      const first = parseCommand(body, NOW);
      if (first.kind !== 'command') throw new Error(body);
      expect(parseCommand(`/pare ${formatCommand(first.command)}`, NOW)).toEqual(first);
    }
  });

  it('never throws, and is quick with any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseCommand(`/pare ${text}`, NOW)),
    );
  });
});

describe('hostile strings', () => {
  it('of the corpus (at least 200) act in no reply', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(200);
    for (const text of CORPUS)
      for (const body of [`/pare ${text}`, `/pare keep ${text}`, `/pare keep ${RULE} until ${text}`, text]) {
        const out = parseCommand(body, NOW);
        if (out.kind === 'answer') expect(acting(out.reply), body).toEqual([]);
      }
  });
});

it('docs/chatops.md holds the table that the parser is made of', () => {
  const page = readFileSync(new URL('../../../docs/chatops.md', import.meta.url), 'utf8');
  expect(page).toContain(commandTable());
  for (const name of COMMAND_NAMES) expect(page).toContain(`/pare ${name}`);
});
