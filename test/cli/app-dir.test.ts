import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { folderEvidence } from '../../bot/cli/work/serve-evidence.ts';
import { analyzeArgs, DAYS, FROM, writeFlowLogs, writeInventory } from './inputs.ts';
import { pare } from './pare.ts';

let dir: string;
const path = (...parts: string[]) => join(dir, ...parts);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'app-dir-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('analyze --app-dir writes what the App reads: findings, refused packets, and who wears what', async () => {
  writeInventory(path);
  writeFlowLogs(path);
  const late = FROM + (DAYS - 1) * 86_400 + 43_200;
  appendFileSync(
    path('flow-logs', 'log.txt'),
    `2 123456789010 eni-00000000000000001 172.31.9.9 172.31.16.21 49761 3389 6 2 104 ${late} ${late + 59} REJECT OK\n`,
  );
  const own = path('evidence', 'acme', 'infra');
  const { code, stderr } = await pare([...analyzeArgs(path), '--app-dir', own]);
  expect(code).toBe(0);
  expect(stderr).toContain('wrote findings.json, refused.json and members.json');
  expect(readdirSync(own).sort()).toEqual(['findings.json', 'members.json', 'refused.json']);
  const evidence = folderEvidence({ folder: path('evidence'), refreshWith: null }, new AbortController().signal);
  const repository = { owner: 'acme', name: 'infra' };
  const refused = await evidence.refused(repository, 0);
  expect(refused).toMatchObject([
    { interfaceId: 'eni-00000000000000001', groups: ['sg-00000000000000001'], protocol: 6, localPort: 3389 },
  ]);
  const members = await evidence.members(repository);
  expect(members('sg-00000000000000001')).toEqual(['172.31.16.21']);
  expect(members('sg-elsewhere')).toBeNull();
  expect(await evidence.past(repository, [])).toEqual([]);
});
