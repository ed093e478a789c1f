import { parseCidr } from '../../analyzer/model/address.ts';
import type { Finding, FindingsDocument } from '../../analyzer/model/finding.ts';
import { parseProtocol } from '../../analyzer/model/protocol.ts';
import { canonicalShape, type RuleShape, type SecurityGroupRule } from '../../analyzer/model/rule.ts';
import type { Mapping } from '../../bot/mapping/contract.ts';
import type {
  Declaration,
  DeclaredRule,
  EditResult,
  SourceIndex,
  SourceLanguage,
  SourceNote,
  SourceTree,
  TextEdit,
} from '../../bot/source/contract.ts';
import { sourceTree } from '../../bot/source/tree.ts';

/**
 * A language of a few lines, to test what stands above any language. A file `<root>/x.fake` has lines
 *   rule NAME GROUP PROTOCOL FROM TO PEER[,PEER…]    one declaration; GROUP is sg-… or $name of the call
 *   call NAME FILE GROUP                            evaluates another file's rules with $group = GROUP
 *   broken                                          a line that the second parser refuses
 */
export function fakeLanguage(overrides: Partial<Pick<SourceLanguage, 'edit' | 'check'>> = {}): SourceLanguage {
  return {
    name: 'terraform',
    index: (tree) => indexOf(tree),
    edit: overrides.edit ?? fakeEdit,
    check:
      overrides.check ??
      (async (file) =>
        file.text.includes('broken')
          ? [{ code: 'broken', message: 'broken', place: { file: file.path, line: 1 } }]
          : []),
  };
}

interface Line {
  file: string;
  start: number;
  end: number;
  words: { text: string; start: number }[];
  line: number;
}

function linesOf(path: string, text: string): Line[] {
  const out: Line[] = [];
  let at = 0;
  for (const [n, whole] of text.split('\n').entries()) {
    const words = [...whole.replace('\r', '').matchAll(/\S+/g)].map((m) => ({ text: m[0], start: at + m.index }));
    const end = Math.min(text.length, at + whole.length + 1);
    if (words.length > 0) out.push({ file: path, start: at, end, words, line: n + 1 });
    at += whole.length + 1;
  }
  return out;
}

function indexOf(tree: SourceTree): SourceIndex {
  const declarations: Declaration[] = [];
  const notes: SourceNote[] = [];
  const calls = tree.files
    .flatMap((file) => linesOf(file.path, file.text))
    .filter((line) => line.words[0]!.text === 'call');
  for (const file of tree.files) {
    for (const line of linesOf(file.path, file.text)) {
      if (line.words[0]!.text === 'note')
        notes.push({ code: 'odd', message: 'odd', place: { file: file.path, line: line.line } });
      if (line.words[0]!.text !== 'rule') continue;
      const [, name, group] = line.words;
      const id = `${file.path}:fake.${name!.text}`;
      const own = calls.filter((call) => call.words[2]!.text === file.path);
      const instances =
        own.length > 0
          ? own.map((call) => ({ prefix: `module.${call.words[1]!.text}.`, group: call.words[3]!.text }))
          : [{ prefix: '', group: group!.text }];
      let n = 0;
      const rules = instances.flatMap((instance) =>
        peersOf(line).map((peer) =>
          declared(
            id,
            n++,
            line,
            `${instance.prefix}fake.${name!.text}`,
            instance.group === '-' ? group!.text : instance.group,
            peer,
          ),
        ),
      );
      const range = { file: file.path, start: line.start, end: line.end };
      declarations.push({
        id,
        language: 'terraform',
        form: 'legacy-rule',
        repetition: 'single',
        place: { file: file.path, line: line.line },
        range,
        root: own.length > 0 ? folder(own[0]!.file) : folder(file.path),
        rules,
        notes: [],
      });
    }
  }
  return { tree, declarations, notes };
}

