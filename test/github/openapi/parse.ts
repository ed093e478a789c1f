import type { Schema } from './types.ts';

/**
 * Reads the types that openapi-typescript generates: a regular corner of TypeScript (object types, arrays, unions, intersections, literals,
 * references `components["schemas"]["x"]`). Anything else is an error, so that nothing is left out silently.
 */
export function parseType(text: string, start: number): { schema: Schema; end: number } {
  const parser = new Parser(text, start);
  const schema = parser.union();
  return { schema, end: parser.at };
}

class Parser {
  readonly text: string;
  at: number;
  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  private skip(): void {
    for (;;) {
      while (/\s/.test(this.text[this.at] ?? '')) this.at += 1;
      if (!this.text.startsWith('/*', this.at)) return;
      this.at = this.text.indexOf('*/', this.at) + 2;
    }
  }

  private eat(token: string): boolean {
    this.skip();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.eat(token)) throw this.error(`expected ${token}`);
  }

  private error(message: string): Error {
    return new Error(`${message} at ${this.at}: ${this.text.slice(this.at, this.at + 80)}`);
  }

  private match(pattern: RegExp): string | null {
    this.skip();
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text);
    if (found === null) return null;
    this.at += found[0].length;
    return found[0];
  }

  union(): Schema {
    this.eat('|');
    const parts = [this.intersection()];
    while (this.eat('|')) parts.push(this.intersection());
    return parts.length === 1 ? parts[0]! : { anyOf: parts };
  }

  private intersection(): Schema {
    const parts = [this.postfix()];
    while (this.eat('&')) parts.push(this.postfix());
    return parts.length === 1 ? parts[0]! : { allOf: parts };
  }

  private postfix(): Schema {
    let schema = this.primary();
    while (this.eat('[]')) schema = { type: 'array', items: schema };
    return schema;
  }

  private primary(): Schema {
    this.eat('readonly ');
    if (this.eat('(')) {
      const inner = this.union();
      this.expect(')');
      return inner;
    }
    if (this.eat('{')) return this.object();
    if (this.eat('[')) return this.tuple();
    if (this.match(/Record<string, (?:never|unknown)>/) !== null) return { type: 'object' };
    const string = this.match(/"(?:[^"\\]|\\.)*"/) ?? this.match(/'(?:[^'\\]|\\.)*'/);
    if (string !== null) return { const: string.slice(1, -1).replace(/\\(.)/g, '$1') };
    const number = this.match(/-?\d+(?:\.\d+)?/);
    if (number !== null) return { const: Number(number) };
    const word = this.match(/[A-Za-z][A-Za-z0-9]*/);
    switch (word) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'null':
        return { type: word };
      case 'bigint':
        return { type: 'number' };
      case 'true':
      case 'false':
        return { const: word === 'true' };
      case 'unknown':
      // Bodies that are no JSON.
      case 'File':
      case 'Blob':
      case 'Uint8Array':
        return {};
      case 'never':
      case 'undefined':
        return { anyOf: [] };
      case 'OneOf': {
        this.expect('<');
        this.expect('[');
        const { items } = this.tuple();
        this.expect('>');
        return { anyOf: items?.anyOf ?? [items!] };
      }
      case 'components':
      case 'operations':
        return this.reference(word);
      default:
        throw this.error(`cannot read ${word}`);
    }
  }

  private reference(root: string): Schema {
    const parts = [root];
    // Not the brackets of an array.
    while (/^\s*\["/.test(this.text.slice(this.at, this.at + 20)) && this.eat('[')) {
      parts.push(this.match(/"[^"]*"/)!.slice(1, -1));
      this.expect(']');
    }
    return { $ref: parts.join('#') };
  }

  private tuple(): Schema {
    const parts: Schema[] = [];
    while (!this.eat(']')) {
      parts.push(this.union());
      this.eat(',');
    }
    return { type: 'array', items: parts.length === 1 ? parts[0]! : { anyOf: parts } };
  }

  private object(): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    let values: Schema | undefined;
    while (!this.eat('}')) {
      this.eat('readonly ');
      if (this.eat('[')) {
        this.match(/[a-z]+: string/);
        this.expect(']');
        this.expect(':');
        values = this.union();
      } else {
        const name = (this.match(/"[^"]*"|'[^']*'|[A-Za-z0-9_$]+/) ?? '').replace(/^["']|["']$/g, '');
        if (name === '') throw this.error('expected a name');
        const optional = this.eat('?');
        this.expect(':');
        const schema = this.union();
        // `x?: never`: the name is not there at all.
        if (!(optional && schema.anyOf?.length === 0)) properties[name] = schema;
        if (!optional) required.push(name);
      }
      this.eat(';');
      this.eat(',');
    }
    return {
      type: 'object',
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
      ...(values === undefined ? {} : { values }),
    };
  }
}
