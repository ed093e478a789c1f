import { describe, expect, it } from 'vitest';
import { type Scanned, scanFiles, V2 } from './harness.ts';

const T = 1_780_000_000;
const ME = '10.0.0.1';
const KNOWN = { interfaces: [{ interfaceId: 'eni-0a', addresses: [ME, '10.0.0.11'] }] };

interface Packet {
  in?: boolean;
  peer?: string;
  local: number;
  remote: number;
  at?: number;
  udp?: boolean;
  icmp?: boolean;
  flags?: number | '-';
  action?: 'ACCEPT' | 'REJECT';
}

async function seen(packets: readonly Packet[], header = `${V2} tcp-flags`): Promise<Scanned> {
  const lines = packets.map((p) => {
    const peer = p.peer ?? '192.0.2.7';
    const [src, dst, sp, dp] = p.in ? [peer, ME, p.remote, p.local] : [ME, peer, p.local, p.remote];
    const start = T + (p.at ?? 1000);
    const protocol = p.icmp ? 1 : p.udp ? 17 : 6;
    return `2 1 eni-0a ${src} ${dst} ${sp} ${dp} ${protocol} 1 40 ${start} ${start} ${p.action ?? 'ACCEPT'} OK ${p.flags ?? '-'}`;
  });
  // The interface has been known for long when the packets come.
  const old = `2 1 eni-0a - - - - - - - ${T - 600} ${T - 542} - NODATA -`;
  return scanFiles({ 'x.log': [header, old, ...lines, ''].join('\n') }, KNOWN);
}

async function verdicts(packets: readonly Packet[]): Promise<string[]> {
  const { ledger } = await seen(packets);
  const port = (n: number | null) => n ?? '*';
  return [...new Set(ledger.map((r) => `${r.opened} ${r.evidence} ${port(r.localPort)}<-${port(r.peerPort)}`))].sort();
}

/** Both directions of conversations with ports 40000, 40001, …, the caller first. */
function calls(
  count: number,
  make: (caller: number) => { local: number; remote: number; in: boolean; peer?: string; udp?: boolean },
): Packet[] {
  return Array.from({ length: count }, (_, i) => make(40000 + i)).flatMap((p) => [p, { ...p, in: !p.in }]);
}

