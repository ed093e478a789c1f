import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { ApplyOptions } from '../work/apply.ts';
import { sourceOptions } from './plan.ts';

export function register(program: Command, run: Run): void {
  sourceOptions(program.command('apply'))
    .description('plan, and commit each batch to a branch of the local git repository; the working tree stays as it is')
    .option('--out <dir>', 'also write patches/, bodies/ and proposals.json here')
    .option('--json', 'print the branches as JSON instead of the table')
    .option('--github <owner/repo>', 'open the pull requests there instead, with the token in GITHUB_TOKEN')
    .option('--github-url <url>', 'API of a GitHub Enterprise Server, https://HOST/api/v3 (default: GITHUB_API_URL)')
    .option('--sarif', 'with --github: also send the findings to code scanning (security_events: write)')
    .action(
      run(async (runtime, options: ApplyOptions & { github?: string; githubUrl?: string; sarif?: boolean }) => {
        const { github } = options;
        if (github === undefined) return (await import('../work/apply.ts')).apply(options, runtime);
        return (await import('../work/apply-github.ts')).applyToGitHub({ ...options, github }, runtime);
      }),
    );
}
