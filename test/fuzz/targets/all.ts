/** Every target with the module a fuzzing thread loads for it. */
import type { FuzzTarget } from '../engine/target.ts'

export interface PlacedTarget {
  readonly target: FuzzTarget
  readonly module: string
}

const modules = [
  'directory',
  'protocol',
  'imap',
  'mailbox',
  'smtp',
  'mail',
  'crypto',
  'typed',
  'http',
  'audit',
]

export const placedTargets: readonly PlacedTarget[] = (
  await Promise.all(
    modules.map(async (name) => {
      const module = new URL(`${name}.ts`, import.meta.url).href
      const { targets } = (await import(module)) as { readonly targets: readonly FuzzTarget[] }
      return targets.map((target) => ({ target, module }))
    }),
  )
).flat()
