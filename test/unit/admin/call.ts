/** Calls a use case by its operation's name, and takes a stream to its end. */
import type { Admin } from '#admin/admin.ts'
import { operations, streams } from '#admin/socket/operations.ts'

export const operationNames = [...Object.keys(operations), ...Object.keys(streams)].toSorted()

/** Everything the operation answered; one value of those that answer once. */
export async function call(admin: Admin, name: string, args: readonly unknown[]): Promise<unknown[]> {
  const stop = new AbortController()
  const stream = streams[name]
  if (!stream) return [await operations[name]?.(admin, args, stop.signal)]
  const values: unknown[] = []
  // What has no end by itself has one here.
  if (name === 'activations.watch') stop.abort()
  for await (const value of stream(admin, args, stop.signal)) values.push(value)
  return values
}
