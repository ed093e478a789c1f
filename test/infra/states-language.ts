/**
 * Checks a state machine against the Amazon States Language specification (states-language.net/spec.html), as far as JSONPath machines
 * go: fields by type of state, transitions, reachability, error handling, paths, intrinsic functions.
 */
type Fields = Record<string, unknown>;

const COMMON = ['Type', 'Comment', 'InputPath', 'OutputPath', 'QueryLanguage'];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Task: [
    'Resource',
    'Parameters',
    'ResultSelector',
    'ResultPath',
    'TimeoutSeconds',
    'HeartbeatSeconds',
    'Retry',
    'Catch',
    'Next',
    'End',
    'Credentials',
  ],
  Pass: ['Result', 'ResultPath', 'Parameters', 'Next', 'End'],
  Choice: ['Choices', 'Default'],
  Succeed: [],
  Fail: ['Error', 'Cause', 'ErrorPath', 'CausePath'],
};
const INTRINSICS = [
  'States.Format',
  'States.StringToJson',
  'States.JsonToString',
  'States.Array',
  'States.ArrayLength',
  'States.JsonMerge',
  'States.UUID',
];
const COMPARISONS =
  /^(Boolean|String|Numeric|Timestamp)(Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals|Matches)(Path)?$|^Is(Null|Present|Numeric|String|Boolean|Timestamp)$/;
const RETRIER = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
  'Comment',
];
const CATCHER = ['ErrorEquals', 'Next', 'ResultPath', 'Comment'];
const RESOURCE = /^arn:aws:states:::(lambda:invoke|sns:publish|ecs:runTask\.sync|aws-sdk:[a-z0-9]+:[a-zA-Z0-9]+)$/;

export function problemsOf(machine: object): string[] {
  const {
    StartAt: start,
    States: states,
    ...rest
  } = machine as Fields & { StartAt: unknown; States: Record<string, Fields> };
  const out = unknownFields('the machine', rest, ['Comment', 'TimeoutSeconds', 'Version', 'QueryLanguage']);
  if (typeof start !== 'string' || states[start] === undefined)
    return [...out, `StartAt: ${String(start)} is no state`];
  for (const [name, state] of Object.entries(states)) {
    if (name.length > 80) out.push(`${name}: longer than 80 characters`);
    out.push(...problemsOfState(name, state, states));
  }
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name) || states[name] === undefined) return;
    reached.add(name);
    targets(states[name]).forEach(visit);
  };
  visit(start);
  for (const name of Object.keys(states)) if (!reached.has(name)) out.push(`${name}: nothing leads to it`);
  if (![...reached].some((name) => ends(states[name]!))) out.push('nothing ends it');
  return out;
}

function problemsOfState(name: string, state: Fields, states: Record<string, Fields>): string[] {
  const type = String(state.Type);
  const allowed = FIELDS[type];
  if (allowed === undefined) return [`${name}: no type ${type}`];
  const out = unknownFields(name, state, [...COMMON, ...allowed]);
  for (const target of targets(state))
    if (states[target] === undefined) out.push(`${name}: leads to ${target}, which is no state`);
  if ((type === 'Task' || type === 'Pass') && (typeof state.Next === 'string') === (state.End === true))
    out.push(`${name}: needs Next or End, and not both`);
  for (const path of ['InputPath', 'OutputPath', 'ResultPath'])
    if (state[path] !== undefined && state[path] !== null && !isPath(state[path]))
      out.push(`${name}: ${path} is no path`);
  for (const key of ['Parameters', 'ResultSelector']) out.push(...template(`${name}.${key}`, state[key]));
  if (type === 'Task') out.push(...problemsOfTask(name, state));
  if (type === 'Choice') {
    if (state.Default === undefined) out.push(`${name}: has no Default, and States.NoChoiceMatched is not handled`);
    for (const [i, choice] of (state.Choices as Fields[]).entries())
      out.push(...problemsOfChoice(`${name}.Choices[${i}]`, choice, true));
  }
  return out;
}

