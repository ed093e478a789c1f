import { formatCidr, parseCidr } from '../../../analyzer/model/address.ts';
import { canonicalShape, type Peer, type RuleShape } from '../../../analyzer/model/rule.ts';
import { cloudformation, EGRESS_PLACEHOLDER } from '../../../bot/source/cloudformation/index.ts';
import type { DeclaredRule, SourceFacts, SourceIndex, SourceTree } from '../../../bot/source/contract.ts';
import { applyEdits } from '../../../bot/source/text.ts';

/** The judge of edits, kept apart from the editor: it knows only evaluations before and after. */
export type Judgement =
  | { verdict: 'exact'; after: SourceTree; placeholder: boolean }
  | { verdict: 'refused'; codes: readonly string[] }
  | { verdict: 'wrong'; why: string };

/** What a rule is, apart from its place in a list. */
export function identity(rule: DeclaredRule): string {
  const address = rule.address.replace(/\[\d+\]$/, '');
  return [address, values(rule)].join('\0');
}

function values(rule: DeclaredRule): string {
  return [rule.context, rule.group, rule.direction, tuple(rule), rule.description ?? ''].join('\0');
}

function tuple(rule: DeclaredRule): string {
  return [rule.protocol, portOf(rule, rule.fromPort), portOf(rule, rule.toPort), rule.peerKind, rule.peer].join(' ');
}

/** Ports that mean nothing (protocols without ports) do not count. */
function portOf(rule: DeclaredRule, port: string): string {
  return rule.protocol === '-1' ? '' : port;
}

/**
 * Edits one rule and evaluates again. Exact: the difference over all contexts is the tuples of this declaration, replaced as asked, and
 * the foreign check of the file is silent.
 */
export async function judge(
  tree: SourceTree,
  facts: SourceFacts,
  before: SourceIndex,
  ruleId: string,
  replacements: readonly RuleShape[],
): Promise<Judgement> {
  const result = cloudformation.edit(before, { ruleId, replacements });
  if (!result.ok) return { verdict: 'refused', codes: result.refusals.map((refusal) => refusal.code) };
  const after = applyEdits(tree, result.edits);
  const index = cloudformation.index(after, facts);
  const changed = new Set(result.edits.map((edit) => edit.range.file));
  for (const path of changed) {
    const notes = await cloudformation.check(after.get(path)!);
    if (notes.length > 0) return { verdict: 'wrong', why: `check: ${notes[0]!.message}` };
  }
  const declaration = before.declarations.find((one) => one.rules.some((rule) => rule.id === ruleId))!;
  const gone = declaration.rules;
  const left = new Map<string, DeclaredRule[]>();
  for (const rule of before.declarations.flatMap((one) => one.rules)) {
    if (gone.includes(rule)) continue;
    left.set(identity(rule), [...(left.get(identity(rule)) ?? []), rule]);
  }
  const added: DeclaredRule[] = [];
  for (const rule of index.declarations.flatMap((one) => one.rules)) {
    const list = left.get(identity(rule));
    if (list === undefined || list.length === 0) added.push(rule);
    else list.pop();
  }
  const missing = [...left.values()].flat();
  if (missing.length > 0) return { verdict: 'wrong', why: `also lost ${missing[0]!.address} ${tuple(missing[0]!)}` };
  const placeholder = result.warnings.some((warning) => warning.code === 'cfn-egress-placeholder');
  for (const rule of gone) {
    const wanted = placeholder
      ? [`${rule.protocol} ${portOf(rule, rule.fromPort)} ${portOf(rule, rule.toPort)} cidrIpv4 ${EGRESS_PLACEHOLDER}`]
      : replacements.map((replacement) => wantedTuple(rule, replacement));
    for (const text of wanted) {
      const at = added.findIndex(
        (one) => one.context === rule.context && one.group === rule.group && tuple(one) === text,
      );
      if (at < 0)
        return { verdict: 'wrong', why: `no ${text} for ${rule.id}; there is ${added.map(tuple).join(', ')}` };
      added.splice(at, 1);
    }
  }
  if (added.length > 0) return { verdict: 'wrong', why: `also made ${added[0]!.address} ${tuple(added[0]!)}` };
  return { verdict: 'exact', after, placeholder };
}

