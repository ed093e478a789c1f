import type { EpochSeconds, InterfaceState } from '../model/interface.ts';
import type { Problem } from '../model/problem.ts';
import type { ConfigItem, ConfigItems } from './config-items.ts';
import { byText } from './valid.ts';

/**
 * Who wore which group when: AWS Config's items laid end to end, and under them the present. An item holds from its capture until the
 * next; a deletion ends it. Where the moment of a change is not known, both states stand for the whole time in which it may have been.
 * What only the present inventory knows has an unknown start. Pure.
 */
export function buildTimeline(
  present: readonly InterfaceState[],
  history: Pick<ConfigItems, 'items'>,
): InterfaceState[] {
  const items = itemsByInterface(history.items);
  const now = new Map(present.map((state) => [state.interfaceId, state]));
  const ids = [...new Set([...items.keys(), ...now.keys()])].sort(byText);
  return ids.flatMap((id) => statesOf(items.get(id) ?? [], now.get(id) ?? null));
}

function itemsByInterface(items: readonly ConfigItem[]): Map<string, ConfigItem[]> {
  const out = new Map<string, ConfigItem[]>();
  for (const item of items) {
    const list = out.get(item.interfaceId);
    if (list === undefined) out.set(item.interfaceId, [item]);
    else list.push(item);
  }
  return out;
}

function statesOf(items: readonly ConfigItem[], present: InterfaceState | null): InterfaceState[] {
  const past = foldItems(items);
  const states = present === null ? past.states : joinPresent(past, present);
  return withBirth(states, items).sort(byStart);
}

interface Past {
  states: InterfaceState[];
  /** The last moment at which the last state is known to have held: what differs from it came later. */
  confirmed: EpochSeconds;
  deleted: boolean;
}

/** States from items in order of capture. While Config does not record, the state before and the one after are both possible. */
function foldItems(items: readonly ConfigItem[]): Past {
  const states: InterfaceState[] = [];
  let confirmed = 0;
  let gapFrom: EpochSeconds | null = null;
  let deleted = false;
  for (const item of items) {
    const moment = Math.floor(item.capturedAt);
    const open = deleted ? undefined : states.at(-1);
    if (item.facts === null) {
      if (item.status === 'deleted') {
        if (open !== undefined) states[states.length - 1] = ended(open, moment);
        deleted = true;
        gapFrom = null;
      } else if (open !== undefined) {
        gapFrom ??= confirmed;
      }
      confirmed = moment;
      continue;
    }
    const state = stateOf(item, gapFrom ?? moment, states.length === 0, items[0]?.olderLeftOut === true);
    if (open !== undefined && sameState(open, state)) {
      states[states.length - 1] = described(open, state);
    } else {
      if (open !== undefined) states[states.length - 1] = ended(open, moment);
      states.push(state);
    }
    confirmed = moment;
    gapFrom = null;
    deleted = false;
  }
  return { states, confirmed: gapFrom ?? confirmed, deleted };
}

function stateOf(item: ConfigItem, from: EpochSeconds, earliest: boolean, cut: boolean): InterfaceState {
  const facts = item.facts!;
  const created = item.createdAt === null ? null : Math.floor(item.createdAt);
  const begun = Math.min(from, created ?? from, facts.existsSince ?? from);
  return {
    ...facts,
    accountId: item.accountId,
    region: item.region,
    // What was before the first of a shortened history is known to exist and was not pulled: nothing is claimed about it (law 2).
    from: earliest && !cut ? begun : from,
    to: null,
    origin: item.origin,
    // A later item follows a known one; the earliest has a beginning only if Config saw the interface come.
    startKnown: !earliest || cut || item.status === 'first' || created !== null,
  };
}

function joinPresent(past: Past, present: InterfaceState): InterfaceState[] {
  const last = past.states.at(-1);
  if (last === undefined) return [past.deleted ? { ...present, from: past.confirmed, startKnown: true } : present];
  if (past.deleted) return [...past.states, { ...present, from: past.confirmed, startKnown: true }];
  if (String(last.groups) === String(present.groups)) return [...past.states.slice(0, -1), both(last, present)];
  return [...past.states, { ...present, from: past.confirmed, startKnown: true }];
}

/** One state for two that wear the same groups: whatever address either had may have been its own. */
function both(last: InterfaceState, present: InterfaceState): InterfaceState {
  const prefixes = [...new Set([...(present.prefixes ?? []), ...(last.prefixes ?? [])])].sort(byText);
  return {
    ...described(last, present),
    addresses: [...new Set([...present.addresses, ...last.addresses])],
    publicAddresses: [...new Set([...present.publicAddresses, ...last.publicAddresses])].sort(byText),
    ...(prefixes.length === 0 ? {} : { prefixes }),
  };
}

