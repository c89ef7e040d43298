/** The pages that are made from the source: `npm run docs` writes them, a test compares them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cliPage } from './cli-page.ts'
import { operatingPage } from './operating-page.ts'
import { rulesPage } from './rules-page.ts'
import { root } from './sources.ts'

export const generatedPages: Readonly<Record<string, () => string>> = {
  'docs/operating.md': operatingPage,
  'docs/it-policy-rules.md': rulesPage,
  'docs/cli.md': cliPage,
}

if (process.argv[1] === import.meta.filename)
  for (const [path, make] of Object.entries(generatedPages)) writeFileSync(join(root, path), make())
