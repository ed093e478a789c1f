// CRC-32 of long texts. x^(8*4018) = x^(8*(4018-1927)) + x^(8*(4018-2181)) + 1 modulo its polynomial, so that a byte may as well stand 1927, 2181 and
// 4018 bytes further on, all three at once, and the checksum stays. All bytes are moved on until only the last four thousand are left, sixteen at a
// time; the host computes the checksum of what they came to. The idea is Chorba's (Russell, arXiv 2412.16398); the distances are the shortest three
// that leave room for such steps, found by trying.

const NEAR: usize = 1927;
const MIDDLE: usize = 2181;
const FAR: usize = 4018;
/** What is kept of what was moved: FAR, rounded up to whole steps. */
const KEPT: usize = 4032;
const STEP: usize = 1 << 13;
const moved: usize = heap.alloc(KEPT + STEP + 64);
/** What a fold leaves. */
export const folded: usize = heap.alloc(KEPT + 64);

/** What stands at `to` after all before it were moved on. */
@inline
function arrived(text: usize, to: usize): v128 {
  return v128.xor(
    v128.xor(v128.load(text), v128.load(to - NEAR)),
    v128.xor(v128.load(to - MIDDLE), v128.load(to - FAR)),
  );
}

/**
 * Leaves at `folded` a text with the checksum of this one, where that begins with all bits of its register 0. Returns its length; 0 where the text is too
 * short. Up to 16 bytes behind the text may be read.
 */
export function fold(text: usize, length: u32): u32 {
  if (length < FAR * 4) return 0;
  const first = moved + KEPT;
  memory.fill(moved, 0, KEPT);
  const stop = text + ((length - FAR) & ~15);
  // The register of the checksum begins with all bits 1, which is as if the first four bytes were inverted.
  let flip = i32x4(-1, 0, 0, 0);
  for (let from = text; from < stop; ) {
    const size = min(STEP, stop - from);
    const end = first + size;
    let at = from;
    v128.store(first, v128.xor(arrived(at, first), flip));
    flip = i32x4.splat(0);
    at += 16;
    for (let to = first + 16; to < end; to += 16, at += 16) v128.store(to, arrived(at, to));
    from += size;
    memory.copy(moved, moved + size, KEPT);
  }
  const rest = length - <u32>(stop - text);
  memory.fill(first, 0, KEPT);
  for (let n: usize = 0; n < <usize>rest; n += 16) v128.store(folded + n, arrived(stop + n, first + n));
  return rest;
}
