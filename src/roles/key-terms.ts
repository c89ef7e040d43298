/** What the configuration says of handhelds' keys. */
import type { Suite } from '#activation/event.ts'
import type { Config } from '#config/schema.ts'

const suites: Readonly<Record<'aes' | '3des', Suite>> = { aes: 1, '3des': 2 }

/** In the server's order of preference. */
export const suitesOf = ({ activation }: Config): readonly Suite[] =>
  activation.algorithms.map((name) => suites[name])
