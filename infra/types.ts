import type { Input } from '@pulumi/pulumi';

export type Tags = Input<Record<string, Input<string>>>;

/** One statement of a policy that allows; what it is given to says where it ends up. */
export interface Grant {
  sid: string;
  actions: readonly string[];
  resources: readonly Input<string>[];
  condition?: Input<object>;
}

/** Where the stack is; looked up once. */
export interface Place {
  account: Input<string>;
  region: Input<string>;
  partition: Input<string>;
}
