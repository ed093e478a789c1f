import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../analyzer/advice/index.ts';
import { parsePolicy, policyJsonSchema } from '../../analyzer/advice/policy-file.ts';
import { policyOf } from '../../bot/cli/work/policy.ts';

const FILE = 'pare-policy.yml';

function problems(text: string): string[] {
  const result = policyOf(text, FILE);
  return result.ok ? [] : result.problems.map((p) => `${p.at ?? '-'} ${p.message}; ${p.next}`);
}

describe('the policy file', () => {
  it('says nothing when it is empty, and means the default', () => {
    for (const text of ['', '# nothing\n', '{}']) {
      const result = policyOf(text, FILE);
      expect(result.ok, text).toBe(true);
      if (result.ok) expect(result.policy).toMatchObject(DEFAULT_POLICY);
    }
  });

  it('carries every part over', () => {
    const result = policyOf(
      `windows:
  - { group: "batch-*", days: 120 }
  - { tag: "Environment=prod", days: 90 }
protected:
  groups: [{ tag: critical, reason: the regulator asks }]
  ports: [22, tcp/3389, udp/500-4500]
  peers: [192.0.2.7/24, pl-123, sg-abc, "2001:DB8::/32"]
keeps:
  - { rule: sgr-1, reason: yearly audit, until: 2026-12-31, author: ann }
thresholds: { minCoverage: 0.9, maxMissingMass: 0.05 }
quotas: { replacements: 3, rulesPerGroup: 100 }
brake: { removals: 20, percent: 15 }
neverNarrow: [10.9.1.1/16]
`,
      FILE,
    );
    expect(result).toEqual({
      ok: true,
      policy: {
        ...DEFAULT_POLICY,
        minCoverage: 0.9,
        maxMissingMass: 0.05,
        maxReplacements: 3,
        orders: {
          windows: [
            { group: 'batch-*', days: 120 },
            { tag: 'Environment=prod', days: 90 },
          ],
          protectedGroups: [{ tag: 'critical', reason: 'the regulator asks' }],
          protectedPorts: [
            { protocol: null, from: 22, to: 22 },
            { protocol: 'tcp', from: 3389, to: 3389 },
            { protocol: 'udp', from: 500, to: 4500 },
          ],
          protectedPeers: ['192.0.2.0/24', 'pl-123', 'sg-abc', '2001:db8::/32'],
          keeps: [{ rule: 'sgr-1', reason: 'yearly audit', until: '2026-12-31', author: 'ann' }],
          neverNarrow: ['10.9.0.0/16'],
          rulesPerGroup: 100,
          brake: { removals: 20, percent: 15 },
        },
      },
    });
  });

  it('takes JSON as well', () => {
    const result = policyOf('{"thresholds": {"minWindowDays": 30}}', FILE);
    expect(result.ok && result.policy.minWindowDays).toBe(30);
  });

  it.each([
    ['a wrong key at the top', 'protect:\n  ports: [22]\n', ['1 unknown key protect; did you mean protected?']],
    [
      'a wrong key below',
      'keeps:\n  - rule: sgr-1\n    reason: x\n    untill: 2026-12-31\n',
      ['4 unknown key keeps[0].untill; did you mean until?'],
    ],
    ['a key in snake case', 'never_narrow: []\n', ['1 unknown key never_narrow; did you mean neverNarrow?']],
    [
      'a key that is like no other',
      'quotas:\n  zebra: 1\n',
      ['2 unknown key quotas.zebra; the keys here are replacements, rulesPerGroup'],
    ],
    [
      'a share above one',
      'thresholds:\n  minCoverage: 98\n',
      ['2 thresholds.minCoverage: Too big: expected number to be <=1; see docs/schema/policy.schema.json'],
    ],
    [
      'a port that is none',
      'protected:\n  ports:\n    - 22\n    - tcp/70000\n',
      ['4 protected.ports[1]: is no port: write 22, tcp/3389 or udp/500-4500; see docs/schema/policy.schema.json'],
    ],
    [
      'a backward range of ports',
      'protected:\n  ports: [90-80]\n',
      ['2 protected.ports[0]: is no port: write 22, tcp/3389 or udp/500-4500; see docs/schema/policy.schema.json'],
    ],
    [
      'a network that is none',
      'neverNarrow:\n  - 10.0.0.0/33\n',
      ['2 neverNarrow[0]: is no network in CIDR notation, such as 10.0.0.0/8; see docs/schema/policy.schema.json'],
    ],
    [
      'a keep that names nothing',
      'keeps:\n  - reason: because\n',
      [
        '2 keeps[0]: names nothing: give one of finding, rule, group, account, region; see docs/schema/policy.schema.json',
      ],
    ],
    [
      'a group named two ways',
      'windows:\n  - { group: a, tag: b, days: 3 }\n',
      ['2 windows[0]: names no group, or two ways: give one of group, tag; see docs/schema/policy.schema.json'],
    ],
    ['a key given twice', 'keeps: []\nkeeps: []\n', ['2 is no YAML: Map keys must be unique; mend this line']],
    ['a list instead of a map', '- 1\n', ['the policy: Invalid input: expected object, received array']],
  ])('names %s, with its line', (_, text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(expected.length);
    for (const [i, text] of expected.entries()) expect(found[i]).toContain(text);
  });

  it('tells every mistake and not only the first', () => {
    expect(problems('kepes: []\nbrakes: {}\nthresholds: { steadyDays: 0 }\n')).toHaveLength(3);
  });

  it('gives places as paths where there was no text', () => {
    const result = parsePolicy({ brake: { removal: 3 } }, 'pare.yml');
    expect(result).toMatchObject({
      ok: false,
      problems: [{ file: 'pare.yml', at: 'brake.removal', next: 'did you mean removals?', path: ['brake', 'removal'] }],
    });
  });

  it('is inert against hostile keys and bombs of aliases', () => {
    expect(problems('"__proto__": { minCoverage: 0 }\n').join()).toContain('__proto__');
    expect(problems('"\\e[31mred": 1\n').join()).not.toContain('\u001b');
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefg'
      .split('')
      .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdef'[i]}`).join(', ')}]`)
      .join('\n')}\n`;
    expect(problems(bomb)).toEqual(['- its aliases cannot be followed; write the values out']);
  });
});

describe('docs/policy.md', () => {
  it('shows a policy that is one, with every key there is', () => {
    const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
    const example = /```yaml\n(.*?)```/s.exec(page)![1]!;
    const result = policyOf(example, 'docs/policy.md');
    expect(result.ok ? [] : result.problems).toEqual([]);
    const { properties } = policyJsonSchema() as { properties: Record<string, unknown> };
    for (const key of Object.keys(properties)) expect(example).toContain(`\n${key}:`);
  });
});

describe('docs/schema/policy.schema.json', () => {
  it('is what the code says (else run: node docs/schema/generate.ts)', () => {
    const published = readFileSync(new URL('../../docs/schema/policy.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(policyJsonSchema());
  });
});
