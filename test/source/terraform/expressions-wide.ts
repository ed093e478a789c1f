// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
/**
 * What `expressions` does not reach: the rest of the functions, conversions, null, mixed types, objects in lists, indexes, splats, grouping,
 * argument expansion, heredocs and strip markers, numbers at their edges, text beyond ASCII. The same seed gives the same list.
 */
export function wideExpressions(seed: number, count: number): string[] {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const text = () =>
    pick([
      '"web"',
      '"É日本🎉e\\u0301"',
      '"a b\\tc"',
      '"10.0.0.0/8"',
      '"  x\\n"',
      '"true"',
      '"007"',
      '"1e3"',
      '""',
      'local.name',
      '"%d"',
      '"a/b"',
    ]);
  const number = () =>
    pick(['0', '1', '-3', '7', '22', '65535', '0.5', '1.5e3', '2147483648', 'local.port', '"12"', '"0x1F"']);
  const bool = () => pick(['true', 'false', 'local.on', '"true"', 'null']);
  const scalar = () => pick([text, number, bool, () => 'null'])();
  const list = (): string =>
    pick([
      () => `[${text()}, ${text()}, ${text()}]`,
      () => `[${number()}, ${number()}]`,
      () => `[${scalar()}, ${scalar()}]`,
      () => '[]',
      () => 'local.names',
      () => 'local.rules[*].cidrs',
      () => 'local.rules[*].name',
      () => `tolist([${text()}, ${number()}])`,
      () => `toset([${text()}, ${text()}, ${text()}])`,
      () => `concat(local.names, [${scalar()}])`,
      () => 'null',
    ])();
  const map = (): string =>
    pick([
      () => 'local.ports',
      () => `{ a = ${scalar()}, b = ${scalar()} }`,
      () => `{ "x y" = ${text()}, (local.name) = ${number()} }`,
      () => `tomap({ k = ${text()}, l = ${text()} })`,
      () => 'local.rules[0]',
      () => '{}',
      () => `{ 1 = "one", 10 = "ten", 9 = "nine" }`,
      () => `{ a = null }`,
      () => 'null',
    ])();
  const any = (): string => pick([scalar, list, map])();
  const key = () => pick(['"a"', '"b"', '"http"', '"zz"', '0', '1', '-1', '"name"', '5', '0.5', '"0"']);
  const cidr = () =>
    pick([
      '"10.0.0.0/16"',
      '"10.1.2.3/20"',
      '"fd00:1:2::/48"',
      '"0.0.0.0/0"',
      '"192.168.1.5/32"',
      '"10.0.0.0"',
      '"300.1.1.1/8"',
    ]);
  // A bare null has no type: of it `format` makes a value that is known only after apply.
  const some = (make: () => string): string => {
    const made = make();
    return made === 'null' ? some(make) : made;
  };
  const forms: readonly (() => string)[] = [
    // numbers
    () => `${number()} ${pick(['+', '-', '*', '<', '>', '<=', '>='])} ${number()}`,
    () => `pow(${pick(['2', '10', '0.5', '-3'])}, ${pick(['0', '2', '3'])})`,
    () => `log(${pick(['8', '100', '1', '16'])}, ${pick(['2', '10'])})`,
    () => `signum(${number()})`,
    () => `parseint(${pick(['"ff"', '"FF"', '"-7"', '"0b1"', '"zz"', '"1010"'])}, ${pick(['2', '10', '16', '36'])})`,
    () => `${pick(['max', 'min'])}(${number()}, ${number()}, ${number()})`,
    () => `${pick(['floor', 'ceil', 'abs'])}(${number()})`,
    () => `sum(${pick(['[1, 2.5]', '["1", 2]', '[]', 'range(5)', 'toset([1, 1, 2])'])})`,
    () => `range(${pick(['3', '1, 4', '5, 0', '5, 0, -2', '0, 1, 0.25', '0'])})`,
    // text
    () => `length(${any()})`,
    () => `${pick(['upper', 'lower', 'title', 'strrev', 'trimspace', 'chomp'])}(${scalar()})`,
    () => `substr(${text()}, ${pick(['0', '1', '-2', '9'])}, ${pick(['0', '2', '-1', '99'])})`,
    () => `indent(${pick(['0', '2'])}, "a\\n b\\n\\nc")`,
    () =>
      `format(${pick(['"%s"', '"%v"', '"%q"', '"%d"', '"%5d|"', '"%-5s|"', '"%05d"', '"%t"', '"%x"', '"%X"', '"%o"', '"%b"', '"%e"', '"%.2f"', '"%g"', '"%#v"', '"%%%s"', '"%[1]s-%[1]s"'])}, ${some(any)})`,
    () => `format("%s/%d", ${text()}, ${number()})`,
    () =>
      `formatlist(${pick(['"%s-%s"', '"%s:%v"'])}, ${some(list)}, ${pick(['"x"', '["p", "q"]', '["p", "q", "r"]'])})`,
    () => `join(${text()}, ${list()})`,
    () => `split(${pick(['","', '""', '" "', '"-"'])}, ${pick(['"a,b,,c"', '"a b"', '"É日"', '""'])})`,
    () =>
      `replace(${text()}, ${pick(['"e"', '"/[aeiou]/"', '"/(?P<x>w)/"', '"/^/"', '"."'])}, ${pick(['"_"', '""', '"<$${x}>"', '"$1"', '"[$x]"'])})`,
    () =>
      `regex(${pick(['"^(\\\\d+)\\\\.(\\\\d+)"', '"(?P<host>\\\\w+)-(?P<n>\\\\d+)"', '"[a-z]+"', '"x*"'])}, ${pick(['"10.1.2.3"', '"web-12"', '"ABC"', '""'])})`,
    () =>
      `regexall(${pick(['"\\\\d+"', '"(\\\\w)(\\\\d)"', '"(?P<l>[a-z])"', '"x*"'])}, ${pick(['"a1b22"', '"10.1"', '""'])})`,
    () => `trim(${text()}, ${pick(['" "', '"w1"', '"/"'])})`,
    () =>
      `${pick(['trimprefix', 'trimsuffix', 'startswith', 'endswith', 'strcontains'])}(${text()}, ${pick(['"w"', '"10."', '""', '"b"'])})`,
    () =>
      `${pick(['md5', 'sha1', 'sha256', 'sha512', 'base64sha256', 'base64sha512', 'base64encode', 'urlencode', 'jsonencode'])}(${text()})`,
    () => `base64decode(${pick(['"aGk="', '"!!"', '""', '"w4k="'])})`,
    () => `${pick(['basename', 'dirname'])}(${pick(['"a/b/c.tf"', '"/x"', '"y"', '"a/b/"', '""'])})`,
    () =>
      `yamldecode(${pick(['"a: 1\\nb: [x, 2, true, null, 1.5]"', '"- yes\\n- 0x1F\\n- 1e3\\n- ~"', '"a"', '"{a: {b: c}}"', '"x: 22:22"', '"- \'1\'\\n- \\"2\\""', '"a: |\\n  t\\n  u\\n"'])})`,
    () =>
      `yamlencode(${pick(['local.rules', 'local.ports', '[]', '{}', '[1, true, "a b"]', '{ a = [], b = { c = null } }', '22'])})`,
    () =>
      `jsondecode(${pick(['"{\\"b\\": [1, \\"x\\", null], \\"a\\": {}}"', '"[1.0, 1e2, 7]"', '"tru"', '"\\"s\\""'])})`,
    () => `jsonencode(${any()})`,
    () => `csvdecode("port,cidr\\n22,10.0.0.0/8\\n443,\\"0.0.0.0/0\\"\\n")${pick(['', '[*].port', '[1].cidr'])}`,
    // conversions, null, equality
    () => `${pick(['tostring', 'tonumber', 'tobool', 'tolist', 'toset', 'tomap'])}(${any()})`,
    () => `${any()} ${pick(['==', '!='])} ${any()}`,
    () =>
      `(${bool()} ? ${pick([scalar, () => 'local.names', () => '["x", 1]', () => 'local.ports', () => '{ http = 1, https = 2 }'])()} : ${pick([scalar, () => '[]', () => 'local.names', () => 'local.ports', () => '{ http = "1", https = "2" }'])()})`,
    () => `(${bool()} ? ${text()} : ${number()})`,
    () => `${bool()} ${pick(['&&', '||'])} ${bool()}`,
    () => `!${bool()}`,
    () => `${pick(['can', 'try'])}(${any()}${pick(['.name', '[0]', '["a"]', '.a.b', ''])})`,
    () => `try(${any()}[${key()}], ${any()}.name, "none")`,
    () => `coalesce(${scalar()}, ${scalar()}, "last")`,
    () => `coalescelist(${pick(['[]', '["a"]', 'local.names', 'tolist([])'])}, local.names, ["z"])`,
    () => `nonsensitive(sensitive(${scalar()}))`,
    () => `issensitive(${scalar()})`,
    () => `one(${pick(['[]', '["x"]', '[1, 2]', 'toset(["s"])', 'null'])})`,
    // collections
    () => `${any()}[${key()}]`,
    () => `lookup(${map()}, ${key()}, ${scalar()})`,
    () => `lookup(${map()}, ${key()})`,
    () => `element(${list()}, ${pick(['0', '1', '7', '-1'])})`,
    () => `contains(${list()}, ${scalar()})`,
    () => `index(${list()}, ${text()})`,
    () => `${pick(['keys', 'values'])}(${map()})`,
    () => `merge(${map()}, ${map()}, ${pick(['{ a = 9 }', '{}', 'null'])})`,
    () => `merge([${map()}, ${map()}]...)`,
    () =>
      `zipmap(${pick(['["a", "b"]', '[]', '["a", "a"]', '["x"]'])}, ${pick(['[1, 2]', '[]', '["p", 2]', '[null]'])})`,
    () => `concat(${list()}, ${list()})`,
    () => `${pick(['distinct', 'compact', 'flatten', 'sort', 'reverse', 'toset', 'tolist'])}(${list()})`,
    () => `flatten([${list()}, [${list()}, [${scalar()}]]])`,
    () => `slice(${list()}, ${pick(['0, 1', '1, 2', '0, 0', '2, 1'])})`,
    () => `chunklist([${some(scalar)}, ${some(scalar)}, ${some(scalar)}], ${pick(['1', '2', '0'])})`,
    () =>
      `${pick(['setunion', 'setsubtract', 'setintersection'])}(${pick(['local.names', '["a", "b", "n1"]', 'toset(["n1"])'])}, ${pick(['local.names', '["a"]', '[]', 'local.rules[*].name'])})`,
    () => `setproduct(${list()}, ${pick(['["p", "q"]', '[1]', '[]'])})`,
    () => `transpose({ a = ["x", "y"], b = ["y"], c = [] })`,
    () => `matchkeys(["p", "q", "r"], ["a", "b", "a"], ${pick(['["a"]', '["b", "c"]', '[]'])})`,
    () => `${pick(['alltrue', 'anytrue'])}(${pick(['[]', '[true, "true"]', '[false]', '[true, null]', '["x"]'])})`,
    // for, splat, expansion
    () => `[for v in ${list()} : v if v != ${scalar()}]`,
    () => `[for i, v in ${list()} : "\${i}:\${try(tostring(v), "-")}"]`,
    () => `{ for k, v in ${map()} : k => v if v != null }`,
    () => `{ for i, v in local.rules : v.name => v.ports... }`,
    () => `{ for r in local.rules : r.name => { for p in r.ports : tostring(p) => r.cidrs } }`,
    () => `flatten([for r in local.rules : [for p in r.ports : [for c in r.cidrs : "\${r.name}-\${p}-\${c}"]]])`,
    () => `merge([for r in local.rules : { for p in r.ports : "\${r.name}-\${p}" => p }]...)`,
    () => `[for r in local.rules : r.name if length(r.ports) ${pick(['> 1', '== 1', '!= 0'])}]`,
    () => `local.rules[*].${pick(['name', 'ports[0]', 'cidrs', 'gone'])}`,
    () => `local.rules.*.${pick(['name', 'ports'])}`,
    () => `local.rules[${pick(['0', '1', '2'])}].${pick(['name', 'ports', 'cidrs[0]', 'gone'])}`,
    () => `${scalar()}[*]`,
    () => `${pick(['local.names', 'local.rules'])}.0`,
    () => `setproduct(local.rules[*].name, [80, 443])`,
    () => `{ for p in setproduct(["a", "b"], [1, 2]) : "\${p[0]}\${p[1]}" => p }`,
    () => `distinct(flatten(local.rules[*].cidrs))`,
    () => `sort(keys({ for r in local.rules : r.name => true }))`,
    () => `{ for s in ["b", "a", "b"] : s => length(s)... }`,
    // templates
    () => `"\${${scalar()}}"`,
    () => `"x\${${scalar()}}y"`,
    () => `"%{ if ${bool()} }a%{ endif }"`,
    () => `"%{ for i, v in ${list()} ~} \${i}=\${try(tostring(v), "?")} %{~ endfor }"`,
    () => `"$\${a} %%{b} \\"q\\" \\\\ \\t"`,
    () => `"a%{ if true ~}  b  %{~ else ~} c %{ endif }d"`,
    // networks
    () => `cidrhost(${cidr()}, ${pick(['0', '1', '255', '-1', '99999'])})`,
    () => `cidrnetmask(${cidr()})`,
    () => `cidrsubnet(${cidr()}, ${pick(['0', '4', '8', '20'])}, ${pick(['0', '1', '15', '300'])})`,
    () =>
      `cidrsubnets(${pick(['"10.0.0.0/16"', '"10.1.2.3/20"', '"fd00:1:2::/48"', '"10.0.0.0"'])}, ${pick(['1', '4, 4', '8, 8, 4'])})`,
  ];
  return Array.from({ length: count }, () => pick(forms)());
}
