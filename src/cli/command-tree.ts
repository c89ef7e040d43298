/** The commands as data, read off the tree that runs them: for shell completion and the reference page. */
import { EventEmitter } from 'node:events'
import type { Argument, Command, Option } from 'commander'

export interface CommandNode {
  /** `user add`; empty for the program itself. */
  readonly path: string
  readonly description: string
  /** `postkey user add [options] <address>`. */
  readonly usage: string
  readonly arguments: readonly ArgumentNode[]
  readonly options: readonly OptionNode[]
  /** Names of the commands below it. */
  readonly below: readonly CommandNode[]
  /** What stands under its help: prose and examples. */
  readonly after: string
  /** The heading it stands under in the help of the program. */
  readonly group: string
}

export interface ArgumentNode {
  readonly name: string
  readonly required: boolean
  readonly choices: readonly string[]
}

export interface OptionNode {
  /** `-o, --format <format>`. */
  readonly flags: string
  /** `-o` and `--format`. */
  readonly names: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly mandatory: boolean
  readonly standard: string | null
}

export function commandTree(command: Command, above = ''): CommandNode {
  const isProgram = command.parent === null
  const path = isProgram ? '' : `${above} ${command.name()}`.trim()
  const help = command.createHelp()
  help.showGlobalOptions = false
  return {
    path,
    description: command.description(),
    usage: help.commandUsage(command),
    arguments: command.registeredArguments.map(argumentNode),
    options: help.visibleOptions(command).map(optionNode),
    below: help
      .visibleCommands(command)
      // Commander's own `help` of each noun is none of them.
      .filter((one) => command.commands.includes(one))
      .map((one) => commandTree(one, path)),
    after: helpAfter(command),
    group: command.helpGroup().replace(/:$/, ''),
  }
}

/** What `addHelpText('after', …)` has added. */
export function helpAfter(command: Command): string {
  const parts: string[] = []
  const write = (text: string): void => void parts.push(text)
  // Its types leave out that a command is an emitter.
  const emitter: unknown = command
  if (emitter instanceof EventEmitter) emitter.emit('afterHelp', { error: false, command, write })
  return parts.join('').trim()
}

const argumentNode = (argument: Argument): ArgumentNode => ({
  name: argument.name(),
  required: argument.required,
  choices: argument.argChoices ?? [],
})

const optionNode = (option: Option): OptionNode => ({
  flags: option.flags,
  names: [option.short, option.long].filter((name) => name !== undefined),
  description: option.description,
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? [],
  mandatory: option.mandatory,
  standard: option.defaultValue === undefined || option.negate ? null : String(option.defaultValue),
})

/** The node and all below it, in the order of the help. */
export const allNodes = (node: CommandNode): CommandNode[] => [node, ...node.below.flatMap(allNodes)]

/** Those that do something themselves. */
export const leaves = (node: CommandNode): CommandNode[] =>
  allNodes(node).filter(({ below }) => below.length === 0)
