import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { ServeOptions } from '../work/serve.ts';

export function register(program: Command, run: Run): void {
  program
    .command('serve')
    .description('run the GitHub App: webhooks, schedule, pull requests, commands')
    .requiredOption('--findings <dir>', 'OWNER/REPO/findings.json for each repository, as pare analyze writes it')
    .option('--state <dir>', 'queue and cache; one server owns it', 'pare-state')
    .option('--port <number>', 'port to listen on', '3000')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--github-url <url>', 'https://HOST/api/v3 of GitHub Enterprise Server')
    .option('--url <url>', 'address of this server in a browser; with it and CLIENT_ID, /report shows the reports')
    .option('--refresh-with <program>', 'program that analyses again, called as PROGRAM -- OWNER REPO')
    .option('--parallel <number>', 'repositories worked on at once', '4')
    .addHelpText(
      'after',
      '\nEnvironment: APP_ID, PRIVATE_KEY, WEBHOOK_SECRET, or each with _FILE for a file that holds it;\nfor /report CLIENT_ID and CLIENT_SECRET too.',
    )
    .action(run(async (runtime, options: ServeOptions) => (await import('../work/serve.ts')).serve(options, runtime)));
}
