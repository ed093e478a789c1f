import { afterEach, expect, inject, it } from 'vitest';
import { loadModel, violations } from '../moto/models.ts';
import type { Fault } from '../trino/athena.ts';
import { call, DAY, ENI, openStage, rowsOf, type Stage, smallLogs } from './athena-stage.ts';

const { model } = loadModel(inject('moto').models, 'athena');
const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

const KNOWN = { interfaces: [ENI], window: { from: DAY, to: DAY + 86400 } };

async function exchangesOf(fault: (n: number) => Fault | null, enforced?: string) {
  const logs = smallLogs({ [DAY]: call(DAY) });
  const stage = await openStage({
    ...logs,
    fault: (_, n) => fault(n),
    ...(enforced === undefined ? {} : { enforced }),
  });
  open.push(stage);
  await rowsOf(stage.store(), KNOWN).catch(() => undefined);
  return stage.athena.exchanges;
}

it.each([
  ['a whole run', () => null, undefined],
  ['a run in a workgroup that overrides its clients', () => null, 's3://results/enforced/'],
  [
    'a run with repeated queries',
    (n: number) => (n % 3 === 0 ? { state: 'FAILED', retryable: true } : null),
    undefined,
  ],
  ['a run that fails', (n: number) => (n === 4 ? { state: 'FAILED', reason: 'no' } : null), undefined],
] as [string, (n: number) => Fault | null, string | undefined][])(
  'all that %s says to Athena, and Athena’s stand-in to it, is what AWS’s model of the service has',
  async (_, fault, enforced) => {
    const exchanges = await exchangesOf(fault, enforced);
    expect(exchanges.length).toBeGreaterThan(8);
    for (const { operation, input, status, output } of exchanges) {
      const shapes = model.operations[operation]!;
      expect(violations(model, shapes.input!.shape, input, operation)).toEqual([]);
      expect(status).toBe(200);
      expect(violations(model, shapes.output!.shape, output, operation)).toEqual([]);
    }
    expect(new Set(exchanges.map(({ operation }) => operation))).toEqual(
      new Set(['GetWorkGroup', 'StartQueryExecution', 'GetQueryExecution']),
    );
  },
);

it('the model sees what is wrong', () => {
  const shape = model.operations.StartQueryExecution!.input!.shape;
  expect(violations(model, shape, { QueryString: 'SELECT 1', ClientRequestToken: 'short' }, 'in')).toHaveLength(1);
  expect(violations(model, shape, { WorkGroup: 'a b', Sql: 1 }, 'in')).toHaveLength(3);
});
