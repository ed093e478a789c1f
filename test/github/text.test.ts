import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../bot/change/contract.ts';
import { planChanges } from '../../bot/change/plan.ts';
import { parseCommand } from '../../bot/github/chatops/parse.ts';
import { readConfig } from '../../bot/github/config/read.ts';
import { defaultConfig } from '../../bot/github/config/schema.ts';
import type { Memory, Unit } from '../../bot/github/contract.ts';
import { canonicalMemory, emptyMemory, readMemory, writeMemory } from '../../bot/github/dashboard/memory.ts';
import { renderDashboard } from '../../bot/github/dashboard/render.ts';
import { applyTicks, readTicks, tickId, tickLine, withoutTicks } from '../../bot/github/dashboard/ticks.ts';
import { pullText, withHandsOff, withoutHandsOff } from '../../bot/github/pulls/body.ts';
import { evidenceOf, materiallyChanged } from '../../bot/github/pulls/evidence.ts';
import { changePullMarker, fingerprint, readPullMarker } from '../../bot/github/pulls/marker.ts';
import { commitMessage, editDigest, editOfCommit, isOwnCommit } from '../../bot/github/pulls/own.ts';
import { ownersOf, readOwners } from '../../bot/github/pulls/owners.ts';
import { redactText } from '../../bot/github/pulls/redact.ts';
import { ruleOfFinding } from '../../bot/mapping/live.ts';
import { document, fakeLanguage, fakeTree, finding, sure } from '../change/fake.ts';
import { acting, CORPUS } from './hostile.ts';

async function plainBatch(): Promise<Batch> {
  const tree = fakeTree({ 'live/x.fake': 'rule a sg-1 tcp 22 22 10.0.0.0/8\n' });
  const language = fakeLanguage();
  const facts = { states: [], stacks: [] };
  const index = language.index(tree, facts);
  const one = finding('sg-1', '22', '10.0.0.0/8', 'remove');
  const mappings = [sure(ruleOfFinding(one)!, 'live/x.fake:fake.a#0')];
  const plan = await planChanges({ findings: document([one]), mappings, sources: [{ language, index, facts }] });
  return plan.batches[0]!;
}

const batch = await plainBatch();

function unit(more: Partial<Batch> = {}, draft = false): Unit {
  return { key: batch.key, branch: batch.branch, batch: { ...batch, ...more }, draft };
}

/** The batch with the text wherever it can come from outside. */
function hostile(text: string): Unit {
  const place = { file: text, line: 1 };
  const [proposal] = batch.proposals;
  const outside = {
    ...proposal!.finding,
    ruleId: text,
    groupId: text,
    groupName: text,
    detail: text,
    description: text,
  };
  return unit({
    root: text,
    proposals: [
      {
        ...proposal!,
        finding: outside,
        address: text,
        context: text,
        candidate: { ...proposal!.candidate, reason: text },
        declaration: { ...proposal!.declaration, id: text, place },
        warnings: [{ code: 'x', message: text, place }],
      },
    ],
    changes: [{ path: text, before: 'a', after: 'b' }],
    refused: [{ finding: outside, reasons: [{ code: 'x', message: text, place }], candidates: [] }],
    proof: { ...batch.proof, contexts: [text], filesChecked: [text] },
  });
}

function dashboard(text: string, memory: Memory): string {
  const { batch: b } = hostile(text);
  const one = b.proposals[0]!.finding;
  const decision = { unit: text, title: text, rules: 1, draft: false, reason: text, intentions: [] };
  return renderDashboard({
    memory,
    config: { ...defaultConfig(), keeps: [{ rule: text, reason: text, author: text, until: '2020-01-01' }] },
    facts: { defaultBranch: 'main', head: 'x', visibility: 'private', archived: false },
    decided: {
      decisions: [
        { ...decision, pull: 1, state: 'hands-off' },
        { ...decision, pull: null, state: 'waiting' },
      ],
      stopped: text,
      brake: { rules: 3, tick: tickId(text) },
    },
    opened: new Map(),
    failed: new Map([[text, text]]),
    units: {
      units: [],
      spared: (['keep', 'ignore', 'closed', 'unsure', 'together'] as const).map((kind) => ({
        finding: one,
        kind,
        by: text,
        until: text,
        reason: text,
        pull: 1,
      })),
      refused: b.refused,
      full: [{ unit: text, findings: ['f-1'] }],
    },
    problems: [text],
    now: 1_790_000_000,
  });
}

