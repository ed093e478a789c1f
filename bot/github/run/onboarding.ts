import { code, table, words } from '../../change/markdown.ts';
import { CONFIG_PATH, type PareConfig } from '../config/schema.ts';
import type { Platform, RepositoryState } from '../contract.ts';
import { fingerprint } from '../pulls/marker.ts';
import { mustRedact, redactText } from '../pulls/redact.ts';
import type { Units } from './units.ts';

export const ONBOARDING_BRANCH = 'pare/configure';
const TITLE = 'chore: configure Pare';
const PATTERN = /<!-- pare-onboarding:v1 ([0-9a-f]{16}) -->\s*$/;

export type Onboarding =
  /** Somebody said no by closing it, or took the configuration away again: nothing is ever done. */
  | { state: 'declined'; pull: number }
  | { state: 'unchanged'; pull: number }
  | { state: 'update'; pull: number; body: string }
  | { state: 'open'; body: string };

/** What to do about a repository without configuration. Pure. */
export function onboard(state: RepositoryState, config: PareConfig, units: Units): Onboarding {
  const own = state.pulls.filter((one) => one.branch === ONBOARDING_BRANCH);
  const open = own.find((one) => one.state === 'open');
  const body = onboardingBody(state, config, units);
  if (open !== undefined) {
    const before = PATTERN.exec(open.body)?.[1];
    return before === PATTERN.exec(body)?.[1]
      ? { state: 'unchanged', pull: open.number }
      : { state: 'update', pull: open.number, body };
  }
  const past = own[0];
  return past === undefined ? { state: 'open', body } : { state: 'declined', pull: past.number };
}

/** The first configuration: the defaults, written out so that they can be changed. */
export function firstConfig(config: PareConfig): string {
  return `# Configuration of Pare; docs/schema/pare.schema.json describes every key.
schedule:
  cron: '${config.schedule.cron}' # minute hour day month weekday
  timezone: ${config.schedule.timezone}
grouping: ${config.grouping} # directory, stack, group, account or team
limits:
  open: ${config.limits.open} # pull requests at any time
  new: ${config.limits.new} # in one run
# Rules that must stay, whatever traffic says:
# keeps:
#   - group: break-glass-*
#     reason: used only in an incident
#     author: alice
#     until: 2030-12-31
`;
}

function onboardingBody(state: RepositoryState, config: PareConfig, units: Units): string {
  const hide = mustRedact(config.redact, state.facts) ? redactText : (text: string) => text;
  const count = units.units.reduce((sum, one) => sum + one.batch.proposals.length, 0);
  const shown = units.units.slice(0, 20).map(({ batch, draft }) => [
    words(batch.title, 120),
    String(batch.proposals.length),
    batch.changes
      .slice(0, 3)
      .map((change) => code(change.path))
      .join(', '),
    draft ? 'draft' : 'ready',
  ]);
  const preview =
    shown.length === 0
      ? 'Nothing is to be changed now.'
      : `${count} rule${count === 1 ? '' : 's'} in ${units.units.length} pull request${units.units.length === 1 ? '' : 's'}, at most ${config.limits.new} of them in the first run:\n\n${table(['Pull request', 'Rules', 'Files', 'State'], shown)}`;
  const text = hide(
    [
      `Merge this to have Pare open pull requests that remove or narrow security group rules which traffic does not need. Nothing else happens before ${code(CONFIG_PATH)} is on the default branch. Close it, and Pare stays away.`,
      `## What it would do now\n\n${preview}`,
      `## What it leaves alone\n\n${units.refused.length} finding${units.refused.length === 1 ? '' : 's'} cannot be edited safely, and ${units.spared.length} ${units.spared.length === 1 ? 'is' : 'are'} not sure enough; the dashboard will list them with reasons.`,
      '## Before you merge\n\nChange the file on this branch as you like: schedule, grouping, limits, rules to keep. An unknown key is an error that names the one you meant.',
    ].join('\n\n'),
  );
  return `${text}\n\n<!-- pare-onboarding:v1 ${fingerprint(text)} -->\n`;
}

/** Opens or updates the pull request. A branch from an attempt that was stopped is used as it is. */
export async function performOnboarding(
  decided: Onboarding,
  state: RepositoryState,
  config: PareConfig,
  platform: Platform,
): Promise<number | null> {
  if (decided.state === 'declined') return null;
  if (decided.state === 'unchanged') return decided.pull;
  if (decided.state === 'update') {
    await platform.updatePull(decided.pull, { body: decided.body });
    return decided.pull;
  }
  if ((await platform.branchTip(ONBOARDING_BRANCH)) === null) {
    const made = await platform.makeCommit({
      parent: state.facts.head,
      files: [{ path: CONFIG_PATH, before: null, after: firstConfig(config) }],
      message: `${TITLE}\n`,
    });
    // Stale: the file appeared meanwhile, so there is nothing to introduce.
    if (made.state === 'stale') return null;
    await platform.createBranch(ONBOARDING_BRANCH, made.commit);
  }
  const { pull } = await platform.createPull({
    branch: ONBOARDING_BRANCH,
    base: state.facts.defaultBranch,
    title: TITLE,
    body: decided.body,
    draft: false,
  });
  return pull.number;
}
