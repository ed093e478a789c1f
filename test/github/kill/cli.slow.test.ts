import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as git from 'isomorphic-git';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { document } from '../../change/fake.ts';
import { findings, source } from '../e2e/story.ts';
import { FakeRepository } from '../fake-platform.ts';
import { quickClock } from './clock.ts';
import { createPool, type Host, startHost } from './host.ts';
import { copyOf, visible } from './visible.ts';
import { perform, type Task } from './work.ts';

const EPOCH = Date.now();
const FILES = { '.github/CODEOWNERS': '* @alice\n', 'web/main.tf': source(1), 'shop/main.tf': source(2) };

let dir = '';
let host: Host;
let pool: ReturnType<typeof createPool>;
let repository: FakeRepository;
beforeAll(async () => {
  dir = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'pare-kill-cli-')));
  const repo = join(dir, 'repo');
  await git.init({ fs, dir: repo, defaultBranch: 'main' });
  for (const [path, text] of Object.entries(FILES)) {
    fs.mkdirSync(dirname(join(repo, path)), { recursive: true });
    fs.writeFileSync(join(repo, path), text);
    await git.add({ fs, dir: repo, filepath: path });
  }
  const author = { name: 'alice', email: 'alice@example.com', timestamp: 1_790_000_000, timezoneOffset: 0 };
  const sha = await git.commit({ fs, dir: repo, message: 'begin', author });
  repository = new FakeRepository(FILES, quickClock(EPOCH));
  repository.renameHead(sha);
  const day = (ago: number) => new Date(EPOCH - ago * 86_400_000).toISOString().slice(0, 10);
  const window = { from: `${day(91)}T00:00:00Z`, to: `${day(1)}T00:00:00Z` };
  fs.writeFileSync(join(dir, 'findings.json'), JSON.stringify({ ...document(findings().slice(0, 6)), window }));
  host = await startHost();
  pool = createPool();
});
afterAll(async () => {
  pool.close();
  await host.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

it('pare apply --github, ended by SIGKILL between any two of its requests: run again, all is as if nothing had happened', async () => {
  const task: Task = {
    kind: 'apply',
    url: host.url,
    epoch: EPOCH,
    findings: join(dir, 'findings.json'),
    source: join(dir, 'repo'),
  };
  const calm = copyOf(repository);
  host.load(calm);
  expect(await pool.run(task)).toBe('done');
  const requests = host.asked.length;
  const wanted = visible(calm);
  expect(calm.pulls.map((one) => [one.title, one.state, one.labels, one.reviewers])).toEqual([
    ['fix(shop): remove 2 unused rules', 'open', ['pare'], ['alice']],
    ['fix(web): remove 2 unused rules', 'open', ['pare'], ['alice']],
  ]);
  for (let n = 1; n <= requests; n += 1) {
    const rough = copyOf(repository);
    host.load(rough);
    const ended = await pool.run(task, (child) => {
      host.before = (asked) => asked === n && child.kill('SIGKILL');
    });
    expect([n, ended]).toEqual([n, 'SIGKILL']);
    host.before = () => false;
    await perform(task);
    expect(visible(rough), `killed at request ${n}, ${host.asked[n - 1]}`).toEqual(wanted);
    const writes = rough.writes.length;
    if (n % 10 === 0) {
      await perform(task);
      expect(rough.writes.slice(writes)).toEqual([]);
    }
  }
}, 1_800_000);
