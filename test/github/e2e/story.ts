import type { Finding, FindingsDocument } from '../../../analyzer/model/finding.ts';
import { document, finding } from '../../change/fake.ts';
import { type Stage, setStage } from './stage.ts';

export const ROOTS = ['web', 'shop', 'mail', 'zone'] as const;

function group(n: number): string {
  return `sg-0${String(n).padStart(16, '0')}`;
}

export function source(n: number): string {
  const rule = (name: string, port: number, cidr: string) => `resource "aws_vpc_security_group_ingress_rule" "${name}" {
  security_group_id = "${group(n)}"
  ip_protocol       = "tcp"
  from_port         = ${port}
  to_port           = ${port}
  cidr_ipv4         = "${cidr}"
}
`;
  return `${rule('https', 443, '10.0.0.0/8')}\n${rule('ssh', 22, `10.${n}.0.0/16`)}\n${rule('metrics', 9100, `10.${n}.4.0/24`)}`;
}

/** ssh and metrics of each root are unused, https is used. */
export function findings(): Finding[] {
  return ROOTS.flatMap((_, at) => {
    const n = at + 1;
    const make = (name: string, ports: string, cidr: string, action: Finding['action'], id: number): Finding => ({
      ...finding(group(n), ports, cidr, action),
      findingId: `f-a${String(n * 100 + id).padStart(11, '0')}`,
      ruleId: `sgr-0${String(n * 100 + id).padStart(16, '0')}`,
      description: name,
    });
    return [
      make('https', '443', '10.0.0.0/8', 'keep', 1),
      make('ssh', '22', `10.${n}.0.0/16`, 'remove', 2),
      make('metrics', '9100', `10.${n}.4.0/24`, 'remove', 3),
    ];
  });
}

export interface Chapter {
  title: string;
  text: string;
  /** What GitHub shows after it, as rendered by Pare. */
  shown: { heading: string; body: string }[];
}

