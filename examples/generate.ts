import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatProtocol } from '../analyzer/model/protocol.ts';
import { peerText, portsText } from '../analyzer/model/rule.ts';
import {
  type FlowLogSpec,
  finishWorld,
  hash,
  iso,
  type LogFormat,
  type World,
  writeWorld,
} from '../test/generator/index.ts';
import { stackDocuments, terraformState } from './state.ts';
import { playShop, type Shop, STACK_ID } from './story.ts';

/**
 * Makes the generated part of examples/shop: inventory, AWS Config history, flow logs, Terraform state, stack documents and the truth.
 * `node examples/generate.ts [DIR]`; the sources in terraform/ and cloudformation/ are written by hand and only read.
 */
export const SHOP = path.join(path.dirname(fileURLToPath(import.meta.url)), 'shop');
const GENERATED = ['inventory', 'config-history', 'flow-logs', 'state', 'stacks', 'truth.json'];

export function makeShop(): { shop: Shop; world: World; flowLogs: readonly FlowLogSpec[] } {
  const shop = playShop();
  const flowLogs = shopFlowLogs(shop);
  const world = finishWorld(0, shop.state, flowLogs);
  // AWS's own names have colons, which a checkout on Windows cannot have.
  const configFiles = world.configFiles.map((file) => ({ ...file, path: file.path.replaceAll('::', '-') }));
  return { shop, world: { ...world, configFiles }, flowLogs };
}

/** One flow log a subnet, as three teams set them up: version 5 text, the default version 2, and Parquet. */
function shopFlowLogs(shop: Shop): FlowLogSpec[] {
  const made: Readonly<Record<string, [LogFormat, string, boolean]>> = {
    'shop-public': ['v5', 'shop-logs/network', false],
    'shop-app': ['v5', 'shop-logs/network', false],
    'shop-data': ['v2', 'shop-logs-data', false],
    'shop-ops': ['parquet', 'shop-lake/vpc', true],
  };
  return shop.state.subnets
    .map((subnet) => {
      const [format, folder, hive] = made[subnet.name]!;
      const interfaces = shop.state.interfaces.filter((i) => i.subnetId === subnet.subnetId);
      return {
        flowLogId: `fl-0${hash(subnet.name).toString(16).padStart(8, '0')}4c5d6e7f`,
        format,
        folder,
        hive,
        perHour: false,
        resourceId: subnet.subnetId,
        interfaceIds: new Set(interfaces.map((i) => i.interfaceId)),
      };
    })
    .sort((a, b) => (a.flowLogId < b.flowLogId ? -1 : 1));
}

/** What was truly used, next to what Pare should find; for readers and tests, never read by Pare. */
export function truthDocument(shop: Shop, world: World): unknown {
  const { rules, ...lists } = world.truth;
  const names = new Map([
    ...shop.state.groups.map((g) => [g.groupId, g.groupName] as const),
    ...shop.state.prefixLists.map((p) => [p.prefixListId, p.name] as const),
  ]);
  return {
    window: { from: iso(world.window.from), to: iso(world.window.to) },
    records: [...world.records].length,
    connections: world.connections.length,
    rules: shop.state.rules.map((rule) => {
      const used = rules[rule.ruleId]!;
      const { how, address, expect, why } = shop.origins.get(rule.ruleId)!;
      return {
        ruleId: rule.ruleId,
        group: names.get(rule.groupId),
        direction: rule.direction,
        protocol: formatProtocol(rule.protocol),
        ports: portsText(rule),
        peer: names.get(peerText(rule.peer)) ?? peerText(rule.peer),
        madeBy: how,
        address,
        connections: used.connections,
        onlyPermitter: used.onlyPermitter,
        first: used.first === null ? null : iso(used.first),
        last: used.last === null ? null : iso(used.last),
        expect,
        why,
      };
    }),
    ...lists,
  };
}

/** Writes everything below `dir`; what was generated before is replaced only when all is written. */
export async function writeShop(dir: string): Promise<{ records: number; files: number }> {
  const { shop, world, flowLogs } = makeShop();
  await mkdir(dir, { recursive: true });
  const fresh = await mkdtemp(path.join(dir, '.generate-'));
  try {
    const written = await writeWorld(world, fresh, { flowLogs, gzipLevel: 9 });
    const put = async (file: string, document: unknown, indent: number): Promise<void> => {
      const full = path.join(fresh, file);
      await mkdir(path.dirname(full), { recursive: true });
      await writeFile(full, `${JSON.stringify(document, null, indent)}\n`);
    };
    await put('state/network.tfstate', terraformState(shop), 2);
    const template = await readFile(path.join(SHOP, 'cloudformation/payments.yaml'), 'utf8');
    for (const [name, document] of Object.entries(stackDocuments(shop, STACK_ID, template))) {
      await put(`stacks/payments/${name}`, document, 4);
    }
    const truth = truthDocument(shop, world) as { records: number };
    await put('truth.json', truth, 2);
    for (const name of GENERATED) {
      await rm(path.join(dir, name), { recursive: true, force: true });
      await rename(path.join(fresh, name), path.join(dir, name));
    }
    return { records: truth.records, files: written.files.length };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Every generated file below `dir`, sorted. */
export async function generatedFiles(dir: string): Promise<string[]> {
  const all = await readdir(dir, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => GENERATED.some((name) => file === name || file.startsWith(`${name}/`)))
    .sort();
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const dir = process.argv[2] ?? SHOP;
  const { records, files } = await writeShop(dir);
  process.stderr.write(`${records} flow-log records, ${files} files below ${dir}\n`);
}
