/** One user changed: `user set`, `user disable`, `user enable`, `user redirect`. */
import { Argument, type Command } from 'commander'
import type { ChangedUser, UserChanges } from '#admin/people/people.ts'
import { act, arg, collect, examples } from '../act.ts'
import { changeWords } from '../changes.ts'
import type { Host } from '../deps.ts'
import { type Run, usage } from '../run.ts'

interface SetOptions {
  readonly name?: string
  readonly address?: string
  readonly organisation?: string
  readonly addAlias?: readonly string[]
  readonly removeAlias?: readonly string[]
}

export function userChangeCommands(user: Command, host: Host): void {
  user
    .command('set <address>')
    .description('change the name, the addresses or the organisation of a user')
    .option('--name <name>', 'display name')
    .option('--address <address>', 'another main address; the old one stays with --add-alias only')
    .option('--add-alias <address>', 'further address that may activate; may be repeated', collect)
    .option('--remove-alias <address>', 'address that may no longer activate; may be repeated', collect)
    .option('--organisation <name>', 'organisation; "" for none')
    .addHelpText(
      'after',
      examples(
        'user set alice@example.test --name "Alice Hargreaves"',
        'user set alice@example.test --address alice.hargreaves@example.test --add-alias alice@example.test',
      ),
    )
    .action(act<SetOptions>(host, set))
  user
    .command('disable <address>')
    .description(
      'let no handheld of a user activate, and none get mail; handhelds stay reachable for commands',
    )
    .addHelpText('after', examples('user disable alice@example.test'))
    .action(act(host, (run, args) => change(run, arg(args, 0), { enabled: false })))
  user
    .command('enable <address>')
    .description('let the handhelds of a disabled user activate and get mail again')
    .addHelpText('after', examples('user enable alice@example.test'))
    .action(act(host, (run, args) => change(run, arg(args, 0), { enabled: true })))
  user
    .command('redirect <address>')
    .description("switch the forwarding of a user's mail to the handheld on or off")
    .addArgument(new Argument('<state>', 'on or off').choices(['on', 'off']))
    .addHelpText('after', examples('user redirect alice@example.test off'))
    .action(act(host, (run, args) => change(run, arg(args, 0), { redirect: arg(args, 1) === 'on' })))
}

async function set(run: Run, args: readonly string[], options: SetOptions): Promise<void> {
  if (Object.keys(options).length === 0) throw usage('name what is to be changed: see postkey help user set')
  const { name, address, organisation, addAlias, removeAlias } = options
  await change(run, arg(args, 0), {
    ...(name === undefined ? {} : { displayName: name }),
    ...(address === undefined ? {} : { address }),
    ...(organisation === undefined ? {} : { organisation }),
    ...(addAlias === undefined ? {} : { addAliases: addAlias }),
    ...(removeAlias === undefined ? {} : { removeAliases: removeAlias }),
  })
}

async function change(run: Run, address: string, to: UserChanges): Promise<void> {
  const changed = await run.admin((admin) => admin.users.change(address, to))
  const { user, changes } = changed
  run.print(changed, () =>
    changes.length === 0
      ? `Nothing to change: ${user.address} is so already.\n`
      : `${user.address}: ${changeWords(changes)}\n`,
  )
  for (const note of notesOn(changed)) run.note(note)
}

/** What a person would otherwise find out on the handheld. */
function notesOn({ user, changes }: ChangedUser): string[] {
  const newAddress = changes.some(
    ({ field, from, to }) =>
      field === 'address' ||
      (field === 'aliases' &&
        Array.isArray(to) &&
        to.some((one) => !from.toString().split(',').includes(one))),
  )
  const live = user.password?.state === 'open' || user.password?.state === 'claimed'
  return [
    ...(newAddress && live
      ? [
          `The activation password does not hold for the new address: postkey password generate ${user.address}`,
        ]
      : []),
    ...(user.directory !== null && changes.some(({ field }) => field !== 'enabled' && field !== 'redirect')
      ? ['The directory speaks for this user: the next `user sync-ldap` brings its word back.']
      : []),
  ]
}
