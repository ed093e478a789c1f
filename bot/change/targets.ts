import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { peerText, type RuleShape, type SecurityGroupRule, shapeKey } from '@pare/analyzer/model/rule.ts';
import type { Mapping, MappingCandidate } from '../mapping/contract.ts';
import { ruleOfFinding, shapeOfReplacement } from '../mapping/live.ts';
import { editable } from '../mapping/rules.ts';
import { ruleLine } from '../mapping/unmanaged.ts';
import type { Place, SourceIndex, SourceNote } from '../source/contract.ts';
import type { Refusal } from './contract.ts';
import { identityKey, type PlacedRule, placedRules } from './tuple.ts';

/** A finding that wants a change and may have it, as far as the mapping goes. */
export interface Wish {
  finding: Finding;
  live: SecurityGroupRule;
  replacements: readonly RuleShape[];
  candidate: MappingCandidate;
}

/** One declared rule that is to go, with all the live rules it makes. */
export interface Target {
  placed: PlacedRule;
  key: string;
  wishes: readonly Wish[];
  replacements: readonly RuleShape[];
}

export interface Targets {
  targets: readonly Target[];
  refused: readonly Refusal[];
}

/** The same live rule in findings and mappings; rule ids are unique in a region of an account. */
export function liveKey(rule: Pick<SecurityGroupRule, 'accountId' | 'region' | 'ruleId'>): string {
  return `${rule.accountId}\0${rule.region}\0${rule.ruleId}`;
}

/**
 * From findings to declared rules. Trap 8: a declared rule that may also make a live rule which is to stay, or to become something
 * else, is refused, however weak the mapping that says so.
 */
export function collectTargets(
  document: FindingsDocument,
  mappings: readonly Mapping[],
  indexes: readonly SourceIndex[],
): Targets {
  const refused: Refusal[] = [];
  const byRule = new Map(mappings.map((mapping) => [liveKey(mapping.rule), mapping]));
  const placed = placedById(indexes);
  const claims = claimsOf(mappings);
  const groups = new Map<string, { placed: PlacedRule; wishes: Wish[] }>();
  const wished = new Map<string, Wish>();

  for (const finding of document.rules) {
    if (finding.action !== 'remove' && finding.action !== 'narrow') continue;
    const mapping = byRule.get(liveKey(finding));
    const wish = wishOf(finding, mapping);
    if ('reasons' in wish) {
      refused.push(wish);
      continue;
    }
    const found = pick(placed.get(wish.candidate.declaredRuleId) ?? [], wish.live);
    if (found === null) {
      refused.push(
        refusal(
          finding,
          mapping,
          'declaration-lost',
          `${wish.candidate.declaredRuleId} is not in the source that was read`,
        ),
      );
      continue;
    }
    const key = identityKey(found);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { placed: found, wishes: [wish] });
    else group.wishes.push(wish);
    wished.set(liveKey(finding), wish);
  }

  const targets: Target[] = [];
  for (const [key, group] of groups) {
    const conflict = conflictOf(group.placed, group.wishes, claims, wished);
    if (conflict === null) {
      targets.push({ key, placed: group.placed, wishes: group.wishes, replacements: group.wishes[0]!.replacements });
      continue;
    }
    for (const wish of group.wishes)
      refused.push({ finding: wish.finding, reasons: [conflict], candidates: [wish.candidate] });
  }
  return { targets, refused };
}

function wishOf(finding: Finding, mapping: Mapping | undefined): Wish | Refusal {
  const live = ruleOfFinding(finding);
  if (live === null) return refusal(finding, mapping, 'finding-unreadable', 'its protocol or peer cannot be read');
  if (mapping === undefined) return refusal(finding, mapping, 'not-mapped', 'no source was searched for it');
  const candidate = editable(mapping);
  if (candidate === null) return unsure(finding, mapping);
  const replacements: RuleShape[] = [];
  for (const replacement of finding.replacements) {
    const shape = shapeOfReplacement(finding.direction, replacement);
    if (shape === null) return refusal(finding, mapping, 'finding-unreadable', 'a replacement cannot be read');
    replacements.push(shape);
  }
  if (finding.action === 'narrow' && replacements.length === 0)
    return refusal(finding, mapping, 'narrow-without-replacement', 'the finding narrows to nothing');
  if (finding.action === 'remove' && replacements.length > 0)
    return refusal(
      finding,
      mapping,
      'remove-with-replacement',
      'the finding removes a rule and yet names replacements',
    );
  return { finding, live, replacements: replacements.sort(byKey), candidate };
}

