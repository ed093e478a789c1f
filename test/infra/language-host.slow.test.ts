import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EVERYTHING, LEAST, stored } from './configurations.ts';
import { PROVIDER_VERSION, runByLanguageHost } from './engine.ts';

describe.each([
  ['least', LEAST],
  ['everything', EVERYTHING],
])("the program, run by Pulumi's own script for Node and configured with %s", (which, configuration) => {
  it('registers the resources of the inventory over the wire, with a provider version, each below a component', async () => {
    const run = await runByLanguageHost(stored(configuration));
    expect([run.errors, run.stderr, run.code]).toEqual([[], '', 0]);
    const inventory = readFileSync(new URL(`inventory.${which}.txt`, import.meta.url), 'utf8');
    expect(run.made.map(({ type, name }) => `${type} ${name}`)).toEqual(inventory.trimEnd().split('\n'));
    for (const { type, name, custom, parent, version } of run.made) {
      expect(custom, `${type} ${name}`).toBe(type.startsWith('aws:'));
      if (custom) expect(version, `${type} ${name}`).toBe(PROVIDER_VERSION);
      expect(parent, `${type} ${name}`).toMatch(
        name === 'pare-schedules-dead' || !custom ? /^(pulumi:pulumi:Stack|pare:infra:)/ : /^pare:infra:/,
      );
    }
    // What one resource takes from another arrives as a value and as a dependency.
    const daily = run.made.find(({ name }) => name === 'pare-daily')!;
    expect(daily.dependencies).toContain('aws:sfn/stateMachine:StateMachine pare');
    expect(JSON.stringify(daily.inputs)).toContain('arn:aws:states:eu-west-1:111122223333:stateMachine:pare');
    const machine = run.made.find(({ type }) => type === 'aws:sfn/stateMachine:StateMachine')!;
    expect((JSON.parse(String(machine.inputs.definition)) as { StartAt: string }).StartAt).toBe('Prepare');
    expect(run.outputs).toMatchObject({ database: 'pare', dataBucket: 'pare-data-id' });
  });
});

describe("the program, run by Pulumi's own script for Node", () => {
  it('ends with the mistakes of the configuration, and registers nothing', async () => {
    const run = await runByLanguageHost(stored({ ...LEAST, window: '5y', daily: '0 2 * * *' }));
    expect(run.code).not.toBe(0);
    expect(run.errors.join('\n')).toContain('pare:window: a duration such as 90d');
    expect(run.errors.join('\n')).toContain('pare:daily: cron(…) or rate(…)');
    expect(run.made).toEqual([]);
  });

  it('is told by Pulumi.yaml to leave TypeScript to Node, since ts-node cannot read these sources', () => {
    const project = parse(readFileSync(new URL('../../Pulumi.yaml', import.meta.url), 'utf8')) as {
      main: string;
      runtime: { options: { typescript: boolean } };
    };
    expect(project.runtime.options.typescript).toBe(false);
    expect(project.main).toBe('infra/');
  });
});