describe('law 1: only what must be so is decided; everything else counts as both', () => {
  it('a SYN is from the opener, a SYN-ACK from the answerer, whichever way flow logs say the packets went', async () => {
    expect(await verdicts([{ in: true, local: 22, remote: 40000, flags: 2 }])).toEqual(['inbound syn 22<-*']);
    expect(await verdicts([{ in: true, local: 40000, remote: 443, flags: 19 }])).toEqual(['outbound syn *<-443']);
    expect(await verdicts([{ local: 22, remote: 40000, flags: 18 }])).toEqual(['inbound syn 22<-*']);
    expect(await verdicts([{ local: 40000, remote: 443, flags: 3 }])).toEqual(['outbound syn *<-443']);
  });

  it('a SYN that nobody answered was accepted all the same', async () => {
    const { ledger } = await seen([{ in: true, local: 22, remote: 40000, flags: 2 }]);
    expect(ledger).toMatchObject([{ opened: 'inbound', action: 'ACCEPT', localPort: 22, records: 1 }]);
  });

  it('flags of one record speak for the whole conversation, unless they contradict each other', async () => {
    const later = { in: true, local: 22, remote: 40000, flags: 0, at: 90_000 };
    expect(await verdicts([{ in: true, local: 22, remote: 40000, flags: 2 }, later])).toEqual([
      'inbound conversation 22<-*',
      'inbound syn 22<-*',
    ]);
    const both = [{ in: true, local: 22, remote: 40000, flags: 2 }, { local: 22, remote: 40000, flags: 2 }, later];
    expect(await verdicts(both)).toContain('unknown none 22<-40000');
  });

  it('a listener is told by its SYN-ACK to someone else, unless the other end listens too', async () => {
    const silent = { local: 5432, remote: 40000, flags: 0 };
    const answer = { local: 5432, remote: 41000, peer: '192.0.2.8', flags: 18 };
    expect(await verdicts([silent, answer])).toContain('inbound listener 5432<-*');
    const other = { in: true, local: 41000, remote: 40000, flags: 18 };
    expect(await verdicts([silent, answer, other])).toContain('unknown none 5432<-40000');
  });

  it('a refused SYN-ACK proves no listener', async () => {
    const silent = { local: 5432, remote: 40000, flags: 0 };
    const refused = { local: 5432, remote: 41000, peer: '192.0.2.8', flags: 18, action: 'REJECT' as const };
    expect(await verdicts([silent, refused])).toContain('unknown none 5432<-40000');
  });

  it('a port that many call, each from a port of its own, is the called one, inbound and outbound, TCP and UDP', async () => {
    expect(await verdicts(calls(4, (caller) => ({ in: true, local: 443, remote: caller })))).toEqual([
      'inbound fan 443<-*',
    ]);
    expect(await verdicts(calls(4, (caller) => ({ in: false, local: caller, remote: 53, udp: true })))).toEqual([
      'outbound fan *<-53',
    ]);
    expect(await verdicts(calls(3, (caller) => ({ in: true, local: 443, remote: caller })))).not.toContain(
      'inbound fan 443<-*',
    );
  });

  const undecided: Record<string, Packet[]> = {
    'active FTP, out of port 20': calls(8, (caller) => ({ in: false, local: 20, remote: caller })),
    'active FTP, in from port 20': calls(8, (caller) => ({ in: true, local: caller, remote: 20 })),
    'passive FTP and RPC, both ports high': calls(8, (caller) => ({ in: true, local: 50000, remote: caller })),
    'NTP from 123 to 123': calls(8, (caller) => ({
      in: false,
      local: 123,
      remote: 123,
      udp: true,
      peer: `192.0.2.${caller - 39990}`,
    })),
    'SIP from 5060 to 5080': calls(8, (caller) => ({
      in: false,
      local: 5060,
      remote: 5080,
      udp: true,
      peer: `192.0.2.${caller - 39990}`,
    })),
    'a caller below 32768, as behind NAT': calls(8, (caller) => ({ in: true, local: 443, remote: caller - 20000 })),
    'an NFS client with a reserved port': calls(8, (caller) => ({
      in: false,
      local: 800,
      remote: caller,
      peer: `192.0.2.${caller - 39990}`,
    })),
    'an NFS client and the four programs beside each of two servers': calls(8, (caller) => ({
      in: false,
      local: 800,
      remote: caller,
      peer: `192.0.2.${caller % 2}`,
    })),
  };
  for (const [what, packets] of Object.entries(undecided)) {
    it(`does not decide ${what}`, async () => {
      const all = await verdicts(packets);
      expect(all.every((verdict) => verdict.startsWith('unknown none'))).toBe(true);
      expect(all.length).toBeGreaterThan(0);
    });
  }

  describe('active FTP: out of port 20, while the same client has a control connection to port 21', () => {
    const control = (from: number, to: number, more: Partial<Packet> = {}): Packet[] => [
      { in: true, local: 21, remote: 39_000, at: from, ...more },
      { in: false, local: 21, remote: 39_000, at: to, ...more },
    ];
    const data = (at: number, more: Partial<Packet> = {}): Packet[] => [
      { in: false, local: 20, remote: 40_001, at, ...more },
      { in: true, local: 20, remote: 40_001, at: at + 1, ...more },
    ];
    const turned = (packets: Packet[]): Packet[] =>
      packets.map((p) => ({ ...p, in: p.in !== true, local: p.remote, remote: p.local }));

    it('is opened by the server, at either end', async () => {
      expect(await verdicts([...control(1000, 1300), ...data(1100)])).toContain('outbound related *<-40001');
      expect(await verdicts(turned([...control(1000, 1300), ...data(1100)]))).toContain('inbound related 40001<-*');
      // Records that begin with their interval, as many formats have them.
      const blurred = data(1000).map((p) => ({ ...p, at: 1000 }));
      expect(await verdicts([...control(1000, 1300), ...blurred])).toContain('outbound related *<-40001');
    });

    it.each([
      ['no control connection stood', data(1100)],
      ['it had ended', [...control(1000, 1050), ...data(1100)]],
      ['it came later', [...control(1200, 1300), ...data(1100)]],
      ["it was another client's", [...control(1000, 1300, { peer: '192.0.2.8' }), ...data(1100)]],
      [
        'port 21 spoke first',
        [...turned(turned(control(1000, 1300))).map((p) => ({ ...p, in: !p.in })), ...data(1100)],
      ],
      ['port 20 was called', [...control(1000, 1300), ...data(1100).map((p) => ({ ...p, in: !p.in }))]],
      [
        'port 20 was met by another who had none: something listens there',
        [...control(1000, 1300), ...data(1100), ...data(1100, { peer: '192.0.2.9' })],
      ],
      ['it is UDP', [...control(1000, 1300, { udp: true }), ...data(1100, { udp: true })]],
    ])('is not decided where %s', async (_, packets) => {
      const all = (await verdicts(packets)).filter((verdict) => verdict.endsWith('40001'));
      expect(all).toEqual(['unknown none 20<-40001']);
    });

    it('gives way to what flags say', async () => {
      const said = [...control(1000, 1300), ...data(1100), { in: true, local: 20, remote: 40_001, at: 1100, flags: 2 }];
      expect(await verdicts(said)).toContain('inbound conversation 20<-*');
    });
  });

  describe('a caller below 32768 is believed where the other port is bound: ephemeral ports called it before and after', () => {
    const bound = calls(5, (caller) => ({ in: true, local: 443, remote: caller })).map((p) => ({
      ...p,
      at: 1000 + 100 * (p.remote - 40_000),
    }));
    const low = (at: number, more: Partial<Packet> = {}): Packet[] => [
      { in: true, local: 443, remote: 8225, at, ...more },
      { in: false, local: 443, remote: 8225, at, ...more },
    ];

    it('at either end', async () => {
      expect(await verdicts([...bound, ...low(1200)])).toEqual(['inbound fan 443<-*']);
      const turned = [...bound, ...low(1200)].map((p) => ({ ...p, in: !p.in, local: p.remote, remote: p.local }));
      expect(await verdicts(turned)).toEqual(['outbound fan *<-443']);
    });

    it.each([
      ['before the first such call', [...bound, ...low(999)]],
      ['after the last', [...bound, ...low(1401)]],
      ['where three ephemeral ports called', [...bound.slice(0, 2), ...bound.slice(-4), ...low(1200)]],
      [
        'where the called port was once heard first',
        [
          ...bound,
          ...low(1200),
          ...Array.from({ length: 60 }, (_, n) => n).flatMap((n) => [
            { in: true, local: 443, remote: 50_000 + n, at: 1100 },
            { in: false, local: 443, remote: 50_000 + n, at: n === 0 ? 1099 : 1100 },
          ]),
        ],
      ],
      ['of a port that met another, too', [...bound, ...low(1200), { in: true, local: 8443, remote: 8225 }]],
      ['of UDP', [...bound, ...low(1200)].map((p) => ({ ...p, udp: true }))],
      ['that answered first', [...bound, ...low(1200).map((p) => ({ ...p, at: p.in ? 1201 : 1200 }))]],
    ])('but not %s', async (_, packets) => {
      expect(await verdicts(packets)).toContain('unknown none 443<-8225');
    });

    it('nor from a privileged port', async () => {
      const packets = [...bound, ...low(1200).map((p) => ({ ...p, remote: 1023 }))];
      expect(await verdicts(packets)).toContain('unknown none 443<-1023');
    });
  });

  it('a reserved port is called where one address alone met it from five ephemeral ports', async () => {
    const printed = (count: number) => calls(count, (caller) => ({ in: true, local: 515, remote: caller }));
    expect(await verdicts(printed(5))).toEqual(['inbound fan 515<-*']);
    expect((await verdicts(printed(4))).every((verdict) => verdict.startsWith('unknown none'))).toBe(true);
    const printing = calls(5, (caller) => ({ in: false, local: caller, remote: 515 }));
    expect(await verdicts(printing)).toEqual(['outbound fan *<-515']);
  });

  it('does not trust a port that speaks first: a scanner with source port 53, a program that calls from one low port', async () => {
    const scan = Array.from({ length: 8 }, (_, i) => ({ in: true, local: 40000 + i, remote: 53, udp: true, at: 1000 }));
    const answers = scan.map((p) => ({ ...p, in: false, at: 1001 }));
    expect(await verdicts([...scan, ...answers])).not.toContain('outbound fan *<-53');
    const dht = Array.from({ length: 8 }, (_, i) => ({ local: 6881, remote: 40000 + i, udp: true, at: 1000 }));
    const replies = dht.slice(1).map((p) => ({ ...p, in: true, at: 1000 }));
    expect((await verdicts([...dht, ...replies])).every((verdict) => verdict.startsWith('unknown'))).toBe(true);
  });

  it('an earlier packet decides only away from the edge and only where the ports agree', async () => {
    const pair = (at: number, local: number, remote: number): Packet[] => [
      { in: true, local, remote, at },
      { local, remote, at: at + 1 },
    ];
    expect(await verdicts(pair(1000, 22, 40000))).toEqual(['inbound start 22<-*']);
    expect(await verdicts(pair(-500, 22, 40000))).toEqual(['unknown none 22<-40000']);
    expect(await verdicts(pair(1000, 40000, 22))).toEqual(['unknown none 40000<-22']);
    expect(await verdicts(pair(1000, 50000, 40000))).toEqual(['unknown none 50000<-40000']);
  });

  it('ICMP has no ports and no opener; refused packets count as opened by their sender', async () => {
    expect(await verdicts([{ icmp: true, in: true, local: 0, remote: 0 }])).toEqual(['unknown none *<-*']);
    expect(await verdicts([{ in: true, local: 3389, remote: 40000, action: 'REJECT' }])).toEqual([
      'inbound none 3389<-*',
    ]);
  });

  it('a record whose local end nothing tells stands once for each reading', async () => {
    const record = `2 1 eni-0f 192.0.2.7 10.9.9.9 40000 22 6 1 40 ${T} ${T} ACCEPT OK`;
    const { ledger, summary } = await scanFiles({ 'x.log': `${V2}\n${record}\n` }, KNOWN);
    expect(ledger.map((row) => [row.opened, row.localAddress, row.localPort, row.peerPort])).toEqual([
      ['unknown', '10.9.9.9', 22, 40000],
      ['unknown', '192.0.2.7', 40000, 22],
    ]);
    expect(summary.accepted).toBe(0);
    expect(summary.skipped).toMatchObject([{ reason: 'record-whose-local-end-is-unknown', count: 1 }]);
  });

  it('knows a secondary address by pkt-dstaddr and keeps both', async () => {
    const header = `${V2} tcp-flags pkt-srcaddr pkt-dstaddr`;
    const record = `3 1 eni-0a 192.0.2.7 ${ME} 40000 22 6 1 40 ${T} ${T} ACCEPT OK 2 192.0.2.7 10.0.0.11`;
    const { ledger } = await scanFiles({ 'x.log': `${header}\n${record}\n` }, KNOWN);
    expect(ledger).toMatchObject([
      { opened: 'inbound', localAddress: ME, localPacketAddress: '10.0.0.11', peerPacketAddress: null },
    ]);
  });
});
