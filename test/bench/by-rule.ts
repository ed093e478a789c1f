import { readInventory } from '../../analyzer/inventory/index.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import { ALL_PROTOCOLS } from '../../analyzer/model/protocol.ts';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';

/**
 * What people do without a tool: one query for each rule, for the accepted records that fit it at the interfaces that wear its group. By port only, as
 * they do it: of a connection both directions, whose end of the rule has the rule's ports (for a rule of all ports, the lower port is the called
 * one). On the bench's traffic that is exact, and the bench holds its counts against the findings.
 */
export interface RuleHits {
  /** CPU seconds of the queries alone. */
  cpu: number;
  /** Records by rule id. */
  hits: Readonly<Record<string, number>>;
}

/** First port that the bench's callers take. */
const CALLERS = 32_768;

/** `count` rules spread over all kinds and groups, as queries. */
export async function ruleQueries(
  folder: string,
  flow: string,
  count: number,
): Promise<{ ruleId: string; sql: string }[]> {
  const inventory = await readInventory(folder, { configHistory: [] });
  const rules = [...inventory.rules].sort((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
  const step = Math.max(1, Math.floor(rules.length / count));
  return Array.from({ length: Math.min(count, rules.length) }, (_, n) => rules[n * step]!).map((rule) => ({
    ruleId: rule.ruleId,
    sql: queryOf(rule, inventory, flow),
  }));
}

/** Macros that the queries take. */
export const MACROS = `CREATE MACRO number_of(a) AS split_part(a, '.', 1)::BIGINT * 16777216 + split_part(a, '.', 2)::BIGINT * 65536
  + split_part(a, '.', 3)::BIGINT * 256 + split_part(a, '.', 4)::BIGINT`;

function queryOf(rule: SecurityGroupRule, inventory: Inventory, flow: string): string {
  const worn = inventory.interfaces.filter((state) => state.groups.includes(rule.groupId));
  const ids = [...new Set(worn.map((state) => state.interfaceId))];
  const side = (here: 'src' | 'dst') => {
    const there = here === 'src' ? 'dst' : 'src';
    const called = rule.direction === 'ingress' ? here : there;
    const ports =
      rule.protocol === ALL_PROTOCOLS
        ? `${called}port < ${CALLERS}`
        : `protocol = ${rule.protocol} AND ${called}port BETWEEN ${rule.fromPort} AND ${rule.toPort}`;
    return `(direction = '${here === 'src' ? 'egress' : 'ingress'}' AND ${ports} AND ${peerIs(rule, there, inventory)})`;
  };
  return `SELECT CAST(coalesce(sum(records), 0) AS BIGINT) AS hits, sum(bytes), max(last_end), count(DISTINCT CASE direction WHEN 'egress' THEN dst ELSE src END)
    FROM ${flow} WHERE action = 'ACCEPT' AND interface_id IN (${list(ids)}) AND (${side('src')} OR ${side('dst')})`;
}

function peerIs({ peer }: SecurityGroupRule, end: 'src' | 'dst', inventory: Inventory): string {
  if (peer.kind === 'group') {
    const members = inventory.interfaces.filter((state) => state.groups.includes(peer.groupId));
    return `${end} IN (${list([...new Set(members.flatMap((state) => state.addresses))])})`;
  }
  if (peer.kind !== 'cidrIpv4') throw new Error(`the bench has no rule for ${peer.kind}`);
  const [address = '', length = ''] = peer.cidr.split('/');
  if (length === '0') return 'true';
  const from = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return `number_of(${end}) BETWEEN ${from} AND ${from + 2 ** (32 - Number(length)) - 1}`;
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? 'NULL' : texts.map((text) => `'${text}'`).join(', ');
}
