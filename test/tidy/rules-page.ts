/** docs/it-policy-rules.md, made from the catalogue of IT policy rules. */
import { type Rule, ruleCatalogue } from '#policy/it-policy.ts'

const head = `# IT policy rules

The rules an administrator sets in \`[policy.rules]\` and every handheld gets, signed, before its service books. A
handheld leaves out a rule that it does not know or cannot follow and names it in its acknowledgement
(\`postkey handheld show\`); a known rule of the wrong type refuses the whole policy.

This page is made from \`src/policy/it-policy.ts\` by \`npm run docs\`.
`

/** The whole page. */
export const rulesPage = (): string => `${head}\n${ruleCatalogue.map(entry).join('\n')}`

function entry(rule: Rule): string {
  return `## \`${rule.name}\`

${rule.says}

- Value: ${valueWords(rule)}
- Default: \`${JSON.stringify(rule.standard)}\`
`
}

function valueWords(rule: Rule): string {
  switch (rule.type) {
    case 'bool':
      return 'true or false'
    case 'int':
      return `a whole number from ${rule.min} to ${rule.max}`
    case 'text':
      return `text of at most ${rule.bytesMax} bytes`
    case 'texts':
      return `a list of at most ${rule.countMax} texts`
  }
}
