// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluateAll, evaluator, shown } from './evaluator.ts';
import { expressions, LOCALS } from './expressions.ts';
import { edgeExpressions } from './expressions-edge.ts';
import { wideExpressions } from './expressions-wide.ts';

const golden = ['console', 'console-wide'].flatMap(
  (name) => JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8')) as [string, string][],
);

const edges = JSON.parse(readFileSync(new URL('golden/console-edge.json', import.meta.url), 'utf8')) as [
  string,
  string,
][];

describe('the evaluator', () => {
  it('answers recorded expressions at the edges of the language as terraform console 1.11 did, or does not know', async () => {
    const answers = await evaluateAll(
      edges.map(([expression]) => expression),
      { 'locals.tf': LOCALS },
    );
    const other = (i: number) => answers[i] !== edges[i]![1] && !answers[i]!.startsWith('UNKNOWN');
    expect(
      edges.flatMap(([expression, answer], i) => (other(i) ? [{ expression, answer, got: answers[i] }] : [])),
    ).toEqual([]);
    expect(answers.filter((answer) => answer.startsWith('UNKNOWN')).length).toBeLessThan(edges.length / 20);
  });

  it('answers recorded expressions as terraform console 1.11 did', async () => {
    const answers = await evaluateAll(
      golden.map(([expression]) => expression),
      { 'locals.tf': LOCALS },
    );
    const wrong = golden.flatMap(([expression, answer], i) =>
      answers[i] === answer ? [] : [{ expression, answer, got: answers[i] }],
    );
    expect(wrong).toEqual([]);
  });

  it('generates the same expressions for the same seed', () => {
    expect(expressions(5, 20)).toEqual(expressions(5, 20));
    expect(wideExpressions(5, 20)).toEqual(wideExpressions(5, 20));
    expect(edgeExpressions(5, 20)).toEqual(edgeExpressions(5, 20));
  });

  it.each([
    ['keeps what is known beside an unknown list', 'concat(["10.0.0.0/8"], var.more)', 'UNKNOWN part'],
    ['names an unknown by its variable', 'var.more', 'UNKNOWN unknown:var.more'],
    ['names a reference by its address', 'aws_vpc.main.id', 'UNKNOWN ref:aws_vpc.main.id'],
    ['reads an attribute that the configuration sets', 'aws_vpc.main.cidr_block', '"10.1.0.0/16"'],
    [
      'keeps two unknowns within text apart',
      '"${aws_eip.a.public_ip}/32"',
      'UNKNOWN unknown:${aws_eip.a.public_ip}/32',
    ],
    ['indexes a counted resource', 'aws_subnet.s[1].cidr_block', '"10.1.1.0/24"'],
    ['splats a counted resource', 'aws_subnet.s[*].cidr_block', '["10.1.0.0/24","10.1.1.0/24"]'],
    ['ends a cycle', 'local.chicken', 'ERROR'],
    ['takes an unknown condition with two equal results as known', 'var.more == 1 ? "x" : "x"', '"x"'],
    ['decides && by its false side', 'false && var.more', 'false'],
    ['unindents a heredoc', 'local.heredoc', '"a\\n  b\\n"'],
    ['reads a file of the tree', 'jsondecode(file("${path.module}/data.json")).cidrs[1]', '"10.2.0.0/16"'],
    ['does not read outside the tree', 'file("../../etc/passwd")', 'UNKNOWN unknown:file("../../etc/passwd")'],
    ['renders a template of the tree', 'templatefile("t.tpl", { names = ["a", "b"] })', '"(a)(b)"'],
    ['does not run a pattern that can explode', 'regex("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")', /^UNKNOWN/],
    ['takes its own limits for no error', 'try(regex("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "none")', /^UNKNOWN/],
    ['fills in optional attributes', 'var.shape.port', '8080'],
    ['lets nothing catch what is merely not known', 'try(formatdate("YYYY", timestamp()), "2020")', /^UNKNOWN/],
    ['reads yaml', 'yamldecode(file("d.yaml")).rules[0].port', '22'],
  ])('%s', async (_, expression, answer) => {
    const value = await evaluator({
      'main.tf': `
variable "more" {}
variable "shape" {
  type    = object({ port = optional(number, 8080) })
  default = {}
}
resource "aws_vpc" "main" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_subnet" "s" {
  count      = 2
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}
locals {
  chicken = local.egg
  egg     = local.chicken
  heredoc = <<-EOT
    a
      b
  EOT
  asked   = ${expression}
}
`,
      'data.json': '{"cidrs":["10.0.0.0/8","10.2.0.0/16"]}',
      't.tpl': '%{ for n in names ~}(${n})%{ endfor ~}',
      'd.yaml': 'rules:\n  - port: 22\n',
    });
    if (typeof answer === 'string') expect(shown(value('asked'))).toBe(answer);
    else expect(shown(value('asked'))).toMatch(answer);
  });

  it('law 6: a value leads to the text that made it, innermost first', async () => {
    const text =
      'locals {\n  offices = ["10.0.0.0/8", "10.1.0.0/16"]\n  asked = [for o in concat(local.offices, []) : o][1]\n}\n';
    const value = (await evaluator({ 'main.tf': text }))('asked');
    const [first, second] = value.from;
    expect(text.slice(first!.start, first!.end)).toBe('"10.1.0.0/16"');
    expect(value.from.length).toBeGreaterThan(1);
    expect(second!.start).toBeGreaterThan(0);
  });

  it('ends a chain of ten thousand locals', async () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => `  l${i} = local.l${i + 1}`).join('\n');
    const value = await evaluator({ 'main.tf': `locals {\n${chain}\n  l10000 = 1\n  asked = local.l0\n}\n` });
    expect(shown(value('asked'))).toMatch(/^UNKNOWN/);
  });

  it('ends an expression that would grow without bound', async () => {
    const steps = Array.from(
      { length: 12 },
      (_, i) => `  l${i + 1} = concat(local.l${i}, local.l${i}, local.l${i}, local.l${i})`,
    );
    const bomb = `locals {\n  l0 = ["a"]\n${steps.join('\n')}\n  asked = length([for a in local.l12 : [for b in local.l12 : b]])\n}\n`;
    expect(shown((await evaluator({ 'main.tf': bomb }))('asked'))).toMatch(/^(ERROR|UNKNOWN)/);
  });
});
