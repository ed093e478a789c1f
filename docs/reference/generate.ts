import { writeFileSync } from 'node:fs';
import { Command, type Option } from 'commander';
import { z } from 'zod';
import { findingsJsonSchema } from '../../analyzer/model/finding-schema.ts';
import { proposalsSchema } from '../../bot/change/proposals.ts';
import { COMMANDS } from '../../bot/cli/commands.ts';
import { configJsonSchema } from '../../bot/github/config/schema.ts';

/**
 * docs/reference/*.md, from the options and the schemas: `node docs/reference/generate.ts` writes them, test/docs fails when that was
 * forgotten.
 */
export async function referencePages(): Promise<Record<string, string>> {
  return {
    'cli.md': await commandPage(),
    'findings.md': schemaPage(
      'The findings document',
      '`pare analyze --out findings.json` writes it. Fields may be added within a `schemaVersion`; these keep their names and meaning.',
      findingsJsonSchema(),
    ),
    'proposals.md': schemaPage(
      'proposals.json',
      '`pare plan` and `pare apply` write it beside patches and bodies.',
      z.toJSONSchema(proposalsSchema, { target: 'draft-2020-12', io: 'input' }),
    ),
    'configuration.md': schemaPage(
      'Configuration: .github/pare.yml',
      'Every key is optional; `pare init` writes a first one. An unknown key is an error with its line.',
      configJsonSchema(),
    ),
  };
}

const NOTE = '<!-- Made by docs/reference/generate.ts; change the options or schemas instead. -->\n';

async function commandPage(): Promise<string> {
  const program = new Command('pare');
  for (const register of await Promise.all(COMMANDS.map((load) => load()))) register(program, () => async () => {});
  const parts = program.commands.flatMap((command) => [command, ...command.commands]).map(commandText);
  return `${NOTE}# Commands

Data goes to standard output, progress and remarks to standard error. Everywhere: \`--quiet\` (no progress and no remarks), \`--no-color\` (as \`NO_COLOR=1\`), \`--debug\` (the stack of
an error), \`--help\`. Exit codes: 0 clean, 1 error, 2 findings (with \`--detailed-exitcode\`), 3 bad configuration or usage, 130 interrupted.

Completion: \`eval "$(pare completion bash)"\`, \`eval "$(pare completion zsh)"\`, \`pare completion fish | source\`.

${parts.join('\n')}`;
}

function commandText(command: Command): string {
  const name = command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name();
  const operands = command.registeredArguments.map((one) => (one.required ? ` <${one.name()}>` : ` [${one.name()}]`));
  const options = command.options.filter((option) => !option.hidden);
  const rows = options.map(
    (option) => `| ${code(option.flags)} | ${cell(option.description)} | ${defaultOf(option)} |`,
  );
  const table = rows.length === 0 ? '' : `\n| option | meaning | default |\n|---|---|---|\n${rows.join('\n')}\n`;
  const described = command.registeredArguments
    .filter((one) => one.description !== '')
    .map((one) => `\n${code(one.name())}: ${cell(one.description)}\n`);
  return `## pare ${name}${cell(operands.join(''))}\n\n${cell(sentence(command.description()))}\n${described.join('')}${table}`;
}

function defaultOf(option: Option): string {
  if (option.mandatory) return 'needed';
  if (option.defaultValue === undefined || option.negate || option.flags.startsWith('--no-')) return '';
  return code(String(option.defaultValue));
}

interface Schema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
}

function schemaPage(title: string, lead: string, schema: object): string {
  const rows = fieldRows(schema as Schema, '');
  return `${NOTE}# ${title}

${lead}

| field | type | meaning |
|---|---|---|
${rows.join('\n')}
`;
}

function fieldRows(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = schema.required?.includes(name) === true || prefix === '' ? '' : ' (optional)';
    const fallback = isPlain(field.default) ? ` (default ${code(JSON.stringify(field.default))})` : '';
    const row = `| ${code(path)} | ${typeOf(field)}${optional} | ${cell(sentence(field.description ?? ''))}${fallback} |`;
    const inner = [field, ...(field.anyOf ?? [])].flatMap((one) =>
      one.items === undefined ? fieldRows(one, `${path}.`) : fieldRows(one.items, `${path}[].`),
    );
    return [row, ...inner];
  });
}

function isPlain(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || value === null);
}

function typeOf(field: Schema): string {
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum !== undefined) return field.enum.map((one) => code(String(one))).join(', ');
  if (field.anyOf !== undefined) return [...new Set(field.anyOf.map(typeOf))].join(' or ');
  if (field.type === 'array') return `list of ${typeOf(field.items ?? {})}`;
  return String(field.type ?? 'any');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('\n', ' ');
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await referencePages()))
    writeFileSync(new URL(name, import.meta.url), text);
}
