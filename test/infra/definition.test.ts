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

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:pare';
const MAIL = { from: 'pare@example.com', to: ['a@example.com'] };

type Digest = Parameters<typeof definition>[0]['digest'];

function made(compute: Compute, digest: Partial<Digest> = { topics: [TOPIC] }): Machine {
  return definition({
    inventory: arn('inventory'),
    compute,
    topic: TOPIC,
    bucket: 'pare-data',
    digest: { mail: null, topics: [], webhook: null, ...digest },
  }) as Machine;
}

interface Machine {
  StartAt: string;
  States: Record<string, Record<string, unknown>>;
}

describe.each<[string, Compute, Partial<Digest>]>([
  ['functions and a topic', LAMBDA, { topics: [TOPIC] }],
  ['functions and mail', LAMBDA, { mail: MAIL }],
  ['functions and a webhook', LAMBDA, { webhook: arn('webhook') }],
  ['functions and nobody to tell', LAMBDA, {}],
  ['containers and a topic', FARGATE, { topics: [TOPIC] }],
  ['containers and all there is', FARGATE, { mail: MAIL, topics: [TOPIC, `${TOPIC}-chat`], webhook: arn('webhook') }],
])('the state machine with %s', (_, compute, mail) => {
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

describe('the digest', () => {
  const told = (digest: Partial<Digest>) => {
    const { States: states } = made(LAMBDA, digest);
    const out: unknown[] = [];
    for (let name = 'Digest'; name !== 'Done'; name = String(states[name]!.Next))
      out.push([states[name]!.Resource, states[name]!.Parameters]);
    return out;
  };
  const subject = '$.analysis.result.digest.subject';
  const text = '$.analysis.result.digest.text';

  it('goes by mail, to each topic and to the webhook, one after the other', () => {
    expect(told({ mail: MAIL, topics: [TOPIC, `${TOPIC}-chat`], webhook: arn('webhook') })).toEqual([
      [
        'arn:aws:states:::aws-sdk:sesv2:sendEmail',
        {
          FromEmailAddress: 'pare@example.com',
          Destination: { ToAddresses: ['a@example.com'] },
          Content: { Simple: { Subject: { 'Data.$': subject }, Body: { Text: { 'Data.$': text } } } },
        },
      ],
      ...[TOPIC, `${TOPIC}-chat`].map((TopicArn) => [
        'arn:aws:states:::sns:publish',
        { TopicArn, 'Subject.$': subject, 'Message.$': text },
      ]),
      [
        'arn:aws:states:::lambda:invoke',
        {
          FunctionName: arn('webhook'),
          Payload: { step: 'webhook', 'at.$': '$.at', 'subject.$': subject, 'text.$': text },
        },
      ],
    ]);
  });

  it('goes nowhere where nobody is named', () => {
    expect(told({})).toEqual([[undefined, undefined]]);
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
