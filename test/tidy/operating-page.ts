/** docs/operating.md, made from the tables of outcome codes, metrics and log fields. */
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import { faultTable } from '#kernel/fault-table.ts'
import { handheldText, isHandheldCode } from '#protocol/handheld-text.ts'
import { monitoringSections } from './monitoring-page.ts'

const turns = {
  administrator: 'the administrator',
  user: 'the user',
  handheld: 'the handheld',
  relay: 'the relay',
  mail_server: 'the mail server',
  server: 'the server',
} as const

const retries = {
  automatic: 'by itself',
  new_try: 'with a new try on the handheld',
  new_password: 'with a new activation password',
  administrator: 'when the administrator has acted',
  none: 'not at all',
} as const

const head = `# Operating

What a running Postkey says, and what to do about it: [health](#health), [metrics](#metrics), [log](#log) and the
[outcome codes](#outcome-codes). How to set the watching up: [how-to/monitoring.md](how-to/monitoring.md).

This page is made from \`src/kernel\` by \`npm run docs\`.
`

const codesHead = `## Outcome codes

Every place where an activation, a command or a part of the server can stop or wait has a code. It is the same in the
handheld's words, the log (\`code=\`), \`postkey activation explain\`, \`postkey status\` and this page. Several codes
share one text on the handheld on purpose: whoever has proved nothing learns no more than that.
`

/** The whole page. */
export function operatingPage(): string {
  const codes = Object.keys(faultTable) as FaultCode[]
  const groups = [...new Set(codes.map(groupOf))]
  const contents = groups.map((group) => `- [${group}](#${group.replace('_', '-')})`).join('\n')
  const sections = groups.map((group) =>
    section(
      group,
      codes.filter((code) => groupOf(code) === group),
    ),
  )
  return `${head}\n${monitoringSections()}\n\n${codesHead}\n${contents}\n\n${sections.join('\n')}`
}

const groupOf = (code: string): string => code.split('.')[0] ?? code

const section = (group: string, codes: readonly FaultCode[]): string =>
  `### ${group.replace('_', '-')}\n\n${codes.map(entry).join('\n')}`

function entry(code: FaultCode): string {
  const { says, next, turn, retry, e } = faultRow(code)
  const shown =
    e !== undefined && isHandheldCode(e)
      ? `- The handheld shows (E${String(e).padStart(2, '0')}): *${handheldText(e)}*\n`
      : ''
  return `#### \`${code}\`

${says}

- Next: ${next}
- It is the turn of ${turns[turn]}; it goes on ${retries[retry]}.
${shown}`
}
