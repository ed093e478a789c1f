import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { advise, DEFAULT_POLICY, findingsDocument, type Policy } from '../../analyzer/advice/index.ts';
import { openDuckDbStore } from '../../analyzer/flowlogs/index.ts';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { parseCidr } from '../../analyzer/model/address.ts';
import type { Finding, FindingsDocument } from '../../analyzer/model/finding.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import { parseProtocol } from '../../analyzer/model/protocol.ts';
import type { Peer, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import type { Evidence } from '../../analyzer/usage/evidence.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { type LogFormat, type World, writeWorld } from '../generator/index.ts';

export interface Judged {
  inventory: Inventory;
  evidence: Evidence;
  ledger: readonly LedgerRow[];
  document: FindingsDocument;
}

/** Writes a world as AWS would have recorded it, and runs the analyzer on the files: nothing but files passes between the two. */
export async function judgeWorld(
  world: World,
  formats: readonly LogFormat[],
  policy: Policy = { ...DEFAULT_POLICY },
): Promise<Judged> {
  const dir = await mkdtemp(path.join(tmpdir(), 'pare-world-'));
  try {
    const written = await writeWorld(world, path.join(dir, 'world'), { formats });
    const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
    const scan = await openDuckDbStore({ paths: [written.flowLogs], tempDir: dir }).scan({
      window: world.window,
      interfaces: interfaceAddresses(inventory.interfaces),
      changes: changeDays(inventory.interfaces),
      skipUnreadable: false,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    try {
      const ledger: LedgerRow[] = [];
      for await (const batch of scan.ledger()) ledger.push(...batch);
      const { window } = scan;
      const evidence = await attribute({ inventory, ledger: batches(ledger), coverage: scan.coverage(), window });
      const advice = advise({ evidence, inventory, policy, window });
      const document = findingsDocument({
        advice,
        evidence,
        inventory,
        window,
        flowLogs: scan.summary,
        warnings: inventory.warnings,
      });
      return { inventory, evidence, ledger, document };
    } finally {
      await scan.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function* batches(rows: readonly LedgerRow[]): AsyncGenerator<readonly LedgerRow[]> {
  yield rows;
}

/**
 * The rules as they would stand once every proposal is applied, read from the findings document alone. A rule that stays is the same
 * object as in `rules`.
 */
export function rulesAfter(rules: readonly SecurityGroupRule[], document: FindingsDocument): SecurityGroupRule[] {
  const findings = new Map(document.rules.map((finding) => [finding.ruleId, finding]));
  return rules.flatMap((rule) => {
    const finding = findings.get(rule.ruleId);
    if (finding === undefined) throw new Error(`no finding for ${rule.ruleId}`);
    if (finding.action === 'remove') return [];
    if (finding.action !== 'narrow') return [rule];
    return finding.replacements.map((replacement, n) => ({
      ...rule,
      ruleId: `${rule.ruleId}/${n}`,
      protocol: parseProtocol(replacement.protocol)!,
      fromPort: replacement.fromPort ?? null,
      toPort: replacement.toPort ?? null,
      peer: peerOf(replacement),
    }));
  });
}

function peerOf(replacement: Finding['replacements'][number]): Peer {
  const { cidrIpv4, cidrIpv6, prefixListId, referencedGroupId } = replacement;
  if (cidrIpv4 !== undefined && parseCidr(cidrIpv4) !== null) return { kind: 'cidrIpv4', cidr: cidrIpv4 };
  if (cidrIpv6 !== undefined && parseCidr(cidrIpv6) !== null) return { kind: 'cidrIpv6', cidr: cidrIpv6 };
  if (prefixListId !== undefined) return { kind: 'prefixList', prefixListId };
  if (referencedGroupId !== undefined) return { kind: 'group', groupId: referencedGroupId };
  throw new Error(`a replacement without a peer: ${JSON.stringify(replacement)}`);
}
