// The layering of docs/architecture.md: imports point one way, effects stay at the edge.
const layer = (name, from, allowed) => ({
  name: `layer-${name}`,
  severity: 'error',
  comment: `${from} may import only itself and ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: `^${from}/` },
  to: { path: '^(analyzer|bot|infra|test|examples)/', pathNot: [from, ...allowed].map((p) => `^${p}/`) },
});

const A = ['model', 'inventory', 'flowlogs', 'usage', 'advice', 'report'].map((f) => `analyzer/${f}`);

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['\\.d\\.ts$', '^test/', '^\\.', 'config', '^examples/', '^analyzer/report/html/'],
      },
      to: {},
    },
    {
      name: 'no-unlisted-dependency',
      severity: 'error',
      from: { path: '^(analyzer|bot|infra)/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        pathNot: '^(analyzer|bot|infra)/',
      },
    },
    {
      name: 'bot-never-loads-pulumi',
      severity: 'error',
      from: { path: '^(analyzer|bot)/' },
      to: { path: 'node_modules/@pulumi' },
    },
    {
      name: 'pure-core',
      severity: 'error',
      comment: 'model, usage and advice are pure; so are source and change, but for their named adapters',
      from: { path: '^(analyzer/(model|usage|advice)|bot/(source|mapping|change))/', pathNot: ['/adapters/'] },
      to: { path: '^(node:)?(fs|fs/promises|child_process|net|http|https|worker_threads)$' },
    },
    layer('model', A[0], []),
    layer('inventory', A[1], [A[0]]),
    layer('flowlogs', A[2], [A[0]]),
    layer('usage', A[3], [A[0], A[2]]),
    layer('advice', A[4], [A[0], A[3]]),
    layer('report', A[5], [A[0]]),
    layer('source', 'bot/source', [A[0]]),
    layer('mapping', 'bot/mapping', [A[0], 'bot/source']),
    layer('change', 'bot/change', [A[0], 'bot/source', 'bot/mapping']),
    layer('git', 'bot/git', [A[0]]),
    layer('github', 'bot/github', [A[0], 'bot/source', 'bot/mapping', 'bot/change']),
    layer('cli', 'bot/cli', ['analyzer', 'bot']),
    layer('lambda', 'bot/lambda', ['analyzer', 'bot']),
    layer('infra', 'infra', []),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    moduleSystems: ['es6', 'cjs'],
  },
};
