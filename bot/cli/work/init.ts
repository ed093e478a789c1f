import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { stripControls } from '@pare/analyzer/model/text.ts';
import { readConfig } from '../../github/config/read.ts';
import { CONFIG_PATH } from '../../github/config/schema.ts';
import { writeAtomic } from '../atomic.ts';
import { readFindings } from '../read-findings.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';

export interface InitOptions {
  source: string;
  findings?: string;
  timezone?: string;
  force?: boolean;
  json?: boolean;
}

/** What a first configuration is made from. */
export interface Seen {
  timezone: string;
  codeowners: boolean;
  terraform: number;
  templates: number;
  document: FindingsDocument | null;
}

/** `pare init`: writes .github/pare.yml, or prints what it would write. Never over a file that is there, but with --force. */
export async function init(options: InitOptions, runtime: Runtime): Promise<ExitCode> {
  const path = join(options.source, CONFIG_PATH);
  const seen = await look(options);
  const text = firstConfig(seen);
  const valid = readConfig(text);
  if (!valid.ok) {
    throw new PareError({
      ...valid.problems[0]!,
      next:
        options.timezone === undefined ? 'please report it' : 'give --timezone as an IANA name, such as Europe/Berlin',
    });
  }
  if (options.json === true) {
    await runtime.write(`${JSON.stringify({ schemaVersion: 1, path, text, config: valid.config }, null, 2)}\n`);
    return EXIT.clean;
  }
  if (options.force !== true && (await exists(path))) {
    throw new PareError({
      code: 'configuration-exists',
      message: 'there is a configuration already',
      next: 'edit it, or pass --force to replace it',
      fault: 'configuration',
      file: path,
    });
  }
  await writeAtomic(path, text);
  await runtime.write(text);
  runtime.note('info', `wrote ${path}; look it over, and commit it`);
  return EXIT.clean;
}

async function look(options: InitOptions): Promise<Seen> {
  const counts = await sources(options.source);
  const owners = await Promise.all(
    ['CODEOWNERS', '.github/CODEOWNERS', 'docs/CODEOWNERS'].map((name) => exists(join(options.source, name))),
  );
  return {
    timezone: options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC',
    codeowners: owners.includes(true),
    ...counts,
    document: options.findings === undefined ? null : await readFindings(options.findings),
  };
}

const NEVER = new Set(['node_modules', '.git', '.terraform', '.pare']);
const MOST = 20_000;

/** Folders with Terraform, and files that look like templates by their name; bounded, for this is only a first guess. */
async function sources(root: string): Promise<{ terraform: number; templates: number }> {
  let terraform = 0;
  let templates = 0;
  let seen = 0;
  const queue = [root];
  for (let folder = queue.shift(); folder !== undefined && seen < MOST; folder = queue.shift()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
    if (entries === null) {
      if (folder !== root) continue;
      throw new PareError({
        code: 'source-unreadable',
        message: 'is no folder that can be read',
        next: 'give --source with the root of the repository',
        fault: 'configuration',
        file: root,
      });
    }
    seen += entries.length;
    if (entries.some((entry) => entry.isFile() && /\.tf(\.json)?$/.test(entry.name))) terraform += 1;
    for (const entry of entries) {
      if (entry.isDirectory() && !NEVER.has(entry.name)) queue.push(join(folder, entry.name));
      if (
        entry.isFile() &&
        /\.(ya?ml|json|template)$/.test(entry.name) &&
        /cloudformation|cfn|template|stack/i.test(join(folder, entry.name))
      ) {
        templates += 1;
      }
    }
  }
  return { terraform, templates };
}

/** Words by which people name rules that idle for good reason. */
const VITAL =
  /\b(dr|disaster|fail-?over|failover|standby|break-?glass|emergency|recovery|quarter(ly)?|year-?end|annual|audit|incident)\b/i;

/** The text of a first configuration: defaults said aloud, and the rules that look rare but vital kept until a person decides. Pure. */
export function firstConfig(seen: Seen): string {
  const { document } = seen;
  const accounts = new Set(document?.rules.map((rule) => rule.accountId) ?? []);
  const grouping = seen.codeowners ? 'team' : seen.terraform === 0 && seen.templates > 0 ? 'stack' : 'directory';
  const vital = (document?.rules ?? []).filter(
    (rule) => (rule.action === 'remove' || rule.action === 'narrow') && vitalWord(rule) !== null,
  );
  const lines = [
    '# Pare reads this file from the default branch. Every key is optional; docs/reference/configuration.md has them all.',
    `# Seen: ${seen.terraform} folders with Terraform, ${seen.templates} likely templates, ${seen.codeowners ? 'a' : 'no'} CODEOWNERS file${document === null ? '' : `, ${document.rules.length} rules of ${accounts.size} account${accounts.size === 1 ? '' : 's'}`}.`,
    '',
    '# Monday morning.',
    'schedule:',
    "  cron: '0 7 * * 1'",
    `  timezone: ${yaml(seen.timezone)}`,
    '',
    `# What one pull request holds: directory, stack, group, account or team.${grouping === 'team' ? ' CODEOWNERS says who owns what.' : ''}`,
    `grouping: ${grouping}`,
    '',
    '# Start small: few pull requests at a time.',
    'limits:',
    '  open: 2',
    '  new: 1',
  ];
  if (vital.length > 0) {
    lines.push('', '# These look rare but vital. Delete an entry once you know that its rule can go.', 'keeps:');
    for (const rule of vital) {
      lines.push(
        `  - finding: ${rule.findingId}`,
        `    reason: ${yaml(`${rule.groupName === '' ? rule.groupId : rule.groupName}: mentions “${vitalWord(rule)!}”`)}`,
        '    author: pare init',
      );
    }
  } else {
    lines.push(
      '',
      '# Rules that idle for good reason (disaster recovery, quarter-end, break-glass):',
      '# keeps:',
      '#   - group: dr-*',
      '#     reason: standby in the second region',
      '#     author: you',
    );
  }
  return `${lines.join('\n')}\n`;
}

function vitalWord(rule: Finding): string | null {
  return VITAL.exec(`${rule.description ?? ''} ${rule.groupName}`)?.[0] ?? null;
}

/** JSON strings are YAML strings. */
function yaml(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_/+-]*$/.test(text) ? text : JSON.stringify(stripControls(text).slice(0, 200));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
