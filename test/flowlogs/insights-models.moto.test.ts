import { afterEach, expect, inject, it } from 'vitest';
import { messagesOf } from '../../analyzer/flowlogs/insights/messages.ts';
import { openInsightsStore } from '../../analyzer/flowlogs/insights/store.ts';
import { loadModel, violations } from '../moto/models.ts';
import { options } from './harness.ts';
import { type InsightsEndpoint, type InsightsFault, type LogEvent, startInsights } from './insights-stage.ts';

const { model } = loadModel(inject('moto').models, 'logs');
const DAY = Date.UTC(2026, 8, 1) / 1000;
const open: InsightsEndpoint[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const EVENTS = Array.from({ length: 40 }, (_, i): LogEvent => {
  const start = DAY + i * 30;
  const message = `2 111122223333 eni-0a 10.0.9.9 10.0.0.1 ${40_000 + i} 443 6 3 400 ${start} ${start + 20} ACCEPT OK`;
  return { timestamp: start * 1000, ingestionTime: (start + 300) * 1000, message };
});
const POLL = { first: 1, most: 2 };

it.each<[string, (n: number) => InsightsFault | null]>([
  ['a whole run', () => null],
  ['a run that is held back', (n) => (n % 3 === 0 ? { start: { type: 'LimitExceededException' } } : null)],
  ['a run that fails', (n) => (n === 1 ? { status: 'Failed' } : null)],
])(
  'all that %s says to CloudWatch Logs, and its stand-in to it, is what AWS’s model of the service has',
  async (_, fault) => {
    const groups = [
      { name: '/vpc', creationTime: DAY * 1000, storedBytes: 9_000, retentionInDays: 400, events: EVENTS },
    ];
    const endpoint = await startInsights(groups, { fault: (_text, n) => fault(n), page: 15 });
    open.push(endpoint);
    const store = openInsightsStore({
      ...{ client: endpoint.client, region: 'eu-west-1', groups: [{ name: '/vpc', formats: [] }] },
      ...{ now: DAY + 2 * 86_400, tempDir: '/tmp', poll: POLL },
    });
    const scan = await store.scan(options({ window: { from: DAY, to: DAY + 86_400 } })).catch(() => null);
    await scan?.close();
    // Ctrl-C, for StopQuery.
    const control = new AbortController();
    const slice = { group: '/vpc', from: DAY, to: DAY + 86_400, since: 0, before: DAY + 86_400 };
    const queries = { client: endpoint.client, signal: control.signal, poll: { first: 200, most: 200 }, attempts: 3 };
    setTimeout(() => control.abort(), 20);
    await messagesOf(slice, { ...queries, atOnce: 1, scanned: () => {} }).catch(() => undefined);
    expect(endpoint.exchanges.length).toBeGreaterThan(5);
    for (const { operation, input, status, output } of endpoint.exchanges) {
      const shapes = model.operations[operation]!;
      expect(violations(model, shapes.input!.shape, input, operation)).toEqual([]);
      if (status === 200) expect(violations(model, shapes.output!.shape, output, operation)).toEqual([]);
      else expect(Object.keys(model.shapes)).toContain((output as { __type: string }).__type);
    }
    expect(new Set(endpoint.exchanges.map(({ operation }) => operation))).toEqual(
      new Set(['DescribeLogGroups', 'StartQuery', 'GetQueryResults', 'StopQuery']),
    );
  },
);
