import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readFailures } from '@pare/analyzer/inventory/failures.ts';
import { failurePlace } from '@pare/analyzer/inventory/live/index.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';
import type { Runtime } from '../cli/runtime.ts';
import { type InventoryCommandOptions, inventory as pull } from '../cli/work/inventory.ts';
import { type Bucket, downloadAll, uploadAll } from './bucket.ts';
import type { InventorySettings } from './settings.ts';

const CURRENT = 'inventory/current.json';
/** States of a state machine hand on 256 KiB at most; all lines are in the snapshot's errors.json. */
const MOST_LINES = 100;
const current = z.object({ prefix: z.string().regex(/^inventory\/snapshots\/[0-9A-Za-z-]+\/$/), files: z.int() });

export interface InventoryResult {
  /** Accounts, regions and listings that could not be read, one line each; what depends on them is left alone. */
  failed: string[];
  files: number;
}

/**
 * Pulls the inventory and makes it the current one, whole or not at all: the pointer is written last. Accounts that deny are reported and
 * stop no other; where none can be read the earlier inventory stays and the step fails.
 */
export async function inventoryStep(
  settings: InventorySettings,
  bucket: Bucket,
  at: Date,
  folder: string,
  runtime: Runtime,
): Promise<InventoryResult> {
  const out = join(folder, 'inventory');
  await pull({ ...commandOptions(settings), out }, runtime);
  const failures = await readFailures(out);
  // A place of its own for each attempt: what an attempt that died has left must not become part of this one.
  const attempt = randomBytes(4).toString('hex');
  const prefix = `inventory/snapshots/${at.toISOString().replace(/[^0-9A-Za-z]/g, '-')}-${attempt}/`;
  const files = (await uploadAll(bucket, out, prefix)).length;
  await bucket.put(CURRENT, `${JSON.stringify({ prefix, files })}\n`);
  const failed = failures.map((one) => `${failurePlace(one)}: ${one.message}; ${one.next}`.slice(0, 1000));
  const more = failed.length > MOST_LINES ? [`and ${failed.length - MOST_LINES} more: see ${prefix}errors.json`] : [];
  return { failed: [...failed.slice(0, MOST_LINES), ...more], files };
}

/** The current inventory as a folder that `readInventory` reads. */
export async function fetchInventory(bucket: Bucket, folder: string): Promise<string> {
  const text = await bucket.text(CURRENT);
  if (text === null) throw missing(bucket, 'there is no inventory yet');
  const pointer = current.parse(JSON.parse(text));
  const dir = join(folder, 'inventory-current');
  // A snapshot that lost files would make rules and interfaces unknown without a word.
  if ((await downloadAll(bucket, pointer.prefix, dir)) !== pointer.files)
    throw missing(bucket, `the inventory ${pointer.prefix} is not whole`);
  return dir;
}

function commandOptions(settings: InventorySettings): Omit<InventoryCommandOptions, 'out'> {
  const { organization, accounts, roleName, externalId, regions, configHistory, ruleAges } = settings;
  return {
    sessionName: 'pare-inventory',
    maxConfigInterfaces: '5000',
    concurrency: '8',
    ...(organization === true ? { organization } : {}),
    ...(accounts === undefined ? {} : { accounts }),
    ...(roleName === undefined ? {} : { roleName }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(regions === undefined ? {} : { region: regions }),
    ...(configHistory === undefined ? {} : { configHistory }),
    ...(ruleAges === true ? { ruleAges } : {}),
  };
}

function missing(bucket: Bucket, message: string): PareError {
  return new PareError({
    code: 'no-inventory',
    message,
    next: 'run the inventory step again',
    fault: 'environment',
    file: `s3://${bucket.name}/inventory/`,
  });
}
