import { advise, DEFAULT_POLICY, findingsDocument, type Policy } from '@pare/analyzer/advice/index.ts';
import { coverageOf, openDuckDbStore, openLedgerStore } from '@pare/analyzer/flowlogs/index.ts';
import type { FlowStore, LedgerRow } from '@pare/analyzer/flowlogs/ledger.ts';
import { readInventory } from '@pare/analyzer/inventory/index.ts';
import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { Inventory } from '@pare/analyzer/model/inventory.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { RefusedFlow } from '@pare/analyzer/model/refused.ts';
import {
  attribute,
  ExplorerLedger,
  groupSummaries,
  interfaceSummaries,
  membersOf,
  REFUSED_LIMITS,
  RefusedLedger,
  withExplorer,
} from '@pare/analyzer/usage/index.ts';
import { scratchFolder } from '../atomic.ts';
import type { Runtime } from '../runtime.ts';
import { parseWindow, type WindowOptions } from '../time.ts';
import { openAthena } from './athena.ts';
import { type LogGroupOptions, openLogGroups, refuseWithoutLogGroup } from './log-groups.ts';
import { readPolicy } from './policy.ts';
import { changeDays, interfaceAddresses } from './scan-input.ts';

export interface AnalysisOptions extends WindowOptions, LogGroupOptions {
  inventory: string;
  /** One of these three, or log groups. */
  flowLogs?: string[];
  ledger?: string;
  athena?: string;
  configHistory?: string[];
  skipUnreadable?: boolean;
  minCoverage?: string;
  maxRules?: string;
  policy?: string;
  memoryLimit?: string;
}

/** What the App watches merged pull requests with. */
export interface WatchFiles {
  /** refused.json */
  refused: readonly RefusedFlow[];
  /** members.json: addresses by group and prefix list. */
  members: Readonly<Record<string, readonly string[]>>;
}

/** Inventory and flow logs in, the findings document out: the analyzer's steps in their order, with this machine's effects. */
export async function runAnalysis(options: AnalysisOptions, runtime: Runtime): Promise<FindingsDocument> {
  return (await analysis(options, runtime, false)).document;
}

/** The same, and what the watch after a merge needs besides. */
export function runWatchedAnalysis(
  options: AnalysisOptions,
  runtime: Runtime,
): Promise<{ document: FindingsDocument; watch: WatchFiles }> {
  return analysis(options, runtime, true);
}

async function analysis(
  options: AnalysisOptions,
  runtime: Runtime,
  watching: boolean,
): Promise<{ document: FindingsDocument; watch: WatchFiles }> {
  const { progress, signal } = runtime;
  const policy = await policyFrom(options);
  const window = parseWindow(options);
  refuseOtherThanOneSource(options);
  refuseWithoutLogGroup(options);
  if (options.athena !== undefined && options.memoryLimit !== undefined) throw noDatabase();
  memoryLimit(options.memoryLimit);
  const step = (phase: string, done: number) => {
    signal.throwIfAborted();
    progress.report({ phase, done, total: 0, unit: 'steps' });
  };

  step('reading the inventory', 0);
  const inventory = await readInventory(options.inventory, { configHistory: options.configHistory ?? [] });
  signal.throwIfAborted();

  const scratch = await scratchFolder();
  try {
    const store = await openStore(options, inventory, scratch.path, runtime);
    const scan = await store.scan({
      window: 'from' in window ? window : { lastDays: window.lastSeconds / 86_400, to: window.to },
      interfaces: interfaceAddresses(inventory.interfaces),
      changes: changeDays(inventory.interfaces),
      refusedDays: REFUSED_LIMITS.days,
      skipUnreadable: options.skipUnreadable === true,
      progress: (event) => progress.report(event),
      signal,
    });
    let open = true;
    const close = async () => {
      if (open) await scan.close();
      open = false;
    };
    try {
      step('joining records and rules', 0);
      const explorer = new ExplorerLedger(scan.window);
      const refused = new RefusedLedger(inventory, scan.window.to);
      const rows = untilAborted(scan.ledger(), signal);
      const evidence = await attribute({
        inventory,
        ledger: withExplorer(watching ? watched(rows, refused) : rows, explorer),
        coverage: untilAborted(coverageOf(scan), signal),
        window: scan.window,
        refusedDays: REFUSED_LIMITS.days,
      });
      // What the database holds is not needed any more, and planning wants memory too.
      await close();
      step('planning', 0);
      const advice = advise({ evidence, inventory, policy, window: scan.window });
      signal.throwIfAborted();
      const document = findingsDocument({
        advice,
        evidence,
        inventory,
        window: scan.window,
        flowLogs: scan.summary,
        warnings: inventory.warnings,
      });
      const { flows, left } = refused.finish();
      if (left > 0)
        runtime.note('warning', `${left} refused flows were too many to keep for the watch; the latest are kept`);
      return {
        document: {
          ...document,
          groups: groupSummaries(inventory),
          interfaces: interfaceSummaries(inventory),
          explorer: explorer.finish(),
        },
        watch: { refused: flows, members: membersOf(inventory, scan.window.from) },
      };
    } finally {
      await close();
    }
  } finally {
    progress.clear();
    await scratch.remove();
  }
}

