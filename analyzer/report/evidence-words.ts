/** What the evidence classes of analyzer/flowlogs/ledger.ts mean to a reader; docs/attribution.md has the long form. */
const MEANING: Readonly<Record<string, string>> = {
  syn: 'the record itself carries SYN or SYN-ACK',
  conversation: 'another record of the same connection carries it',
  listener: 'one end was seen to answer on that port, the other never',
  related: 'active FTP: opened from port 20 while a control connection of the same two ends stood',
  fan: 'one port met many remote ports, the other did not',
  start: 'one direction began earlier, and the ports agree',
  none: 'undecided, so it counts as opened from both ends',
};

/** A class this version does not know is shown by its name. */
export function evidenceMeaning(name: string): string {
  return Object.hasOwn(MEANING, name) ? MEANING[name]! : name;
}
