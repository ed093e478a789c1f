import type { CheckAnnotation, CheckRunRecord, CheckRunWrite, Platform, RepositoryRef } from '../contract.ts';
import type { Caller } from './caller.ts';
import type { GitHubClient } from './octokit.ts';
import { checkRecord } from './records.ts';

/** Of one request; more are appended by updates. */
const ANNOTATIONS = 50;
/** GitHub's limit of summary and text is 65,535 characters. */
const TEXT_LIMIT = 60_000;

export function checksPart(
  client: GitHubClient,
  { owner, name }: RepositoryRef,
  call: Caller,
): Pick<Platform, 'checkRuns' | 'writeCheck'> {
  const repo = { owner, repo: name };
  return {
    async checkRuns(commit, checkName) {
      const { data } = await call.read('reading the checks', () =>
        client.rest.checks.listForRef({ ...repo, ref: commit, check_name: checkName, per_page: 100 }),
      );
      return data.check_runs.map(checkRecord);
    },
    async writeCheck(write, id) {
      const parts = slices(write.annotations);
      let at = id;
      let record: CheckRunRecord | null = null;
      for (const annotations of parts) {
        const request = requestOf(write, annotations);
        const known = at;
        const { data } = await (known === undefined
          ? call.write(
              'making the check',
              () => client.rest.checks.create({ ...repo, head_sha: write.head, ...request }),
              { creates: true },
            )
          : call.write('changing the check', () =>
              client.rest.checks.update({ ...repo, check_run_id: known, ...request }),
            ));
        at = data.id;
        record = checkRecord(data);
      }
      return record!;
    },
  };
}

function slices(all: readonly CheckAnnotation[]): CheckAnnotation[][] {
  const out: CheckAnnotation[][] = [all.slice(0, ANNOTATIONS)];
  for (let at = ANNOTATIONS; at < all.length; at += ANNOTATIONS) out.push(all.slice(at, at + ANNOTATIONS));
  return out;
}

function requestOf(write: CheckRunWrite, annotations: readonly CheckAnnotation[]) {
  return {
    name: write.name,
    external_id: write.externalId,
    status: write.status,
    ...(write.conclusion === undefined ? {} : { conclusion: write.conclusion }),
    output: {
      title: write.title,
      summary: write.summary.slice(0, TEXT_LIMIT),
      ...(write.text === undefined ? {} : { text: write.text.slice(0, TEXT_LIMIT) }),
      annotations: annotations.map((one) => ({
        path: one.path,
        start_line: one.startLine,
        end_line: one.endLine,
        annotation_level: one.level,
        title: one.title.slice(0, 255),
        message: one.message,
      })),
    },
  };
}
