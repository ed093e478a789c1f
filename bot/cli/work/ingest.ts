import { ingestFlowLogs } from '@pare/analyzer/flowlogs/index.ts';
import { readInventory } from '@pare/analyzer/inventory/index.ts';
import { scratchFolder } from '../atomic.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { changeDays, interfaceAddresses } from './scan-input.ts';

export interface IngestCommandOptions {
  flowLogs: string[];
  inventory: string;
  ledger: string;
  configHistory?: string[];
  skipUnreadable?: boolean;
}

export async function ingest(options: IngestCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const { progress, signal } = runtime;
  const inventory = await readInventory(options.inventory, { configHistory: options.configHistory ?? [] });
  signal.throwIfAborted();
  const scratch = await scratchFolder();
  try {
    const done = await ingestFlowLogs({
      paths: options.flowLogs,
      dir: options.ledger,
      tempDir: scratch.path,
      interfaces: interfaceAddresses(inventory.interfaces),
      changes: changeDays(inventory.interfaces),
      skipUnreadable: options.skipUnreadable === true,
      progress: (event) => progress.report(event),
      signal,
      now: Date.now(),
    });
    progress.clear();
    if (done.refused > 0)
      runtime.note('warning', `${done.refused} file(s) could not be read; their time counts as not covered`);
    await runtime.write(
      `${done.files} new file(s), ${done.records} records, ${done.days.length} day(s); ${done.known} file(s) were in the ledger already\n`,
    );
    return EXIT.clean;
  } finally {
    progress.clear();
    await scratch.remove();
  }
}
