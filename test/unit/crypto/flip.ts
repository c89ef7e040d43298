/** Every variant of `bytes` with one bit of one byte changed, for tests that nothing may pass altered. */
export function* flips(bytes: Uint8Array): Generator<{ at: number; flipped: Uint8Array }> {
  for (const at of bytes.keys()) {
    const flipped = bytes.slice()
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    yield { at, flipped }
  }
}
