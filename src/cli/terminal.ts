/** Where a command writes: its width, whether a person reads along, whether colours are wanted. */
import type { In, Out, RunDeps } from './deps.ts'

export interface Terminal {
  readonly stdin: In
  readonly stdout: Out
  readonly stderr: Out
  /** A person reads standard output. */
  readonly people: boolean
  /** It knows no colours, or says so. */
  readonly dumb: boolean
  /** A person can be asked: standard input and standard error are a terminal. */
  readonly canAsk: boolean
  /** Columns for text that is wrapped. */
  readonly width: number
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly green: (text: string) => string
}

const widthDefault = 80
const widthMin = 40

export function makeTerminal({ stdin, stdout, stderr, env }: RunDeps): Terminal {
  const people = stdout.isTTY === true
  const colour = people && !env.NO_COLOR && env.TERM !== 'dumb'
  const paint = (open: number, close: number) => (text: string) =>
    colour ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    stdin,
    stdout,
    stderr,
    people,
    dumb: env.TERM === 'dumb',
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    width: Math.max(widthMin, (people && stdout.columns) || widthDefault),
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    green: paint(32, 39),
  }
}
