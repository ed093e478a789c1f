import { parse } from '@cdktn/hcl2json';
import { formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { formatProtocol, hasPorts, hasTypes, parseProtocol } from '../../analyzer/model/protocol.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import type { DeclaredRule, SourceTree, TextEdit } from '../../bot/source/contract.ts';
import { becomes } from './judge.ts';

/*
 * A judge that shares nothing with the editor, neither parser nor evaluator: HashiCorp's reading of the changed files before and after. What
 * differs must lie where rules are made, and of the rules written wholly as literals none may come or go but those asked for.
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const RULE = /^aws_(security_group_rule|vpc_security_group_(ingress|egress)_rule)$/;
const GROUP = /^aws_(default_)?security_group$/;
const SOURCES: Readonly<Record<string, string>> = {
  cidr_blocks: 'cidrIpv4',
  ipv6_cidr_blocks: 'cidrIpv6',
  prefix_list_ids: 'prefixList',
  security_groups: 'group',
  source_security_group_id: 'group',
  cidr_ipv4: 'cidrIpv4',
  cidr_ipv6: 'cidrIpv6',
  prefix_list_id: 'prefixList',
  referenced_security_group_id: 'group',
};

const readings = new Map<string, Promise<Json>>();

function read(path: string, text: string): Promise<Json> {
  const key = `${path}\0${text}`;
  const known = readings.get(key);
  if (known !== undefined) return known;
  if (readings.size > 500) readings.clear();
  const made = parse(path, text.replace(/^\uFEFF/, '')) as Promise<Json>;
  readings.set(key, made);
  return made;
}

/** Null where HashiCorp's parser sees nothing but the wish, or could not read the file before either. */
export async function wrongStructure(
  before: SourceTree,
  after: SourceTree,
  edits: readonly TextEdit[],
  changed: readonly DeclaredRule[],
  asked: RuleShape | null,
  replacement: RuleShape | null,
): Promise<string | null> {
  const gone: string[] = [];
  const come: string[] = [];
  for (const path of new Set(edits.map((e) => e.range.file))) {
    if (!/\.(tf|tofu|tfvars|hcl)$/.test(path)) continue;
    const was = await read(path, before.get(path)!.text).catch(() => null);
    if (was === null) continue;
    const now = await read(path, after.get(path)!.text);
    if (!path.endsWith('.tfvars')) {
      const stray = differing(was, now, []).find((one) => !allowed(one));
      if (stray !== undefined) return `${path}: HashiCorp's parser sees ${stray.join('.')} change`;
    }
    const old = literalRules(was);
    for (const text of literalRules(now)) {
      const at = old.indexOf(text);
      if (at >= 0) old.splice(at, 1);
      else come.push(text);
    }
    gone.push(...old);
  }
  const goes = new Set(
    changed.map((r) => [r.direction, r.protocol, r.fromPort, r.toPort, r.peerKind, r.peer].join(' ')),
  );
  const wanted = new Set(changed.flatMap((r) => (replacement === null ? [] : [shapeText(r, asked, replacement)])));
  const lost = gone.find((text) => !goes.has(text));
  if (lost !== undefined) return `HashiCorp's parser sees ${lost} go`;
  const made = come.find((text) => !wanted.has(text));
  return made === undefined ? null : `HashiCorp's parser sees ${made} come`;
}

function shapeText(rule: DeclaredRule, asked: RuleShape | null, shape: RuleShape): string {
  const { protocol, fromPort, toPort, peer } = becomes(rule, asked, shape);
  return [rule.direction, protocol, fromPort, toPort, rule.peerKind, peer].join(' ');
}

function isMap(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths, as deep as the block's argument, at which two readings differ. */
function differing(a: Json, b: Json, path: readonly string[]): string[][] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const blocks = Array.isArray(a) && Array.isArray(b) && path.length <= 3 && a.length === b.length;
  if (blocks) return (a as Json[]).flatMap((one, i) => differing(one, (b as Json[])[i]!, path));
  if (!isMap(a) || !isMap(b) || path.length > 4) return [[...path]];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differing(a[key] ?? null, b[key] ?? null, [...path, key]));
}

function allowed([section = '', type = '', name, argument = '']: readonly string[]): boolean {
  // `inputs` is Terragrunt's.
  if (section === 'locals' || section === 'variable' || section === 'module' || section === 'inputs') return true;
  if (argument === 'depends_on') return true;
  if (section !== 'resource') return false;
  if (RULE.test(type) || type === '') return true;
  return GROUP.test(type) && name !== undefined && /^(ingress|egress|dynamic)$/.test(argument);
}

/** `direction protocol from to kind peer` of each rule whose every part is a literal in the file. */
function literalRules(file: Json): string[] {
  const out: string[] = [];
  const resources =
    isMap(file) && isMap(file.resource ?? null) ? (file.resource as { readonly [key: string]: Json }) : {};
  for (const [type, named] of Object.entries(resources))
    for (const bodies of isMap(named) ? Object.values(named) : [])
      for (const body of Array.isArray(bodies) ? (bodies as Json[]) : []) {
        if (!isMap(body)) continue;
        if (type === 'aws_security_group_rule') out.push(...tuples(body, body.type ?? null));
        else if (RULE.test(type)) out.push(...tuples(body, type.includes('_ingress_') ? 'ingress' : 'egress'));
        else if (GROUP.test(type))
          for (const direction of ['ingress', 'egress'])
            for (const block of Array.isArray(body[direction]) ? (body[direction] as Json[]) : [])
              if (isMap(block)) out.push(...tuples(block, direction));
      }
  return out;
}

function tuples(body: { readonly [key: string]: Json }, direction: Json): string[] {
  const text = (value: Json | undefined): string | null => {
    if (value === undefined || value === null) return '';
    return typeof value === 'object' || String(value).includes('${') ? null : String(value);
  };
  const protocolText = text(body.protocol ?? body.ip_protocol);
  const protocol = protocolText === null ? null : parseProtocol(protocolText);
  const ports = [text(body.from_port), text(body.to_port)];
  if (protocol === null || ports.includes(null) || (direction !== 'ingress' && direction !== 'egress')) return [];
  if (!hasPorts(protocol) && !hasTypes(protocol)) ports.fill('');
  if (hasPorts(protocol) && ports.some((port) => Number(port) < 0)) ports.splice(0, 2, '0', '65535');
  return Object.entries(SOURCES).flatMap(([argument, kind]) => {
    const value = body[argument] ?? null;
    return (Array.isArray(value) ? (value as Json[]) : [value]).flatMap((one) => {
      const peer = typeof one === 'string' && !one.includes('${') ? one : null;
      if (peer === null) return [];
      const cidr = kind.startsWith('cidr') ? parseCidr(peer) : null;
      const shown = cidr === null ? peer : formatCidr(cidr);
      return [[direction, formatProtocol(protocol), ...ports, kind, shown].join(' ')];
    });
  });
}
