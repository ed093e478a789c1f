import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLedgerStore } from '../../analyzer/flowlogs/index.ts';
import { readManifest, readSources } from '../../analyzer/flowlogs/stored/manifest.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { type Outcome, pare } from '../cli/pare.ts';
import { type Rows, rowsOf } from '../flowlogs/athena-stage.ts';
import type { options } from '../flowlogs/harness.ts';
import { generateWorld, type WrittenWorld, writeWorld } from '../generator/index.ts';

let dir: string;
let written: WrittenWorld;
let known: Parameters<typeof options>[0];
/** What a ledger says that one run has written without a disturbance. */
let whole: Rows;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-killed-'));
  const world = generateWorld(31, { days: 2 });
  written = await writeWorld(world, dir, { formats: ['v5'], layout: 'hourly' });
  const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
  known = {
    window: world.window,
    interfaces: interfaceAddresses(inventory.interfaces),
    changes: changeDays(inventory.interfaces),
  };
  expect(await ingest('whole')).toMatchObject({ code: 0 });
  whole = await scanned('whole');
  expect(whole.ledger.length).toBeGreaterThan(100);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const at = (ledger: string) => join(dir, 'ledgers', ledger);

function ingest(ledger: string, started?: (child: ChildProcess) => void): Promise<Outcome> {
  return pare(
    [
      ...['ingest', '--flow-logs', written.flowLogs, '--inventory', written.inventory],
      ...['--config-history', written.configHistory, '--ledger', at(ledger)],
    ],
    started === undefined ? {} : { started },
  );
}

const scanned = (ledger: string) =>
  rowsOf(openLedgerStore({ dir: at(ledger), tempDir: dir, memoryLimit: '500MB' }), known);

/** Files in the ledger's folder, half-written ones too. */
function filesIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
}

/** Kills the run as soon as it has made so many new files, whatever it is doing then. */
function killAfter(ledger: string, files: number): (child: ChildProcess) => void {
  const before = filesIn(at(ledger));
  return (child) => {
    const look = setInterval(() => {
      if (filesIn(at(ledger)) - before >= files) child.kill('SIGKILL');
    }, 1);
    child.on('close', () => clearInterval(look));
  };
}

describe('pare ingest, killed', () => {
  it('at any of its writes, and run again each time, gives the same ledger: nothing twice, nothing lost', async () => {
    let killed = 0;
    for (let files = 1; files < 24; files++) {
      const outcome = await ingest('killed', killAfter('killed', files));
      if (outcome.signal === 'SIGKILL') killed++;
      // What is in is in whole, each file once.
      const manifest = await readManifest(at('killed'));
      const names = (await readSources(at('killed'), manifest)).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const { data } of manifest.segments)
        for (const { path } of data) expect(existsSync(join(at('killed'), path))).toBe(true);
      if (outcome.code === 0) break;
    }
    expect(killed).toBeGreaterThan(4);
    expect(await ingest('killed')).toMatchObject({ code: 0 });
    expect(await scanned('killed')).toEqual(whole);
  });

  it('by Ctrl-C says so, and the next run finishes the work', async () => {
    const outcome = await ingest('interrupted', (child) => {
      const look = setInterval(() => {
        if (filesIn(at('interrupted')) > 2) child.kill('SIGINT');
      }, 1);
      child.on('close', () => clearInterval(look));
    });
    expect(outcome).toMatchObject({ code: 130, signal: null });
    expect(await ingest('interrupted')).toMatchObject({ code: 0 });
    expect(await scanned('interrupted')).toEqual(whole);
  });
});

describe('two runs of pare ingest at once', () => {
  it('never both take a file: one says that the ledger has changed, and the next run has all', async () => {
    const outcomes = await Promise.all([ingest('both'), ingest('both'), ingest('both')]);
    for (const { code, stderr } of outcomes.filter((each) => each.code !== 0)) {
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /another run has written to the ledger meanwhile; run again: what it has ingested is left out/,
      );
    }
    expect(await ingest('both')).toMatchObject({ code: 0 });
    expect(await scanned('both')).toEqual(whole);
    const again = await ingest('both');
    expect(again.stdout).toMatch(/^0 new file\(s\), 0 records, 0 day\(s\)/);
  });
});
