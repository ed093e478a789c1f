// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
/** Deterministic generator of Terraform expressions over literals and a few locals; the same seed gives the same list. */
export function expressions(seed: number, count: number): string[] {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  type Type = 'string' | 'number' | 'bool' | 'list' | 'map' | 'cidr' | 'numbers';
  const make: Record<Type, (depth: number) => string> = {
    string: (d) => {
      if (d <= 0)
        return pick([
          '"a"',
          '"web"',
          '""',
          '"Ünï"',
          '"a,b,,c"',
          '" x "',
          '"tcp"',
          '"10"',
          'local.name',
          '"a\\nb"',
          '"$${x}"',
          '"A-b_C"',
        ]);
      return pick([
        () => make.string(0),
        () => `"\${${make.string(d - 1)}}-\${${make.number(d - 1)}}"`,
        () => `lower(${make.string(d - 1)})`,
        () => `upper(${make.string(d - 1)})`,
        () => `title(${make.string(d - 1)})`,
        () => `trimspace(${make.string(d - 1)})`,
        () => `replace(${make.string(d - 1)}, ${make.string(0)}, ${make.string(0)})`,
        () => `substr(${make.string(d - 1)}, ${pick(['0', '1', '-2'])}, ${pick(['1', '2', '-1'])})`,
        () => `join(${pick(['","', '"-"', '""'])}, ${make.list(d - 1)})`,
        () => `format("%s:%d-%s", ${make.string(d - 1)}, ${make.number(0)}, ${make.bool(0)})`,
        () =>
          `format("%05.1f|%-6s|%x|%v", ${make.number(0)}, ${make.string(0)}, ${pick(['255', '16', '7'])}, ${make.list(0)})`,
        () => `element(${make.list(d - 1)}, ${pick(['0', '1', '5'])})`,
        () => `try(${make.list(d - 1)}[${pick(['0', '7'])}], "none")`,
        () => `(${make.bool(d - 1)} ? ${make.string(d - 1)} : ${make.string(d - 1)})`,
        () => `lookup(${make.map(d - 1)}, ${pick(['"a"', '"zz"', '"b"'])}, ${make.string(0)})`,
        () => `coalesce(${make.string(d - 1)}, "fallback")`,
        () => `trimprefix(${make.string(d - 1)}, "a")`,
        () => `trimsuffix(${make.string(d - 1)}, "b")`,
        () => `trim(${make.string(d - 1)}, "ab ")`,
        () => `strrev(${make.string(d - 1)})`,
        () => `chomp("\${${make.string(d - 1)}}\\n")`,
        () => `jsonencode(${make.map(d - 1)})`,
        () => `jsonencode(${make.list(d - 1)})`,
        () => `md5(${make.string(d - 1)})`,
        () => `base64encode(${make.string(d - 1)})`,
        () => `urlencode(${make.string(d - 1)})`,
        () => `tostring(${make.number(d - 1)})`,
        () => `cidrhost(${make.cidr(d - 1)}, ${pick(['1', '5', '-2'])})`,
        () => `"%{ if ${make.bool(d - 1)} }yes%{ else }no%{ endif }"`,
        () => `"%{ for x in ${make.list(d - 1)} }[\${x}]%{ endfor }"`,
        () => `regex("[a-z]+", ${make.string(d - 1)})`,
        () => `replace(${make.string(d - 1)}, "/([a-z])([a-z])/", "$2$1")`,
      ])();
    },
    number: (d) => {
      if (d <= 0) return pick(['0', '1', '22', '443', '-1', '2.5', '8080', 'local.port']);
      return pick([
        () => make.number(0),
        () => `(${make.number(d - 1)} + ${make.number(d - 1)})`,
        () => `${make.number(d - 1)} - ${make.number(d - 1)} * ${make.number(0)}`,
        () => `(abs(${make.number(d - 1)}) + 1) % 7`,
        () => `-(abs(${make.number(d - 1)}) + 1)`,
        () => `length(${make.list(d - 1)})`,
        () => `length(${make.map(d - 1)})`,
        () => `length(${make.string(d - 1)})`,
        () => `max(${make.number(d - 1)}, ${make.number(d - 1)})`,
        () => `min(${make.numbers(d - 1)}...)`,
        () => `sum(concat([1], ${make.numbers(d - 1)}))`,
        () => `floor(${make.number(d - 1)})`,
        () => `ceil(${make.number(d - 1)})`,
        () => `abs(${make.number(d - 1)})`,
        () => `parseint("ff", 16)`,
        () => `tonumber("42")`,
        () => `index(["a", "b", "c"], "b")`,
        () => `(${make.bool(d - 1)} ? ${make.number(d - 1)} : ${make.number(d - 1)})`,
      ])();
    },
    bool: (d) => {
      if (d <= 0) return pick(['true', 'false', 'local.on']);
      return pick([
        () => make.bool(0),
        () => `!${make.bool(d - 1)}`,
        () => `(${make.bool(d - 1)} && ${make.bool(d - 1)})`,
        () => `${make.bool(d - 1)} || ${make.bool(d - 1)}`,
        () => `${make.number(d - 1)} < ${make.number(d - 1)}`,
        () => `${make.number(d - 1)} >= ${make.number(d - 1)}`,
        () => `${make.string(d - 1)} == ${make.string(d - 1)}`,
        () => `${make.string(d - 1)} != ${make.string(0)}`,
        () => `contains(${make.list(d - 1)}, ${make.string(0)})`,
        () => `can(tonumber(${make.string(d - 1)}))`,
        () => `startswith(${make.string(d - 1)}, "a")`,
        () => `endswith(${make.string(d - 1)}, "b")`,
        () => `strcontains(${make.string(d - 1)}, "a")`,
        () => `alltrue([${make.bool(d - 1)}, ${make.bool(0)}])`,
        () => `anytrue([${make.bool(d - 1)}, ${make.bool(0)}])`,
        () => `${make.list(d - 1)} == ${make.list(0)}`,
        () => `5 == "5"`,
      ])();
    },
    list: (d) => {
      if (d <= 0)
        return pick([
          '["a", "b"]',
          '[]',
          '["10.0.0.0/8", "", "a"]',
          'local.names',
          '["b", "a", "b"]',
          'toset(["z", "a", "z"])',
        ]);
      return pick([
        () => make.list(0),
        () => `[${make.string(d - 1)}, ${make.string(d - 1)}]`,
        () => `concat(${make.list(d - 1)}, ${make.list(d - 1)})`,
        () => `tolist(toset(${make.list(d - 1)}))`,
        () => `distinct(${make.list(d - 1)})`,
        () => `compact(${make.list(d - 1)})`,
        () => `sort(${make.list(d - 1)})`,
        () => `reverse(tolist(${make.list(d - 1)}))`,
        () => `flatten([${make.list(d - 1)}, [${make.list(0)}, "q"]])`,
        () => `split(",", ${make.string(d - 1)})`,
        () => `[for s in ${make.list(d - 1)} : upper(s)]`,
        () => `[for i, s in ${make.list(d - 1)} : "\${i}=\${s}" if s != ""]`,
        () => `[for k, v in ${make.map(d - 1)} : "\${k}/\${v}"]`,
        () => `keys(${make.map(d - 1)})`,
        () => `values(${make.map(d - 1)})`,
        () => `tolist(${make.list(d - 1)})[*]`,
        () => `[{ n = ${make.string(d - 1)} }, { n = "k" }][*].n`,
        () => `[{ n = ["q"] }, { n = ["k"] }].*.n[0]`,
        () => `formatlist("%s-%s", ${make.list(d - 1)}, "x")`,
        () => `slice(concat(${make.list(d - 1)}, ["p", "q"]), 0, 2)`,
        () => `setunion(${make.list(0)}, ["u"])`,
        () => `setsubtract(${make.list(0)}, ["a"])`,
        () => `setintersection(${make.list(0)}, ["a", "b"])`,
        () => `coalescelist(${make.list(d - 1)}, ["d"])`,
        () => `matchkeys(["x", "y"], ["a", "b"], ["b"])`,
        () => `(${make.bool(d - 1)} ? ["l"] : ["m"])`,
        () => `values(transpose({ a = ${make.list(d - 1)}, b = ["y"] }))[*][0]`,
        () => `chunklist(tolist(${make.list(d - 1)}), 2)[*][0]`,
        () => `[for p in setproduct(["a", "b"], ${make.list(d - 1)}) : join("+", p)]`,
        () => `cidrsubnets(${make.cidr(d - 1)}, 4, 4)`,
        () => `jsondecode(jsonencode(${make.list(d - 1)}))`,
        () => `yamldecode("[a, 'b', c]")`,
        () => `[for n in range(3) : tostring(n)]`,
        () => `regexall("[a-z]", ${make.string(d - 1)})`,
      ])();
    },
    numbers: (d) =>
      pick([
        '[1, 2]',
        '[22]',
        `range(${pick(['1', '3', '2, 5', '0, 10, 3'])})`,
        `[for n in [3, 1] : n * 2]`,
        `[${make.number(d - 1)}, 4]`,
      ]),
    map: (d) => {
      if (d <= 0) return pick(['{ a = "1", b = "2" }', '{}', '{ "b" = "x", "a" = "y" }', 'local.ports', '{ z : "q" }']);
      return pick([
        () => make.map(0),
        () => `{ (${make.string(d - 1)}) = ${make.string(d - 1)} }`,
        () => `merge(${make.map(d - 1)}, ${make.map(d - 1)})`,
        () => `{ for s in ${make.list(d - 1)} : s => upper(s)... }`,
        () => `{ for k, v in ${make.map(d - 1)} : upper(k) => v if k != "z" }`,
        () => `zipmap(["k1", "k2"], [${make.string(d - 1)}, "v"])`,
        () => `tomap({ a = ${make.string(d - 1)} })`,
        () => `{ n = ${make.number(d - 1)}, l = ${make.list(d - 1)} }`,
        () => `{ for i, s in distinct(${make.list(d - 1)}) : "k\${i}" => s }`,
      ])();
    },
    cidr: () =>
      pick([
        '"10.0.0.0/16"',
        '"192.168.4.0/22"',
        '"fd00::/56"',
        'cidrsubnet("10.0.0.0/8", 8, 3)',
        'cidrsubnet("fd00::/48", 8, 255)',
      ]),
  };
  const types: readonly Type[] = ['string', 'number', 'bool', 'list', 'map', 'cidr', 'list', 'string'];
  return Array.from({ length: count }, () => make[pick(types)](1 + Math.floor(random() * 3)));
}

export const LOCALS = `locals {
  name  = "Shop"
  port  = 8080
  on    = true
  names = ["n1", "n2", "n1"]
  ports = { http = "80", https = "443" }
  rules = [
    { name = "web", ports = [80, 443], cidrs = ["10.0.0.0/8", "10.1.0.0/16"] },
    { name = "ssh", ports = [22], cidrs = ["10.0.0.0/8"] },
  ]
}
`;