function problemsOfTask(name: string, state: Fields): string[] {
  const out: string[] = [];
  if (!RESOURCE.test(String(state.Resource))) out.push(`${name}: unknown Resource ${String(state.Resource)}`);
  for (const [key, fields] of [
    ['Retry', RETRIER],
    ['Catch', CATCHER],
  ] as const) {
    const list = (state[key] ?? []) as Fields[];
    for (const [i, one] of list.entries()) {
      const at = `${name}.${key}[${i}]`;
      out.push(...unknownFields(at, one, fields));
      const errors = one.ErrorEquals as string[];
      if (!Array.isArray(errors) || errors.length === 0) out.push(`${at}: ErrorEquals is empty`);
      else if (errors.includes('States.ALL') && (errors.length > 1 || i < list.length - 1))
        out.push(`${at}: States.ALL must stand alone and last`);
      if (key === 'Retry') {
        if (one.MaxAttempts !== undefined && !(Number.isInteger(one.MaxAttempts) && Number(one.MaxAttempts) >= 0))
          out.push(`${at}: MaxAttempts`);
        if (one.BackoffRate !== undefined && Number(one.BackoffRate) < 1) out.push(`${at}: BackoffRate`);
        if (one.IntervalSeconds !== undefined && !(Number(one.IntervalSeconds) >= 1))
          out.push(`${at}: IntervalSeconds`);
        if (one.MaxDelaySeconds !== undefined && !(Number(one.MaxDelaySeconds) > Number(one.IntervalSeconds ?? 1)))
          out.push(`${at}: MaxDelaySeconds`);
        if (one.JitterStrategy !== undefined && !['FULL', 'NONE'].includes(String(one.JitterStrategy)))
          out.push(`${at}: JitterStrategy`);
      } else if (one.ResultPath !== undefined && one.ResultPath !== null && !isPath(one.ResultPath))
        out.push(`${at}: ResultPath is no path`);
    }
  }
  return out;
}

function problemsOfChoice(at: string, choice: Fields, top: boolean): string[] {
  const { Next: next, Not: not, And: and, Or: or, Variable: variable, Comment: _, ...rest } = choice;
  const out: string[] = [];
  if (top !== (typeof next === 'string')) out.push(`${at}: Next stands at the top of a choice, and only there`);
  if (not !== undefined) return [...out, ...problemsOfChoice(`${at}.Not`, not as Fields, false)];
  const list = (and ?? or) as Fields[] | undefined;
  if (list !== undefined) return [...out, ...list.flatMap((one, i) => problemsOfChoice(`${at}[${i}]`, one, false))];
  if (!isPath(variable)) out.push(`${at}: Variable is no path`);
  const comparisons = Object.keys(rest);
  if (comparisons.length !== 1 || !COMPARISONS.test(comparisons[0]!))
    out.push(`${at}: needs one comparison, has ${comparisons.join(', ')}`);
  return out;
}

/** Keys that end with `.$` hold a path or a call of an intrinsic function, all others hold values. */
function template(at: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => template(`${at}[${i}]`, one));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!key.endsWith('.$')) return template(`${at}.${key}`, inner);
    if (typeof inner !== 'string') return [`${at}.${key}: is no text`];
    if (isPath(inner)) return [];
    const call = /^(States\.\w+)\((.*)\)$/s.exec(inner);
    if (call === null) return [`${at}.${key}: ${inner} is neither a path nor a call`];
    if (!INTRINSICS.includes(call[1]!)) return [`${at}.${key}: no function ${call[1]}`];
    return balanced(call[2]!) ? [] : [`${at}.${key}: ${inner} is not closed`];
  });
}

function balanced(text: string): boolean {
  let depth = 0;
  const bare = text.replace(/'(?:[^'\\]|\\.)*'/g, '');
  for (const c of bare) {
    if (c === '(') depth += 1;
    if (c === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0 && !bare.includes("'");
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && /^\$\$?(\.[A-Za-z_]\w*|\[\d+\])*$/.test(value);
}

function targets(state: Fields): string[] {
  const choices = (state.Choices ?? []) as Fields[];
  const caught = (state.Catch ?? []) as Fields[];
  return [state.Next, state.Default, ...choices.map((one) => one.Next), ...caught.map((one) => one.Next)].filter(
    (name): name is string => typeof name === 'string',
  );
}

function ends(state: Fields): boolean {
  return state.End === true || state.Type === 'Succeed' || state.Type === 'Fail';
}

function unknownFields(at: string, value: Fields, known: readonly string[]): string[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${at}: no field ${key}`);
}
