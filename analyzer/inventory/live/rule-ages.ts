import { byText } from '../valid.ts';
import { momentOf } from './moment.ts';
import type { AwsApi, OperationInputs, Place } from './operations.ts';
import { type Item, pages } from './pages.ts';

/**
 * The events that make and change rules. CloudTrail keeps them for 90 days, whether or not a trail is set up, and answers two look-ups a
 * second. Source: CloudTrail user guide, event history.
 */
const EVENTS = [
  'AuthorizeSecurityGroupIngress',
  'AuthorizeSecurityGroupEgress',
  'ModifySecurityGroupRules',
  'CreateSecurityGroup',
] as const;
/** A region in which rules churn more than this keeps the newest: ages are then missing, never wrong. */
const MAX_EVENTS = 10_000;

interface Age {
  createdAt: number | null;
  changedAt: number | null;
  by: string | null;
}

/** Items of rule-ages.json for the rules given, sorted by rule; those that no event names are left out. */
export async function pullRuleAges(
  api: AwsApi,
  place: Place,
  rules: readonly Item[],
  signal: AbortSignal,
): Promise<Item[]> {
  const ages = new Map<string, Age>();
  const made = new Map<string, Age>();
  for (const eventName of EVENTS) {
    let count = 0;
    const input: OperationInputs['LookupEvents'] = {
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: eventName }],
    };
    for await (const events of pages(api, place, 'LookupEvents', input, 'Events', signal)) {
      for (const event of events) noteEvent(eventName, event, ages, made);
      count += events.length;
      if (count >= MAX_EVENTS) break;
    }
  }
  const out: Item[] = [];
  for (const rule of rules) {
    const id = String(rule.SecurityGroupRuleId);
    const age = ages.get(id) ?? null;
    // EC2 gives each new group one rule that allows all to go out; no event names that rule.
    const born = isDefaultEgress(rule) && age?.createdAt == null ? (made.get(String(rule.GroupId)) ?? null) : null;
    if (age === null && born === null) continue;
    out.push({
      SecurityGroupRuleId: id,
      CreatedAt: iso(age?.createdAt ?? born?.createdAt ?? null),
      ChangedAt: iso(age?.changedAt ?? null),
      CreatedBy: age?.by ?? born?.by ?? null,
    });
  }
  return out.sort((a, b) => byText(String(a.SecurityGroupRuleId), String(b.SecurityGroupRuleId)));
}

function noteEvent(name: (typeof EVENTS)[number], event: Item, ages: Map<string, Age>, made: Map<string, Age>): void {
  const at = momentOf(event.EventTime);
  const record = recordOf(event.CloudTrailEvent);
  if (at === null || record === null || record.errorCode !== undefined) return;
  const by = arnOf(record.userIdentity);
  if (name === 'CreateSecurityGroup') {
    const groupId = fieldsOf(record.responseElements).groupId;
    if (typeof groupId === 'string') made.set(groupId, { createdAt: at, changedAt: null, by });
    return;
  }
  const within = name === 'ModifySecurityGroupRules' ? record.requestParameters : record.responseElements;
  for (const ruleId of ruleIdsIn(within)) {
    const age = ages.get(ruleId) ?? { createdAt: null, changedAt: null, by: null };
    if (name === 'ModifySecurityGroupRules') age.changedAt = Math.max(age.changedAt ?? at, at);
    else Object.assign(age, { createdAt: at, by });
    ages.set(ruleId, age);
  }
}

function recordOf(text: unknown): Record<string, unknown> | null {
  if (typeof text !== 'string') return null;
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    // An event that cannot be read tells no age, which is what an event that CloudTrail has dropped tells.
    return null;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function arnOf(identity: unknown): string | null {
  const { arn } = fieldsOf(identity);
  return typeof arn === 'string' ? arn : null;
}

/** Rule ids are nested differently in each event, with one or with several rules: each text that is one counts. */
function ruleIdsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^sgr-[0-9a-f]+$/.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(ruleIdsIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(ruleIdsIn) : [];
}

function isDefaultEgress(rule: Item): boolean {
  return rule.IsEgress === true && rule.IpProtocol === '-1' && rule.CidrIpv4 === '0.0.0.0/0';
}

function iso(moment: number | null): string | null {
  return moment === null ? null : new Date(moment * 1000).toISOString();
}
