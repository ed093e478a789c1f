import { lstatSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAtomic } from '../../bot/cli/atomic.ts';
import { writeFindings } from './inputs.ts';
import { pare, scratch } from './pare.ts';

// These need the devices of Linux, which not every machine with Node has; so they stand in the suite that asks for more.
describe('output to a device', () => {
  const dir = scratch();
  let findings: string;
  beforeAll(() => {
    findings = writeFindings(dir.path);
  });
  afterAll(() => dir.remove());

  it('writes to a device and does not replace it', async () => {
    await writeAtomic('/dev/null', 'x');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('says in one line that the disk is full, and exits 1', async () => {
    const { code, stderr } = await pare(['report', '--findings', findings, '--out', '/dev/full']);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('/dev/full: cannot write: no space left on the device');
  });
});
