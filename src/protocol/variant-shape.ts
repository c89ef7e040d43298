/** Shapes of unions: arrays whose first number says which message they are. */
import { decoded, refused } from '#kernel/result.ts'
import { isCborArray } from './cbor.ts'
import { type Elements, row } from './record-shape.ts'
import type { Shape } from './shape.ts'

export interface Variant<T> {
  readonly number: number
  readonly shape: Shape<T>
}

type VariantTable<U extends { readonly type: string }> = {
  readonly [K in U['type']]: Variant<Omit<Extract<U, { type: K }>, 'type'>>
}

/** One row of a union's table: the array `[number, elements...]`, or `[number, version, elements...]`. */
export const variant = <T>(number: number, elements: Elements<NoInfer<T>>, version?: number): Variant<T> => ({
  number,
  shape: row([number], elements, version),
})

/** The union of `table`'s rows, told apart by `type`. A number without a row is `unsupported`. */
export function variants<U extends { readonly type: string }>(table: VariantTable<U>): Shape<U> {
  const entries = Object.entries<Variant<unknown>>(table)
  const byNumber = new Map(entries.map(([type, { number, shape }]) => [number, { type, shape }]))
  const byType = new Map(entries.map(([type, { shape }]) => [type, shape]))
  return {
    read: (value, at) => {
      if (!isCborArray(value)) return refused('wrong_shape', at)
      const number = value[0]
      if (typeof number !== 'number') return refused('wrong_shape', at)
      const found = byNumber.get(number)
      if (!found) return refused('unsupported', at)
      const fields = found.shape.read(value, `${at}.${found.type}`)
      return fields.ok ? decoded({ type: found.type, ...(fields.value as object) } as U) : fields
    },
    write: (message) => byType.get(message.type)?.write(message) ?? null,
  }
}