/** All that is told in docs/walkthrough.md happens here; the test asserts on what it returns. */
export async function playStory() {
  const stage = await setStage();
  const chapters: Chapter[] = [];
  const facts: Record<string, unknown> = {};
  const tell = (title: string, text: string, ...shown: Chapter['shown']) => chapters.push({ title, text, shown });
  const end = new Date((stage.clock.at - 86_400) * 1000).toISOString().slice(0, 10);
  let now: FindingsDocument = {
    ...document(findings()),
    window: { from: '2026-07-03T00:00:00Z', to: `${end}T00:00:00Z` },
  };
  const evidence = async (next: FindingsDocument) => {
    now = next;
    await stage.findings(next);
  };
  const later = (days: number) => ({
    from: now.window.from,
    to: new Date(Date.parse(now.window.to) + days * 86_400_000).toISOString().replace('.000', ''),
  });
  try {
    await evidence(now);
    await stage.as('token-pare', 'PUT', '/collaborators/alice', { permission: 'push' });
    for (const [at, root] of ROOTS.entries())
      await stage.write('main', `${root}/main.tf`, source(at + 1), 'token-alice');
    await stage.settle();

    // Install.
    await stage.deliver('installation', {
      action: 'created',
      installation: { id: 100 },
      repositories: [{ full_name: 'pare/infra' }],
      sender: { login: 'alice', type: 'User' },
    });
    await stage.settle();
    const onboarding = (await pulls(stage))[0]!;
    facts.onboarding = onboarding;
    tell(
      'Installed',
      'The App is installed on `pare/infra`. Nothing is changed before there is a configuration; one pull request proposes it and shows what would happen.',
      { heading: `Pull request #${onboarding.number}: ${onboarding.title}`, body: String(onboarding.body) },
    );

    await stage.as('token-alice', 'PUT', `/pulls/${onboarding.number}/merge`, {});
    await stage.settle();
    await stage.put({ kind: 'run', fresh: true, cause: 'schedule' });
    await stage.settle();
    const open = await pulls(stage);
    facts.opened = open;
    const byRoot = (root: string) => open.find((one) => String(one.title).includes(`(${root})`))!;
    const found = ROOTS.map(byRoot);
    const [web, shop, mail] = found as [Pull, Pull, Pull];
    tell(
      'The weekly run',
      'The configuration is merged. The run opens one pull request for each Terraform root, as many as `limits.new` allows, and the dashboard.',
      { heading: `Pull request #${web.number}: ${web.title}`, body: web.body },
      { heading: 'The dashboard', body: await dashboard(stage) },
    );
    facts.checks = await checks(stage, web);
    const { requested_reviewers: asked } = await stage.as('token-pare', 'GET', `/pulls/${web.number}`);
    facts.reviewers = (asked as { login: string }[]).map((one) => one.login);

    // Comment commands.
    const ssh = now.rules.find((one) => one.findingId === 'f-a00000000102')!;
    await say(
      stage,
      web.number,
      `/pare keep ${ssh.ruleId} until 2030-12-31 because the incident runbook needs it`,
      'token-stranger',
    );
    facts.afterStranger = await comments(stage, web.number);
    facts.webAfterStranger = (await pulls(stage)).find((one) => one.number === web.number);
    await say(stage, web.number, `/pare kepe ${ssh.ruleId}`, 'token-alice');
    await say(stage, web.number, `> /pare pause\n\nI would not do that.`, 'token-alice');
    await say(
      stage,
      web.number,
      `/pare keep ${ssh.ruleId} until 2030-12-31 because the incident runbook needs it`,
      'token-alice',
    );
    facts.afterKeep = await comments(stage, web.number);
    facts.webAfterKeep = (await pulls(stage)).find((one) => one.number === web.number);
    tell(
      'Commands',
      'A stranger asks to keep a rule: a reaction, nothing else. Alice mistypes, then asks for the same; the rule leaves the pull request.',
      ...(await comments(stage, web.number)).map((one) => ({ heading: `Comment of ${one.user}`, body: one.body })),
      {
        heading: `Pull request #${web.number} now`,
        body: (await pulls(stage)).find((one) => one.number === web.number)!.body,
      },
    );

    // Closed unmerged.
    await stage.as('token-alice', 'PATCH', `/pulls/${shop.number}`, { state: 'closed' });
    await stage.settle();
    await evidence({ ...now, window: later(7) });
    await stage.put({ kind: 'run', fresh: true, cause: 'schedule' });
    await stage.settle();
    facts.afterClose = (await pulls(stage, 'all')).filter((one) => one.head === shop.head);
    tell(
      'Closed without merging',
      `Alice closes #${shop.number}. A week later, with newer evidence that says the same, nothing comes back.`,
      {
        heading: 'The dashboard',
        body: await dashboard(stage),
      },
    );

    // A human's commit.
    await stage.write(mail.head, 'mail/README.md', 'metrics is scraped by hand\n', 'token-alice', 'docs: why');
    await evidence({
      ...now,
      window: later(1),
      rules: now.rules.map((one) => (one.findingId === 'f-a00000000303' ? { ...one, action: 'keep' } : one)),
    });
    await stage.put({ kind: 'run', fresh: true, cause: 'schedule' });
    await stage.settle();
    const touched = (await pulls(stage)).find((one) => one.number === mail.number)!;
    facts.handsOff = touched;
    facts.mailFile = await stage.read(mail.head, 'mail/README.md');
    tell(
      'A human commits',
      `Alice pushes to the branch of #${mail.number}. It is hers now, although the evidence changed; the check says so.`,
      {
        heading: `Pull request #${mail.number}`,
        body: touched.body,
      },
    );
    facts.mailChecks = await checks(stage, touched);

    // Conflict.
    await stage.write('main', 'web/main.tf', `# Owned by team web.\n${source(1)}`, 'token-alice');
    stage.conflicts.add(web.number);
    const before = (await pulls(stage)).find((one) => one.number === web.number)!.sha;
    await stage.settle();
    stage.conflicts.delete(web.number);
    const rebased = (await pulls(stage)).find((one) => one.number === web.number)!;
    facts.rebased = { before, after: rebased.sha, text: await stage.read(web.head, 'web/main.tf') };
    tell(
      'A conflict',
      `Somebody changes the same file on the default branch. #${web.number} is made anew on it; the others are not touched.`,
    );

    // Merge, regret, revert.
    const zone = (await pulls(stage)).find((one) => one.title.includes('(zone)'))!;
    facts.zone = zone;
    await stage.as('token-alice', 'PUT', `/pulls/${zone.number}/merge`, {});
    await stage.settle();
    const gone = now.rules.find((one) => one.findingId === 'f-a00000000403')!;
    await evidence({ ...now, window: later(3), rules: now.rules.filter((one) => one !== gone) });
    await stage.put({ kind: 'watch' });
    await stage.settle();
    const at = stage.clock.now() + 1000;
    await stage.refused([
      {
        interfaceId: 'eni-0123456789abcdef0',
        groups: [gone.groupId],
        opened: 'inbound',
        protocol: 6,
        localPort: 9100,
        peerPort: null,
        peer: '10.4.4.77',
        peerPacket: null,
        records: 12,
        packets: 36,
        first: at,
        last: at + 600,
      },
    ]);
    await stage.put({ kind: 'watch' });
    await stage.settle();
    const regret = (await issues(stage, 'pare-regret'))[0];
    const revert = (await pulls(stage)).find((one) => one.head === `pare/revert-${zone.number}`);
    facts.regret = regret;
    facts.revert = revert;
    if (regret !== undefined && revert !== undefined) {
      facts.reverted = await stage.read(revert.head, 'zone/main.tf');
      tell(
        'Merged, and regretted',
        `#${zone.number} is merged and applied. Days later packets are refused that its rule would have let in: an issue says which, and a pull request is ready that puts the rule back.`,
        { heading: `Issue #${regret.number}: ${regret.title}`, body: regret.body },
        { heading: `Pull request #${revert.number}: ${revert.title}`, body: revert.body },
      );
      await stage.as('token-alice', 'PUT', `/pulls/${revert.number}/merge`, {});
      await evidence({ ...now, window: later(2), rules: [...now.rules, gone] });
      await stage.put({ kind: 'watch' });
      await stage.put({ kind: 'run', fresh: true, cause: 'schedule' });
      await stage.settle();
    }
    facts.end = await pulls(stage);
    facts.mainAtEnd = await stage.read('main', 'zone/main.tf');
    facts.dashboard = await dashboard(stage);
    facts.mainLog = await log(stage);
    tell('Reverted', 'The revert is merged. Pare keeps the rule from now on, until somebody says `/pare unkeep`.', {
      heading: 'The dashboard',
      body: await dashboard(stage),
    });

    // Nothing changed: nothing is written.
    const count = stage.github.exchanges.length;
    await stage.put({ kind: 'run', fresh: true, cause: 'schedule' });
    await stage.settle();
    facts.quiet = stage.github.exchanges.slice(count).filter((one) => one.method !== 'GET');
    facts.failures = stage.failures;
    facts.deliveries = stage.relay.deliveries;
    facts.asApp = [...new Set(stage.github.exchanges.map((one) => `${one.method} ${one.path} ${one.status}`))].filter(
      (one) => one.includes(' /app'),
    );
    return { chapters, facts, web, shop, mail };
  } finally {
    await stage.close();
  }
}

