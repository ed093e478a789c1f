import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { applyPatch, parsePatch } from 'diff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FindingsDocument, findingsDocumentSchema } from '../../analyzer/model/finding.ts';
import { pare } from '../cli/pare.ts';

const SHOP = path.resolve('examples/shop');

interface Expected {
  ruleId: string;
  expect: string;
  why: string;
  connections: number;
  onlyPermitter: number;
}

/** The bundled example through the real command, as the README says. */
describe('the example company', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'pare-test-shop-'));
  const repository = path.join(scratch, 'repository');
  const findings = path.join(scratch, 'findings.json');
  const plan = path.join(scratch, 'plan');
  const truth = (JSON.parse(readFileSync(path.join(SHOP, 'truth.json'), 'utf8')) as { rules: Expected[] }).rules;
  let document: FindingsDocument;

  beforeAll(async () => {
    for (const folder of ['terraform', 'cloudformation'])
      cpSync(path.join(SHOP, folder), path.join(repository, folder), { recursive: true });
    const analyzed = await pare([
      ...['analyze', '--inventory', path.join(SHOP, 'inventory'), '--flow-logs', path.join(SHOP, 'flow-logs')],
      ...['--config-history', path.join(SHOP, 'config-history'), '--out', findings],
    ]);
    expect(analyzed.code, analyzed.stderr).toBe(0);
    document = findingsDocumentSchema.parse(JSON.parse(readFileSync(findings, 'utf8')));
    const planned = await pare([
      ...['plan', '--findings', findings, '--inventory', path.join(SHOP, 'inventory'), '--source', repository],
      ...['--state', `terraform/network=${path.join(SHOP, 'state', 'network.tfstate')}`],
      ...['--stack', path.join(SHOP, 'stacks', 'payments'), '--out', plan],
    ]);
    expect(planned.code, planned.stderr).toBe(0);
  }, 120_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('gets the verdict for every rule that its story asks for', () => {
    const verdicts = Object.fromEntries(document.rules.map((finding) => [finding.ruleId, finding.action]));
    expect(verdicts).toEqual(Object.fromEntries(truth.map((rule) => [rule.ruleId, rule.expect])));
  });

  it('loses no rule that was the only one to let something in', () => {
    const removed = document.rules.filter((finding) => finding.action === 'remove').map((finding) => finding.ruleId);
    const needed = truth.filter((rule) => rule.onlyPermitter > 0).map((rule) => rule.ruleId);
    expect(removed.filter((id) => needed.includes(id))).toEqual([]);
    expect(document.replay.blocked).toBe(0);
  });

  it('reads every record of all three formats and skips none', () => {
    const { flowLogs } = document;
    expect(flowLogs.formats).toHaveLength(3);
    expect(flowLogs.skipped).toEqual([]);
    expect(flowLogs.accepted + flowLogs.rejected + flowLogs.noData + flowLogs.skipData + flowLogs.outsideWindow).toBe(
      flowLogs.records,
    );
  });

  it('writes patches that apply to the repository as it is', () => {
    const patches = readdirSync(path.join(plan, 'patches'));
    expect(patches.length).toBeGreaterThan(1);
    let files = 0;
    for (const name of patches) {
      for (const patch of parsePatch(readFileSync(path.join(plan, 'patches', name), 'utf8'))) {
        const file = path.join(repository, patch.newFileName!.replace(/^b\//, ''));
        expect(applyPatch(readFileSync(file, 'utf8'), patch), `${name}: ${patch.newFileName}`).not.toBe(false);
        files += 1;
      }
    }
    expect(files).toBeGreaterThan(4);
  });

  it('proposes or refuses with a reason each removal and narrowing, and writes nothing to the repository', () => {
    const proposals = JSON.parse(readFileSync(path.join(plan, 'proposals.json'), 'utf8')) as {
      batches: { proposals: { finding: { findingId: string } }[] }[];
    };
    expect(JSON.stringify(proposals)).not.toContain('undefined');
    const changed = document.rules.filter((f) => f.action === 'remove' || f.action === 'narrow');
    for (const finding of changed) expect(JSON.stringify(proposals)).toContain(finding.findingId);
    for (const folder of ['terraform', 'cloudformation']) {
      for (const entry of readdirSync(path.join(SHOP, folder), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const original = path.join(entry.parentPath, entry.name);
        const copy = path.join(repository, path.relative(SHOP, original));
        expect(readFileSync(copy).equals(readFileSync(original)), copy).toBe(true);
      }
    }
  });
});