async function openStore(
  options: AnalysisOptions,
  inventory: Inventory,
  tempDir: string,
  runtime: Runtime,
): Promise<FlowStore> {
  const { flowLogs, ledger, athena } = options;
  if (athena !== undefined) return openAthena(athena, tempDir, Math.floor(Date.now() / 1000));
  const limit = memoryLimit(options.memoryLimit);
  if (options.logGroup !== undefined) return openLogGroups(options, inventory, { tempDir, ...limit }, runtime);
  return ledger === undefined
    ? openDuckDbStore({ paths: flowLogs ?? [], tempDir, ...limit })
    : openLedgerStore({ dir: ledger, tempDir, ...limit });
}

/** As DuckDB reads it; below 100 MB it has no room for one step of a join. */
function memoryLimit(text: string | undefined): { memoryLimit?: string } {
  if (text === undefined) return {};
  const match = /^(\d{1,6})\s?(MB|GB|TB)$/i.exec(text);
  const unit = { MB: 1, GB: 1_000, TB: 1_000_000 }[match?.[2]?.toUpperCase() ?? ''];
  if (match === null || unit === undefined || Number(match[1]) * unit < 100)
    throw badNumber('--memory-limit', text, 'at least 100MB, as 512MB or 4GB');
  return { memoryLimit: `${match[1]}${match[2]}` };
}

function refuseOtherThanOneSource({ flowLogs, ledger, athena, logGroup }: AnalysisOptions): void {
  const given = Object.entries({
    '--ledger': ledger,
    '--flow-logs': flowLogs,
    '--athena': athena,
    '--log-group': logGroup,
  });
  const names = given.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length === 1) return;
  throw new PareError({
    code: 'bad-option',
    message: names.length === 0 ? 'no flow logs are given' : `${names[0]} excludes ${names.slice(1).join(' and ')}`,
    next: 'give --flow-logs, or --ledger with a folder that pare ingest has written, or --athena, or --log-group',
    fault: 'configuration',
  });
}

function noDatabase(): PareError {
  return new PareError({
    code: 'bad-option',
    message: '--memory-limit is not for --athena, whose queries run in AWS',
    next: 'leave it out',
    fault: 'configuration',
  });
}

async function* watched(
  rows: AsyncIterable<readonly LedgerRow[]>,
  refused: RefusedLedger,
): AsyncIterable<readonly LedgerRow[]> {
  for await (const batch of rows) {
    for (const row of batch) refused.add(row);
    yield batch;
  }
}

async function* untilAborted<T>(rows: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  for await (const row of rows) {
    signal.throwIfAborted();
    yield row;
  }
}

/** The options of the command line stand above the file. */
async function policyFrom(options: AnalysisOptions): Promise<Policy> {
  const policy = options.policy === undefined ? { ...DEFAULT_POLICY } : await readPolicy(options.policy);
  if (options.minCoverage !== undefined) {
    const match = /^(\d{1,3}(?:\.\d+)?)\s*%?$/.exec(options.minCoverage);
    const share = match === null ? Number.NaN : Number(match[1]) / 100;
    if (!(share >= 0 && share <= 1))
      throw badNumber('--min-coverage', options.minCoverage, 'a percentage from 0 to 100');
    policy.minCoverage = share;
  }
  if (options.maxRules !== undefined) {
    const rules = /^\d{1,2}$/.test(options.maxRules) ? Number(options.maxRules) : 0;
    if (rules < 1 || rules > 60) throw badNumber('--max-rules', options.maxRules, 'a whole number from 1 to 60');
    policy.maxReplacements = rules;
  }
  return policy;
}

function badNumber(option: string, text: string, wanted: string): PareError {
  return new PareError({
    code: 'bad-option',
    message: `${option} ${text} is not understood`,
    next: `give ${wanted}`,
    fault: 'configuration',
  });
}
