import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../bot/change/body/body.ts';
import { readMarker, writeMarker } from '../../bot/change/body/marker.ts';
import type { Batch, Proposal } from '../../bot/change/contract.ts';
import { BODY_LIMIT, code, codeCell, words } from '../../bot/change/markdown.ts';
import { branchName, titleOf } from '../../bot/change/names.ts';
import { document, finding } from './fake.ts';

const HOSTILE = [
  '@everyone please',
  'fixes #1',
  'closes GH-12',
  'owner/repo#5',
  'a | b',
  'line\nbreak\r\n# heading',
  '```\nescape',
  '`tick`',
  '<script>alert(1)</script>',
  '<!-- hidden',
  '-->',
  '![img](https://example.com/x.png)',
  '[link](javascript:alert(1))',
  'https://example.com/track',
  '\u202Egnp.exe',
  '\u0000\u001b[31m',
  '- [x] merge',
  '$(rm -rf /)',
  '&lt;b&gt;',
  '\ud800 lone',
];

function proposal(text: string): Proposal {
  const f = finding('sg-1', '22', '10.0.0.0/8', 'remove', { groupName: text, detail: text, ruleId: `sgr-${text}` });
  const file = `live/${text}.tf`;
  return {
    finding: f,
    candidate: { declaredRuleId: 'x#0', declarationId: 'x', method: 'rule-id', confidence: 0.99, reason: text },
    declaration: {
      id: `x:${text}`,
      language: 'terraform',
      form: 'legacy-rule',
      repetition: 'single',
      place: { file, line: 3 },
      range: { file, start: 0, end: 1 },
      root: text,
      rules: [],
      notes: [],
    },
    address: text,
    context: text,
    replacements: [],
    edits: [],
    togetherWith: [],
    warnings: [{ code: 'w', message: text, place: { file, line: 1 } }],
  };
}

function batch(proposals: Proposal[], text = 'live'): Batch {
  return {
    key: `terraform:${text}`,
    language: 'terraform',
    root: text,
    branch: branchName(`terraform:${text}`, text),
    title: titleOf(proposals, text),
    proposals,
    changes: [{ path: `${text}/a.tf`, before: 'a', after: '' }],
    refused: proposals.map((one) => ({ finding: one.finding, candidates: [], reasons: one.warnings })),
    proof: { rulesBefore: 9, rulesAfter: 8, removed: 1, added: 0, contexts: [text], filesChecked: [`${text}/a.tf`] },
  };
}

/** What is left when code spans are taken out, by CommonMark's rule: a run of backticks ends at the next run of the same length. */
function withoutCode(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const run = /^`+/.exec(text.slice(at))?.[0];
    if (run === undefined || text[at - 1] === '\\') {
      out += text[at];
      at += 1;
      continue;
    }
    const rest = text.slice(at + run.length);
    const end = [...rest.matchAll(/`+/g)].find((found) => found[0].length === run.length);
    out += end === undefined ? run : '';
    at += end === undefined ? run.length : run.length + end.index + run.length;
  }
  return out;
}

