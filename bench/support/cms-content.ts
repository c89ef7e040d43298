/** What stands inside a signature, taken on trust: for handhelds whose own work is not to be measured. */

/** ContentInfo → [0] → SignedData → the third element, EncapsulatedContentInfo → [0] → OCTET STRING (RFC 5652). */
export function contentOfSigned(cms: Uint8Array): Uint8Array {
  const signedData = child(child(child(cms, 0), 1), 0)
  return child(child(child(signedData, 2), 1), 0)
}

/** The content of the `index`-th element of a run of DER elements. */
function child(bytes: Uint8Array, index: number): Uint8Array {
  let rest = bytes
  for (let i = 0; ; i += 1) {
    const short = rest[1]
    if (short === undefined) throw new Error('DER has a length')
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    const from = 2 + lengthBytes
    const length =
      lengthBytes === 0 ? short : rest.subarray(2, from).reduce((sum, byte) => sum * 256 + byte, 0)
    if (i === index) return rest.subarray(from, from + length)
    rest = rest.subarray(from + length)
  }
}
