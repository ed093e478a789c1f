/** One way to break a law in the code, and the tests that must notice. */
export interface Break {
  law: number;
  what: string;
  file: string;
  /** Exactly one place in the file. */
  find: string;
  replace: string;
  /** Test files that must fail; the fewer the better, so that each is known to guard the law. */
  tests: readonly string[];
}

export const BREAKS: readonly Break[] = [
  {
    law: 1,
    what: 'a record whose opener is unknown counts only as opened inbound',
    file: 'analyzer/usage/attribute.ts',
    find: "const outbound = row.opened !== 'inbound';",
    replace: "const outbound = row.opened === 'outbound';",
    tests: ['test/advice/laws.test.ts', 'test/usage'],
  },
  {
    law: 1,
    what: 'thin coverage counts as proof of silence',
    file: 'analyzer/advice/gates.ts',
    find: 'if (share >= policy.minCoverage) return null;',
    replace: 'if (share >= 0) return null;',
    tests: ['test/advice'],
  },
  {
    law: 1,
    what: 'near a change of groups only the state at the first packet counts',
    file: 'analyzer/usage/readings.ts',
    find: 'const all = statesWithin(wearer.held, from, to);',
    replace: 'const all = statesWithin(wearer.held, row.first, row.first);',
    tests: ['test/advice/laws.test.ts', 'test/usage'],
  },
  {
    law: 2,
    what: 'unexplained traffic freezes nothing',
    file: 'analyzer/advice/gates.ts',
    find: 'frozen: (rule) => frozen.get(`${rule.groupId}|${rule.direction}`) ?? null,',
    replace: 'frozen: () => null,',
    tests: ['test/advice/laws.test.ts'],
  },
  {
    law: 2,
    what: 'an interface that nobody knows is passed over',
    file: 'analyzer/usage/attribute.ts',
    find: "unexplained.add(row, wearers.ofUnknownInterface(row), directions, 'unknown-interface');",
    replace: '',
    tests: ['test/advice/laws.test.ts', 'test/usage'],
  },
  {
    law: 3,
    what: 'the replay blocks nothing, ever',
    file: 'analyzer/advice/replay.ts',
    find: 'if (lost.length === 0) continue;',
    replace: 'if (lost.length >= 0) continue;',
    tests: ['test/advice'],
  },
  {
    law: 3,
    what: 'a rule may cover for another although it goes itself',
    file: 'analyzer/advice/advise.ts',
    find: ".filter((j) => j !== i && this.decisions[j]!.action !== 'remove');",
    replace: '.filter((j) => j !== i);',
    tests: ['test/advice'],
  },
  {
    law: 4,
    what: 'what is wider than before passes for a subset',
    file: 'analyzer/model/traffic.ts',
    find: 'return isNothing(subtract(after, before));',
    replace: 'return isNothing(subtract(after, before)) || true;',
    tests: ['test/model/traffic.test.ts', 'test/advice/laws.test.ts', 'test/change'],
  },
  {
    law: 5,
    what: 'an edit may change more rules than the proposal names',
    file: 'bot/change/verify.ts',
    find: 'for (const one of unmatched)',
    replace: 'for (const one of unmatched.slice(unmatched.length))',
    tests: ['test/change'],
  },
  {
    law: 5,
    what: 'an edit may miss what it was made for',
    file: 'bot/change/verify.ts',
    find: "else reasons.push(note('edit-missed'",
    replace: "else if (at < -1) reasons.push(note('edit-missed'",
    tests: ['test/change'],
  },
  {
    law: 7,
    what: 'the id of a finding depends on the id that AWS gave the rule',
    file: 'analyzer/model/identity.ts',
    find: 'const parts = [rule.accountId, rule.region, rule.groupId, shapeKey(rule)];',
    replace: 'const parts = [rule.accountId, rule.region, rule.groupId, JSON.stringify(rule)];',
    tests: ['test/model/identity.test.ts'],
  },
  {
    law: 7,
    what: 'connection classes come in the order in which the engine gave the rows',
    file: 'analyzer/usage/classes.ts',
    find: 'return used.toSorted((a, b) => services[a]! - services[b]! || peers[a]! - peers[b]!);',
    replace: 'return [...used];',
    tests: ['test/usage'],
  },
  {
    law: 8,
    what: 'a branch on which somebody else committed is replaced',
    file: 'bot/git/shared.ts',
    find: 'if (foreign !== undefined)',
    replace: 'if (foreign === undefined && foreign !== undefined)',
    tests: ['test/git/', 'test/cli/plan-apply.test.ts'],
  },
  {
    law: 6,
    what: 'a value forgets where it was written',
    file: 'bot/source/terraform/eval/value.ts',
    find: 'return { ...value, from: [...value.from, { file: place.file, start: place.start, end: place.end }] };',
    replace: 'return value;',
    tests: [
      'test/source/terraform/rules.test.ts',
      'test/source/terraform/evaluate.test.ts',
      'test/change/terraform.test.ts',
    ],
  },
  {
    law: 9,
    what: 'Athena passes over records that DuckDB reads',
    file: 'analyzer/flowlogs/athena/store.ts',
    find: 'WHERE ${inReach(table, reach)}) raw`',
    replace: "WHERE ${inReach(table, reach)} AND action <> 'REJECT') raw`",
    tests: ['test/flowlogs/athena.test.ts'],
  },
  {
    law: 9,
    what: 'the ledger read by columns takes who answered for who asked',
    file: 'analyzer/flowlogs/stored/rows/said.ts',
    find: 'const inbound = row.inbound === syn;',
    replace: 'const inbound = row.inbound;',
    tests: ['test/ledger/rows.test.ts'],
  },
  {
    law: 1,
    what: 'records that say themselves who opened tell nothing of their conversation',
    file: 'analyzer/flowlogs/stored/rows/feed.ts',
    find: 'if (itself ? rejected || row.localPort < 0 || row.peerPort < 0 : refusedLongAgo) return;',
    replace: 'if (itself || refusedLongAgo) return;',
    tests: ['test/ledger/rows.test.ts'],
  },
];