describe('hostile strings', () => {
  it('are a corpus of more than 200', () => expect(CORPUS.length).toBeGreaterThan(300));

  it('do nothing in a body, whatever it says, and its marker is still ours', () => {
    for (const text of CORPUS) {
      for (const redacted of [false, true]) {
        const { body, overflow } = pullText(hostile(text), document([]), redacted);
        expect([text, acting(body)]).toEqual([text, []]);
        expect(readPullMarker(body)).toMatchObject({ unit: batch.key, edit: editDigest(hostile(text).batch) });
        expect(overflow).toEqual([]);
        expect(body.length).toBeLessThan(65_536);
      }
    }
  });

  it('do nothing in the notice that a branch is left alone', () => {
    const { body } = pullText(unit(), document([]), false);
    for (const text of CORPUS) {
      const told = withHandsOff(body, text, 'a'.repeat(40));
      expect([text, acting(told)]).toEqual([text, []]);
      expect(withoutHandsOff(told)).toBe(body);
    }
  });

  it('do nothing on the dashboard: no box is ticked, and the memory is still ours', () => {
    for (const text of CORPUS) {
      const memory = {
        ...emptyMemory(),
        audit: [{ at: 1, by: text.slice(0, 2000), from: 'x', what: text.slice(0, 2000), outcome: 'done' as const }],
      };
      const body = dashboard(text, memory);
      expect([text, acting(body)]).toEqual([text, []]);
      expect(readTicks(body)).toEqual([]);
      expect(readMemory(body)).toEqual({ ok: true, memory: JSON.parse(JSON.stringify(memory).toWellFormed()) });
      expect(body.length).toBeLessThan(65_536);
    }
  });

  it('do nothing in a commit message: no trailer, mention, reference or line of their own', () => {
    for (const text of CORPUS) {
      const { batch: b } = hostile(text);
      const message = `${commitMessage({ ...b, key: text, title: text }).trimEnd()}\nPare-Tree: ${'a'.repeat(40)}\n`;
      const commit = { sha: 's', tree: 'a'.repeat(40), parents: ['p'], message, author: null, authorName: '' };
      expect([text, isOwnCommit(commit), editOfCommit(commit)]).toEqual([text, true, editDigest({ ...b, key: text })]);
      expect([text, message.split('\n')]).toEqual([text, expect.toSatisfy((lines: string[]) => lines.length === 8)]);
      expect([text, /@\w|#\d|\bGH-\d|:\/\//i.exec(message)?.[0]]).toEqual([text, undefined]);
    }
  });

  it('are only values in a configuration', () => {
    for (const text of CORPUS) {
      const read = readConfig(text);
      const said = read.ok ? '' : read.problems.map((one) => `${one.message}${one.next}`).join('');
      expect(said).not.toMatch(/[^\P{C}]/u);
      expect(read.ok ? read.config : defaultConfig()).toEqual(defaultConfig());
    }
  });
});

describe('a body that is too long', () => {
  it('keeps marker, proof and undo, and gives the rest to comments, so that nothing is lost', () => {
    const proposals = Array.from({ length: 500 }, (_, n) => ({
      ...batch.proposals[0]!,
      finding: {
        ...batch.proposals[0]!.finding,
        findingId: `f-${String(n).padStart(12, '0')}`,
        ruleId: `sgr-${n}-x`.padEnd(90, 'y'),
      },
    }));
    const { body, overflow } = pullText(unit({ proposals }), document([]), false);
    expect(body.length).toBeLessThan(58_100);
    expect(body).toContain('## How to undo');
    expect(body).toContain('continued in a comment below');
    expect(overflow.length).toBeGreaterThan(0);
    for (const part of overflow) expect(part.length).toBeLessThanOrEqual(58_000);
    expect(Object.values(readPullMarker(body)!.findings).flat()).toHaveLength(500);
    const all = [body, ...overflow].join('\n');
    for (let n = 0; n < 500; n += 1) expect(all.split(`sgr-${n}-x`).length - 1).toBe(3);
  });

  it('is the same text for the same input, and its marker can be changed without touching the rest', () => {
    const one = pullText(unit(), document([]), false);
    expect(pullText(unit(), document([]), false)).toEqual(one);
    expect(readPullMarker(one.body)!.body).toBe(fingerprint(one.body.slice(0, one.body.indexOf('\n\n<!-- pare-pull'))));
    const edited = `Hello\n${one.body}And goodbye`;
    const changed = changePullMarker(edited, { handsOff: 'abc' })!;
    expect(readPullMarker(changed)!.handsOff).toBe('abc');
    expect(changed.replace(/<!--.*-->/, '')).toBe(edited.replace(/<!--.*-->/, ''));
    expect(changePullMarker('nothing', {})).toBeNull();
  });
});

const words = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.toWellFormed());
const time = fc.nat({ max: 2_000_000_000 });
const closed = fc.record({ finding: words, evidence: words, pull: fc.nat(), by: words, at: time });
const memoryOf: fc.Arbitrary<Memory> = fc.record({
  version: fc.constant(1 as const),
  keeps: fc.array(
    fc.record({ finding: words, rule: words, by: words, at: time, until: fc.option(time), reason: words }),
    { maxLength: 3 },
  ),
  closed: fc.array(closed, { maxLength: 3 }),
  dropped: fc.array(closed, { maxLength: 3 }),
  narrowed: fc.constant([
    {
      finding: 'f',
      replacements: [{ protocol: 'tcp' as const, fromPort: 1, toPort: 2, cidrIpv4: '10.0.0.0/8' }],
      by: 'a',
      at: 1,
    },
  ]),
  reopened: fc.array(fc.nat(), { maxLength: 3 }),
  reclaimed: fc.array(fc.record({ branch: words, head: words }), { maxLength: 3 }),
  split: fc.array(words, { maxLength: 3 }),
  wanted: fc.array(words, { maxLength: 3 }),
  paused: fc.option(fc.record({ by: words, at: time, until: fc.option(time), reason: words })),
  settled: fc.array(fc.nat(), { maxLength: 3 }),
  watched: fc.array(
    fc.record({
      pull: fc.nat(),
      findings: fc.array(words, { maxLength: 3 }),
      mergedAt: time,
      mergeCommit: fc.option(words),
      stage: fc.constantFrom('merged', 'applied', 'regretted', 'reverted', 'done'),
      told: fc.option(fc.nat()),
    }),
    { maxLength: 3 },
  ),
  audit: fc.array(
    fc.record({ at: time, by: words, from: words, what: words, outcome: fc.constantFrom('done', 'refused', 'failed') }),
    { maxLength: 3 },
  ),
  saved: fc.record({ rules: fc.nat(), narrowed: fc.nat(), pulls: fc.nat() }),
  validAt: fc.option(time),
  lastRun: fc.option(time),
});

describe('the memory', () => {
  it('comes back from the dashboard as it was written, whatever people write around it', () => {
    fc.assert(
      fc.property(memoryOf, words, (memory, around) => {
        const body = `${around}\n${writeMemory(memory)}\n${around.replaceAll('pare-memory', '')}`;
        expect(readMemory(body)).toEqual({ ok: true, memory: canonicalMemory(memory) });
      }),
    );
  });

  it.each([
    ['', 'gone'],
    ['<!-- pare-memory:v1 AAAA -->', 'changed'],
    [writeMemory(emptyMemory()).replace(/.{8} -->$/, ' -->'), 'changed'],
    [writeMemory(emptyMemory()).replace('v1', 'v2'), 'gone'],
  ])('is never guessed from %j', (body, why) => {
    const read = readMemory(body);
    expect(read.ok ? null : read.why).toContain(why);
  });

  it('keeps the last fifty lines of the audit', () => {
    const audit = Array.from({ length: 80 }, (_, at) => ({
      at,
      by: 'a',
      from: 'b',
      what: 'c',
      outcome: 'done' as const,
    }));
    expect(canonicalMemory({ ...emptyMemory(), audit }).audit.map((one) => one.at)).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 30),
    );
  });
});

