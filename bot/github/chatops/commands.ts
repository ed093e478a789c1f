import type { Command } from '../contract.ts';

export type CommandName = Command['name'];

export interface CommandRow {
  name: CommandName;
  usage: string;
  /** A sentence for docs/chatops.md and for `help`. */
  does: string;
  /** Where it may be given; `anywhere` has the dashboard in it. */
  where: 'pull request' | 'anywhere';
}

/** The one table: the parser, `/pare help` and docs/chatops.md are made of it. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'rerun',
    usage: '/pare rerun',
    does: 'Analyses again with the newest flow logs; bodies and checks are brought up to date when it is done.',
    where: 'anywhere',
  },
  {
    name: 'explain',
    usage: '/pare explain [RULE]',
    does: 'Tells what is known of a rule: use, coverage, and why it is proposed or not. Without a rule: all of this pull request.',
    where: 'anywhere',
  },
  {
    name: 'keep',
    usage: '/pare keep RULE [until DATE] [REASON]',
    does: 'The rule stays as it is, until the end of that day (UTC) or for good. It leaves its pull request.',
    where: 'anywhere',
  },
  { name: 'unkeep', usage: '/pare unkeep RULE', does: 'Takes `keep` and `drop` back.', where: 'anywhere' },
  {
    name: 'open',
    usage: '/pare open RULE',
    does: 'Opens the pull request that changes this rule now, without waiting for its slot.',
    where: 'anywhere',
  },
  {
    name: 'narrow',
    usage: '/pare narrow RULE to [PROTOCOL] [PORTS…] [PEERS…]',
    does: 'Replaces the rule by one that allows this; what is not named stays as it is. It must allow all that traffic used, and nothing that the rule does not.',
    where: 'anywhere',
  },
  {
    name: 'drop',
    usage: '/pare drop RULE',
    does: 'Takes the rule out of this pull request, until its evidence changes.',
    where: 'pull request',
  },
  {
    name: 'split',
    usage: '/pare split',
    does: 'Makes one pull request for each security group instead of this one.',
    where: 'pull request',
  },
  {
    name: 'rebase',
    usage: '/pare rebase',
    does: 'Makes the branch anew on the newest commit of its base. Refused where somebody else committed to it.',
    where: 'pull request',
  },
  {
    name: 'recreate',
    usage: '/pare recreate',
    does: 'Makes the branch anew without the commits of others; opens a closed pull request again as a new one.',
    where: 'pull request',
  },
  {
    name: 'pause',
    usage: '/pare pause [until DATE] [REASON]',
    does: 'Nothing is opened or changed in this repository, until the end of that day (UTC) or until `resume`.',
    where: 'anywhere',
  },
  { name: 'resume', usage: '/pare resume', does: 'Ends a pause.', where: 'anywhere' },
  {
    name: 'revert',
    usage: '/pare revert',
    does: 'On a merged pull request: opens one that puts everything back.',
    where: 'pull request',
  },
  {
    name: 'status',
    usage: '/pare status',
    does: 'Says what is open, kept, paused and watched.',
    where: 'anywhere',
  },
  { name: 'help', usage: '/pare help', does: 'Shows this table.', where: 'anywhere' },
];

export const COMMAND_NAMES: readonly CommandName[] = COMMANDS.map((one) => one.name);

export function commandTable(): string {
  const rows = COMMANDS.map((one) => `| \`${one.usage}\` | ${one.does} | ${one.where} |`);
  return ['| Command | What it does | Where |', '| --- | --- | --- |', ...rows].join('\n');
}
