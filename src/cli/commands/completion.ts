import { Argument, type Command } from 'commander'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'

const shells = ['bash', 'zsh', 'fish'] as const

export function completionCommand(program: Command, host: Host): void {
  program
    .command('completion')
    .description('print the completion of commands and options for a shell')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .addHelpText(
      'after',
      `\nFor bash at each start of a shell, put \`source <(postkey completion bash)\` into ~/.bashrc. It needs postkey on the PATH.\n${examples(
        'completion bash > /etc/bash_completion.d/postkey',
        'completion zsh > ~/.zfunc/_postkey',
        'completion fish > ~/.config/fish/completions/postkey.fish',
      )}`,
    )
    .action(act(host, (run, args) => print(run, arg(args, 0), program)))
}

/** The scripts are read when somebody asks for one: every other command is quicker without them. */
async function print(run: Run, shell: string, program: Command): Promise<void> {
  const { commandTree } = await import('../command-tree.ts')
  const tree = commandTree(program)
  const script = await scriptOf(shell, tree)
  run.print({ shell, script }, () => script)
}

async function scriptOf(
  shell: string,
  tree: Parameters<typeof import('../completion/bash.ts').bashCompletion>[0],
) {
  if (shell === 'zsh') return (await import('../completion/zsh.ts')).zshCompletion(tree)
  if (shell === 'fish') return (await import('../completion/fish.ts')).fishCompletion(tree)
  return (await import('../completion/bash.ts')).bashCompletion(tree)
}
