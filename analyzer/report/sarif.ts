import type { Finding, FindingsDocument } from '../model/finding.ts';
import { stripControls } from '../model/text.ts';
import { byAction, compare, placeOf, replacementText, ruleText, type SourcePlace, sortedFindings } from './words.ts';

/**
 * SARIF 2.1.0: one result for each rule that is not kept. Results name the security group as logical location; the physical one is the line
 * of source, where `places` knows it (GitHub code scanning shows only results that have one).
 */
export function toSarif(document: FindingsDocument, places: readonly SourcePlace[] = []): string {
  const { remove, narrow, review } = byAction(sortedFindings(document));
  const findings = [...remove, ...narrow, ...review];
  const reasons = [...new Set(findings.map((f) => f.reason))].sort(compare);
  const placeOfFinding = new Map(places.map((place) => [place.findingId, place]));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Pare',
            semanticVersion: '0.1.0',
            rules: reasons.map((reason) => ({
              id: reason,
              name: pascal(reason),
              shortDescription: { text: stripControls(reason.replaceAll('-', ' ')) },
              help: { text: `docs/reasons.md explains ${stripControls(reason)}.` },
              defaultConfiguration: {
                level: findings.some((f) => f.reason === reason && f.action !== 'review') ? 'warning' : 'note',
              },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) =>
          result(finding, reasons.indexOf(finding.reason), placeOfFinding.get(finding.findingId)),
        ),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function result(finding: Finding, ruleIndex: number, place: SourcePlace | undefined): object {
  return {
    ruleId: finding.reason,
    ruleIndex,
    kind: finding.action === 'review' ? 'review' : 'fail',
    // The standard allows a level other than none only for kind fail.
    level: finding.action === 'review' ? 'none' : 'warning',
    message: { text: messageOf(finding) },
    locations: [
      {
        ...(place === undefined ? {} : { physicalLocation: physical(place) }),
        logicalLocations: [
          {
            name: stripControls(finding.ruleId),
            fullyQualifiedName: stripControls(`${placeOf(finding)}/${finding.groupId}/${finding.ruleId}`),
            kind: 'resource',
          },
        ],
      },
    ],
    partialFingerprints: { 'pareFindingId/v1': finding.findingId },
    rank: Math.round(finding.confidence * 1000) / 10,
    properties: {
      action: finding.action,
      accountId: finding.accountId,
      region: finding.region,
      groupId: finding.groupId,
      ruleId: finding.ruleId,
      replacements: finding.replacements,
    },
  };
}

function physical(place: SourcePlace): object {
  return {
    artifactLocation: { uri: place.file.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' },
    region: { startLine: place.line, ...(place.endLine === undefined ? {} : { endLine: place.endLine }) },
  };
}

function messageOf(finding: Finding): string {
  const name = finding.groupName === '' ? finding.groupId : `${finding.groupName} (${finding.groupId})`;
  const instead = finding.replacements.map((r) => replacementText(r, finding.direction)).join(', ');
  const what = finding.action === 'narrow' ? `narrow to ${instead}` : finding.action;
  return literal(`${name}: ${ruleText(finding)}: ${what}. ${finding.detail}`);
}

/** Message strings know placeholders (`{0}`) and links (`[text](target)`); doubled braces and escaped brackets mean themselves (SARIF 2.1.0, 3.11.5 and 3.11.6). */
function literal(text: string): string {
  return stripControls(text)
    .replace(/[{}]/g, (c) => c + c)
    .replace(/[\\[\]]/g, (c) => `\\${c}`);
}

function pascal(reason: string): string {
  return reason
    .split(/[^A-Za-z0-9]+/)
    .map((part) => `${part.slice(0, 1).toUpperCase()}${part.slice(1)}`)
    .join('');
}
