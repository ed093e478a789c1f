import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as git from 'isomorphic-git';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { document } from '../change/fake.ts';
import { findings, source } from './e2e/story.ts';
import { FakeRepository, fakeClock } from './fake-platform.ts';
import { type Host, startHost } from './kill/host.ts';

const HOME = fileURLToPath(new URL('../..', import.meta.url));
const FILES = { 'web/main.tf': source(1) };

interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>;
  runs: { steps: { name: string; run: string; shell: string; env?: Record<string, string> }[] };
}
const ACTION = parse(fs.readFileSync(join(HOME, 'action.yml'), 'utf8')) as Action;

let workspace = '';
let host: Host;
let repository: FakeRepository;
beforeAll(async () => {
  host = await startHost();
  workspace = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'pare-action-')));
  const repo = join(workspace, 'infra');
  await git.init({ fs, dir: repo, defaultBranch: 'main' });
  for (const [path, text] of Object.entries(FILES)) {
    fs.mkdirSync(dirname(join(repo, path)), { recursive: true });
    fs.writeFileSync(join(repo, path), text);
    await git.add({ fs, dir: repo, filepath: path });
  }
  const author = { name: 'alice', email: 'alice@example.com', timestamp: 1_790_000_000, timezoneOffset: 0 };
  const sha = await git.commit({ fs, dir: repo, message: 'begin', author });
  repository = new FakeRepository(FILES, fakeClock());
  repository.renameHead(sha);
  host.load(repository);
  fs.writeFileSync(join(workspace, 'findings.json'), JSON.stringify(document(findings().slice(0, 3))));
});
afterAll(async () => {
  await host.close();
  fs.rmSync(workspace, { recursive: true, force: true });
});

/** The last step as a runner executes it: inputs put into its environment, its script in a file for bash. */
async function runAction(
  given: Record<string, string>,
  home = HOME,
  path = process.env.PATH,
): Promise<{ code: number; said: string }> {
  const github: Record<string, string> = {
    token: 'ghs_x',
    repository: 'acme/infra',
    api_url: host.url,
    action_path: home,
  };
  const expand = (text: string, inputs: Record<string, string>): string =>
    text.replace(/\$\{\{ (inputs|github)\.([a-z_-]+) \}\}/g, (_, from: string, name: string) => {
      const value = (from === 'inputs' ? inputs : github)[name];
      if (value === undefined) throw new Error(`${from}.${name} is not known`);
      return value;
    });
  const inputs: Record<string, string> = {};
  for (const [name, one] of Object.entries(ACTION.inputs)) inputs[name] = given[name] ?? expand(one.default ?? '', {});
  const step = ACTION.runs.steps.at(-1)!;
  const script = join(workspace, 'step.sh');
  // An expression in the script itself would make code of an input.
  expect(step.run).not.toContain('${{');
  fs.writeFileSync(script, step.run);
  const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, text]) => [name, expand(text, inputs)]));
  return run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], join(workspace, 'infra'), {
    PATH: path,
    HOME: workspace,
    ...env,
  });
}

