/** What a decoder returns: bytes from outside are either understood whole or refused with a reason. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: DecodeFault }

/** Why bytes were refused. `at` names the field or offset; it never quotes the content. */
export interface DecodeFault {
  readonly code: DecodeCode
  readonly at: string
}

/**
 * The closed list of reasons a decoder may give; the malformed samples in `test/vectors` name them.
 * Order of checks: size, then CBOR form, then shape, then values.
 */
export type DecodeCode =
  | 'too_big'
  | 'bad_magic'
  | 'bad_cbor'
  | 'not_deterministic'
  | 'too_deep'
  | 'wrong_shape'
  | 'missing_field'
  | 'unknown_field'
  | 'out_of_range'
  | 'bad_version'
  | 'bad_seal'
  | 'bad_armour'
  /** Well-formed, but an operation, message kind or frame number that this version does not perform. */
  | 'unsupported'

export const decoded = <T>(value: T): Decoded<T> => ({ ok: true, value })

export const refused = (code: DecodeCode, at: string): { ok: false; fault: DecodeFault } => ({
  ok: false,
  fault: { code, at },
})
