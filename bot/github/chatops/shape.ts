import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import type { Finding, Replacement } from '@pare/analyzer/model/finding.ts';
import { formatProtocol, hasPorts, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import { allowedSpace, isWithin, resolveNothing } from '@pare/analyzer/model/traffic.ts';
import { replacementOf } from '../../change/proposals.ts';
import { ruleOfFinding, shapeOfReplacement } from '../../mapping/live.ts';

export type ShapeResult = { ok: true; replacements: readonly Replacement[] } | { ok: false; why: string };

const FILLERS: readonly string[] = ['port', 'ports', 'from', 'for', 'on', 'and'];
const MOST = 20;

/**
 * What `narrow RULE to …` asks for: `tcp 443 10.0.0.0/8`, `ports 8080-8090 from 10.1.0.0/16, 10.2.0.0/16`. Each port stands with each
 * peer; what is not named is the rule's. Law 4: it must be within the rule. Law 3: all that the finding's own replacements allow, which is
 * all that traffic used, must be within it.
 */
export function narrowedTo(finding: Finding, text: string): ShapeResult {
  const rule = ruleOfFinding(finding);
  if (rule === null) return no('the rule cannot be read');
  const parts = partsOf(text);
  if (typeof parts === 'string') return no(parts);
  const protocol = parts.protocol ?? rule.protocol;
  if (parts.ports.length > 0 && !hasPorts(protocol)) return no(`${formatProtocol(protocol)} has no ports`);
  const same = protocol === rule.protocol;
  const own = { from: same ? rule.fromPort : null, to: same ? rule.toPort : null };
  const ports = parts.ports.length > 0 ? parts.ports : [own];
  const peers = parts.peers.length > 0 ? parts.peers : [rule.peer];
  const shapes: RuleShape[] = ports.flatMap(({ from, to }) =>
    peers.map((peer) => ({ direction: rule.direction, protocol, fromPort: from, toPort: to, peer })),
  );
  if (shapes.length > MOST) return no(`that are ${shapes.length} rules, and ${MOST} are the most`);
  const asked = allowedSpace(shapes, resolveNothing);
  if (!isWithin(asked, allowedSpace([rule], resolveNothing)))
    return no('it would allow something that the rule does not');
  const used = usedShapes(finding, rule);
  if (used === null) return no('all that the rule allows is in use or unclear, so it cannot be narrowed');
  if (!isWithin(allowedSpace(used, resolveNothing), asked)) return no('it would cut traffic that was seen');
  const canonical = shapes.map((shape) => shapeOfReplacement(rule.direction, replacementOf(shape)));
  if (canonical.some((shape) => shape === null)) return no('it cannot be written as a rule');
  return { ok: true, replacements: canonical.map((shape) => replacementOf(shape!)) };
}

/** Nothing for a rule that may go; null where the rule stays whole. */
function usedShapes(finding: Finding, rule: RuleShape): RuleShape[] | null {
  if (finding.action === 'remove') return [];
  if (finding.action !== 'narrow') return null;
  const shapes = finding.replacements.map((one) => shapeOfReplacement(rule.direction, one));
  return shapes.some((one) => one === null) ? null : shapes.map((one) => one!);
}

interface Parts {
  protocol: number | null;
  ports: { from: number; to: number }[];
  peers: RuleShape['peer'][];
}

function partsOf(text: string): Parts | string {
  const out: Parts = { protocol: null, ports: [], peers: [] };
  const words = text.split(/[\s,]+/).filter((word) => word !== '' && !FILLERS.includes(word.toLowerCase()));
  if (words.length === 0) return 'nothing is named';
  for (const word of words) {
    const ports = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word);
    const cidr = parseCidr(word);
    if (ports !== null) {
      const from = Number(ports[1]);
      const to = ports[2] === undefined ? from : Number(ports[2]);
      if (from > to || to > 65535) return `${word} is no range of ports`;
      out.ports.push({ from, to });
    } else if (cidr !== null) {
      out.peers.push({ kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: formatCidr(cidr) });
    } else if (/^sg-[0-9a-f]{8,17}$/.test(word)) {
      out.peers.push({ kind: 'group', groupId: word });
    } else if (/^pl-[0-9a-f]{8,17}$/.test(word)) {
      out.peers.push({ kind: 'prefixList', prefixListId: word });
    } else {
      const protocol = /^[a-z]/i.test(word) ? parseProtocol(word) : null;
      if (protocol === null) return 'a word is neither protocol, port, range of ports, CIDR, sg-… nor pl-…';
      if (out.protocol !== null) return 'two protocols are named';
      out.protocol = protocol;
    }
  }
  return out;
}

function no(why: string): ShapeResult {
  return { ok: false, why };
}