/** The state with what only describes it taken from a later view. */
function described(state: InterfaceState, later: InterfaceState): InterfaceState {
  return {
    ...state,
    interfaceType: later.interfaceType ?? state.interfaceType,
    requesterManaged: later.requesterManaged || state.requesterManaged,
    description: later.description ?? state.description,
    ...(later.existsSince === undefined ? {} : { existsSince: later.existsSince }),
  };
}

/** A state captured within the same second as its successor still counts for that second. */
function ended(state: InterfaceState, to: EpochSeconds): InterfaceState {
  return { ...state, to: Math.max(to, state.from + 1) };
}

function sameState(a: InterfaceState, b: InterfaceState): boolean {
  const key = (s: InterfaceState): string =>
    JSON.stringify([s.groups, [...s.addresses].sort(byText), s.publicAddresses, s.prefixes ?? [], s.vpcId, s.subnetId]);
  return key(a) === key(b);
}

/** The moment before which the interface was not there, the same on all its states; left out where an item was captured earlier. */
function withBirth(states: readonly InterfaceState[], items: readonly ConfigItem[]): InterfaceState[] {
  const births = [
    ...states.map((state) => state.existsSince),
    ...items.map((item) => (item.createdAt === null ? undefined : Math.floor(item.createdAt))),
  ].filter((moment) => moment !== undefined);
  const earliest = Math.min(...births);
  const contradicted = items.some((item) => item.capturedAt < earliest);
  return states.map((state) => {
    const out = { ...state };
    if (births.length === 0 || contradicted) delete out.existsSince;
    else out.existsSince = earliest;
    return out;
  });
}

function byStart(a: InterfaceState, b: InterfaceState): number {
  return (
    a.from - b.from ||
    (a.to ?? Number.POSITIVE_INFINITY) - (b.to ?? Number.POSITIVE_INFINITY) || // Infinity - Infinity is NaN, so falsy
    byText(String(a.groups), String(b.groups))
  );
}

/** What the present and AWS Config say against each other. */
export function timelineWarnings(present: readonly InterfaceState[], history: ConfigItems): Problem[] {
  const now = new Map(present.map((state) => [state.interfaceId, state]));
  const changed: string[] = [];
  const revived: string[] = [];
  const vanished: string[] = [];
  const unrecorded: string[] = [];
  for (const [id, items] of itemsByInterface(history.items)) {
    const past = foldItems(items);
    const state = now.get(id);
    if (items.some((item) => item.status === 'unrecorded')) unrecorded.push(id);
    if (past.deleted && state !== undefined) revived.push(id);
    if (past.deleted || past.states.length === 0) continue;
    if (state === undefined) vanished.push(id);
    else if (String(past.states.at(-1)!.groups) !== String(state.groups)) changed.push(id);
  }
  const out: Problem[] = [];
  const tell = (ids: readonly string[], code: string, message: string, next: string): void => {
    if (ids.length === 0) return;
    const more = ids.length > 3 ? ` and ${ids.length - 3} more` : '';
    out.push({ code, message: `${ids.slice(0, 3).join(', ')}${more}: ${message}`, next, fault: 'input' });
  };
  const later = 'give later AWS Config history files to know when';
  tell(
    changed,
    'config-history-behind',
    'other groups at present than in the last item of AWS Config; both are taken as possible since',
    later,
  );
  tell(
    revived,
    'config-history-deleted-but-present',
    'deleted according to AWS Config, yet in network-interfaces.json',
    'print network-interfaces.json again',
  );
  tell(
    vanished,
    'config-history-unfinished',
    'not in network-interfaces.json and never deleted in AWS Config; taken as still there',
    later,
  );
  tell(
    unrecorded,
    'config-history-not-recorded',
    'AWS Config did not record for a while; the groups before and after are both taken as possible',
    'let AWS Config record AWS::EC2::NetworkInterface without a break',
  );
  if (history.files > 0 && history.items.length === 0) {
    out.push({
      code: 'config-history-without-interfaces',
      message: `${history.files} AWS Config files hold no item of a network interface`,
      next: 'let AWS Config record AWS::EC2::NetworkInterface, or give the files that hold them',
      fault: 'input',
    });
  }
  return out;
}
