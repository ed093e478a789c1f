import type { Direction, RuleShape } from '@pare/analyzer/model/rule.ts';

/** A file of the source tree, held once as text. Offsets are UTF-16 code units into `text`, which begins with the BOM if the file does. */
export interface SourceFile {
  /** Relative to the tree's root, with forward slashes. */
  path: string;
  text: string;
  /** Path of the file of the tree that this one is a symbolic link to: one text with two places, of which only the other is edited. */
  linkTo?: string;
  /** It is the folder around it that is the link. */
  linkedFolder?: true;
}

/** An immutable tree of sources; `with` gives a changed copy, for judging an edit before anything is written. */
export interface SourceTree {
  /** Sorted by path. */
  readonly files: readonly SourceFile[];
  get(path: string): SourceFile | undefined;
  /** A change of a file changes the links to it too. */
  with(changes: readonly SourceFile[]): SourceTree;
}

/** Half-open range of one file. */
export interface SourceRange {
  file: string;
  start: number;
  end: number;
}

/** Replace `range` by `text`. */
export interface TextEdit {
  range: SourceRange;
  text: string;
}

/** Where to point a person: 1-based line and column. */
export interface Place {
  file: string;
  line: number;
  endLine?: number;
}

/**
 * A value the evaluator knows, or a name for what it does not: `ref:aws_security_group.web.id` for an attribute of a resource that
 * state can resolve, `unknown:<why>` for the rest. Two equal texts are the same value in one evaluation.
 */
export type ValueText = string;

/** A rule as the source makes it, once everything is evaluated; the atom of verification (law 5). */
export interface DeclaredRule {
  /**
   * Stable name: `<declarationId>#<n>`, n counting the tuples of one declaration and instance in source order.
   */
  id: string;
  declarationId: string;
  /** Terraform: address with module path and instance key, e.g. `module.web["eu"].aws_security_group_rule.in[0]`. CloudFormation: logical id, with `.SecurityGroupIngress[2]` for an inline item. */
  address: string;
  /** The workspace, var-file set, stack or template instance this evaluation stands for; `default` where there is one. */
  context: string;
  /** Terraform: the root directory of this evaluation (a module shared by several roots is evaluated in each). */
  root?: string;
  /** sg-… where known, else a ref. */
  group: ValueText;
  direction: Direction;
  /** Canonical as far as known: protocol number text, `ref:` or `unknown:` otherwise. */
  protocol: ValueText;
  fromPort: ValueText;
  toPort: ValueText;
  peerKind: 'cidrIpv4' | 'cidrIpv6' | 'prefixList' | 'group' | 'self' | 'unknown';
  peer: ValueText;
  description: ValueText | null;
  /** The shape, when all of it is known (peers of kind group only when the id is). */
  shape: RuleShape | null;
  /** Law 6: the ranges that produced each part, innermost first; the first of `peer` is what to cut to drop only this tuple. */
  origins: {
    declaration: SourceRange;
    protocol: readonly SourceRange[];
    fromPort: readonly SourceRange[];
    toPort: readonly SourceRange[];
    peer: readonly SourceRange[];
  };
}

/** How a declaration is written; the rows of the corpus table. */
export type DeclarationForm =
  | 'legacy-rule' // aws_security_group_rule
  | 'vpc-rule' // aws_vpc_security_group_{in,e}gress_rule
  | 'inline-block'
  | 'inline-attribute' // ingress = [{…}]
  | 'dynamic-block'
  | 'module-input'
  | 'cfn-inline'
  | 'cfn-standalone';

/** One place of source that makes rules. */
export interface Declaration {
  /** `<file>:<address without module path>`; unique in the tree and stable under edits elsewhere. */
  id: string;
  language: 'terraform' | 'cloudformation';
  form: DeclarationForm;
  /** single, count toggle, count over a list, for_each; `single` for CloudFormation. */
  repetition: 'single' | 'count-toggle' | 'count-list' | 'for-each';
  place: Place;
  range: SourceRange;
  /** Root directory (Terraform) or template path (CloudFormation): the batch it belongs to. */
  root: string;
  rules: readonly DeclaredRule[];
  /** Why it must not or cannot be edited, or why part of it is unknown. */
  notes: readonly SourceNote[];
}

