import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ingested, ingestFlowLogs } from '@pare/analyzer/flowlogs/index.ts';
import type { LogGroupsOptions } from '@pare/analyzer/flowlogs/insights/store.ts';
import { readManifest, readSources } from '@pare/analyzer/flowlogs/stored/manifest.ts';
import { readInterfaces, readInventory } from '@pare/analyzer/inventory/index.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { scratchFolder } from '../atomic.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { parseTime } from '../time.ts';
import { type LogGroupOptions, logGroups, refuseWithoutLogGroup } from './log-groups.ts';
import { changeDays, interfaceAddresses } from './scan-input.ts';

export interface IngestCommandOptions extends LogGroupOptions {
  /** Files, or log groups. */
  flowLogs?: string[];
  since?: string;
  until?: string;
  inventory: string;
  ledger: string;
  configHistory?: string[];
  skipUnreadable?: boolean;
}

const DAY = 86_400;

export async function ingest(options: IngestCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const { progress, signal } = runtime;
  const { flowLogs, logGroup } = options;
  if ((flowLogs === undefined) === (logGroup === undefined)) throw notOneSource(flowLogs !== undefined);
  if (logGroup === undefined && (options.since ?? options.until) !== undefined) throw onlyForGroups();
  refuseWithoutLogGroup(options);
  const from = { configHistory: options.configHistory ?? [] };
  // Files need the interfaces alone; log groups also the formats of flow logs.
  const inventory = logGroup === undefined ? null : await readInventory(options.inventory, from);
  const states = inventory?.interfaces ?? (await readInterfaces(options.inventory, from));
  signal.throwIfAborted();
  const scratch = await scratchFolder();
  const read = (paths: readonly string[]) =>
    ingestFlowLogs({
      paths,
      dir: options.ledger,
      tempDir: scratch.path,
      interfaces: interfaceAddresses(states),
      changes: changeDays(states),
      skipUnreadable: options.skipUnreadable === true,
      progress: (event) => progress.report(event),
      signal,
      now: Date.now(),
    });
  try {
    const done =
      inventory === null
        ? await read(flowLogs ?? [])
        : await ingestLogGroups(options, await logGroups(options, inventory, runtime), scratch.path, read, runtime);
    progress.clear();
    if (done.refused > 0)
      runtime.note('warning', `${done.refused} file(s) could not be read; their time counts as not covered`);
    await runtime.write(
      logGroup === undefined
        ? `${done.files} new file(s), ${done.records} records, ${done.days.length} day(s); ${done.known} file(s) were in the ledger already\n`
        : `${done.records} new records of ${done.days.length} day(s)\n`,
    );
    return EXIT.clean;
  } finally {
    progress.clear();
    await scratch.remove();
  }
}

/** A day at a time: a day that was fetched is in the ledger before the next one is asked for, and is not asked for again. */
async function ingestLogGroups(
  { since, until, ledger }: IngestCommandOptions,
  groups: LogGroupsOptions,
  tempDir: string,
  read: (paths: readonly string[]) => Promise<Ingested>,
  { progress, signal }: Runtime,
): Promise<Ingested> {
  const { fetchMissingDays } = await import('@pare/analyzer/flowlogs/insights/store.ts');
  const to = until === undefined ? groups.now : parseTime(until, '--until');
  const from = since === undefined ? to - 7 * DAY : parseTime(since, '--since');
  if (from >= to) throw emptySpan();
  const names = (await readSources(ledger, await readManifest(ledger))).map(({ name }) => name);
  const folder = join(tempDir, 'log-groups');
  const out: Ingested = { files: 0, known: 0, records: 0, refused: 0, days: [] };
  const days = new Set<number>();
  const fetched = fetchMissingDays({ ...groups, from, to, names }, folder, {
    progress: (event) => progress.report(event),
    signal,
  });
  for await (const _ of fetched) {
    const one = await read([folder]);
    await rm(folder, { recursive: true, force: true });
    out.files += one.files;
    out.known += one.known;
    out.records += one.records;
    out.refused += one.refused;
    for (const day of one.days) days.add(day);
  }
  return { ...out, days: [...days].sort((a, b) => a - b) };
}

function notOneSource(both: boolean): PareError {
  const message = both ? '--flow-logs and --log-group exclude each other' : 'no flow logs are given';
  return badOption(message, 'give --flow-logs with files or folders, or --log-group with names');
}

function onlyForGroups(): PareError {
  return badOption('--since and --until are for --log-group', 'leave them out: files are ingested whole');
}

function emptySpan(): PareError {
  return badOption('--since is not before --until', 'give a --since that is before --until');
}

function badOption(message: string, next: string): PareError {
  return new PareError({ code: 'bad-option', message, next, fault: 'configuration' });
}