describe('ticks', () => {
  it('are read as a browser sends them, each once, and unticked for comparison', () => {
    const line = tickLine({ act: 'open', id: tickId('x') }, 'open it');
    const ticked = line.replace('[ ]', '[X]');
    expect(readTicks(`${line}\r\n${ticked}\r\n${ticked}`)).toEqual([{ act: 'open', id: tickId('x') }]);
    expect(withoutTicks(`a\r\n${ticked}`)).toBe(`a\n${line}`);
    expect(readTicks(`> ${ticked}\n  ${ticked}\n- [x] <!-- pare-tick:format:all --> x`)).toEqual([]);
  });

  it('take back a refusal for one finding, and remember the pull request only when nothing of it is left', () => {
    const two = ['f-1', 'f-2'].map((one) => ({ finding: one, evidence: 'remove.0.c4', pull: 7, by: 'a', at: 1 }));
    const memory = { ...emptyMemory(), closed: two };
    const once = applyTicks(memory, [{ act: 'unignore', id: tickId('f-1') }], 'bob', 5);
    expect(once).toMatchObject({ closed: [two[1]], reopened: [], audit: [{ by: 'bob', at: 5 }] });
    expect(applyTicks(once, [{ act: 'unignore', id: tickId('f-2') }], 'bob', 6)).toMatchObject({
      closed: [],
      reopened: [7],
    });
  });
});

