import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import { formatProtocol, hasPorts, hasTypes, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import { canonicalShape, type Direction, type Peer, type RuleShape } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, SourceRange, ValueText } from '../../contract.ts';
import { toNumber, toText } from '../eval/convert.ts';
import { isUnknown, nameOf, type Origin, type Value } from '../eval/value.ts';

/** What one block, resource instance or object says, before it is split by source. */
export interface RuleArguments {
  direction: Direction;
  group: Value;
  protocol: Value;
  fromPort: Value;
  toPort: Value;
  description: Value | null;
  /** Each argument that names sources, in the provider's order. */
  sources: readonly { name: string; kind: DeclaredRule['peerKind']; value: Value; place: SourceRange | null }[];
}

/** A tuple with what the editor needs besides the contract's fields. */
export interface Tuple {
  peerKind: DeclaredRule['peerKind'];
  peer: Value;
  /** Chain of the peer, innermost first. */
  origin: Origin;
  /** It stands for any number of sources: a list, or a part of one, that is not known. */
  many: boolean;
}

function joinOrigins(...chains: readonly Origin[]): Origin {
  // Each chain is short (viaAll).
  const all: SourceRange[] = [];
  for (const chain of chains)
    for (const range of chain)
      if (!all.some((one) => one.start === range.start && one.end === range.end && one.file === range.file))
        all.push(range);
  return all;
}

const LISTS: ReadonlySet<string> = new Set(['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids', 'security_groups']);

/** One tuple for each source: lists by element, `self` when true. Null and empty arguments give none. */
export function split(args: RuleArguments): Tuple[] {
  return args.sources.flatMap(({ name, kind, value, place }): Tuple[] => {
    const used: Origin = place === null ? [] : [place];
    const one = (item: Value, outer: Origin): Tuple => ({
      peerKind: kind,
      peer: item,
      origin: joinOrigins(item.from, outer, used),
      many: item.t === 'unknown' && item.many === true,
    });
    if (kind === 'self') {
      if (value.t === 'bool' ? value.v : value.t === 'string' && value.v === 'true') return [one(value, [])];
      return isUnknown(value) ? [{ ...one(value, []), peerKind: 'unknown' }] : [];
    }
    if (value.t === 'null') return [];
    if (value.t === 'list') return value.items.filter((item) => item.t !== 'null').map((item) => one(item, value.from));
    return [{ ...one(value, []), many: LISTS.has(name) && isUnknown(value) }];
  });
}

export interface Texts {
  group: ValueText;
  protocol: ValueText;
  fromPort: ValueText;
  toPort: ValueText;
  peerKind: DeclaredRule['peerKind'];
  peer: ValueText;
  description: ValueText | null;
  shape: RuleShape | null;
}

/** Canonical texts and, where all is known, the shape. */
export function textsOf(args: RuleArguments, tuple: Tuple): Texts {
  const protocolText = toText(args.protocol);
  const protocol = protocolText === null ? null : parseProtocol(protocolText);
  const from = portOf(args.fromPort);
  const to = portOf(args.toPort);
  const group = textOf(args.group);
  const peer = peerText(tuple, group);
  const target = peerOf(tuple.peerKind, peer, group);
  const portsMatter = protocol === null || hasPorts(protocol) || hasTypes(protocol);
  const portsKnown = !portsMatter || (from.known && to.known);
  const shape =
    protocol === null || !portsKnown || target === null
      ? null
      : canonicalShape({
          direction: args.direction,
          protocol,
          fromPort: from.port,
          toPort: to.port,
          peer: target,
        });
  const port = (given: Port, canonical: number | null | undefined): string => {
    if (!portsMatter) return '';
    if (shape !== null) return canonical === null || canonical === undefined ? '' : String(canonical);
    return given.text;
  };
  return {
    group,
    protocol: protocol === null ? textOf(args.protocol) : formatProtocol(protocol),
    fromPort: port(from, shape?.fromPort),
    toPort: port(to, shape?.toPort),
    peerKind: tuple.peerKind,
    peer,
    description: args.description === null || args.description.t === 'null' ? null : textOf(args.description),
    shape,
  };
}

interface Port {
  known: boolean;
  port: number | null;
  text: string;
}

function portOf(value: Value): Port {
  if (value.t === 'null') return { known: true, port: null, text: '' };
  const number = toNumber(value);
  if (number !== null) return { known: true, port: number, text: String(number) };
  return { known: false, port: null, text: textOf(value) };
}

export function textOf(value: Value): ValueText {
  if (value.t === 'unknown') return value.text;
  return toText(value) ?? nameOf(value);
}

function peerText(tuple: Tuple, group: ValueText): ValueText {
  const text = textOf(tuple.peer);
  if (tuple.peerKind === 'self') return group;
  if (tuple.peer.t === 'unknown' || (tuple.peerKind !== 'cidrIpv4' && tuple.peerKind !== 'cidrIpv6')) return text;
  const cidr = parseCidr(text.trim());
  return cidr === null ? text : formatCidr(cidr);
}

function peerOf(kind: DeclaredRule['peerKind'], text: ValueText, group: ValueText): Peer | null {
  if (kind === 'self') return /^sg-/.test(group) ? { kind: 'group', groupId: group } : null;
  if (kind === 'prefixList') return /^pl-/.test(text) ? { kind: 'prefixList', prefixListId: text } : null;
  if (kind === 'group') {
    const match = /^(?:(\d{12})\/)?(sg-[0-9a-z-]+)$/.exec(text);
    if (match === null) return null;
    return { kind: 'group', groupId: match[2]!, ...(match[1] === undefined ? {} : { accountId: match[1] }) };
  }
  if (kind !== 'cidrIpv4' && kind !== 'cidrIpv6') return null;
  const cidr = parseCidr(text);
  // The provider refuses a block of the other family.
  if (cidr === null || cidr.family !== (kind === 'cidrIpv4' ? 4 : 6)) return null;
  return { kind, cidr: formatCidr(cidr) };
}
