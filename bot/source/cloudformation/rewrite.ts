import { formatProtocol, hasPorts, hasTypes, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import { peerText, type RuleShape } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule } from '../contract.ts';
import { lineBreakOf } from '../text.ts';
import { PEER_KEYS } from './declare.ts';
import { cutEntry, flowSeparator, lineStart, scalarText } from './splice.ts';
import { entryOf, type MapEntry, type MapNode } from './syntax.ts';

/** A change of the file's text, by offsets. */
export interface Change {
  start: number;
  end: number;
  text: string;
}

export type Rewrite =
  | { ok: true; changes: readonly Change[] }
  | { ok: false; code: string; message: string; offset: number };

type Group = 'parameter-fed' | 'not-writable';

/**
 * The changes that make one written rule say `target`. Only literals in the rule itself are touched: a value that comes from a parameter, a
 * mapping or a condition serves others too, and a changed Default never reaches deployed stacks (trap 15).
 */
export function rewriteRule(text: string, body: MapNode, current: DeclaredRule, target: RuleShape): Rewrite {
  const changes: Change[] = [];
  const fail = (why: Group, what: string, offset: number): Rewrite => ({
    ok: false,
    code: `cfn-${why}`,
    message:
      why === 'parameter-fed'
        ? `${what} does not stand in the rule as a literal; the rule can only be removed`
        : `${what} is written in a way that is not rewritten`,
    offset,
  });

  const protocol = entryOf(body, 'IpProtocol');
  if (protocol === undefined) return fail('not-writable', 'the protocol', body.start);
  const currentProtocol = parseProtocol(current.protocol);
  const protocolChanges = currentProtocol !== target.protocol;
  if (protocolChanges) {
    const change = setLiteral(protocol, formatProtocol(target.protocol));
    if (change === null) return fail('parameter-fed', 'the protocol', protocol.start);
    changes.push(change);
  }

  const limited = hasPorts(target.protocol) || hasTypes(target.protocol);
  const samePorts =
    !protocolChanges &&
    current.shape !== null &&
    current.shape.fromPort === target.fromPort &&
    current.shape.toPort === target.toPort;
  if (limited && !samePorts) {
    const wanted = [
      { key: 'FromPort', value: String(target.fromPort), now: current.fromPort },
      { key: 'ToPort', value: String(target.toPort), now: current.toPort },
    ];
    const missing: string[] = [];
    for (const { key, value, now } of wanted) {
      const entry = entryOf(body, key);
      if (entry === undefined) {
        missing.push(key, value);
        continue;
      }
      if (now === value) continue;
      const change = setLiteral(entry, value);
      if (change === null) return fail('parameter-fed', key, entry.start);
      changes.push(change);
    }
    if (missing.length > 0) changes.push(insertAfter(text, body, protocol, missing));
  }

  const peer = setPeer(text, body, current, target);
  if (peer === 'parameter-fed' || peer === 'not-writable') return fail(peer, 'the address or group', body.start);
  return { ok: true, changes: [...changes, ...peer] };
}

/** The peer replaced by an IPv4 block whatever stood there, a parameter too: for the placeholder of trap 14. */
export function replacePeer(
  text: string,
  body: MapNode,
  direction: 'ingress' | 'egress',
  cidr: string,
): Change[] | null {
  const entries = PEER_KEYS[direction].flatMap((key) => entryOf(body, key) ?? []);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) return null;
  const key = rename(text, entry, 'CidrIp');
  const quote = body.flow && text[entry.keyStart] === '"' ? JSON.stringify(cidr) : cidr;
  const literal = entry.value.kind === 'scalar' ? scalarText(entry.value, cidr) : null;
  return [...key, { start: entry.value.start, end: entry.value.end, text: literal ?? quote }];
}

function setPeer(text: string, body: MapNode, current: DeclaredRule, target: RuleShape): Change[] | Group {
  const entries = PEER_KEYS[target.direction].flatMap((key) => entryOf(body, key) ?? []);
  const [entry] = entries;
  if (entry === undefined) return 'not-writable';
  if (current.peerKind === 'unknown') return [];
  if (entries.length > 1) return 'not-writable';
  const wantedKind = target.peer.kind;
  const currentKind = current.peerKind === 'self' ? 'group' : current.peerKind;
  const open = /^(ref|unknown):/.test(current.peer);
  // An unknown peer of the same kind is left as it is: whether that is right shows when the edit is verified.
  if (currentKind === wantedKind && (open || current.peer === peerText(target.peer))) return [];
  const literal = setLiteral(entry, peerText(target.peer));
  if (literal === null) return 'parameter-fed';
  const owner = body.entries.findIndex((one) => one.key === 'SourceSecurityGroupOwnerId');
  const changes = [...rename(text, entry, keyOf(target)), literal];
  if (owner < 0) return changes;
  const cut = cutEntry(text, body, owner);
  if (cut === null || changes.some((c) => c.start < cut.end && cut.start < c.end)) return 'not-writable';
  return [...changes, { ...cut, text: '' }];
}

function keyOf(target: RuleShape): string {
  const side = target.direction === 'ingress' ? 'Source' : 'Destination';
  if (target.peer.kind === 'cidrIpv4') return 'CidrIp';
  if (target.peer.kind === 'cidrIpv6') return 'CidrIpv6';
  return target.peer.kind === 'prefixList' ? `${side}PrefixListId` : `${side}SecurityGroupId`;
}

function rename(text: string, entry: MapEntry, key: string): Change[] {
  if (entry.key === key) return [];
  const written = text.slice(entry.keyStart, entry.keyEnd);
  return [{ start: entry.keyStart, end: entry.keyEnd, text: written.replace(entry.key, key) }];
}

function setLiteral(entry: MapEntry, value: string): Change | null {
  const node = entry.value;
  if (node.kind !== 'scalar' || node.shared) return null;
  const text = scalarText(node, value);
  return text === null || node.start === node.end ? null : { start: node.start, end: node.end, text };
}

/** New `key value` pairs right after an entry, in the style of the map. */
function insertAfter(text: string, body: MapNode, after: MapEntry, pairs: readonly string[]): Change {
  const at = after.end;
  const lineBreak = lineBreakOf(text);
  const quoted = text[after.keyStart] === '"';
  let out = '';
  for (let i = 0; i < pairs.length; i += 2) {
    const key = quoted ? JSON.stringify(pairs[i]) : pairs[i];
    const space = /^\s*:[ \t]*/.exec(text.slice(after.keyEnd))?.[0] ?? ': ';
    const colon = space.trim() === ':' && space.length < 6 ? space : ': ';
    const separator = body.flow
      ? flowSeparator(text, body.entries, body.entries.indexOf(after), lineBreak)
      : `${lineBreak}${' '.repeat(after.keyStart - lineStart(text, after.keyStart))}`;
    out += `${separator}${key}${colon}${pairs[i + 1]}`;
  }
  if (body.flow) return { start: at, end: at, text: out };
  // Below the comment that may follow the value on its line.
  const rest = /^[ \t]*(#[^\r\n]*)?/.exec(text.slice(at))![0].length;
  return { start: at + rest, end: at + rest, text: out };
}