function folder(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function peersOf(line: Line): { text: string; start: number; end: number }[] {
  const word = line.words[6]!;
  let at = word.start;
  return word.text.split(',').map((text) => {
    const start = at;
    at += text.length + 1;
    return { text, start, end: start + text.length };
  });
}

function declared(
  declarationId: string,
  n: number,
  line: Line,
  address: string,
  group: string,
  peer: { text: string; start: number; end: number },
): DeclaredRule {
  const [, , , protocol, from, to] = line.words.map((word) => word.text);
  const cidr = parseCidr(peer.text);
  const known = /^\d+$/.test(from!) && cidr !== null;
  const range = { file: line.file, start: peer.start, end: peer.end };
  const shape: RuleShape | null = known
    ? canonicalShape({
        direction: 'ingress',
        protocol: parseProtocol(protocol!)!,
        fromPort: Number(from),
        toPort: Number(to),
        peer: { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: peer.text },
      })
    : null;
  return {
    id: `${declarationId}#${n}`,
    declarationId,
    address,
    context: 'default',
    group,
    direction: 'ingress',
    protocol: String(parseProtocol(protocol!) ?? protocol),
    fromPort: from!,
    toPort: to!,
    peerKind: cidr === null ? 'unknown' : 'cidrIpv4',
    peer: peer.text,
    description: null,
    shape,
    origins: {
      declaration: { file: line.file, start: line.start, end: line.end },
      protocol: [],
      fromPort: [],
      toPort: [],
      peer: [range],
    },
  };
}

export function fakeEdit(
  index: SourceIndex,
  request: { ruleId: string; replacements: readonly RuleShape[] },
): EditResult {
  const declaration = index.declarations.find((one) => one.rules.some((rule) => rule.id === request.ruleId))!;
  const rule = declaration.rules.find((one) => one.id === request.ruleId)!;
  const text = index.tree.get(declaration.range.file)!.text;
  const line = linesOf(declaration.range.file, text).find((one) => one.start === declaration.range.start)!;
  const peers = peersOf(line);
  const at = peers.findIndex((peer) => peer.start === rule.origins.peer[0]!.start);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const edits: TextEdit[] = [];
  const file = declaration.range.file;
  if (peers.length === 1) edits.push({ range: { ...declaration.range }, text: '' });
  else if (at > 0) edits.push({ range: { file, start: peers[at]!.start - 1, end: peers[at]!.end }, text: '' });
  else edits.push({ range: { file, start: peers[0]!.start, end: peers[1]!.start }, text: '' });
  const [, name, group] = line.words.map((word) => word.text);
  const added = request.replacements
    .map(
      (shape, n) =>
        `rule ${name}_${n} ${group} ${shape.protocol === 6 ? 'tcp' : shape.protocol} ${shape.fromPort} ${shape.toPort} ${'cidr' in shape.peer ? shape.peer.cidr : '?'}${eol}`,
    )
    .join('');
  if (added !== '') {
    if (peers.length === 1)
      return { ok: true, edits: [{ range: { ...declaration.range }, text: added }], warnings: [] };
    edits.push({ range: { file, start: declaration.range.end, end: declaration.range.end }, text: added });
  }
  return { ok: true, edits, warnings: [] };
}

export function fakeTree(files: Record<string, string>): SourceTree {
  return sourceTree(Object.entries(files).map(([path, text]) => ({ path, text })));
}

let serial = 0;

/** A finding about `tcp 22 from CIDR of GROUP`. */
export function finding(
  group: string,
  ports: string,
  cidr: string,
  action: Finding['action'],
  more: Partial<Finding> = {},
): Finding {
  const [fromPort, toPort = fromPort] = ports.split('-').map(Number);
  serial += 1;
  const id = String(serial).padStart(4, '0');
  return {
    findingId: `f-${id}`,
    ruleId: `sgr-${id}`,
    groupId: group,
    groupName: `name of ${group}`,
    accountId: '111111111111',
    region: 'eu-west-1',
    direction: 'ingress',
    protocol: 'tcp',
    fromPort: fromPort!,
    toPort: toPort!,
    peer: { cidrIpv4: cidr },
    description: null,
    action,
    reason: 'unused',
    detail: 'no flow used it',
    confidence: 0.99,
    usage: {
      flows: 0,
      bytes: 0,
      packets: 0,
      firstSeen: null,
      lastSeen: null,
      onlyPermitterFlows: 0,
      uncertainFlows: 0,
      daysSeen: 0,
      topPeers: [],
      topPorts: [],
      evidence: {},
      perDay: [],
    },
    coverage: { observedInterfaceHours: 2160, expectedInterfaceHours: 2160, skippedRecords: 0, interfaces: ['eni-1'] },
    replacements: [],
    ...more,
  };
}

export function document(rules: Finding[]): FindingsDocument {
  return {
    schemaVersion: 1,
    window: { from: '2026-07-03T00:00:00Z', to: '2026-10-01T00:00:00Z' },
    rules,
    replay: { connections: 120, flows: 4000, blocked: 0 },
    flowLogs: {
      files: 3,
      bytes: 10,
      records: 4321,
      accepted: 4000,
      rejected: 321,
      noData: 0,
      skipData: 2,
      outsideWindow: 0,
      skipped: [],
      formats: [],
      from: null,
      to: null,
    },
    unexplained: [],
    warnings: [],
  };
}

export function sure(live: SecurityGroupRule, declaredRuleId: string, confidence = 0.99): Mapping {
  return {
    rule: live,
    candidates: [
      {
        declaredRuleId,
        declarationId: declaredRuleId.split('#')[0]!,
        method: 'rule-id',
        confidence,
        reason: 'the state says so',
      },
    ],
    notes: [],
  };
}