export interface SourceNote {
  code: string;
  message: string;
  place: Place;
}

/** All that a tree declares, evaluated. */
export interface SourceIndex {
  tree: SourceTree;
  declarations: readonly Declaration[];
  /** Files that could not be parsed, cyclic locals, unresolved modules, …: with place and next step; never silent. */
  notes: readonly SourceNote[];
}

/** What an editor is asked for: the tuple to change and what shall stand instead. No replacement: it goes. */
export interface EditRequest {
  ruleId: string;
  /** Direction is that of the tuple. */
  replacements: readonly RuleShape[];
  /**
   * Further rules that are to get the same treatment at once (one literal that feeds several workspaces or module calls): the edit may
   * change any of them, and must change `ruleId`.
   */
  alsoRuleIds?: readonly string[];
  /** The edit must change all of them, not only `ruleId`. */
  all?: boolean;
  /** The live rule, where known: an argument of the source whose value is not known stays where the replacement does not change it. */
  live?: RuleShape;
}

export type EditResult =
  | {
      ok: true;
      edits: readonly TextEdit[];
      warnings: readonly SourceNote[];
      /** Of `ruleId` and `alsoRuleIds`, the rules that this edit changes; `[ruleId]` when absent. */
      changed?: readonly string[];
    }
  | { ok: false; refusals: readonly SourceNote[] };

/** One language of source: Terraform or CloudFormation. Pure: files in, values out. */
export interface SourceLanguage {
  readonly name: 'terraform' | 'cloudformation';
  /** Evaluates everything; `facts` give values that the source alone does not have (state, stack parameters). */
  index(tree: SourceTree, facts: SourceFacts): SourceIndex;
  /** The smallest edit; not yet verified. */
  edit(index: SourceIndex, request: EditRequest): EditResult;
  /** Second opinion on one changed file: problems that a foreign parser sees. Asynchronous, since HashiCorp's parser is. */
  check(file: SourceFile): Promise<readonly SourceNote[]>;
}

/** Values from outside the source. */
export interface SourceFacts {
  /** Terraform root directory → resources of its state. */
  states: readonly TerraformState[];
  stacks: readonly DeployedStack[];
}

export interface TerraformState {
  /** As the user gave it, for messages. */
  origin: string;
  /** The root directory it belongs to, relative to the tree; null when unknown. */
  root: string | null;
  workspace: string;
  /** Security groups: resource address with instance key → sg-id. */
  groups: readonly { address: string; groupId: string; accountId: string | null; region: string | null }[];
  /** Every rule the state holds, split to canonical tuples. */
  rules: readonly StateRule[];
  /** Other attribute values that rules refer to (VPC and subnet CIDRs, prefix lists, EIPs): `address.attribute` → text or list of text. */
  values: Readonly<Record<string, string | readonly string[]>>;
}

export interface StateRule {
  /** Full resource address with module path and instance key. */
  address: string;
  type: string;
  groupId: string;
  /** sgr-… where the state has it. */
  ruleId: string | null;
  shape: RuleShape;
  description: string | null;
}

/** A deployed CloudFormation stack: from DescribeStacks / describe-stack-resources / get-template files. */
export interface DeployedStack {
  stackName: string;
  stackId: string | null;
  accountId: string | null;
  region: string | null;
  parameters: Readonly<Record<string, string>>;
  /** Logical id → physical id. */
  resources: Readonly<Record<string, string>>;
  /** The deployed template's text, for identity with the file in the repository. */
  templateBody: string | null;
  /** Template path in the tree when the user said so. */
  templatePath: string | null;
}
