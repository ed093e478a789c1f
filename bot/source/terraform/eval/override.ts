import type { Attribute, Block, Body } from '../syntax/ast.ts';

/** `override.tf`, `*_override.tf` and their `.tofu` and `.json` forms are loaded last and merged. Source: Terraform language, "Override Files". */
export function isOverride(path: string): boolean {
  return /(^|[/_])override\.(tf|tofu)(\.json)?$/.test(path);
}

/**
 * A block with what an override file says of it: each argument replaces that of its name, and the nested blocks of a type replace all of
 * that type, static and dynamic alike; `lifecycle` is merged argument by argument. Source: hashicorp/terraform
 * internal/configs/module_merge_body.go. Ranges stay those of the text they are from, so that every part leads to its own file.
 */
export function mergeBlock(base: Block, override: Block): Block {
  const { file, start, end } = override;
  return {
    ...base,
    body: mergeBody(base.body, override.body),
    overrides: [...(base.overrides ?? []), { file, start, end }],
  };
}

function mergeBody(base: Body, override: Body): Body {
  const attributes = new Set(override.items.filter(isAttribute).map((item) => item.name));
  const types = new Set(override.items.flatMap((item) => (item.kind === 'block' ? [typeOf(item)] : [])));
  types.delete('lifecycle');
  const kept = base.items.filter((item) =>
    item.kind === 'attribute' ? !attributes.has(item.name) && !types.has(item.name) : !types.has(typeOf(item)),
  );
  const lifecycle = override.items.find((item): item is Block => item.kind === 'block' && item.type === 'lifecycle');
  const has = kept.some((item) => item.kind === 'block' && item.type === 'lifecycle');
  const merged = kept
    .filter((item) => item.kind === 'attribute' || !attributes.has(typeOf(item)))
    .map((item) =>
      item.kind === 'block' && item.type === 'lifecycle' && lifecycle !== undefined
        ? mergeBlock(item, lifecycle)
        : item,
    );
  return { items: [...merged, ...override.items.filter((item) => !(has && item === lifecycle))] };
}

/** `ingress` for a static and for a dynamic block of it. */
function typeOf(block: Block): string {
  return block.type === 'dynamic' ? (block.labels[0]?.text ?? 'dynamic') : block.type;
}

function isAttribute(item: Attribute | Block): item is Attribute {
  return item.kind === 'attribute';
}
