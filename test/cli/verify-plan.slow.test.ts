import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlan, type PlanVerdict, parsePlan } from '../../bot/change/plan-check.ts';
import { requireTerraform } from '../source/terraform/console.ts';
import { proposalsOf } from './verify-plan.ts';

/*
 * Plans by the terraform binary itself. Its built-in resource terraform_data stands in for whatever else a repository has: the AWS provider
 * is not in the binary, so that its part of a plan is made by hand in verify-plan.test.ts.
 */
let dir = '';
beforeAll(() => {
  requireTerraform();
  dir = mkdtempSync(join(tmpdir(), 'pare-terraform-'));
  writeFileSync(join(dir, 'empty.tfrc'), '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function terraform(...args: string[]): string {
  const env = { ...process.env, TF_CLI_CONFIG_FILE: join(dir, 'empty.tfrc'), CHECKPOINT_DISABLE: '1' };
  return execFileSync('terraform', args, { cwd: dir, encoding: 'utf8', env, maxBuffer: 1 << 26 });
}

function applied(source: string): void {
  writeFileSync(join(dir, 'main.tf'), source);
  terraform('init', '-input=false', '-no-color');
  terraform('apply', '-auto-approve', '-input=false', '-no-color');
}

function planned(source: string): PlanVerdict {
  writeFileSync(join(dir, 'main.tf'), source);
  terraform('plan', '-out=plan', '-input=false', '-no-color');
  const plan = parsePlan(JSON.parse(terraform('show', '-json', 'plan')));
  if (typeof plan === 'string') throw new Error(plan);
  return checkPlan(plan, proposalsOf('default').batches[0]!, null);
}

const data = (name: string, input: string) => `resource "terraform_data" "${name}" {\n  input = "${input}"\n}\n`;
const MISSING = 'does not remove sg-0123456789abcdef0 ingress tcp 22 from 10.1.0.0/16';

describe('a plan that the terraform binary made', () => {
  beforeAll(() => applied(data('a', 'one')));

  it('without a change is read, and lacks what was proposed', () => {
    expect(planned(data('a', 'one')).faults).toEqual([MISSING]);
  });

  it.each([
    ['updates', data('a', 'two'), 'terraform_data.a: update, which no proposal says'],
    ['adds', data('a', 'one') + data('b', 'one'), 'terraform_data.b: create, which no proposal says'],
    ['deletes', '', 'terraform_data.a: delete, which no proposal says'],
    [
      'replaces',
      'resource "terraform_data" "a" {\n  input            = "one"\n  triggers_replace = ["x"]\n}\n',
      'terraform_data.a: delete, create, which no proposal says',
    ],
    [
      'forgets',
      'removed {\n  from = terraform_data.a\n  lifecycle {\n    destroy = false\n  }\n}\n',
      'terraform_data.a: forget, which no proposal says',
    ],
    [
      'moves',
      `${data('z', 'one')}moved {\n  from = terraform_data.a\n  to   = terraform_data.z\n}\n`,
      'terraform_data.z: no-op, which no proposal says',
    ],
  ])('and that %s something else says what', (_, source, fault) => {
    expect(planned(source).faults).toEqual([MISSING, fault].sort());
  });

  it('and that only changes an output is no fault', () => {
    expect(planned(`${data('a', 'one')}output "x" {\n  value = 1\n}\n`).faults).toEqual([MISSING]);
  });
});
