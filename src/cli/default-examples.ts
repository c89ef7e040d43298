/** Every command shows an example: one that has none of its own gets one made of its arguments. */
import type { Command } from 'commander'
import { examples } from './act.ts'
import { helpAfter } from './command-tree.ts'

/** What a person could type for an argument or a mandatory option of this name. */
const samples: Readonly<Record<string, string>> = {
  account: 'maria',
  address: 'alice@example.test',
  file: 'file.txt',
  group: 'sales',
  name: 'maria',
  pin: '2100AB3F',
  policy: 'sales',
  shell: 'bash',
  'srp-id': 'S00000002',
  topic: 'user add',
  user: 'alice@example.test',
  which: 'alice@example.test',
}

const sampleOf = (argument: string): string | undefined =>
  Object.hasOwn(samples, argument) ? samples[argument] : undefined

export function addDefaultExamples(command: Command): void {
  for (const below of command.commands) addDefaultExamples(below)
  if (command.commands.length > 0 || /(?:^|\n)Examples:/.test(helpAfter(command))) return
  const given = command.registeredArguments.map(
    (one) => sampleOf(one.name()) ?? one.argChoices?.[0] ?? one.name(),
  )
  command.addHelpText('after', examples([...namesOf(command), ...given].join(' ')))
}

const namesOf = (command: Command): string[] =>
  command.parent ? [...namesOf(command.parent), command.name()] : []
