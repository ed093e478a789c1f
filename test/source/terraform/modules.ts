import fc from 'fast-check';
import type { Files } from './shop.ts';

const cidrs = ['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', '192.168.4.0/24', '172.16.0.0/12'] as const;
const list = fc.uniqueArray(fc.constantFrom(...cidrs), { minLength: 1, maxLength: 4 });
const layout = fc.constantFrom('line', 'lines', 'comments', 'no trailing comma');
const port = fc.integer({ min: 1, max: 60000 });

function listText(items: readonly string[], style: string, indent: string): string {
  const quoted = items.map((item) => `"${item}"`);
  if (style === 'line') return `[${quoted.join(', ')}]`;
  if (style === 'lines') return `[\n${quoted.map((q) => `${indent}  ${q},\n`).join('')}${indent}]`;
  if (style === 'comments')
    return `[\n${quoted.map((q, i) => `${indent}  # office ${i}\n${indent}  ${q},\n`).join('')}${indent}]`;
  return `[\n${quoted.map((q) => `${indent}  ${q}`).join(',\n')}\n${indent}]`;
}

const standalone = fc.record({
  kind: fc.constant('standalone' as const),
  list,
  layout,
  port,
  through: fc.constantFrom('here', 'local', 'variable', 'tfvars'),
});
const vpc = fc.record({
  kind: fc.constant('vpc' as const),
  list,
  port,
  repeat: fc.constantFrom('single', 'set', 'map'),
});
const inline = fc.record({
  kind: fc.constant('inline' as const),
  blocks: fc.array(fc.record({ list, layout, port }), { minLength: 1, maxLength: 3 }),
});
const dynamic = fc.record({
  kind: fc.constant('dynamic' as const),
  ports: fc.uniqueArray(port, { minLength: 1, maxLength: 4 }),
  cidr: fc.constantFrom(...cidrs),
});

const fields = (indent: string, pairs: readonly (readonly [string, string])[]): string => {
  const plain = pairs.filter(([, value]) => !value.includes('\n'));
  const width = Math.max(...plain.map(([name]) => name.length));
  const several = pairs.filter(([, value]) => value.includes('\n'));
  return [
    ...plain.map(([name, value]) => `${indent}${name.padEnd(width)} = ${value}\n`),
    ...several.map(([name, value]) => `${indent}${name} = ${value}\n`),
  ].join('');
};

/** Modules as people write them, formatted as terraform fmt does. */
export const modules: fc.Arbitrary<Files> = fc
  .array(fc.oneof(standalone, vpc, inline, dynamic), { minLength: 1, maxLength: 4 })
  .map((parts) => {
    const main: string[] = [];
    const tfvars: string[] = [];
    parts.forEach((part, i) => {
      if (part.kind === 'standalone') {
        const text = listText(part.list, part.layout, '  ');
        const name = `list_${i}`;
        if (part.through === 'local') main.push(`locals {\n  ${name} = ${text}\n}\n`);
        if (part.through === 'variable') main.push(`variable "${name}" {\n  default = ${text}\n}\n`);
        if (part.through === 'tfvars') {
          main.push(`variable "${name}" {}\n`);
          tfvars.push(`${name} = ${listText(part.list, part.layout, '')}\n`);
        }
        const use = part.through === 'here' ? text : part.through === 'local' ? `local.${name}` : `var.${name}`;
        main.push(
          `# rule ${i}\nresource "aws_security_group_rule" "r${i}" {\n${fields('  ', [
            ['type', '"ingress"'],
            ['security_group_id', `"sg-${i}"`],
            ['protocol', '"tcp"'],
            ['from_port', String(part.port)],
            ['to_port', String(part.port)],
            ['cidr_blocks', use],
          ])}}\n`,
        );
      } else if (part.kind === 'vpc') {
        const each =
          part.repeat === 'set'
            ? `toset(${listText(part.list, 'line', '')})`
            : `{ ${part.list.map((c, n) => `k${n} = "${c}"`).join(', ')} }`;
        const repeat: (readonly [string, string])[] = part.repeat === 'single' ? [] : [['for_each', each]];
        main.push(
          `resource "aws_vpc_security_group_ingress_rule" "r${i}" {\n${fields('  ', [
            ...repeat,
            ['security_group_id', `"sg-${i}"`],
            ['ip_protocol', '"tcp"'],
            ['from_port', String(part.port)],
            ['to_port', String(part.port)],
            ['cidr_ipv4', part.repeat === 'single' ? `"${part.list[0]}"` : 'each.value'],
          ])}}\n`,
        );
      } else if (part.kind === 'inline') {
        const blocks = part.blocks.map(
          (b) =>
            `  ingress {\n${fields('    ', [
              ['protocol', '"tcp"'],
              ['from_port', String(b.port)],
              ['to_port', String(b.port)],
              ['cidr_blocks', listText(b.list, b.layout, '    ')],
            ])}  }\n`,
        );
        main.push(`resource "aws_security_group" "g${i}" {\n  name = "g${i}"\n\n${blocks.join('\n')}}\n`);
      } else {
        main.push(
          `resource "aws_security_group" "g${i}" {\n  dynamic "ingress" {\n    for_each = [${part.ports.join(', ')}]\n    content {\n${fields(
            '      ',
            [
              ['protocol', '"tcp"'],
              ['from_port', 'ingress.value'],
              ['to_port', 'ingress.value'],
              ['cidr_blocks', `["${part.cidr}"]`],
            ],
          )}    }\n  }\n}\n`,
        );
      }
    });
    return { 'main.tf': main.join('\n'), ...(tfvars.length === 0 ? {} : { 'terraform.tfvars': tfvars.join('\n') }) };
  });
