import { join } from 'node:path';
import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { hasPorts, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import type { Peer, RuleShape } from '@pare/analyzer/model/rule.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import type { FileChange } from '../../change/contract.ts';
import { patchOf } from '../../change/patch.ts';
import { allowsSubset } from '../../change/subset.ts';
import type { DeclaredRule, SourceIndex, SourceLanguage, SourceNote } from '../../source/contract.ts';
import { applyEdits } from '../../source/text.ts';
import { writeAllAtomic } from '../atomic.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { ruleText } from './source-list.ts';
import { type IndexedSource, openSource, type SourceTreeOptions } from './source-tree.ts';

export interface SourceEditOptions extends SourceTreeOptions {
  id: string;
  at?: readonly string[];
  remove?: boolean;
  ports?: string;
  cidr?: string;
  protocol?: string;
  write?: boolean;
}

/** `pare source edit`: one verified edit, as a diff on stdout; with --write also in the files. Refusals are errors with file and line. */
export async function edit(options: SourceEditOptions, runtime: Runtime): Promise<ExitCode> {
  if (options.remove !== true && [options.ports, options.cidr, options.protocol].every((one) => one === undefined))
    throw wrong('no-operation', 'nothing says what to do with the rule', 'give --remove, --ports A-B or --cidr X');
  const source = await openSource(options, runtime);
  const { language, index, rules } = chosen(source, options);
  const [rule, ...others] = rules;
  const replacements = options.remove === true ? [] : replacementsOf(rule!, options);
  for (const one of others)
    if (replacements.length > 0 && JSON.stringify(replacementsOf(one, options)) !== JSON.stringify(replacements))
      throw wrong('different-rules', 'the rules given by --at are not the same', 'tighten them one at a time');
  const alsoRuleIds = others.map((one) => one.id);
  const result = language.edit(index, { ruleId: rule!.id, replacements, alsoRuleIds, all: true });
  if (!result.ok) throw refused(result.refusals, runtime);
  const missed = rules.filter((one) => !(result.changed ?? [rule!.id, ...alsoRuleIds]).includes(one.id));
  if (missed.length > 0)
    throw wrong(
      'edit-missed',
      `no one edit changes all of them; ${ruleText(missed[0]!)} would stay`,
      'edit them apart',
    );

  const after = applyEdits(index.tree, result.edits);
  const changes = after.files.flatMap((file): FileChange[] => {
    // A link changes with the file that it leads to, which is the one to write.
    if (file.linkTo !== undefined) return [];
    const before = index.tree.get(file.path)?.text ?? '';
    return before === file.text ? [] : [{ path: file.path, before, after: file.text }];
  });
  for (const { path, after: text } of changes) {
    const [note] = await language.check({ path, text });
    if (note !== undefined) throw refused([note], runtime);
  }
  for (const { message, place } of result.warnings)
    runtime.note('warning', terminalSafe(`${place.file}:${place.line}: ${message}`));
  if (options.write === true)
    await writeAllAtomic(changes.map(({ path, after: data }) => ({ path: join(source.root, path), data })));
  await runtime.write(patchOf(changes));
  for (const one of rules)
    runtime.note('info', `${replacements.length === 0 ? 'removes' : 'tightens'} ${ruleText(one)}`);
  runtime.note(
    'info',
    options.write === true ? `wrote ${changes.map((one) => one.path).join(', ')}` : 'verified; --write applies it',
  );
  return EXIT.clean;
}

interface Chosen {
  language: SourceLanguage;
  index: SourceIndex;
  rules: readonly DeclaredRule[];
}

function chosen(source: IndexedSource, options: SourceEditOptions): Chosen {
  // `ID#2`, as proposals.json names a rule, is ID with --at 2.
  const [, plain = options.id, number] = /^(.*)#(\d+)$/s.exec(options.id) ?? [];
  for (const { language, index } of source.languages) {
    const declaration = index.declarations.find((one) => one.id === options.id || one.id === plain);
    if (declaration === undefined) continue;
    const at = options.at ?? (declaration.id === options.id || number === undefined ? undefined : [number]);
    const { rules } = declaration;
    if (rules.length === 0)
      throw wrong(
        'no-rules',
        `${declaration.id} makes no rule as the source stands`,
        'give --state if its values come from there',
      );
    if (at === undefined && rules.length > 1)
      throw wrong(
        'several-rules',
        `${declaration.id} makes ${rules.length} rules: ${rules
          .slice(0, 4)
          .map((one, n) => `--at ${n} ${ruleText(one)}`)
          .join('; ')}${rules.length > 4 ? '; …' : ''}`,
        'say which with --at, or --at all',
      );
    if (at === undefined || at.includes('all')) return { language, index, rules };
    const picked = [...new Set(at.flatMap((text) => text.split(',')))].map((text) => {
      const found = /^\d+$/.test(text) ? rules[Number(text)] : undefined;
      if (found === undefined)
        throw wrong(
          'no-such-rule',
          `--at ${text} names none of the ${rules.length} rules of ${declaration.id}`,
          `give 0 to ${rules.length - 1}, or all`,
        );
      return found;
    });
    return { language, index, rules: picked };
  }
  throw wrong(
    'unknown-declaration',
    `no declaration has the id ${options.id}`,
    `list them with pare source list --source ${options.source}`,
  );
}

/** What shall stand instead; each provably within the rule as it is (law 4). */
function replacementsOf(rule: DeclaredRule, options: SourceEditOptions): RuleShape[] {
  const now = shapeOf(rule, options);
  const protocol = options.protocol === undefined ? now.protocol : parseProtocol(options.protocol);
  if (protocol === null)
    throw wrong('protocol', `"${options.protocol}" is no protocol`, 'give tcp, udp, icmp, icmpv6 or a number');
  if (options.ports !== undefined && !hasPorts(protocol))
    throw wrong('no-ports', `a rule for ${ruleText(rule)} has no ports`, 'give --protocol tcp or udp as well');
  const ports = options.ports === undefined ? [null] : options.ports.split(',').map(portRange);
  const cidrs = options.cidr === undefined ? [null] : options.cidr.split(',').map(block);
  const out = ports.flatMap((range) =>
    cidrs.map((peer): RuleShape => ({ ...now, protocol, ...(range ?? {}), ...(peer === null ? {} : { peer }) })),
  );
  for (const one of out)
    if (!allowsSubset(one, now))
      throw wrong(
        'opens',
        `that is not within what the rule allows now (${ruleText(rule)})`,
        'give ports and address blocks within it',
      );
  return out;
}

/** The rule's shape, with a peer that the source does not know left as it is written. */
function shapeOf(rule: DeclaredRule, options: SourceEditOptions): RuleShape {
  if (rule.shape !== null) return rule.shape;
  const protocol = parseProtocol(rule.protocol);
  const port = (text: string) => (/^-?\d+$/.test(text) ? Number(text) : null);
  const [fromPort, toPort] = [port(rule.fromPort), port(rule.toPort)];
  const unclear = protocol === null || (hasPorts(protocol) && (fromPort === null || toPort === null));
  if (unclear || (options.cidr !== undefined && /^(ref|unknown):/.test(rule.peer)))
    throw wrong(
      'unknown-values',
      `the source alone does not tell what ${ruleText(rule)} allows`,
      'give its values with --state or --stack',
    );
  const peer: Peer =
    rule.peerKind === 'cidrIpv4' || rule.peerKind === 'cidrIpv6'
      ? { kind: rule.peerKind, cidr: rule.peer }
      : rule.peerKind === 'prefixList'
        ? { kind: 'prefixList', prefixListId: rule.peer }
        : { kind: 'group', groupId: rule.peer };
  return { direction: rule.direction, protocol, fromPort, toPort, peer };
}

function portRange(text: string): { fromPort: number; toPort: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim());
  const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (match === null || from > to || to > 65535)
    throw wrong('ports', `"${text}" is no port range`, 'give --ports A-B, several joined by commas, within 0-65535');
  return { fromPort: from, toPort: to };
}

function block(text: string): Peer {
  const cidr = parseCidr(text.trim());
  if (cidr === null)
    throw wrong('cidr', `"${text}" is no address block`, 'give --cidr 10.0.0.0/8, several joined by commas');
  return { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: formatCidr(cidr) };
}

function refused(refusals: readonly SourceNote[], runtime: Runtime): PareError {
  const [first, ...others] = refusals;
  for (const { message, place } of others)
    runtime.note('warning', terminalSafe(`${place.file}:${place.line}: ${message}`));
  return new PareError({
    code: `refused-${first?.code ?? 'unknown'}`,
    message: first?.message ?? 'no edit is exact',
    next: 'nothing was changed; edit it by hand, or with --at name all rules that share the text',
    fault: 'input',
    file: first?.place.file ?? '',
    at: first?.place.line ?? 1,
  });
}

function wrong(code: string, message: string, next: string): PareError {
  return new PareError({ code: `source-edit-${code}`, message, next, fault: 'configuration' });
}
