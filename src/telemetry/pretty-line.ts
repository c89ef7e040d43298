/** One log line for people: local time, level, message, then the fields as key=value. */

const colours: Readonly<Record<string, string>> = { debug: '90', info: '32', warn: '33', error: '31' }

export function prettyLine(json: string, colour: boolean): string {
  const { time, level, message, ...fields } = JSON.parse(json) as Record<string, unknown>
  const paint = (code: string, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const clock = localTime(new Date(String(time)))
  const name = paint(colours[String(level)] ?? '0', String(level).padEnd(5))
  const rest = Object.entries(fields).map(([key, value]) => paint('2', `${key}=`) + shown(value))
  return `${[paint('2', clock), name, visible(String(message ?? '')), ...rest].join(' ')}\n`
}

const localTime = (at: Date): string =>
  [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':') +
  `.${String(at.getMilliseconds()).padStart(3, '0')}`

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[\w.:@/+<>\-[\]]+$/.test(text) ? text : visible(JSON.stringify(text))
}

/** Text from outside must not move the cursor or colour the terminal. */
const visible = (text: string): string =>
  text.replace(/\p{Cc}/gu, (symbol) => `\\u${symbol.charCodeAt(0).toString(16).padStart(4, '0')}`)