describe('bodyOf', () => {
  it('has what a reviewer needs', () => {
    const body = bodyOf(batch([proposal('web')]), document([]));
    for (const part of [
      '## What changes',
      '## Evidence',
      '## Proof',
      '## Risks',
      '## Not touched, and why',
      '## How to undo',
    ])
      expect(body).toContain(part);
    expect(body).toContain('none loses its last rule');
    expect(body).toContain('tcp 22 from 10.0.0.0/8');
    expect(body).toContain('2026-07-03');
    expect(body).toContain('live/web.tf:3');
  });

  it.each(HOSTILE)('defuses %j wherever a name can stand', (text) => {
    const body = bodyOf(batch([proposal(text)], text), document([]));
    const outside = withoutCode(body.replace(/<!-- pare:v1 [\w-]+ -->\n$/, ''));
    expect(outside).not.toMatch(/@(?!&#8203;)\w/);
    expect(outside).not.toMatch(/(?<!&)#\d/);
    expect(outside).not.toMatch(/GH-\d/);
    expect(outside).not.toMatch(/<(?!br>)/);
    expect(outside).not.toMatch(/(?<!\\)\]\(/);
    expect(outside).not.toMatch(/https?:\/\//);
    for (const hidden of ['\u202E', '\u0000', '\u001b']) expect(body).not.toContain(hidden);
    expect(withoutCode(body).match(/<!--/g)).toHaveLength(1);
    for (const line of body.split('\n').filter((one) => one.startsWith('| ')))
      expect(line.replaceAll('\\|', '').split('|').length - 2).toBeOneOf([6, 10]);
  });

  it('stays below the limit of hosts, says that it is cut, and keeps proof and marker', () => {
    const many = Array.from({ length: 900 }, (_, at) => proposal(`rule ${at} ${'x'.repeat(60)}`));
    const body = bodyOf(batch(many), document([]));
    expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
    expect(body).toContain('proposals.json');
    expect(body).toContain('## Proof');
    expect(readMarker(body)?.findings).toHaveLength(900);
    const all = Array.from({ length: 9000 }, (_, at) => proposal(`rule ${at}`));
    expect(bodyOf(batch(all), document([])).length).toBeLessThanOrEqual(BODY_LIMIT);
  });

  it('is the same text for the same batch', () => {
    const one = batch([proposal('web')]);
    expect(bodyOf(one, document([]))).toBe(bodyOf(one, document([])));
  });
});

describe('the hidden marker', () => {
  it('comes back as it was written, whatever the ids are', () => {
    const marker = { version: 1 as const, batch: 'terraform:-->\u202E', findings: ['f-1', '--><script>', 'ä'] };
    const text = writeMarker(marker);
    expect(text).toMatch(/^<!-- pare:v1 [\w-]+ -->$/);
    expect(readMarker(`before\n${text}\nafter`)).toEqual(marker);
  });

  it('cannot be forged by a name that stands in the body', () => {
    const forged = writeMarker({ version: 1, batch: 'forged', findings: [] });
    const body = bodyOf(batch([proposal(forged)]), document([]));
    expect(body).toContain(forged);
    expect(readMarker(body)?.batch).toBe('terraform:live');
  });

  it.each(['', '<!-- pare:v1 e30 -->', '<!-- pare:v1 %%% -->', '<!-- pare:v2 e30 -->', '<!-- pare:v1 eyJ -->'])(
    'is null for %j',
    (text) => {
      expect(readMarker(text)).toBeNull();
    },
  );
});

describe('outside text in Markdown', () => {
  it.each(HOSTILE)('stays in one cell: %j', (text) => {
    for (const out of [code(text), codeCell(text), words(text)]) expect(out).not.toMatch(/[\r\n]/);
    expect(codeCell(text).replaceAll('\\|', '')).not.toContain('|');
  });

  it('cuts what is long', () => {
    expect(code('x'.repeat(5000)).length).toBeLessThan(200);
  });
});

describe('names', () => {
  it.each(['', '.', 'live/eu-west-1', '../../etc', 'ÄÖ', '@{x}', 'a..b.lock', '-x', 'x'.repeat(300), 'a b\n'])(
    'makes a branch that git takes of %j',
    (root) => {
      expect(branchName(`terraform:${root}`, root)).toMatch(/^pare\/[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{10}$/);
    },
  );

  it('keeps the telling end of a long path, by whole words', () => {
    const root = 'cloudformation/stacks/payments.yaml';
    expect(branchName(`cloudformation:${root}`, root)).toMatch(/^pare\/stacks-payments-yaml-[0-9a-f]{10}$/);
  });

  it('tells roots apart that look alike, and is the same in every run', () => {
    expect(branchName('terraform:a/b', 'a/b')).not.toBe(branchName('terraform:a-b', 'a-b'));
    expect(branchName('terraform:live', 'live')).toBe('pare/live-37cd2531ab');
  });

  it.each(HOSTILE)('makes a harmless title of %j', (text) => {
    const title = titleOf([proposal('x')], text);
    expect(title).toMatch(/^fix\([A-Za-z0-9/_.-]+\): remove 1 unused rule$/);
    expect(title.length).toBeLessThanOrEqual(72);
  });
});
