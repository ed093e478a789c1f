/** A type of @octokit/openapi-types, as a JSON Schema of few words. */
export interface Schema {
  $ref?: string;
  type?: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';
  const?: string | number | boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  /** Of an index signature. */
  values?: Schema;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  query: Schema | null;
  body: Schema | null;
  bodyRequired: boolean;
  responses: Record<string, Schema | null>;
}

export interface Description {
  source: string;
  operations: Operation[];
  schemas: Record<string, Schema>;
}
