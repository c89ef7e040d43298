import { Command } from 'commander'
import { assert } from '#kernel/assert.ts'
import type { Host } from './deps.ts'
import type { Run } from './run.ts'

/** What a command does, with its arguments as typed and its own options. */
export type Work<Options> = (run: Run, args: readonly string[], options: Options) => Promise<void>

/** A commander action that does `work` in the surroundings its options ask for. */
export const act =
  <Options extends object>(host: Host, work: Work<Options>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1)
    assert(command instanceof Command, 'commander passes the command last')
    await work(host.run(command), command.args, command.opts<Options>())
  }

/** The argument that commander has made sure of. */
export function arg(args: readonly string[], index: number): string {
  const value = args[index]
  assert(value !== undefined, 'a required argument is missing')
  return value
}

/** Examples under a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ postkey ${line}`).join('\n')}`

/** Gathers the values of an option that may be repeated. */
export const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]
