/** The part of docs/operating.md about watching a server: health, metrics and the log, made from the source. */
import { logFields } from '#kernel/log-fields.ts'
import { metricNames, metricRow } from '#kernel/metric-table.ts'

const health = `## Health

With \`[http] enabled = true\` each process listens on \`[http] host\` and \`port\` (127.0.0.1:9464), apart from what
handhelds reach. It asks nobody who he is: let no one but the monitoring reach it.

| path | answers |
|---|---|
| \`GET /livez\` | 200 while the process lives; restart it when this fails |
| \`GET /readyz\` | 200 when everything the process needs is there, else 503; either way JSON that names each dependency (\`database\`, and beside an agent \`relay\` and \`imap\`) with its code, what happened and what to do next |
| \`GET /metrics\` | the metrics below, for Prometheus |
| \`POST /hooks/mail\` | with \`[agent] push_token_file\`, beside an agent: the mail server says that a mail came ([beside-dovecot.md](how-to/beside-dovecot.md)) |

\`postkey doctor\` looks closer, and sends a canary through a whole activation. \`postkey status\` is the quick look.`

const metricsHead = `## Metrics

Every series begins at 0 with the process. Events are counted with the commit that records them: what is tried again
is counted once. The doctor's canary is an activation like any other and is counted. No label ever names a user, an
address or a PIN. Beside these there are \`postkey_process_*\` and \`postkey_nodejs_*\`, the usual ones of a process.

| metric | type | what it says |
|---|---|---|`

const logHead = `## Log

One JSON object per line on standard error (\`[log]\`); on a terminal, one line for people. No password, verifier or
key is ever in it. To follow one activation, at the relay and at the server: \`grep <its id>\`.

| field | what it holds |
|---|---|`

export const monitoringSections = (): string =>
  [
    health,
    [metricsHead, ...metricNames.map(metricLine)].join('\n'),
    [logHead, ...Object.entries(logFields).map(([name, says]) => `| \`${name}\` | ${says} |`)].join('\n'),
  ].join('\n\n')

const labelMax = 12

function metricLine(name: (typeof metricNames)[number]): string {
  const { type, says, label, values = [] } = metricRow(name)
  const listed =
    values.length > labelMax ? 'see the codes below' : values.map((value) => `\`${value}\``).join(', ')
  return `| \`${name}\` | ${type} | ${says}${label ? ` By \`${label}\`: ${listed}.` : ''} |`
}
