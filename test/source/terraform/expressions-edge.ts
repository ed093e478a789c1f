// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
/**
 * The edges of the language: numbers beyond doubles, quotients, heredocs and nested templates with strip markers, splats on what is no list,
 * grouping, caught errors, unification of types, escapes and letters of several code points, IPv6, arguments that are null. The same seed gives
 * the same list.
 */
export function edgeExpressions(seed: number, count: number): string[] {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const oneOf = (...makers: readonly (() => string)[]): string => pick(makers)();

  const number = (): string =>
    pick([
      ...[
        '0',
        '1',
        '2',
        '3',
        '7',
        '10',
        '-1',
        '22',
        '443',
        '0.1',
        '0.2',
        '0.3',
        '2.5',
        '1.50',
        '1e3',
        '1e-7',
        '1.5e-3',
        '2E2',
      ],
      ...['9007199254740991', '9007199254740993', '18446744073709551616', '123456789012345678901234567890', '1e30'],
      ...[
        '3.141592653589793238462643383279',
        '65535.999',
        '-0.75',
        '4294967296',
        '0.000000001',
        'length("abc")',
        'local.port',
      ],
    ]);
  const numeric = (): string =>
    oneOf(number, number, () =>
      pick(['"0.1"', '"9007199254740993"', '"1e3"', '"-2.50"', '"007"', '"1."', '"+1"', '" 1"', '""']),
    );
  const sum = (): string => oneOf(number, number, () => `(${number()} ${pick(['+', '-', '*', '/', '%'])} ${number()})`);
  const text = (): string =>
    pick([
      ...[
        '"a"',
        '"web"',
        '""',
        '"tcp"',
        '"10"',
        '"true"',
        '"null"',
        '"a,b,,c"',
        '" x "',
        '"a/b"',
        '"10.0.0.0/8"',
        'local.name',
      ],
      ...[
        '"\\u00e9"',
        '"e\\u0301"',
        '"\\U0001F600"',
        '"👩‍👩‍👧x"',
        '"ß"',
        '"ΑΣ"',
        '"ǅ"',
        '"don\'t-stop me_now 2nd"',
        '"\\u00a0x\\u00a0"',
      ],
      ...[
        '"\\t\\r\\n\\"\\\\"',
        '"$${x}"',
        '"%%{x}"',
        '"$$"',
        '"%"',
        '"a$b"',
        '"100%"',
        '"<&>"',
        '"\\u2028"',
        '"日本語"',
        '"ﬁ"',
        '"ı"',
        '"İ"',
      ],
    ]);
  const plain = (): string => pick(['"a"', '"web"', '""', '"tcp"', '"10"', '"b-c"', 'local.name']);
  const bool = (): string => pick(['true', 'false', 'local.on', '"true"', '"false"', '1 < 2', 'null', '"yes"']);
  const truth = (): string => pick(['true', 'false', 'local.on', '!local.on']);
  const scalar = (): string => oneOf(number, plain, bool, () => 'null');
  const list = (): string =>
    pick([
      () => `[${scalar()}, ${scalar()}]`,
      () => `[${scalar()}, ${scalar()}, ${scalar()}]`,
      () => '[]',
      () => '[null]',
      () => 'local.names',
      () => 'local.rules',
      () => `tolist([${plain()}, ${plain()}])`,
      () => `toset([${plain()}, ${plain()}])`,
      () => `toset([${number()}, ${number()}])`,
      () => 'tolist([])',
      () => 'toset([])',
      () => `[[${scalar()}], [${scalar()}]]`,
      () => `[[], [${scalar()}]]`,
      () => `[{ a = ${scalar()} }, { a = ${scalar()} }]`,
      () => `[{ a = ${scalar()} }, { b = ${scalar()} }]`,
      () => `[for x in local.names : x if x != "n1"]`,
      () => `split(",", ${plain()})`,
      () => `[tomap({ a = ${plain()} }), { b = ${scalar()} }]`,
      () => `[tolist([${plain()}]), [${scalar()}]]`,
    ])();
  const map = (): string =>
    pick([
      () => `{ a = ${scalar()}, b = ${scalar()} }`,
      () => `{ a = ${scalar()} }`,
      () => '{}',
      () => 'local.ports',
      () => 'local.rules[0]',
      () => `tomap({ a = ${plain()}, k = ${plain()} })`,
      () => `tomap({ a = ${number()} })`,
      () => 'tomap({})',
      () => `{ a = [${scalar()}], b = [${scalar()}, ${scalar()}] }`,
      () => `{ a = { x = ${scalar()} }, b = { x = ${scalar()} } }`,
      () => `{ a = { x = ${scalar()} }, b = { y = ${scalar()} } }`,
      () => `{ for s in local.names : s => ${scalar()}... }`,
      () => `{ "${pick(['a.b', 'é', '10', 'x y', '$${q}'])}" = ${scalar()}, (1) = "one" }`,
    ])();
  const any = (): string => oneOf(scalar, list, list, map, map);
  const some = (make: () => string): string => {
    const made = make();
    return made === 'null' ? some(make) : made;
  };
  const cidr = (): string =>
    pick([
      ...[
        '"10.0.0.0/8"',
        '"10.1.2.3/20"',
        '"192.168.0.0/31"',
        '"0.0.0.0/0"',
        '"10.0.0.1/32"',
        '"10.0.0.0/33"',
        '"010.1.0.0/16"',
        '"10.0.0/8"',
      ],
      ...[
        '"2001:db8::/32"',
        '"fd00:1:2::/48"',
        '"::/0"',
        '"::1/128"',
        '"fe80::1/64"',
        '"2001:DB8:0:0:0:0:0:1/64"',
        '"::ffff:10.0.0.0/104"',
      ],
    ]);
  const strip = (): string => pick(['', '', '~']);
  // Templates: what stands between markers, nested once or twice.
  const inner = (depth: number): string =>
    pick([
      () => pick(['x', ' x ', '\\n', ' y\\n  z ', '', '$${n}', '%%{n}', '\\"', '\\t', 'é']),
      () => `\${${strip()} ${plain()} ${strip()}}`,
      () => `\${${oneOf(number, plain, truth)}}`,
      () => `\${"<\${${plain()}}>"}`,
      () =>
        depth <= 0
          ? ' - '
          : `%{${strip()} if ${truth()} ${strip()}}${inner(depth - 1)}${pick(['', `%{${strip()} else ${strip()}}${inner(depth - 1)}`])}%{${strip()} endif ${strip()}}`,
      () =>
        depth <= 0
          ? ' + '
          : `%{${strip()} for ${pick(['s', 'i, s'])} in ${pick(['local.names', 'local.ports', '[1, 2.5, true]', '[]', 'toset(["q", "p"])'])} ${strip()}}${inner(depth - 1)} \${s}${inner(0)}%{${strip()} endfor ${strip()}}`,
    ])();
  const template = (depth: number): string =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => inner(depth)).join(pick(['', ' ', '  ']));
  const heredocLine = (): string =>
    pick(['', '  ', '    ', '\t']) +
    pick([
      () => pick(['x', 'a \\n b', 'it is "quoted"', '$${n} %%{n}', '', 'tail  ', '\\', 'é日']),
      () => `\${${strip()} ${plain()} ${strip()}}`,
      () => `a \${${oneOf(number, plain)}} b`,
      () => `%{${strip()} if ${truth()} ${strip()}}yes%{${strip()} else ${strip()}}no%{${strip()} endif ${strip()}}`,
      () => `%{ if ${truth()} ${strip()}}\n${pick(['', '    '])}in\n${pick(['', '  '])}%{${strip()} endif ${strip()}}`,
      () =>
        `%{ for s in local.names ${strip()}}\n${pick(['', '  ', '      '])}- \${s}\n${pick(['', '  '])}%{${strip()} endfor ${strip()}}`,
      () => `%{ for s in ["p", "q"] }\${s},%{ endfor }`,
    ])();
  const heredoc = (): string =>
    `<<${pick(['', '-'])}EOT\n${Array.from({ length: 1 + Math.floor(random() * 4) }, heredocLine).join('\n')}\n${pick(['', '  '])}EOT\n`;
  const nullable = (...args: readonly string[]): string => {
    const at = Math.floor(random() * args.length);
    return args.map((arg, i) => (i === at ? 'null' : arg)).join(', ');
  };

  const forms: readonly (() => string)[] = [
    // Numbers
    () => `${sum()} ${pick(['+', '-', '*', '/', '%'])} ${sum()}`,
    () => `${sum()} ${pick(['==', '!=', '<', '>', '<=', '>='])} ${sum()}`,
    () => `${numeric()} ${pick(['+', '-', '*', '/', '%', '<', '==', '>='])} ${numeric()}`,
    () => `-${number()}`,
    () => `"\${${sum()}}"`,
    () => `${pick(['tostring', 'tonumber', 'jsonencode', 'floor', 'ceil', 'abs', 'signum'])}(${oneOf(sum, numeric)})`,
    () =>
      `jsondecode(${pick(['"0.1"', '"[9007199254740993, 1e3, -0.0, 0.10]"', '"1e30"', '"{\\"a\\": 1.0}"', '"01"', '"1 2"', '" [1 , 2 ] "', '"{\\"a\\": 1, \\"a\\": 2}"', '"\\"\\\\u00e9\\""'])})`,
    () =>
      `format(${pick(['"%d"', '"%s"', '"%v"', '"%.3f"', '"%f"', '"%e"', '"%g"', '"%x"', '"%b"', '"%o"', '"%q"', '"%10.2f|"', '"%-10d|"', '"%+d"', '"%06d"', '"% d"', '"%#x"', '"%X"', '"%t"', '"%G"', '"%E"'])}, ${some(() => oneOf(sum, numeric))})`,
    () => `${pick(['max', 'min'])}(${sum()}, ${sum()})`,
    () => `sum([${sum()}, ${sum()}])`,
    () => `pow(${number()}, ${pick(['0', '1', '2', '3', '0.5', '-1'])})`,
    () => `log(${pick(['8', '100', '1000', '0.5', '10', '256', '0'])}, ${pick(['2', '10', '8', '1'])})`,
    () => `ceil(log(${pick(['3', '8', '9', '100', '255', '256', '257'])}, 2))`,
    () =>
      `parseint(${pick(['"9007199254740993"', '"-ff"', '"+7"', '"0x10"', '"1_000"', '"zZ"', '"Zz"', '"ffffffffffffffffffff"', '"777"', '""', '"10.5"'])}, ${pick(['2', '8', '10', '16', '36', '37', '62', '1'])})`,
    () =>
      `range(${pick(['2.5', '0.5, 3', '3, 1', '0, 1, 0.3', '1, 2, 0', '5, 1, -2', '1, 5, -1', '-3', '0, -2', '1025', '"3"', '1e1'])})`,
    () => `[for n in range(${pick(['3', '1, 3'])}) : n / ${pick(['3', '4', '7'])}]`,
    () => `local.names[${pick(['1.0', '0.5', '"1"', '"1.0"', '-1', '3', 'true', 'null', '1e0', '2 / 1'])}]`,
    // Templates and heredocs
    () => `"${template(2)}"`,
    () => `"${template(3)}"`,
    () => `${heredoc()}`,
    () => `upper(${heredoc()})`,
    () => `[${heredoc()}, ${plain()}]`,
    () => `"\${${any()}}"`,
    () => `"-\${${oneOf(list, map, bool)}}-"`,
    () => `"%{ if ${bool()} }a%{ else }b%{ endif }"`,
    () => `"%{ for k, v in ${oneOf(list, map, scalar)} }\${k}%{ endfor }"`,
    // Splats
    () => `${any()}[*]`,
    () => `${oneOf(() => 'null', scalar, map)}[*]${pick(['.a', '.x', '', '["a"]', '.a.b', '[0]'])}`,
    () => `${list()}[*]${pick(['.a', '[0]', '.a[0]', '["a"]', '.name', ''])}`,
    () => `${list()}.*${pick(['.a', '.name', ''])}`,
    () => `local.rules[*].ports[${pick(['*', '0', '1'])}]`,
    () => `length(${pick(['null', '"x"', 'local.rules', '[]'])}[*])`,
    () => `[for x in ${any()}[*] : x]`,
    // For
    () => `{ for ${pick(['v', 'k, v'])} in ${oneOf(list, map)} : "\${try(v.a, v, "z")}" => v... }`,
    () =>
      `{ for i, v in ${list()} : (${pick(['i % 2', 'i / 2', 'i == 0', 'try(tostring(v), "n")', 'v'])}) => ${pick(['v', 'i', '[v]', '{ v = v }'])}${pick(['...', '...', ''])} }`,
    () =>
      `[for k, v in ${any()} : [k, v] if ${pick(['true', 'v != null', 'k != "a"', 'try(v > 1, false)', 'null', '"true"', '1'])}]`,
    () => `{ for r in local.rules : r.name => [for p in r.ports : p if p > ${pick(['50', '22', '80'])}]... }`,
    () => `[for x in [for y in ${list()} : y] : try(x.a, "none")]`,
    // Errors that are caught
    () => `try(${oneOf(any, sum)}${pick(['', '.a', '[0]', '.a.b', '["x"]'])}, ${scalar()})`,
    () =>
      `can(${pick(['tonumber', 'tobool', 'tostring', 'toset', 'length', 'keys', 'regex("a", ', 'cidrhost("10.0.0.0/8", ', 'jsondecode', 'tolist', 'tomap'].map((f) => (f.includes('(') ? f : `${f}(`)))}${any()}))`,
    () => `try(tonumber(${text()}), tobool(${text()}), ${text()})`,
    () => `try([for x in ${list()} : x.a], ${list()}, "none")`,
    () => `can(${map()}.${pick(['a', 'b', 'zz'])})`,
    () => `try(${list()}[${pick(['0', '1', '2', '5'])}], null)`,
    // Types
    () => `${pick(['tolist', 'toset', 'tomap', 'tostring', 'tonumber', 'tobool'])}(${any()})`,
    () => `${pick(['tolist', 'toset'])}(${list()})`,
    () => `tomap(${map()})`,
    () => `${truth()} ? ${any()} : ${any()}`,
    () => `${truth()} ? ${list()} : ${list()}`,
    () => `${truth()} ? ${map()} : ${map()}`,
    () => `${bool()} ? ${scalar()} : ${scalar()}`,
    () => `${any()} ${pick(['==', '!='])} ${any()}`,
    () => `${list()} == ${list()}`,
    () => `tolist([${any()}, ${any()}])`,
    () => `toset([${any()}, ${any()}])`,
    () => `tomap({ a = ${any()}, b = ${any()} })`,
    () => `concat(${list()}, ${list()})`,
    () => `concat(tolist(${list()}), tolist(${list()}))`,
    () => `flatten([${any()}, ${list()}])`,
    () => `merge(${map()}, ${map()})`,
    () => `merge({ a = 1 }, ${map()}, { b = "x" })`,
    () => `coalesce(${scalar()}, ${scalar()}, ${scalar()})`,
    () => `coalesce(${any()}, ${any()})`,
    () => `coalescelist(${list()}, ${list()})`,
    () => `distinct(${list()})`,
    () => `setproduct(${list()}, ${list()})`,
    () => `setunion(${list()}, ${list()})`,
    () => `${pick(['setintersection', 'setsubtract'])}(${list()}, ${list()})`,
    () => `contains(${list()}, ${any()})`,
    () => `index(${list()}, ${any()})`,
    () => `lookup(${map()}, ${pick(['"a"', '"zz"', '"http"', '1', 'null'])}, ${any()})`,
    () => `lookup(${map()}, ${pick(['"a"', '"b"', '"zz"'])})`,
    () => `element(${list()}, ${pick(['0', '1', '5', '-1', '1.5', '"1"'])})`,
    () => `slice(${list()}, ${pick(['0, 1', '1, 1', '1, 2', '0, 5', '-1, 1', '0.5, 1'])})`,
    () => `chunklist(${list()}, ${pick(['1', '2', '0', '-1', '1.5'])})`,
    () => `zipmap(${list()}, ${list()})`,
    () => `matchkeys(${list()}, ${list()}, ${list()})`,
    () => `transpose(${map()})`,
    () => `${pick(['keys', 'values', 'length', 'jsonencode', 'yamlencode'])}(${any()})`,
    () => `${pick(['sort', 'reverse', 'compact', 'flatten', 'alltrue', 'anytrue', 'sum', 'one'])}(${list()})`,
    () =>
      `sort(${pick(['["b", "a", "B", "é", "e", "", "10", "9"]', '[3, 1, 20]', '[true, "a"]', 'toset(["q", "p"])', '["ﬁ", "z", "\\U0001F600", "\\uffee"]'])})`,
    () => `join(${plain()}, ${list()})`,
    () => `join(",", ${list()}, ${list()})`,
    () =>
      `formatlist(${pick(['"%s"', '"%s-%v"', '"%d"', '"%[2]s/%[1]s"', '"x"', '"%v"'])}, ${some(list)}, ${some(() => oneOf(list, plain))})`,
    () =>
      `format(${pick(['"%v"', '"%#v"', '"%s"', '"%q"', '"%5v|"', '"%-5v|"', '"%.2s"', '"%%"', '"%v %v"', '"%[2]v %[1]v"', '"%[3]v"', '"%z"', '"%"', '"%*d"'])}, ${some(any)}, ${some(any)})`,
    () => `range(${list()}...)`,
    () => `max(${list()}...)`,
    () => `setproduct([${list()}, ${list()}]...)`,
    // Text
    () =>
      `${pick(['upper', 'lower', 'title', 'strrev', 'trimspace', 'chomp', 'length', 'jsonencode', 'base64encode', 'urlencode', 'md5'])}(${text()})`,
    () => `substr(${text()}, ${pick(['0', '1', '-1', '-3', '5', '1.5'])}, ${pick(['0', '1', '2', '-1', '-2', '100'])})`,
    () => `split(${pick(['","', '""', '"a"', '"é"', '" "'])}, ${text()})`,
    () =>
      `replace(${text()}, ${pick(['"a"', '"/a/"', '"/(.)/"', '"/[^a-z]/"', '""', '"/"', '"//"', '"/\\\\s+/"', '"/(?i)A/"', '"/\\\\pL/"', '"/$/"', '"/x|a/"', '"/.{2}/"'])}, ${pick(['""', '"$1"', '"$${1}x"', '"$0"', '"-"', '"$$"', '"\\\\1"', '"$1x"'])})`,
    () =>
      `${pick(['regex', 'regexall'])}(${pick(['"a"', '"[[:alpha:]]+"', '"(?P<n>\\\\d+)(?P<m>x)?"', '"(a)|(b)"', '"\\\\bweb\\\\b"', '"^$"', '"(?s).+"', '"(?m)^x$"', '"\\\\d{1,3}"', '"[^,]*"', '"("', '"(?!a)"', '"\\\\p{Greek}"', '"\\\\x41"', '"(?:a|b)+"', '"\\\\Qa/b\\\\E"'])}, ${text()})`,
    () => `trim(${text()}, ${text()})`,
    () => `${pick(['trimprefix', 'trimsuffix', 'startswith', 'endswith', 'strcontains'])}(${text()}, ${text()})`,
    () => `indent(${pick(['2', '0', '1.5', '-1'])}, ${oneOf(text, heredoc)})`,
    () => `${text()} ${pick(['==', '!='])} ${text()}`,
    () => `base64decode(${pick(['"w6k="', '"/w=="', '"YQ"', '"YQ=="', '"Y Q=="', '"YQ==\\n"'])})`,

    () =>
      `yamldecode(${pick(['"a: 0.1\\nb: 9007199254740993"', '"[1_000, 0b1, 0o7, 017, .5, 1.]"', '"a: &x 1\\nb: *x"', '"? a\\n: b"', '"a: !!str 1"', '"a: 2001-01-01"', '"<<: {a: 1}\\nb: 2"', '"1: a\\ntrue: b"', '"--- a\\n--- b"', '""', '"a:\\n- b\\n-  c"', '"x: >-\\n  a\\n  b\\n"', '"- .inf\\n"', '"a: b: c"', '"{a: 1, a: 2}"', '"null"', '"~"'])})`,
    () => `yamlencode(${any()})`,
    () =>
      `csvdecode(${pick(['"a,b\\n1,2\\n"', '"a\\n\\"x\\"\\"y\\"\\n"', '"a,b\\n1\\n"', '"a,a\\n1,2\\n"', '""', '"a,b\\r\\n1,2\\r\\n"', '"a\\n\\n1\\n"', '"a\\nx\\"y\\n"'])})`,
    // Networks
    () =>
      `cidrhost(${cidr()}, ${pick(['0', '1', '-1', '255', '1.5', '"2"', '18446744073709551616', '-18446744073709551616', '4294967295'])})`,
    () =>
      `cidrsubnet(${cidr()}, ${pick(['0', '1', '4', '8', '16', '32', '-1', '1.5'])}, ${pick(['0', '1', '3', '15', '255', '65536', '-1', '9007199254740993'])})`,
    () => `cidrsubnets(${cidr()}, ${pick(['1', '4, 4', '8, 4, 8', '1, 1, 1', '0', '16, 16', '40', '1.5'])})`,
    () => `cidrnetmask(${cidr()})`,
    // Null and wrong arguments
    () =>
      `${pick(['length', 'keys', 'upper', 'sort', 'flatten', 'sum', 'abs', 'cidrnetmask', 'toset', 'jsonencode', 'distinct', 'one', 'yamlencode', 'compact', 'alltrue', 'md5', 'title', 'max'])}(null)`,
    () =>
      `${pick(['join', 'split', 'contains', 'element', 'concat', 'merge', 'zipmap', 'setunion', 'format', 'cidrhost', 'trimprefix', 'regex', 'chunklist', 'coalesce', 'formatlist', 'setproduct', 'min'])}(${nullable('"a"', '["a"]')})`,
    () =>
      `${pick(['lookup', 'replace', 'substr', 'slice', 'cidrsubnet', 'matchkeys'])}(${nullable('"a"', '1', '"b"')})`,
    () => `null ${pick(['==', '!=', '+', '&&', '<'])} ${any()}`,
    () => `${pick(['tostring', 'tonumber', 'tobool', 'tolist', 'toset', 'tomap'])}(null) == ${scalar()}`,
    () => `[for x in [null, ${scalar()}] : x == null]`,
    () => `coalesce(null, ${scalar()})`,
  ];
  return Array.from({ length: count }, () => pick(forms)());
}
