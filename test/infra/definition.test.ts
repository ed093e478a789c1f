import { describe, expect, it } from 'vitest';
import { type Compute, definition } from '../../infra/definition.ts';
import { problemsOf } from './states-language.ts';

const LAMBDA: Compute = { kind: 'lambda', ledger: arn('ledger'), analysis: arn('analysis') };
const FARGATE: Compute = {
  kind: 'fargate',
  cluster: 'arn:aws:ecs:eu-west-1:111122223333:cluster/pare',
  task: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/pare:1',
  container: 'step',
  subnets: ['subnet-1'],
  securityGroups: [],
};

function arn(name: string): string {
  return `arn:aws:lambda:eu-west-1:111122223333:function:${name}`;
}

function made(compute: Compute, mail = false): Machine {
  return definition({
    inventory: arn('inventory'),
    compute,
    topic: 'arn:aws:sns:eu-west-1:111122223333:pare',
    bucket: 'pare-data',
    mail: mail ? { from: 'pare@example.com', to: ['a@example.com'] } : null,
  }) as Machine;
}

interface Machine {
  StartAt: string;
  States: Record<string, Record<string, unknown>>;
}

describe.each([
  ['functions and a topic', LAMBDA, false],
  ['functions and mail', LAMBDA, true],
  ['containers and a topic', FARGATE, false],
  ['containers and mail', FARGATE, true],
] as const)('the state machine with %s', (_, compute, mail) => {
  it('is right by the specification of the Amazon States Language', () => {
    expect(problemsOf(made(compute, mail))).toEqual([]);
  });

  it('retries every task but what no retry mends, bounds its time, and reports what stays wrong', () => {
    const tasks = Object.entries(made(compute, mail).States).filter(([, state]) => state.Type === 'Task');
    expect(tasks.length).toBeGreaterThan(3);
    for (const [name, state] of tasks) {
      expect(state.Retry, name).toEqual([
        { ErrorEquals: ['PareFinal'], MaxAttempts: 0 },
        expect.objectContaining({ ErrorEquals: ['States.ALL'], MaxAttempts: 3, BackoffRate: 2 }),
      ]);
      const [caught] = state.Catch as { ErrorEquals: string[]; Next: string }[];
      expect(caught, name).toMatchObject({
        ErrorEquals: ['States.ALL'],
        Next: name === 'ReportFailure' ? 'Failed' : 'ReportFailure',
      });
      expect(state.TimeoutSeconds, name).toBeGreaterThan(0);
    }
  });
});

describe('the check of definitions itself', () => {
  const spoil = (change: (machine: Machine) => void): string[] => {
    const machine = structuredClone(made(LAMBDA));
    change(machine);
    return problemsOf(machine);
  };
  it.each([
    ['a state that is not there', (m: Machine) => Object.assign(m.States.Inventory!, { Next: 'Nowhere' }), 'Nowhere'],
    [
      'a state that nothing leads to',
      (m: Machine) => Object.assign(m.States, { Island: { Type: 'Succeed' } }),
      'Island',
    ],
    ['no way on', (m: Machine) => delete m.States.Inventory!.Next, 'Inventory'],
    ['an unknown field', (m: Machine) => Object.assign(m.States.Inventory!, { Retries: [] }), 'Retries'],
    ['an unknown type', (m: Machine) => Object.assign(m.States.Inventory!, { Type: 'Job' }), 'Job'],
    ['States.ALL before others', (m: Machine) => (m.States.Inventory!.Retry as unknown[]).reverse(), 'States.ALL'],
    [
      'a path that is none',
      (m: Machine) => Object.assign(m.States.Inventory!, { ResultPath: 'inventory' }),
      'ResultPath',
    ],
    [
      'an unknown function',
      (m: Machine) => Object.assign(m.States.Inventory!, { Parameters: { 'a.$': 'States.Foo($.x)' } }),
      'States.Foo',
    ],
    ['a choice without default', (m: Machine) => delete m.States.LedgerDone!.Default, 'LedgerDone'],
    [
      'a plain value under a path',
      (m: Machine) => Object.assign(m.States.Inventory!, { Parameters: { 'a.$': 'text' } }),
      'a.$',
    ],
  ] as const)('finds %s', (_, change, named) => {
    expect(spoil((machine) => void change(machine)).join('\n')).toContain(named);
  });
});
