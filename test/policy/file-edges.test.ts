import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../analyzer/advice/policy-file.ts';

function problems(policy: unknown): string[] {
  const result = parsePolicy(policy, 'p.yml');
  return result.ok ? [] : result.problems.map((p) => `${p.at ?? '-'} ${p.message}; ${p.next}`);
}
const orders = (policy: unknown) => {
  const result = parsePolicy(policy, 'p.yml');
  if (!result.ok) throw new Error(result.problems.map((p) => p.message).join());
  return result.policy.orders;
};

describe('ports of the policy', () => {
  it.each<[string | number, [string | null, number, number]]>([
    [22, [null, 22, 22]],
    ['22', [null, 22, 22]],
    ['0-65535', [null, 0, 65_535]],
    [65_535, [null, 65_535, 65_535]],
    ['tcp/3389', ['tcp', 3389, 3389]],
    ['udp/500-4500', ['udp', 500, 4500]],
    ['tcp/7-7', ['tcp', 7, 7]],
  ])('%j', (text, [protocol, from, to]) => {
    expect(orders({ protected: { ports: [text] } })!.protectedPorts).toEqual([{ protocol, from, to }]);
  });

  it.each(['', '65536', '1-65536', '9-1', 'icmp/8', 'x22', '22x', 'tcp/22 ', 'tcp/1-2-3', '-1', 'http', '123456'])(
    '%j is none',
    (text) => {
      expect(problems({ protected: { ports: [text] } })).toEqual([
        'protected.ports[0] protected.ports[0]: is no port: write 22, tcp/3389 or udp/500-4500; see docs/schema/policy.schema.json',
      ]);
    },
  );
});

describe('peers of the policy', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.0.0.1', '10.0.0.1/32'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['sg-0a1b', 'sg-0a1b'],
    ['pl-0a1b', 'pl-0a1b'],
  ])('%s is %s', (text, peer) => expect(orders({ protected: { peers: [text] } })!.protectedPeers).toEqual([peer]));

  it.each(['', 'x', 'sg-', 'xsg-0a', 'sg-0a!', 'eni-0a', '10.0.0.0/33', 'SG-0a'])('%j is none', (text) => {
    expect(problems({ protected: { peers: [text] } })[0]).toContain('protected.peers[0]: is no network, sg-… or pl-…');
  });
});

describe('keeps of the policy', () => {
  const keep = (more: object) => problems({ keeps: [{ reason: 'r', ...more }] })[0];

  it.each<[object, string]>([
    [{ finding: 'f-123' }, 'is no finding id (f- and 12 hex digits)'],
    [{ finding: 'xf-0123456789ab' }, 'is no finding id (f- and 12 hex digits)'],
    [{ finding: 'f-0123456789abc' }, 'is no finding id (f- and 12 hex digits)'],
    [{ account: '1234' }, 'is no account id (12 digits, in quotes)'],
    [{ account: '1234567890123' }, 'is no account id (12 digits, in quotes)'],
    [{ account: 'x12345678901' }, 'is no account id (12 digits, in quotes)'],
  ])('%j %s', (more, message) => expect(keep(more)).toContain(message));

  it.each([{ finding: 'f-0123456789ab' }, { account: '123456789012' }, { region: 'eu-west-1' }, { rule: 'sgr-1' }])(
    '%j is one',
    (more) => expect(keep(more)).toBeUndefined(),
  );
});

describe('what was meant', () => {
  it('is told with the known keys of the place where nothing is near', () => {
    expect(problems({ brake: { xyzzy: 1 } })).toEqual([
      'brake.xyzzy unknown key brake.xyzzy; the keys here are removals, percent',
    ]);
    expect(problems({ keeps: [{ reason: 'r', rule: 'x', grup: 'y' }] })).toEqual([
      'keeps[0].grup unknown key keeps[0].grup; did you mean group?',
    ]);
  });

  it('is told without controls, and not at length', () => {
    const [long] = problems({ [`\u001b${'x'.repeat(500)}`]: 1 });
    expect(long!.split(' ')[0]).toBe('x'.repeat(120));
    expect(problems({ '.a': 1 })[0]!.split(' ')[0]).toBe('.a');
  });

  it('names itself where the whole is wrong', () => {
    const result = parsePolicy(7, 'p.yml');
    expect(result).toMatchObject({
      ok: false,
      problems: [{ code: 'policy-invalid', fault: 'configuration', path: [] }],
    });
    expect(problems(7)[0]).toMatch(/^- the policy: /);
  });
});
