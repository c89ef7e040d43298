/** Completion for fish: a line for each command and option, under the condition that its command was typed. */
import { allNodes, type CommandNode, type OptionNode } from '../command-tree.ts'

export function fishCompletion(program: CommandNode): string {
  const nodes = allNodes(program)
  const valued = nodes.flatMap(({ options }) =>
    options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names),
  )
  return `# fish completion for postkey: postkey completion fish > ~/.config/fish/completions/postkey.fish
function __postkey_at
  set -l words (commandline -opc)
  set -l path
  set -l skip 0
  for word in $words[2..-1]
    if test $skip -eq 1
      set skip 0
      continue
    end
    switch $word
      case ${[...new Set(valued)].join(' ')}
        set skip 1
      case '-*'
      case '*'
        set path $path $word
    end
  end
  set -l wanted (string split -n ' ' -- $argv[1])
  set -l count (count $wanted)
  if test (count $path) -lt $count
    return 1
  end
  if test $count -gt 0; and test "$path[1..$count]" != "$wanted"
    return 1
  end
  test "$argv[2]" != exactly; or test (count $path) -eq $count
end
complete -c postkey -f
${nodes.flatMap((node) => linesOf(node, program)).join('\n')}
`
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const last = ({ path }: CommandNode): string => path.split(' ').at(-1) ?? ''

function linesOf(node: CommandNode, program: CommandNode): string[] {
  const begin = (how = '') => `complete -c postkey -n ${quote(`__postkey_at "${node.path}"${how}`)}`
  const commands = node.below.map(
    (one) => `${begin(' exactly')} -a ${last(one)} -d ${quote(one.description)}`,
  )
  const options = node.options.map(
    (option) =>
      `${node === program ? 'complete -c postkey' : begin()} ${optionWords(option)} -d ${quote(option.description)}`,
  )
  const values = node.arguments.flatMap(({ name, choices }) => {
    if (choices.length > 0) return [`${begin()} -a ${quote(choices.join(' '))}`]
    return /file|path/.test(name) ? [`${begin()} -F`] : []
  })
  return [...commands, ...options, ...values]
}

function optionWords({ names, takesValue, choices, flags }: OptionNode): string {
  const words = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  if (!takesValue) return words.join(' ')
  if (choices.length > 0) return `${words.join(' ')} -x -a ${quote(choices.join(' '))}`
  return `${words.join(' ')} ${/<[^>]*(?:file|dir|directory|\.csv)[^>]*>/.test(flags) ? '-r -F' : '-x'}`
}
