import { formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { hasPorts, parseProtocol } from '../../analyzer/model/protocol.ts';
import { canonicalShape, type Peer, type RuleShape } from '../../analyzer/model/rule.ts';
import type { DeclaredRule, SourceIndex } from '../../bot/source/contract.ts';

export type Wish = 'remove' | 'tighten';

export interface Narrower {
  replacement: RuleShape;
  /** The rule as it is taken to live in AWS where the source leaves parts of it to state; null where the source says all. */
  live: RuleShape | null;
  /** What stays as it is, for each rule its own where several are asked together. */
  keeps: 'peer' | 'ports';
}

/**
 * A narrower shape of a rule: of a port range its beginning, of all protocols 443/tcp, else of the address block one half. What the source
 * does not know gets a stand-in, as a live rule would tell it. Null where nothing is narrower: one port from a group or one address.
 */
export function tighter(rule: DeclaredRule): Narrower | null {
  const shape = rule.shape ?? standIn(rule);
  const replacement = shape === null ? null : narrow(shape);
  if (shape === null || replacement === null) return null;
  const keeps = JSON.stringify(replacement.peer) === JSON.stringify(shape.peer) ? 'peer' : 'ports';
  return { replacement, live: rule.shape === null ? shape : null, keeps };
}

function narrow(shape: RuleShape): RuleShape | null {
  if (hasPorts(shape.protocol) && shape.fromPort !== null && shape.toPort !== null && shape.fromPort < shape.toPort)
    return { ...shape, toPort: shape.fromPort + Math.min(1, shape.toPort - shape.fromPort - 1) };
  if (shape.protocol === -1) return { ...shape, protocol: 6, fromPort: 443, toPort: 443 };
  if (shape.peer.kind !== 'cidrIpv4') return null;
  const cidr = parseCidr(shape.peer.cidr);
  if (cidr === null || cidr.length >= 32) return null;
  return { ...shape, peer: { kind: 'cidrIpv4', cidr: formatCidr({ ...cidr, length: cidr.length + 1 }) } };
}

const PEERS: Readonly<Record<string, Peer>> = {
  cidrIpv4: { kind: 'cidrIpv4', cidr: '198.18.0.0/16' },
  cidrIpv6: { kind: 'cidrIpv6', cidr: '2001:db8::/48' },
  prefixList: { kind: 'prefixList', prefixListId: 'pl-0123456789abcdef0' },
  group: { kind: 'group', groupId: 'sg-0123456789abcdef0' },
  self: { kind: 'group', groupId: 'sg-0123456789abcdef0' },
};

function standIn(rule: DeclaredRule): RuleShape | null {
  const known = rule.peerKind.startsWith('cidr') ? parseCidr(rule.peer) : null;
  // The provider refuses a block of the other family, so that no such rule lives.
  if (known !== null && known.family !== (rule.peerKind === 'cidrIpv4' ? 4 : 6)) return null;
  const peer = known === null ? PEERS[rule.peerKind] : { ...PEERS[rule.peerKind]!, cidr: rule.peer };
  const named = parseProtocol(rule.protocol);
  // EC2 takes no rule of a protocol that is written and is none (`protocol = ""`), so that no such rule lives either.
  if (peer === undefined || (named === null && !/^(ref|unknown):/.test(rule.protocol))) return null;
  const protocol = named ?? 6;
  if (!hasPorts(protocol))
    return canonicalShape({ direction: rule.direction, protocol, fromPort: null, toPort: null, peer: peer as Peer });
  const port = (text: string, other: number) => (/^\d+$/.test(text) ? Number(text) : other);
  const fromPort = port(rule.fromPort, port(rule.toPort, 8000));
  const toPort = port(rule.toPort, /^\d+$/.test(rule.fromPort) ? fromPort : 8100);
  return canonicalShape({ direction: rule.direction, protocol, fromPort, toPort, peer: peer as Peer });
}

/**
 * Traps 8 and 11: where one text serves several rules, an edit for one of them is refused, and is right only once all of them are stale.
 * These are the sets of rules that share more and more text with `rule`; each holds it, none twice. `keeps`: what a tightening keeps.
 */
export function sharing(
  index: SourceIndex,
  siblings: readonly DeclaredRule[],
  rule: DeclaredRule,
  wish: Wish,
  keeps: Narrower['keeps'],
): DeclaredRule[][] {
  const instance = (r: DeclaredRule) => [r.root, r.context, r.address].join('|');
  const ordinal = (r: DeclaredRule) => siblings.filter((s) => instance(s) === instance(r)).indexOf(r);
  // What only state knows is taken to be the same for all, as its stand-in is.
  const part = (text: string) => (/^(ref|unknown):/.test(text) ? '?' : text);
  const allowed = (r: DeclaredRule) =>
    [part(r.protocol), part(r.fromPort), part(r.toPort), r.peerKind, part(r.peer)].join('|');
  // A narrowing of ports is the same for every rule of these ports, whoever its peer is, and one of the peer for every rule of this peer.
  const treated = (r: DeclaredRule) =>
    (keeps === 'peer' ? [part(r.protocol), part(r.fromPort), part(r.toPort)] : [r.peerKind, part(r.peer)]).join('|');
  const rangeKey = (r: { file: string; start: number; end: number }) => `${r.file}:${r.start}:${r.end}`;
  const first = (r: DeclaredRule) => r.origins.peer.slice(0, 1).map(rangeKey).join();
  const all = index.declarations.flatMap((d) => d.rules);
  const at = ordinal(rule);
  const inner = rule.origins.declaration;
  const written = rule.origins.peer.filter(
    (r) => r.file === inner.file && r.start >= inner.start && r.end <= inner.end,
  );
  const sets = [
    siblings.filter((r) => ordinal(r) === at),
    siblings.filter((r) => allowed(r) === allowed(rule)),
    siblings.filter((r) => first(r) === first(rule)),
    ...written.map((range) => siblings.filter((r) => r.origins.peer.some((o) => rangeKey(o) === rangeKey(range)))),
    all.filter((r) => first(r) === first(rule) && first(r) !== ''),
    siblings.filter((r) => instance(r) === instance(rule)),
    [...siblings],
    ...(['fromPort', 'toPort', 'protocol'] as const).map((field) => {
      const literal = rule.origins[field].slice(0, 1).map(rangeKey).join();
      return all.filter((r) => literal !== '' && r.origins[field].slice(0, 1).map(rangeKey).join() === literal);
    }),
  ].map((set) => (wish === 'remove' ? set : set.filter((r) => treated(r) === treated(rule))));
  const seen = new Set<string>();
  return sets.filter((set) => {
    const key = set
      .map((r) => r.id)
      .sort()
      .join('\n');
    if (set.length < 2 || !set.includes(rule) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
