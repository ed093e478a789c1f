import { describe, expect, it } from 'vitest';
import { cloudformation } from '../../bot/source/cloudformation/index.ts';
import type { SourceIndex } from '../../bot/source/contract.ts';
import { isProblem, parseTerraformState } from '../../bot/source/state/index.ts';
import { mayExplode } from '../../bot/source/terraform/eval/functions/regex.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { sourceTree } from '../../bot/source/tree.ts';

const FACTS = { states: [], stacks: [] };

async function terraform(files: Record<string, string>): Promise<SourceIndex> {
  const language = await createTerraformLanguage();
  return language.index(sourceTree(Object.entries(files).map(([path, text]) => ({ path, text }))), FACTS);
}

const rule = (blocks: string) => `resource "aws_security_group_rule" "r" {
  type              = "ingress"
  security_group_id = "sg-1"
  protocol          = "tcp"
  from_port         = 1
  to_port           = 1
  cidr_blocks       = ${blocks}
}
`;
const HONEST = rule('["10.0.0.0/8"]').replace('"r"', '"honest"');
const peers = (index: SourceIndex) => index.declarations.flatMap((one) => one.rules.map((r) => r.peer));

/** Locals of which each holds the one before twice. */
function doubling(first: string, next: (name: string) => string): string {
  const lines = Array.from({ length: 60 }, (_, i) => `  a${i + 1} = ${next(`local.a${i}`)}\n`);
  return `locals {\n  a0 = ${first}\n${lines.join('')}}\n`;
}

