/** docs/it-policy-rules.md, made from the catalogue of IT policy rules. */
import { type Rule, type RuleGroup, ruleGroups } from '#policy/it-policy.ts'
import { rangeOf } from '#policy/rule-value.ts'

const head = `# IT policy rules

What an administrator can set for handhelds. Each handheld gets the rules, signed, before its service books. A handheld
leaves out a rule that it does not know or cannot follow, such as a number out of its range, and names it in its
acknowledgement (\`postkey handheld show\`); a known rule of the wrong type refuses the whole policy.

*Terminal handheld* says what the handheld in the terminal does. A rule about something it does not have is delivered,
shown by \`postkey handheld screen\` and acknowledged like any other, and changes nothing there.

This page is made from \`src/policy/it-policy.ts\` by \`npm run docs\`.
`

/** The whole page. */
export const rulesPage = (): string => `${head}\n${ruleGroups.map(chapter).join('\n')}`

const chapter = ({ heading, rules }: RuleGroup): string => `## ${heading}\n\n${rules.map(entry).join('\n')}`

function entry(rule: Rule): string {
  return `### \`${rule.name}\`

${rule.says}

- Value: ${rangeOf(rule)}
- Default: \`${JSON.stringify(rule.standard)}\`
- Terminal handheld: ${rule.terminal ?? 'shows and acknowledges it.'}
`
}
