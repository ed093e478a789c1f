import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns } from '../../analyzer/model/text.ts';
import { toExplanation } from '../../analyzer/report/explain.ts';
import { toTable, wrap } from '../../analyzer/report/table.ts';
import { finding, HOSTILE, hostileDocument, sampleDocument } from './fixture.ts';

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('the table', () => {
  it('fits 80 columns and reads as the golden file', async () => {
    const table = toTable(sampleDocument(), { width: 80, color: false });
    expect(Math.max(...table.split('\n').map(columns))).toBeLessThanOrEqual(80);
    await expect(table).toMatchFileSnapshot('golden/table-80.txt');
  });

  it.each([60, 72, 100, 132, 200])('is nowhere wider than %i columns', (width) => {
    const table = toTable(sampleDocument(), { width, color: false, all: true });
    expect(Math.max(...table.split('\n').map(columns))).toBeLessThanOrEqual(width);
  });

  it('lists what can go before what stays, and the rules that stay only when asked', () => {
    const table = toTable(sampleDocument(), { width: 80, color: false });
    const at = ['REMOVE', 'NARROW', 'REVIEW', 'KEEP'].map((word) => table.indexOf(`\n${word}  `));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(Math.min(...at)).toBeGreaterThan(0);
    expect(table).not.toContain('sgr-00001000100010001');
    expect(toTable(sampleDocument(), { width: 80, color: false, all: true })).toContain('sgr-00001000100010001');
  });

  it('says the same for the same findings in another order', () => {
    const document = sampleDocument();
    const turned = { ...document, rules: [...document.rules].reverse() };
    expect(toTable(turned, { width: 80, color: false })).toBe(toTable(document, { width: 80, color: false }));
  });

  it('differs with colour by escape sequences only', () => {
    const plain = toTable(sampleDocument(), { width: 80, color: false });
    const colored = toTable(sampleDocument(), { width: 80, color: true });
    expect(colored).not.toBe(plain);
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });

  it('never cuts the id that explain wants, and gives a peer in full that does not fit', () => {
    const ruleId = `sgr-derived-${'0'.repeat(17)}`;
    const cidrIpv6 = '2001:db8:1234:5678:9abc:def0:1234:5678/128';
    const document = { ...sampleDocument(), rules: [finding({ ruleId, action: 'remove', peer: { cidrIpv6 } })] };
    const table = toTable(document, { width: 80, color: false });
    expect(table).toContain(ruleId);
    expect(table).toContain(cidrIpv6);
  });

  it('says what was not used, what nothing explains, and every warning with its next step', () => {
    const text = toTable(sampleDocument(), { width: 80, color: false }).replace(/\s+/g, ' ');
    expect(text).toContain('Not used: 2, not a flow-log file (e.g. flow-logs/README.txt)');
    expect(text).toContain('Unexplained: 12 accepted records ingress on eni-0ccc0000000000009 (unknown-group)');
    expect(text).toContain('inventory/managed-prefix-lists.json: prefix list');
    expect(text).toContain('run aws ec2 get-managed-prefix-list-entries');
  });

  it('tells together what is the same for neighbours, and apart what has figures of its own', () => {
    const detail = 'Nothing came.';
    const unused = [1, 2, 3].map((port) => finding({ action: 'remove', fromPort: port, toPort: port, detail }));
    const used = finding({ action: 'remove', fromPort: 4, toPort: 4, detail, usage: { flows: 5, daysSeen: 1 } });
    const table = toTable({ ...sampleDocument(), rules: [...unused, used] }, { width: 80, color: false });
    expect(table.split('\n').filter((line) => line.includes(detail))).toEqual([
      `    Each of these 3: ${detail}`,
      `    ${detail}`,
    ]);
    for (const { ruleId } of [...unused, used]) expect(table).toContain(ruleId);
  });

  it('shows a share below the whole never as 100 %', () => {
    const coverage = { observedInterfaceHours: 4_319.9, expectedInterfaceHours: 4_320 };
    const document = { ...sampleDocument(), rules: [finding({ action: 'remove', coverage })] };
    expect(toTable(document, { width: 80, color: false })).not.toContain('100 %');
    const text = toExplanation(document, document.rules[0]!, { width: 80, color: false });
    expect(text).toContain('4,319 of 4,320 hours (99.99 %)');
  });

  it.each(HOSTILE)('lets nothing act on the terminal: %j', (text) => {
    const table = toTable(hostileDocument(text), { width: 80, color: false, all: true });
    for (const line of table.split('\n')) expect(line).not.toMatch(INVISIBLE);
  });
});

describe('wrap', () => {
  it('keeps a number and its percent sign together', () => {
    expect(wrap('aaaa 99.99 % of all', 10, '', '')).toEqual(['aaaa', '99.99 % of', 'all']);
  });

  it('counts columns as each whole line has them', () => {
    const words = fc.array(
      fc.constantFrom('a', 'rule', '日本', 'e\u0301t\u00e9', '😀', 'x'.repeat(30), '%', '漢'.repeat(12)),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 4, max: 24 }), fc.constantFrom('', '  ', '-> '), (parts, width, indent) => {
        const text = parts.join(' ');
        const lines = wrap(text, width, indent, '  ');
        expect(lines.join('').replace(/^-> /, '').replace(/ /g, '')).toBe(text.replace(/ /g, ''));
        for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(Math.max(width, 5));
        // Greedy: no line had room for the word that follows.
        for (const [i, line] of lines.slice(0, -1).entries()) {
          const next = lines[i + 1]!.trim().split(/ (?!%)/)[0]!;
          expect(columns(line) + 1 + columns(next)).toBeGreaterThan(width - 1);
        }
      }),
    );
  });

  it('loses no character of a word wider than the line', () => {
    const word = 'x'.repeat(95);
    const lines = wrap(`a ${word} b`, 20, '', '  ');
    expect(lines.join('').replace(/\s/g, '')).toBe(`a${word}b`);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(20);
  });
});