function byKey(a: RuleShape, b: RuleShape): number {
  return shapeKey(a) < shapeKey(b) ? -1 : 1;
}

function unsure(finding: Finding, mapping: Mapping): Refusal {
  if (mapping.candidates.length === 0)
    return { finding, reasons: mapping.notes.length > 0 ? mapping.notes : [UNKNOWN], candidates: [] };
  const named = mapping.candidates.map(
    (one) => `${one.declaredRuleId} (${Math.round(one.confidence * 100)} %: ${one.reason})`,
  );
  const why =
    mapping.candidates.length === 1 ? 'its source is not sure enough' : `${named.length} places may be its source`;
  return refusal(finding, mapping, 'mapping-unsure', `${why}: ${named.join('; ')}`, mapping.notes);
}

const UNKNOWN: SourceNote = {
  code: 'unmanaged',
  message: 'no source found for it',
  place: { file: '.', line: 1 },
};

function refusal(
  finding: Finding,
  mapping: Mapping | undefined,
  code: string,
  message: string,
  more: readonly SourceNote[] = [],
): Refusal {
  const place: Place = { file: '.', line: 1 };
  return { finding, reasons: [{ code, message, place }, ...more], candidates: mapping?.candidates ?? [] };
}

function placedById(indexes: readonly SourceIndex[]): Map<string, PlacedRule[]> {
  const out = new Map<string, PlacedRule[]>();
  for (const index of indexes) {
    for (const one of placedRules(index)) {
      const list = out.get(one.rule.id);
      if (list === undefined) out.set(one.rule.id, [one]);
      else list.push(one);
    }
  }
  return out;
}

/** Of one id in several contexts, the one whose group is the live one. */
function pick(placed: readonly PlacedRule[], live: SecurityGroupRule): PlacedRule | null {
  return placed.find(({ rule }) => rule.group === live.groupId) ?? placed[0] ?? null;
}

/** Declared rule id → the live rules that it may make, by any candidate of any strength. */
function claimsOf(mappings: readonly Mapping[]): Map<string, Mapping[]> {
  const claims = new Map<string, Mapping[]>();
  for (const mapping of mappings) {
    for (const { declaredRuleId } of mapping.candidates) {
      const list = claims.get(declaredRuleId);
      if (list === undefined) claims.set(declaredRuleId, [mapping]);
      else list.push(mapping);
    }
  }
  return claims;
}

function conflictOf(
  placed: PlacedRule,
  wishes: readonly Wish[],
  claims: ReadonlyMap<string, readonly Mapping[]>,
  wished: ReadonlyMap<string, Wish>,
): SourceNote | null {
  const wanted = replacementKey(wishes[0]!.replacements);
  const { place } = placed.declaration;
  for (const mapping of claims.get(placed.rule.id) ?? []) {
    const wish = wished.get(liveKey(mapping.rule));
    if (wish === undefined)
      return {
        code: 'source-shared',
        message: `the same source may also make ${mapping.rule.ruleId} (${ruleLine(mapping.rule)}), which is to stay as it is`,
        place,
      };
    if (replacementKey(wish.replacements) !== wanted)
      return {
        code: 'source-shared',
        message: `the same source also makes ${mapping.rule.ruleId} (${ruleLine(mapping.rule)}), for which another change is proposed`,
        place,
      };
  }
  return null;
}

export function replacementKey(replacements: readonly RuleShape[]): string {
  return replacements.map(shapeKey).join(';');
}

/**
 * What is done to a rule: targets with the same treatment may be one edit. The ports of a block are those of all its sources, and a source
 * in a list may be that of several blocks, so that what a narrowing keeps may be another in each of them.
 */
export function treatmentKey({ replacements, wishes }: Target): string {
  const { live } = wishes[0]!;
  return replacements
    .map((one) => {
      if (shapeKey({ ...live, peer: one.peer }) === shapeKey(live))
        return ['its own peer', one.protocol, one.fromPort, one.toPort].join('|');
      if (shapeKey({ ...one, peer: live.peer }) === shapeKey(live)) return `its own ports|${peerText(one.peer)}`;
      return shapeKey(one);
    })
    .sort()
    .join(';');
}