// The test's own time limit ends what does not end; what is asserted is that each is told and the file beside it is still read.
describe('Terraform that is meant to break its reader', () => {
  const N = 20_000;
  it.each([
    ['parentheses', rule(`${'('.repeat(N)}1${')'.repeat(N)}`)],
    ['lists', rule('['.repeat(N) + ']'.repeat(N))],
    ['objects', rule(`${'{a='.repeat(N)}1${'}'.repeat(N)}`)],
    ['lists without end', rule('['.repeat(N))],
    ['blocks', 'a {\n'.repeat(N) + '}\n'.repeat(N)],
    ['interpolations', rule(`${'"${'.repeat(20_000)}1${'}"'.repeat(20_000)}`)],
    ['negations', rule(`${'!'.repeat(N)}true`)],
    ['operands', rule(Array(N).fill('1').join('+'))],
    ['conditionals', rule(`${'true?1:'.repeat(N)}1`)],
    ['calls', rule('f('.repeat(N) + ')'.repeat(N))],
    ['a text without end', `a = "${'x'.repeat(N)}`],
    ['a heredoc without end', `a = <<E\n${'x\n'.repeat(N)}`],
    ['a comment without end', '/*'.repeat(N)],
    ['zero bytes', '\u0000'.repeat(N)],
    ['a file of 50 MB', `# ${'x'.repeat(50_000_000)}`],
  ])('%s: one note for the file, and the others are read', async (_, text) => {
    const index = await terraform({ 'bad.tf': text, 'good.tf': HONEST });
    expect(index.notes.filter((note) => note.place.file === 'bad.tf').map((note) => note.code)).toContain(
      'invalid-source',
    );
    expect(peers(index)).toContain('10.0.0.0/8');
  });

  it.each([
    ['a list of a hundred million', rule('[for a in range(100000000) : "10.0.0.0/8"]')],
    [
      'a product of sets',
      `locals {\n  a = range(1000)\n}\n${rule('[for x in setproduct(local.a, local.a, local.a) : "10.0.0.0/8"]')}`,
    ],
    ['texts that double', doubling('"xxxxxxxxxxxx"', (a) => `"\${${a}}\${${a}}"`) + rule('[local.a60]')],
    ['lists that double', doubling('["10.0.0.0/8"]', (a) => `concat(${a}, ${a})`) + rule('local.a60')],
    ['lists of lists', doubling('["10.0.0.0/8"]', (a) => `[${a}, ${a}]`) + rule('flatten(local.a60)')],
    [
      'objects of objects',
      doubling('{ x = "10.0.0.0/8" }', (a) => `{ l = ${a}, r = ${a} }`) + rule('values(local.a60)'),
    ],
    ['JSON of lists of lists', doubling('["10.0.0.0/8"]', (a) => `[${a}, ${a}]`) + rule('[jsonencode(local.a60)]')],
    [
      'comparisons of lists of lists',
      doubling('[1]', (a) => `[${a}, ${a}]`) + rule('[local.a60 == local.a59 ? "a" : "b"]'),
    ],
    ['a text as wide as memory', rule('[format("%1000000000d", 1)]')],
    ['a number with more digits than there are', rule('[format("%.1000f", 1)]')],
    ['a pattern that backtracks', rule(`[replace("${'a'.repeat(60)}b", "/(a|aa)+$/", "x")]`)],
    ['a pattern that shares out', rule(`[replace("${'a'.repeat(5000)}b", "/a*a*a*a*c/", "x")]`)],
    ['loops within loops', rule('[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]')],
    ['numbers that square', doubling('1e999', (a) => `${a} * ${a}`) + rule('[tostring(local.a60)]')],
    ['fractions that square', doubling('1e-999', (a) => `${a} * ${a}`) + rule('[tostring(local.a60 < 1)]')],
    ['an exponent beyond numbers', rule('[tostring(1e999999999)]')],
    ['an exponent in text', rule('[tostring(tonumber("1e999999999") + 1)]')],
    ['a number of a hundred thousand digits', rule(`[tostring(${'9'.repeat(100_000)} / 7)]`)],
    [
      'a list of tuples of tuples to unify',
      `locals {\n  a = [for i in range(1000) : [for j in range(i % 20) : [for k in range(j) : k % 2 == 0 ? "x" : tostring(k)]]]\n}\n${rule('flatten(tolist([local.a, [local.a]]))')}`,
    ],
    ['a power beyond numbers', rule('[pow(10, 1000000)]')],
  ])('%s: the rule is there with a source that is not known, and the others are read', async (_, text) => {
    const index = await terraform({ 'bad/main.tf': text, 'good/main.tf': HONEST });
    const bad = index.declarations.filter((one) => one.place.file === 'bad/main.tf').flatMap((one) => one.rules);
    expect(bad.map((one) => one.shape)).toEqual(bad.map(() => null));
    expect(peers(index)).toContain('10.0.0.0/8');
  });

  it.each([
    ['locals', `locals {\n  a = local.b\n  b = [local.a]\n}\n${rule('local.a')}`, 'cycle'],
    [
      'a count of itself',
      rule('["10.0.0.0/8"]').replace('type ', 'count = length(aws_security_group_rule.r)\n  type '),
      'cycle',
    ],
    ['a module of itself', `module "m" {\n  source = "../bad"\n}\n${HONEST}`, 'cycle'],
  ])('%s in a circle: a note says so', async (_, text, code) => {
    const index = await terraform({ 'bad/main.tf': text, 'good/main.tf': HONEST });
    expect(index.notes.map((note) => note.code)).toContain(code);
    expect(peers(index)).toContain('10.0.0.0/8');
  });

  it('two modules that call each other: a note says so', async () => {
    const call = (to: string) => `module "m" {\n  source = "../${to}"\n}\n`;
    const index = await terraform({ 'a/main.tf': call('b') + HONEST, 'b/main.tf': call('a'), 'good/main.tf': HONEST });
    expect(peers(index)).toContain('10.0.0.0/8');
    expect(index.declarations.map((one) => one.place.file)).toContain('a/main.tf');
  });

  it('modules that call two each, deep: the steps are counted over all of them', async () => {
    const files: Record<string, string> = { 'good/main.tf': HONEST };
    for (let i = 0; i < 20; i += 1)
      files[`m${i}/main.tf`] =
        `module "x" {\n  source = "../m${i + 1}"\n}\nmodule "y" {\n  source = "../m${i + 1}"\n}\n`;
    files['m20/main.tf'] = HONEST;
    const index = await terraform(files);
    expect(index.notes.map((note) => note.code)).toContain('too-large');
    expect(peers(index)).toContain('10.0.0.0/8');
  });
});

