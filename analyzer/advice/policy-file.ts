import { z } from 'zod';
import { formatCidr, parseCidr } from '../model/address.ts';
import { closest } from '../model/closest.ts';
import type { Problem } from '../model/problem.ts';
import { stripControls } from '../model/text.ts';
import { DEFAULT_POLICY, type Policy, type ProtectedPorts } from './policy.ts';

/** Where in the file, besides the words: the edge that parsed the text turns it into a line. */
export type PolicyProblem = Problem & { path: readonly (string | number)[] };

export type PolicyResult = { ok: true; policy: Policy } | { ok: false; problems: readonly PolicyProblem[] };

const group = z.string().min(1).optional().describe('Group id or name; * stands for any characters');
const tag = z.string().min(1).optional().describe('Tag of the group: Key, or Key=value with * for any characters');
const one = (entry: { group?: string | undefined; tag?: string | undefined }): boolean =>
  (entry.group === undefined) !== (entry.tag === undefined);
const ONE = { message: 'names no group, or two ways: give one of group, tag' };

const windowEntry = z
  .strictObject({
    group,
    tag,
    days: z.number().gt(0).max(3660).describe('Days that must be judged before rules of these groups are touched'),
  })
  .refine(one, ONE);

const protectedGroup = z.strictObject({ group, tag, reason: z.string().min(1).optional() }).refine(one, ONE);

const PORTS = /^(?:(tcp|udp)\/)?(\d{1,5})(?:-(\d{1,5}))?$/;
const portsEntry = z
  .union([z.int(), z.string()])
  .refine((value) => portsOf(value) !== null, 'is no port: write 22, tcp/3389 or udp/500-4500')
  .describe('22 (TCP and UDP), tcp/3389, udp/500-4500');

const network = z
  .string()
  .refine((text) => parseCidr(text) !== null, 'is no network in CIDR notation, such as 10.0.0.0/8')
  .describe('Network in CIDR notation, IPv4 or IPv6');
const peerEntry = z
  .string()
  .refine((text) => /^(sg|pl)-[0-9a-z]+$/.test(text) || parseCidr(text) !== null, 'is no network, sg-… or pl-…')
  .describe('Network in CIDR notation, sg-… or pl-…');

const KEEP_SELECTORS = ['finding', 'rule', 'group', 'account', 'region'] as const;
const keepEntry = z
  .strictObject({
    finding: z
      .string()
      .regex(/^f-[0-9a-f]{12}$/, 'is no finding id (f- and 12 hex digits)')
      .optional()
      .describe('Finding id, f-…'),
    rule: z.string().min(1).optional().describe('Rule id, sgr-…'),
    group,
    account: z
      .string()
      .regex(/^\d{12}$/, 'is no account id (12 digits, in quotes)')
      .optional()
      .describe('Account id, in quotes'),
    region: z.string().min(1).optional(),
    reason: z.string().min(1).describe('Why; shown with the finding'),
    author: z.string().min(1).optional().describe('Who decided'),
    until: z.iso.date().optional().describe('Last day (UTC, YYYY-MM-DD) on which it holds; without it, for good'),
  })
  .refine((keep) => KEEP_SELECTORS.some((key) => keep[key] !== undefined), {
    message: `names nothing: give one of ${KEEP_SELECTORS.join(', ')}`,
  })
  .describe('All fields named must agree');

const share = z.number().min(0).max(1);
const d = DEFAULT_POLICY;

/** The policy, declared once: validation, docs/schema/policy.schema.json and its descriptions come from here. */
export const policySchema = z
  .strictObject({
    windows: z
      .array(windowEntry)
      .default([])
      .describe('Longer or shorter windows for groups; of several that fit, the longest holds'),
    protected: z
      .strictObject({
        groups: z.array(protectedGroup).default([]),
        ports: z.array(portsEntry).default([]),
        peers: z.array(peerEntry).default([]),
      })
      .prefault({})
      .describe('Rules of these groups, and rules that allow any of these ports or peers, are never edited'),
    keeps: z.array(keepEntry).default([]).describe('Rules that stay, with a reason and perhaps an end'),
    thresholds: z
      .strictObject({
        minCoverage: share.default(d.minCoverage).describe('Least share of the hours that logs must cover, 0 to 1'),
        minWindowDays: z.number().min(0).default(d.minWindowDays).describe('Least length of the judged window'),
        minWornDays: z
          .number()
          .min(0)
          .default(d.minWornDays)
          .describe('Least time that somebody must have worn a group, in days, added up by the hour'),
        narrowPorts: z.boolean().default(d.narrowPorts),
        narrowPeers: z.boolean().default(d.narrowPeers),
        narrowToNames: z
          .boolean()
          .default(d.narrowToNames)
          .describe(
            'A prefix list, or a group of the VPC, that all observed peers bear may be the peer of a narrowed rule',
          ),
        longestPrefixV4: z
          .int()
          .min(0)
          .max(32)
          .default(d.longestPrefixV4)
          .describe('Private IPv4 peers are narrowed no further'),
        longestPrefixV6: z
          .int()
          .min(0)
          .max(128)
          .default(d.longestPrefixV6)
          .describe('Private IPv6 peers are narrowed no further'),
        maxPublicPeers: z
          .int()
          .min(0)
          .default(d.maxPublicPeers)
          .describe('With more Internet peers than this a wildcard is left alone'),
        steadyDays: z.int().min(1).default(d.steadyDays).describe('Days on which an Internet peer must have been seen'),
        maxKeptShare: share.default(d.maxKeptShare).describe('A narrowing must leave less than this share of the rule'),
        maxMissingMass: share.default(d.maxMissingMass).describe('Most use that may be estimated as still unseen'),
      })
      .prefault({}),
    quotas: z
      .strictObject({
        replacements: z
          .int()
          .min(1)
          .max(60)
          .default(d.maxReplacements)
          .describe('Most rules that may stand instead of one'),
        rulesPerGroup: z.int().min(1).max(1000).default(60).describe('Rules for each group, direction and IP version'),
      })
      .prefault({}),
    brake: z
      .strictObject({
        removals: z.int().min(0).optional().describe('A run that would remove more rules than this is stopped'),
        percent: z.number().min(0).max(100).optional().describe('… or more than this share of all rules'),
      })
      .optional(),
    neverNarrow: z.array(network).default([]).describe('Networks that a narrowing leaves whole or closes whole'),
  })
  .describe('Policy of Pare: what may be proposed, and what a person has decided');