/** The replacement as the evaluator would print it; a peer the source does not tell stays what it is. */
function wantedTuple(rule: DeclaredRule, replacement: RuleShape): string {
  const shape = canonicalShape(replacement);
  const ports = shape.fromPort === null ? ' ' : `${shape.fromPort} ${shape.toPort}`;
  const open = /^(ref|unknown):/.test(rule.peer);
  const peer =
    'cidr' in shape.peer ? shape.peer.cidr : 'groupId' in shape.peer ? shape.peer.groupId : shape.peer.prefixListId;
  return `${shape.protocol} ${ports} ${open || rule.peerKind === 'self' ? rule.peerKind : shape.peer.kind} ${open ? rule.peer : peer}`;
}

/** A strictly narrower rule in one or two parts, or null where the source leaves the ports and the peer open. */
export function narrower(rule: DeclaredRule, parts: 1 | 2): RuleShape[] | null {
  const protocol = Number(rule.protocol);
  if (!Number.isInteger(protocol)) return null;
  const peer = rule.shape?.peer ?? standIn(rule);
  const base = { direction: rule.direction, peer };
  if (protocol === -1) {
    const ports = parts === 1 ? [443] : [443, 8443];
    return ports.map((port) => ({ ...base, protocol: 6, fromPort: port, toPort: port }));
  }
  const from = /^-?\d+$/.test(rule.fromPort) ? Number(rule.fromPort) : rule.fromPort === '' ? 0 : null;
  const to = /^-?\d+$/.test(rule.toPort) ? Number(rule.toPort) : rule.toPort === '' ? 65535 : null;
  if ((protocol === 6 || protocol === 17) && from !== null && to !== null && from >= 0 && to > from + 1) {
    const narrow = [{ ...base, protocol, fromPort: from, toPort: from }];
    if (parts === 2) narrow.push({ ...base, protocol, fromPort: to, toPort: to });
    return narrow;
  }
  if (rule.shape === null && 'cidr' in peer && from !== null && to !== null) return elsewhere(rule, protocol, from, to);
  const cidr = rule.shape !== null && 'cidr' in peer ? parseCidr(peer.cidr) : null;
  if (cidr === null || rule.shape === null || cidr.length > (cidr.family === 4 ? 30 : 126)) return null;
  const halves: Peer[] = [cidr, cidr].slice(0, parts).map((one, i): Peer => {
    if (one.family === 4) {
      const value = one.value + i * 2 ** (31 - one.length);
      return { kind: 'cidrIpv4', cidr: formatCidr({ family: 4, value, length: one.length + 1 + (parts - 1) * i }) };
    }
    const value = one.value + (BigInt(i) << BigInt(127 - one.length));
    return { kind: 'cidrIpv6', cidr: formatCidr({ family: 6, value, length: one.length + 1 + (parts - 1) * i }) };
  });
  return halves.map((half) => ({ ...rule.shape!, peer: half }));
}

/** A narrower block for an address that does not stand in the rule: the editor is expected to refuse. */
function elsewhere(rule: DeclaredRule, protocol: number, fromPort: number, toPort: number): RuleShape[] {
  const peer: Peer =
    rule.peerKind === 'cidrIpv6'
      ? { kind: 'cidrIpv6', cidr: '2001:db8::/32' }
      : { kind: 'cidrIpv4', cidr: '192.0.2.0/24' };
  return [{ direction: rule.direction, protocol, fromPort, toPort, peer }];
}

/** For a peer that only deployment knows: some peer of its kind, which the editor must leave as it is written. */
function standIn(rule: DeclaredRule): Peer {
  if (rule.peerKind === 'group' || rule.peerKind === 'self') return { kind: 'group', groupId: 'sg-0123456789abcdef0' };
  if (rule.peerKind === 'prefixList') return { kind: 'prefixList', prefixListId: 'pl-0123456789abcdef0' };
  return rule.peerKind === 'cidrIpv6' ? { kind: 'cidrIpv6', cidr: '::/0' } : { kind: 'cidrIpv4', cidr: '0.0.0.0/0' };
}
