import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import { hasPorts, hasTypes, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import { canonicalShape, type Peer } from '@pare/analyzer/model/rule.ts';
import type { Declaration, DeclaredRule, SourceNote, SourceRange } from '../contract.ts';
import { placeOf, placeOfRange } from '../text.ts';
import type { Context } from './contexts.ts';
import { type Evaluator, evaluator } from './evaluate.ts';
import { conditionOf, groupNodeOf, isNoValue, type Site, sitesOf } from './sites.ts';
import { childOf, entryOf, type MapEntry, type SyntaxNode, walk } from './syntax.ts';
import type { Template } from './template.ts';
import type { Value } from './value.ts';

/** The properties that name a peer, by direction. */
export const PEER_KEYS = {
  ingress: ['CidrIp', 'CidrIpv6', 'SourcePrefixListId', 'SourceSecurityGroupId', 'SourceSecurityGroupName'],
  egress: ['CidrIp', 'CidrIpv6', 'DestinationPrefixListId', 'DestinationSecurityGroupId'],
} as const;

/** The peer of a rule that names none. */
export const NO_PEER = 'unknown:no source or destination';

type RuleBody = Omit<DeclaredRule, 'id' | 'declarationId' | 'address' | 'context' | 'group' | 'direction'>;

/** Every declaration of a template, evaluated in each of its contexts. */
export function declarationsOf(template: Template, contexts: readonly Context[]): Declaration[] {
  const evaluators = contexts.map((context) => ({ context, on: evaluator(template, context.stack) }));
  const sites = sitesOf(template);
  return sites.map((site) => {
    const range = rangeOf(template, siteSpan(site));
    const notes = notesOf(template, site);
    const rules: DeclaredRule[] = [];
    for (const { context, on } of evaluators) {
      if (!present(site, on) || (site.implicit && hasOtherEgress(site, sites, on))) continue;
      const group = groupOf(site, on);
      for (const body of rulesOf(template, site, on, group))
        rules.push({
          id: `${site.id}#${rules.length}`,
          declarationId: site.id,
          address: site.address,
          context: context.name,
          group,
          direction: site.direction,
          ...body,
        });
      if (on.exhausted)
        notes.push(noteAt(template, 'cfn-too-large', 'the template is too large to evaluate', range.start));
    }
    return {
      id: site.id,
      language: 'cloudformation' as const,
      form: site.form,
      repetition: 'single' as const,
      place: placeOfRange(template.file, range),
      range,
      root: template.file.path,
      rules,
      notes,
    };
  });
}

export function noteAt(template: Template, code: string, message: string, offset: number): SourceNote {
  return { code, message, place: { file: template.file.path, line: placeOf(template.file, offset).line } };
}

/** What a person would call the declaration: the item, the resource, or the group for AWS's default rule. */
export function siteSpan(site: Site): { start: number; end: number } {
  if (site.form === 'cfn-standalone') return site.resource.entry;
  if (site.implicit) return { start: site.resource.entry.start, end: site.resource.entry.keyEnd };
  return site.body ?? site.computed ?? site.resource.entry;
}

/** False only where a condition is known to switch the site off. */
function present(site: Site, on: Evaluator): boolean {
  if (site.resource.condition !== null && on.condition(site.resource.condition) === false) return false;
  if (site.implicit) return site.property === null || vanishes(site.property.value, on);
  return site.steps.every((step) => {
    if (step.kind === 'item') return true;
    const name = conditionOf(step.call);
    const truth = name === undefined ? null : on.condition(name);
    return truth === null || truth === (step.which === 'then');
  });
}

function vanishes(node: SyntaxNode, on: Evaluator): boolean {
  if (isNoValue(node)) return true;
  if (node.kind === 'list') return node.items.every((item) => vanishes(item, on));
  if (node.kind !== 'call' || node.name !== 'Fn::If' || node.argument.kind !== 'list') return false;
  const name = conditionOf(node);
  const truth = name === undefined ? null : on.condition(name);
  const [, then, otherwise] = node.argument.items;
  const branches = truth === null ? [then, otherwise] : [truth ? then : otherwise];
  return branches.some((branch) => branch !== undefined && vanishes(branch, on));
}

/** A standalone egress rule removes AWS's default one (docs: AWS::EC2::SecurityGroupEgress). */
function hasOtherEgress(site: Site, sites: readonly Site[], on: Evaluator): boolean {
  const own = groupOf(site, on);
  return sites.some(
    (other) =>
      other.form === 'cfn-standalone' &&
      other.direction === 'egress' &&
      present(other, on) &&
      groupOf(other, on) === own,
  );
}

export function groupOf(site: Site, on: Evaluator): string {
  if (site.form === 'cfn-inline') {
    const physical = on.stack?.resources[site.resource.logicalId];
    return physical?.startsWith('sg-') === true ? physical : `ref:${site.resource.logicalId}`;
  }
  const node = groupNodeOf(site);
  if (node === undefined) return 'unknown:no GroupId';
  return groupText(on.value(node));
}

/** `ref:WebGroup.GroupId` and `ref:WebGroup` are one group; a plain text that is no id is a name. */
function groupText(value: Value): string {
  if (value.kind === 'unknown') return value.text.replace(/^(ref:[A-Za-z0-9]+)\.(GroupId|Id)$/, '$1');
  if (value.kind !== 'text') return `unknown:a ${value.kind}`;
  return /^sg-[0-9a-z]+$/i.test(value.text) ? value.text : `unknown:group ${value.text}`;
}

function rulesOf(template: Template, site: Site, on: Evaluator, group: string): RuleBody[] {
  const declaration = rangeOf(template, siteSpan(site));
  const blank = { declaration, protocol: [], fromPort: [], toPort: [], peer: [] };
  if (site.implicit) return [implicitEgress(blank)];
  const evaluated = site.body === null ? undefined : on.value(site.body);
  if (evaluated?.kind !== 'map') {
    const why = `unknown:${site.computed?.kind === 'call' ? site.computed.name : 'a computed item'}`;
    const open = { protocol: why, fromPort: why, toPort: why, peerKind: 'unknown' as const, peer: why };
    return [{ ...open, description: null, shape: null, origins: blank }];
  }
  const get = (key: string) => evaluated.entries.get(key);
  const protocol = protocolText(get('IpProtocol'));
  const [fromPort, toPort] = portTexts(get('FromPort'), get('ToPort'));
  const description = get('Description') === undefined ? null : plainText(get('Description'));
  const owner = get('SourceSecurityGroupOwnerId');
  const peers = PEER_KEYS[site.direction].flatMap((key) => {
    const value = get(key);
    return value === undefined ? [] : [{ key, value }];
  });
  // Which of several is there hangs on conditions that are not known: one rule, by one of them.
  const alternatives =
    peers.length > 1 && peers.every(({ key, value }) => value.kind === 'unknown' && isChoice(site, key));
  const single = alternatives ? oneOf(peers.map((peer) => peer.value)) : undefined;
  const listed = peers.length === 0 ? [{ key: 'none', value: undefined }] : peers;
  return (single === undefined ? listed : [{ key: 'alternatives', value: single }]).map(({ key, value }) => {
    const named = peerOf(key, value, group, owner?.kind === 'text' ? owner.text : null);
    const parts = { protocol, fromPort, toPort };
    return {
      ...parts,
      peerKind: named.peerKind,
      peer: named.text,
      description,
      shape: shapeOf(site, parts, named.peer),
      origins: {
        declaration,
        protocol: get('IpProtocol')?.origins ?? [],
        fromPort: get('FromPort')?.origins ?? [],
        toPort: get('ToPort')?.origins ?? [],
        peer: value?.origins ?? [],
      },
    };
  });
}

function isChoice(site: Site, key: string): boolean {
  const node = childOf(site.body ?? undefined, key);
  return node?.kind === 'call' && node.name === 'Fn::If';
}

function oneOf(values: readonly Value[]): Value {
  const texts = values.map((value) => plainText(value).replace(/^unknown:/, ''));
  return { kind: 'unknown', text: `unknown:${texts.join(' or ')}`, origins: values.flatMap((value) => value.origins) };
}

/** EC2 gives each new group in a VPC one rule: all traffic to 0.0.0.0/0. */
function implicitEgress(origins: RuleBody['origins']): RuleBody {
  const shape = canonicalShape({
    direction: 'egress',
    protocol: -1,
    fromPort: null,
    toPort: null,
    peer: { kind: 'cidrIpv4', cidr: '0.0.0.0/0' },
  });
  const parts = { protocol: '-1', fromPort: '', toPort: '', peerKind: 'cidrIpv4' as const, peer: '0.0.0.0/0' };
  return { ...parts, description: null, shape, origins };
}

/** Text that is not a ValueText prefix of ours by accident cannot occur here: protocols, ports and CIDRs have no colon-words. */
function plainText(value: Value | undefined): string {
  if (value === undefined) return '';
  if (value.kind === 'text') return value.text.trim();
  return value.kind === 'unknown' ? value.text : `unknown:a ${value.kind}`;
}

/** EC2 takes both ports or, for every port, neither. */
function portTexts(from: Value | undefined, to: Value | undefined): [string, string] {
  if (from !== undefined && to === undefined) return [plainText(from), 'unknown:no ToPort'];
  if (from === undefined && to !== undefined) return ['unknown:no FromPort', plainText(to)];
  return [plainText(from), plainText(to)];
}

function protocolText(value: Value | undefined): string {
  const text = plainText(value);
  if (value?.kind !== 'text') return text === '' ? 'unknown:no IpProtocol' : text;
  const protocol = parseProtocol(text);
  return protocol === null ? `unknown:protocol ${text}` : String(protocol);
}

function peerOf(
  key: string,
  value: Value | undefined,
  group: string,
  ownerId: string | null,
): { peerKind: DeclaredRule['peerKind']; text: string; peer: Peer | null } {
  if (value === undefined) return { peerKind: 'unknown', text: NO_PEER, peer: null };
  if (key === 'alternatives') return { peerKind: 'unknown', text: plainText(value), peer: null };
  if (key === 'CidrIp' || key === 'CidrIpv6') {
    const kind = key === 'CidrIp' ? 'cidrIpv4' : 'cidrIpv6';
    const text = plainText(value);
    const cidr = value.kind === 'text' ? parseCidr(text) : null;
    if (cidr === null) return { peerKind: kind, text: value.kind === 'text' ? `unknown:${text}` : text, peer: null };
    const canonical = formatCidr(cidr);
    const peer: Peer = { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: canonical };
    return { peerKind: peer.kind, text: canonical, peer };
  }
  if (key.endsWith('PrefixListId')) {
    const text = plainText(value);
    return {
      peerKind: 'prefixList',
      text,
      peer: text.startsWith('pl-') ? { kind: 'prefixList', prefixListId: text } : null,
    };
  }
  const text = groupText(value);
  const known = text.startsWith('sg-');
  const account = ownerId !== null && /^\d{12}$/.test(ownerId) ? { accountId: ownerId } : {};
  const peer: Peer | null = known ? { kind: 'group', groupId: text, ...account } : null;
  return { peerKind: text === group && !text.startsWith('unknown:') ? 'self' : 'group', text, peer };
}

function shapeOf(
  site: Site,
  parts: { protocol: string; fromPort: string; toPort: string },
  peer: Peer | null,
): DeclaredRule['shape'] {
  const protocol = parseProtocol(parts.protocol);
  if (protocol === null || peer === null) return null;
  const limited = hasPorts(protocol) || hasTypes(protocol);
  const fromPort = limited ? portOf(parts.fromPort) : null;
  const toPort = limited ? portOf(parts.toPort) : null;
  if (fromPort === undefined || toPort === undefined) return null;
  return canonicalShape({ direction: site.direction, protocol, fromPort, toPort, peer });
}

function portOf(text: string): number | null | undefined {
  if (text === '') return null;
  return /^-?\d{1,5}$/.test(text) ? Number(text) : undefined;
}

function notesOf(template: Template, site: Site): SourceNote[] {
  const { start } = siteSpan(site);
  const notes: SourceNote[] = [];
  const note = (code: string, message: string, offset: number) => notes.push(noteAt(template, code, message, offset));
  if (template.generated !== null)
    note(template.generated.code, `${template.generated.message}; it is not edited`, template.generated.offset);
  if (site.implicit)
    note(
      'cfn-default-egress',
      'no SecurityGroupEgress is written, so AWS allows all egress by its default rule',
      start,
    );
  if (site.computed?.kind === 'scalar')
    note('cfn-not-a-rule', 'a word stands where CloudFormation takes a rule; it is not edited', site.computed.start);
  else if (site.computed !== null)
    note('cfn-computed', 'the rule is not written out as a map of properties; it is not edited', site.computed.start);
  if (site.body?.shared === true) note('cfn-alias', 'the rule is shared by a YAML anchor; it is not edited', start);
  const inside = transformIn(template, site);
  if (inside !== undefined)
    note('cfn-macro', `${site.resource.logicalId} is rewritten by Fn::Transform; it is not edited`, inside.start);
  return notes;
}

/** Most templates need no look at each of their nodes: the word stands in the text, unless an escape in quotes hides it. */
function transformIn(template: Template, { resource }: Site): SyntaxNode | MapEntry | undefined {
  const { text } = template.file;
  if (!text.includes('Transform') && !text.includes('\\')) return undefined;
  for (const node of walk(resource.entry.value)) if (node.kind === 'call' && node.name === 'Fn::Transform') return node;
  return entryOf(resource.entry.value, 'Fn::Transform') ?? entryOf(resource.properties, 'Fn::Transform');
}

function rangeOf(template: Template, span: { start: number; end: number }): SourceRange {
  return { file: template.file.path, start: span.start, end: span.end };
}