/** Published as docs/schema/policy.schema.json. */
export function policyJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(policySchema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, $id: 'urn:pare:schema:policy:1', title: 'Pare policy', ...rest };
}

/**
 * The policy that a parsed YAML or JSON value means; nothing (null or undefined) is the default. Otherwise every mistake, with the place
 * in `at` and, for a wrong key, the one that was probably meant. `file` is the path as the user gave it.
 */
export function parsePolicy(value: unknown, file: string): PolicyResult {
  const parsed = policySchema.safeParse(value ?? {});
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, file)) };
  const { windows, protected: kept, keeps, thresholds, quotas, brake, neverNarrow } = parsed.data;
  return {
    ok: true,
    policy: {
      ...thresholds,
      maxReplacements: quotas.replacements,
      orders: {
        windows: windows.map(({ days, ...groups }) => ({ days, ...selector(groups) })),
        protectedGroups: kept.groups.map(({ reason, ...groups }) => ({ reason, ...selector(groups) })),
        protectedPorts: kept.ports.map((ports) => portsOf(ports)!),
        protectedPeers: kept.peers.map(canonicalPeer),
        keeps,
        neverNarrow: neverNarrow.map(canonicalPeer),
        rulesPerGroup: quotas.rulesPerGroup,
        brake: brake === undefined ? null : { removals: brake.removals ?? null, percent: brake.percent ?? null },
      },
    },
  };
}

function selector({ group: name, tag: label }: { group?: string | undefined; tag?: string | undefined }) {
  return name === undefined ? { tag: label! } : { group: name };
}

function canonicalPeer(text: string): string {
  const cidr = parseCidr(text);
  return cidr === null ? text : formatCidr(cidr);
}

function portsOf(value: string | number): ProtectedPorts | null {
  const match = PORTS.exec(String(value));
  if (match === null) return null;
  const from = Number(match[2]);
  const to = match[3] === undefined ? from : Number(match[3]);
  if (from > to || to > 65_535) return null;
  return { protocol: (match[1] as 'tcp' | 'udp' | undefined) ?? null, from, to };
}

function problemsOf(issue: z.core.$ZodIssue, file: string): PolicyProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code !== 'unrecognized_keys') {
    const next =
      issue.code === 'invalid_value'
        ? `use one of ${issue.values.map(String).join(', ')}`
        : 'see docs/schema/policy.schema.json';
    return [problem(file, path, `${pathText(path)}: ${stripControls(issue.message)}`, next)];
  }
  const known = keysAt(path);
  return issue.keys.map((key) => {
    const meant = closest(key, known);
    const next = meant === null ? `the keys here are ${known.join(', ')}` : `did you mean ${meant}?`;
    return problem(file, [...path, key], `unknown key ${pathText([...path, key])}`, next);
  });
}

function problem(file: string, path: PolicyProblem['path'], message: string, next: string): PolicyProblem {
  const at = path.length === 0 ? {} : { at: pathText(path) };
  return { code: 'policy-invalid', message, next, fault: 'configuration', file, ...at, path };
}

function pathText(path: PolicyProblem['path']): string {
  if (path.length === 0) return 'the policy';
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return stripControls(text).replace(/^\./, '').slice(0, 120);
}

/** The keys that the schema has at a place. */
function keysAt(path: PolicyProblem['path']): string[] {
  let at: unknown = policyJsonSchema();
  for (const part of path) at = typeof part === 'number' ? field(at, 'items') : field(field(at, 'properties'), part);
  const properties = field(at, 'properties');
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