describe('action.yml, its script run as GitHub runs it', () => {
  it('opens the pull requests and the dashboard, and once more changes nothing', async () => {
    const first = await runAction({ findings: join(workspace, 'findings.json') });
    expect([first.code, first.said]).toEqual([0, expect.stringContaining('fix(web): remove 2 unused rules')]);
    expect(repository.pulls.map((one) => [one.title, one.state])).toEqual([
      ['fix(web): remove 2 unused rules', 'open'],
    ]);
    expect(repository.issues).toHaveLength(1);
    const writes = repository.writes.length;
    expect((await runAction({ findings: join(workspace, 'findings.json') })).code).toBe(0);
    expect(repository.writes.slice(writes)).toEqual([]);
  });

  it('sends the findings to code scanning where it is asked to, once', async () => {
    const inputs = { findings: join(workspace, 'findings.json'), sarif: 'true' };
    const first = await runAction(inputs);
    expect([first.code, first.said]).toEqual([0, expect.stringContaining('the findings are in code scanning')]);
    const again = await runAction(inputs);
    expect([again.code, again.said]).toEqual([0, expect.stringContaining('code scanning has these findings already')]);
    expect(repository.sarifs.map((one) => [one.commit, one.ref])).toEqual([[repository.facts.head, 'refs/heads/main']]);
    const { results } = JSON.parse(repository.sarifs[0]!.text).runs[0] as { results: { locations: object[] }[] };
    expect(results.map((one) => one.locations[0])).toEqual([
      expect.objectContaining({ physicalLocation: expect.objectContaining({ region: { startLine: 9 } }) }),
      expect.objectContaining({ physicalLocation: expect.objectContaining({ region: { startLine: 17 } }) }),
    ]);
  });

  it('gives state files and inventory on, each as one argument', async () => {
    const { code, said } = await runAction({
      findings: join(workspace, 'findings.json'),
      state: '\nno such file.tfstate\n',
      inventory: '',
    });
    expect([code, said]).toEqual([
      expect.toSatisfy((one: number) => one !== 0),
      expect.stringContaining('no such file.tfstate'),
    ]);
  });

  it.each(['token', 'findings', 'source', 'inventory', 'state', 'repository', 'github-url'])(
    'takes no code from the input %s',
    async (name) => {
      for (const text of [
        `$(touch pwned)\`touch pwned\`"; touch pwned; "'; touch pwned; '\ntouch pwned\n`,
        '--version',
      ]) {
        const inputs = { findings: join(workspace, 'findings.json'), repository: 'acme/none', [name]: text };
        await runAction(inputs);
        expect([
          text,
          fs.existsSync(join(workspace, 'infra', 'pwned')),
          fs.existsSync(join(workspace, 'pwned')),
        ]).toEqual([text, false, false]);
      }
    },
  );

  it('refuses what names no repository, in one line', async () => {
    const { code, said } = await runAction({ findings: join(workspace, 'findings.json'), repository: '../../etc' });
    expect([code, said.trim().split('\n').length]).toEqual([1, 1]);
    expect(said).toContain('names no repository');
  });

  it('names a shell for each step, and needs findings', () => {
    expect(ACTION.runs.steps.every((one) => one.shell === 'bash')).toBe(true);
    expect(ACTION.inputs.findings?.required).toBe(true);
  });
});

describe('action.yml from nothing, with the Node of the machine', () => {
  it('installs what it runs with, neither Pulumi nor what is for development, and opens the pull requests', async () => {
    const home = join(workspace, 'action');
    await run('git', ['clone', '--quiet', HOME, home], workspace, process.env);
    const env = { PATH: pathOfTheMachine(), HOME: process.env.HOME ?? workspace, PARE_TEMP: workspace };
    const script = join(workspace, 'install.sh');
    fs.writeFileSync(script, ACTION.runs.steps[0]!.run);
    const installed = await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], home, env);
    expect([installed.code, installed.said]).toEqual([0, expect.any(String)]);
    expect(fs.existsSync(join(home, 'node_modules', 'probot'))).toBe(true);
    expect(['vitest', '@pulumi'].filter((name) => fs.existsSync(join(home, 'node_modules', name)))).toEqual([]);

    const fresh = new FakeRepository(FILES, fakeClock());
    fresh.renameHead(repository.facts.head);
    host.load(fresh);
    const { code, said } = await runAction({ findings: join(workspace, 'findings.json') }, home, env.PATH);
    expect([code, said]).toEqual([0, expect.stringContaining('fix(web): remove 2 unused rules')]);
  }, 900_000);
});

async function run(
  command: string,
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; said: string }> {
  const child = spawn(command, args, { cwd, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += String(part)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

/** PATH without what npm puts before it: a runner's Node, not the one that this repository brings for its development. */
function pathOfTheMachine(): string {
  const parts = (process.env.PATH ?? '').split(delimiter);
  return parts.filter((part) => !part.includes('node_modules') && !part.includes('node-gyp-bin')).join(delimiter);
}
