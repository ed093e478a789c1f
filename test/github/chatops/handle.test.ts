import { describe, expect, it } from 'vitest';
import { allowedSpace, isWithin, resolveNothing } from '../../../analyzer/model/traffic.ts';
import { handleCommand } from '../../../bot/github/chatops/handle.ts';
import { narrowedTo } from '../../../bot/github/chatops/shape.ts';
import type { GivenCommand, Permission, RepositoryState } from '../../../bot/github/contract.ts';
import { emptyMemory } from '../../../bot/github/dashboard/memory.ts';
import { ruleOfFinding, shapeOfReplacement } from '../../../bot/mapping/live.ts';
import { finding } from '../../change/fake.ts';
import { acting, CORPUS } from '../hostile.ts';

const STATE: RepositoryState = {
  repository: { owner: 'acme', name: 'infra' },
  facts: { defaultBranch: 'main', head: 'h', visibility: 'private', archived: false },
  configText: null,
  codeowners: null,
  pulls: [],
  dashboard: null,
  memory: emptyMemory(),
};

function given(command: GivenCommand['command'], permission: Permission = 'write'): GivenCommand {
  return { command, by: 'alice', permission, at: 1000, from: 'comment:1', pull: null };
}

describe('laws 3 and 4 for narrow: within the rule, around all that was used', () => {
  const wide = {
    ...finding('sg-1', '0-65535', '10.0.0.0/8', 'narrow'),
    replacements: [{ protocol: 'tcp' as const, fromPort: 443, toPort: 443, cidrIpv4: '10.1.0.0/16' }],
  };

  it.each([
    ['443', true, ''],
    ['tcp 443 from 10.1.0.0/16', true, ''],
    ['ports 400-500 from 10.0.0.0/9', true, ''],
    ['443, 8443 from 10.1.0.0/16, 10.2.0.0/16', true, ''],
    ['8443', false, 'cut traffic'],
    ['443 from 10.1.0.0/24', false, 'cut traffic'],
    ['443 from 0.0.0.0/0', false, 'something that the rule does not'],
    ['udp 443', false, 'something that the rule does not'],
    ['all', false, 'something that the rule does not'],
    ['443 from sg-0123456789abcdef0', false, 'something that the rule does not'],
    ['443 from everywhere', false, 'a word is neither'],
    ['500-400', false, 'no range'],
    ['', false, 'nothing is named'],
  ] as const)('%j', (text, ok, why) => {
    const out = narrowedTo(wide, text);
    expect(out.ok).toBe(ok);
    if (!out.ok) {
      expect(out.why).toContain(why);
      return;
    }
    const asked = allowedSpace(
      out.replacements.map((one) => shapeOfReplacement('ingress', one)!),
      resolveNothing,
    );
    expect(isWithin(asked, allowedSpace([ruleOfFinding(wide)!], resolveNothing))).toBe(true);
  });

  it('a rule in full use is not narrowed', () => {
    expect(narrowedTo({ ...wide, action: 'keep', replacements: [] }, '443').ok).toBe(false);
  });
});

describe('the command bus', () => {
  it.each(['read', 'none'] as const)('refuses %s', (permission) => {
    expect(handleCommand(given({ name: 'pause', until: null, reason: '' }, permission), STATE, null).state).toBe(
      'refused',
    );
  });

  it('done twice changes the memory once', () => {
    const first = handleCommand(given({ name: 'pause', until: null, reason: 'x' }), STATE, null);
    if (first.state !== 'done') throw new Error('refused');
    expect(first.memory.paused).toMatchObject({ by: 'alice', reason: 'x' });
    const again = handleCommand(
      given({ name: 'pause', until: null, reason: 'x' }),
      { ...STATE, memory: first.memory },
      null,
    );
    expect(again.state === 'done' ? again.memory : null).toEqual(first.memory);
  });

  it('keeps hostile reasons and names as they are, and replies inertly', () => {
    for (const text of CORPUS) {
      const state = {
        ...STATE,
        memory: {
          ...emptyMemory(),
          paused: { by: text.slice(0, 500), at: 1, until: null, reason: text.slice(0, 500) },
        },
      };
      for (const command of [
        { name: 'status' },
        { name: 'keep', rule: text, until: null, reason: text },
        { name: 'narrow', rule: text, to: text },
      ] as const)
        expect(acting(handleCommand(given(command), state, null).reply), text).toEqual([]);
    }
  });
});