describe('law 8: whose commit it is', () => {
  const tree = 'a'.repeat(40);
  const own = {
    sha: 's',
    tree,
    parents: ['p'],
    message: `x\n\nPare-Tree: ${tree}\n`,
    author: 'pare[bot]',
    authorName: 'Pare',
  };
  it.each([
    ['its own', {}, true],
    ['one under another name, as a token makes it', { author: 'alice' }, true],
    ['one with another tree', { tree: 'b'.repeat(40) }, false],
    ['a merge, even with its message', { parents: ['p', 'q'] }, false],
    ['one without the trailer', { message: 'x' }, false],
    ['one where another trailer comes last', { message: `${own.message}Pare-Tree: ${'b'.repeat(40)}\n` }, false],
  ])('%s', (_, change, expected) => expect(isOwnCommit({ ...own, ...change })).toBe(expected));
});

describe('evidence', () => {
  const base = finding('sg-1', '22', '10.0.0.0/8', 'remove');
  const cover = (observedInterfaceHours: number) => ({ ...base.coverage, observedInterfaceHours });
  it.each([
    ['more flows', { usage: { ...base.usage, flows: 9 } }, false],
    ['another confidence', { confidence: 0.5 }, false],
    ['less coverage', { coverage: cover(100) }, false],
    ['another action', { action: 'narrow' as const }, true],
    ['other replacements', { replacements: [{ protocol: 'tcp' as const, cidrIpv4: '10.1.0.0/16' }] }, true],
  ])('%s changes a mind: %s', (_, more, expected) => {
    expect(materiallyChanged(evidenceOf(base), { ...base, ...more })).toBe(expected);
  });

  it('changes with more coverage, does not depend on the order of replacements, and an unreadable no stays a no', () => {
    expect(materiallyChanged(evidenceOf({ ...base, coverage: cover(1000) }), base)).toBe(true);
    const parts = [
      { protocol: 'tcp' as const, cidrIpv4: '10.1.0.0/16' },
      { protocol: 'udp' as const, cidrIpv4: '10.2.0.0/16' },
    ];
    expect(evidenceOf({ ...base, replacements: parts })).toBe(
      evidenceOf({ ...base, replacements: [...parts].reverse() }),
    );
    expect(materiallyChanged('', base)).toBe(false);
  });
});

describe('CODEOWNERS', () => {
  const rules = readOwners(
    '# comment\n* @all # trailing\n*.tf @tf @acme/net @other/team mail@example.com\n/live/ @live\n/live/none/\ndocs/* @docs\n!x @no\n**/deep @deep\n/with\\ space @s\n',
    'acme',
  );
  it.each([
    ['readme.md', ['all']],
    ['a/b/main.tf', ['tf', 'team:net']],
    ['live/main.tf', ['live']],
    ['live/none/main.tf', []],
    ['docs/a.md', ['docs']],
    ['docs/a/b.md', ['all']],
    ['x/deep/y', ['deep']],
    ['with space/a', ['s']],
  ])('of %s are %j', (path, expected) => expect(ownersOf(rules, path)).toEqual(expected));
});

describe('redaction', () => {
  it.each([
    ['10.0.0.0/8 and 192.168.1.1', '[address] and [address]'],
    ['2001:db8::/32, ::1, fe80::1', '[address], [address], [address]'],
    ['account 111111111111', 'account [account]'],
    ['07:00 on 2026-01-02, v1.2.3', '07:00 on 2026-01-02, v1.2.3'],
  ])('%s becomes %s', (text, expected) => expect(redactText(text)).toBe(expected));

  it('leaves every finding id as it is, since commands name rules by it, and no account beside it', () => {
    const digits = (least: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: least, maxLength: 12 });
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 12, maxLength: 12 });
    const around = fc.constantFrom(
      ['', ''],
      ['`', '`'],
      ['(`', '`)'],
      ['rule ', ', and'],
      ['| ', ' |'],
      ['\n- ', '\n'],
    );
    fc.assert(
      fc.property(fc.oneof(digits(12), hex), digits(12), around, (id, account, [before, after]) => {
        const text = `${before}f-${id}${after} of ${account}`;
        expect(redactText(text)).toBe(`${before}f-${id}${after} of [account]`);
        expect(parseCommand(`/pare drop f-${id}`, 0)).toMatchObject({ command: { rule: redactText(`f-${id}`) } });
      }),
    );
  });

  it.each(['self-111111111111', 'x.f-111111111111', 'my-f-111111111111', 'ef-111111111111', '-111111111111'])(
    'takes the account out of %s, which is no finding',
    (text) => expect(redactText(text)).not.toContain('111111111111'),
  );

  it('leaves nothing of an id but its kind, and tells ids apart', () => {
    const [a, b] = ['sg-0123456789abcdef0', 'sg-0123456789abcdef1'].map(redactText);
    expect(a).toMatch(/^sg-…[0-9a-f]{4}$/);
    expect(a).not.toBe(b);
    expect(redactText('sgr-derived-0123456789abcdef0')).not.toContain('0123456789');
  });
});