describe('patterns that a backtracking engine never ends', () => {
  it.each([['(a+)+$'], ['(a|aa)+$'], ['((a*)b?)*c'], ['(?:x+x+)+y'], ['(.*)*'], ['(a{1,9}){5,}'], ['([a-z]+)*1']])(
    '%s is one',
    (pattern) => expect(mayExplode(pattern, 60)).toBe(true),
  );

  it.each([
    ['^arn:aws:([a-z0-9-]+):(.*):(.*)$'],
    ['[(+*|)]+'],
    ['\\(a+\\)+'],
    ['^(\\d+)\\.(\\d+)'],
    ['(ab)+'],
    ['[]+*]+(a)?'],
  ])('%s is none', (pattern) => expect(mayExplode(pattern, 60)).toBe(false));
});

describe('CloudFormation that is meant to break its reader', () => {
  const GROUP = 'Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n';
  const N = 100_000;
  it.each([
    [
      'lists in JSON',
      `{"Resources": {"G": {"Type": "AWS::EC2::SecurityGroup", "Properties": ${'['.repeat(N)}${']'.repeat(N)}}}}`,
      'a.json',
    ],
    [
      'objects in JSON',
      `{"Resources": {"G": {"Type": "AWS::EC2::SecurityGroup", "Properties": ${'{"a":'.repeat(N)}1${'}'.repeat(N)}}}}`,
      'a.json',
    ],
    ['flow lists in YAML', `${GROUP}X: ${'['.repeat(N)}${']'.repeat(N)}\n`, 'a.yaml'],
    [
      'mappings in YAML',
      `${GROUP}X:\n${Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`,
      'a.yaml',
    ],
    ['a file of 50 MB', `${GROUP}# ${'x'.repeat(50_000_000)}\n`, 'a.yaml'],
  ])('%s: told, and the others are read', (_, text, path) => {
    const good = `${GROUP}    Properties:\n      GroupDescription: g\n      SecurityGroupIngress:\n        - {IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}\n`;
    const index = cloudformation.index(
      sourceTree([
        { path, text },
        { path: 'good.yaml', text: good },
      ]),
      FACTS,
    );
    expect(peers(index)).toContain('10.0.0.0/8');
    expect(index.notes.map((note) => note.place.file)).toContain(path);
    expect(index.notes.every((note) => note.place.file === path && !note.message.includes('\n'))).toBe(true);
  });
});

describe('states that are meant to break their reader', () => {
  it.each([
    ['lists', `{"version": 4, "resources": ${'['.repeat(5_000_000)}`],
    ['closed lists', `{"version": 4, "resources": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a text of 50 MB', `{"version": "${'4'.repeat(50_000_000)}"}`],
    ['names of prototypes', '{"version": 4, "resources": {"__proto__": []}}'],
  ])('%s: one line', (_, text) => {
    const state = parseTerraformState(text, 's.tfstate');
    if (!isProblem(state)) throw new Error('taken for a state');
    expect(`${state.message}; ${state.next}`).toMatch(/^[^\n]{1,300}$/);
  });

  it('attributes nested deep in a resource that is no group are passed over', () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const text = `{"version": 4, "resources": [{"mode": "managed", "type": "aws_x", "name": "y", "instances": [{"attributes": {"v": ${deep}}}]}]}`;
    const state = parseTerraformState(text, 's.tfstate');
    expect(isProblem(state) ? state.code : state.rules).toEqual([]);
  });
});