export interface Pull {
  number: number;
  title: string;
  body: string;
  head: string;
  sha: string;
  draft: boolean;
  state: string;
}

async function pulls(stage: Stage, state = 'open'): Promise<Pull[]> {
  const all = (await stage.as('token-pare', 'GET', `/pulls?state=${state}&per_page=100`)) as unknown as Record<
    string,
    never
  >[];
  return all
    .map((one) => {
      const head = one.head as unknown as { ref: string; sha: string };
      return { ...(one as unknown as Pull), head: head.ref, sha: head.sha };
    })
    .map(({ number, title, body, head, sha, draft, state: now }) => ({
      number,
      title,
      body,
      head,
      sha,
      draft,
      state: now,
    }))
    .sort((a, b) => a.number - b.number);
}

async function issues(stage: Stage, label: string): Promise<{ number: number; title: string; body: string }[]> {
  return (await stage.as('token-pare', 'GET', `/issues?labels=${label}&state=all`)) as unknown as {
    number: number;
    title: string;
    body: string;
  }[];
}

/** Titles of what the default branch is made of, newest first. */
async function log(stage: Stage): Promise<string[]> {
  const all = (await stage.as('token-pare', 'GET', '/commits?sha=main&per_page=100')) as unknown as {
    commit: { message: string };
  }[];
  return all.map((one) => one.commit.message.split('\n')[0]!);
}

async function dashboard(stage: Stage): Promise<string> {
  return (await issues(stage, 'pare-dashboard'))[0]?.body ?? '';
}

async function comments(stage: Stage, number: number): Promise<{ user: string; body: string }[]> {
  const all = (await stage.as('token-pare', 'GET', `/issues/${number}/comments`)) as unknown as {
    user: { login: string };
    body: string;
  }[];
  return all.map((one) => ({ user: one.user.login, body: one.body }));
}

async function checks(stage: Stage, pull: Pull): Promise<unknown[]> {
  const { check_runs } = (await stage.as('token-pare', 'GET', `/commits/${pull.sha}/check-runs`)) as {
    check_runs: Record<string, never>[];
  };
  return check_runs.map((one) => ({ name: one.name, conclusion: one.conclusion, output: one.output }));
}

async function say(stage: Stage, number: number, body: string, token: string): Promise<void> {
  await stage.as(token, 'POST', `/issues/${number}/comments`, { body });
  await stage.settle();
}
