import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { openRepository } from '../../git/open.ts';
import type { Clock, PlanSource, RepositoryRef } from '../../github/contract.ts';
import { systemClock } from '../../github/platform/clock.ts';
import { createPlatform } from '../../github/platform/github.ts';
import { tokenClient } from '../../github/platform/octokit.ts';
import type { Decision } from '../../github/pulls/ladder.ts';
import { asked } from '../../github/run/asked.ts';
import { type RunReport, runRepository } from '../../github/run/run.ts';
import { makePlan } from '../make-plan.ts';
import { terminalTable, writePlan } from '../plan-output.ts';
import { prefixIn } from '../repository-path.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import type { ApplyOptions } from './apply.ts';
import { sendSarif } from './upload-sarif.ts';

export interface ApplyToGitHubOptions extends ApplyOptions {
  /** `owner/repo`. */
  github: string;
  /** `https://HOST/api/v3`; GITHUB_API_URL, then github.com. */
  githubUrl?: string;
  /** Also send the findings to code scanning. */
  sarif?: boolean;
}

/**
 * The App's run, once, from a checkout and with a token: the same configuration, grouping, limits, memory and dashboard, so that a pipeline
 * and the App can take turns. Without configuration it goes on with the defaults, since it was asked to.
 */
export async function applyToGitHub(
  options: ApplyToGitHubOptions,
  runtime: Runtime,
  environment: NodeJS.ProcessEnv = process.env,
  clock: Clock = systemClock,
): Promise<ExitCode> {
  const repository = repositoryOf(options.github);
  const token = environment.GITHUB_TOKEN ?? '';
  if (token === '')
    throw problem(
      'github-token',
      'GITHUB_TOKEN is empty',
      'set it to a token that may write contents and pull requests',
    );
  const baseUrl = options.githubUrl ?? environment.GITHUB_API_URL;
  const client = tokenClient({ token, ...(baseUrl === undefined || baseUrl === '' ? {} : { baseUrl }) });
  const platform = createPlatform({ client, repository, clock, signal: runtime.signal });

  const source = await sourceOf(options, runtime);
  const report = await runRepository({
    platform,
    source,
    clock,
    onboarding: false,
    foretold: (done) => {
      const seconds = Math.ceil(done - clock.now());
      if (seconds > 10) runtime.note('info', `writing at the pace that GitHub allows takes about ${seconds} seconds`);
    },
  });
  await runtime.write(tableOf(report, runtime.width));
  if (report.why !== null) runtime.note('warning', terminalSafe(report.why));
  for (const [unit, why] of report.outcome.failed) runtime.note('warning', terminalSafe(`${unit}: ${why}`));
  if (report.told !== null) runtime.note('info', `the dashboard is ${options.github}#${report.told}`);
  if (!report.remembered) runtime.note('warning', 'somebody changed the dashboard meanwhile; run again');
  if (options.sarif === true) {
    const { head, defaultBranch } = await platform.facts();
    const run = await source.plan({ repository, commit: head });
    const state = await sendSarif(run, defaultBranch, { client, repository, clock, signal: runtime.signal });
    runtime.note(
      'info',
      state === 'sent' ? 'the findings are in code scanning' : 'code scanning has these findings already',
    );
  }
  if (report.state === 'config-invalid') return EXIT.configuration;
  if (report.outcome.failed.size > 0) return EXIT.error;
  return report.decisions.length > 0 && options.detailedExitcode === true ? EXIT.findings : EXIT.clean;
}

/** Plans from the checkout, which must be the very commit that the branches will start from: edits are proved on whole trees. */
async function sourceOf(options: ApplyToGitHubOptions, runtime: Runtime): Promise<PlanSource> {
  const git = await openRepository(options.source);
  const head = await git.head();
  const dirty = await git.dirtyFiles();
  if (dirty.length > 0)
    throw problem(
      'git-dirty',
      `the working tree has changes that are not committed: ${dirty.slice(0, 5).join(', ')}`,
      'commit or stash them',
      git.root,
    );
  let written = false;
  return {
    async plan({ commit, only, narrowed }) {
      if (head.commit !== commit)
        throw problem(
          'git-not-at-head',
          `the checkout is at ${head.commit.slice(0, 10)}, the default branch on GitHub at ${commit.slice(0, 10)}`,
          'check out the tip of the default branch and run again',
          git.root,
        );
      const { plan, document, root } = await makePlan(options, runtime, (all) => asked(all, only, narrowed));
      const prefix = prefixIn(git.root, root);
      if (options.out !== undefined && !written) await writePlan(options.out, plan, document, prefix);
      written = true;
      return { plan, document, commit, prefix };
    },
  };
}

function repositoryOf(text: string): RepositoryRef {
  const found = /^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))\/([A-Za-z0-9._-]{1,100})$/.exec(text);
  if (found === null || /^\.+$/.test(found[2]!))
    throw problem('github-repository', `${JSON.stringify(text)} names no repository`, 'give --github owner/repo');
  return { owner: found[1]!, name: found[2]! };
}

function tableOf(report: RunReport, width: number): string {
  if (report.decisions.length === 0) return 'Nothing to change.\n';
  const rows = report.decisions.map((one) => [
    pullText(one, report),
    terminalSafe(one.title),
    report.outcome.failed.has(one.unit) ? 'failed' : one.state,
    terminalSafe(one.reason),
  ]);
  return terminalTable(['Pull request', 'Title', 'State', 'Why'], rows, width);
}

function pullText(one: Decision, { outcome }: RunReport): string {
  const pull = one.pull ?? outcome.opened.get(one.unit);
  return pull === undefined ? '-' : `#${pull}`;
}

function problem(code: string, message: string, next: string, file?: string): PareError {
  return new PareError({ code, message, next, fault: 'input', ...(file === undefined ? {} : { file }) });
}
