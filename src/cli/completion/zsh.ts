/** Completion for zsh: `_arguments` for each command. */
import { type ArgumentNode, allNodes, type CommandNode, type OptionNode } from '../command-tree.ts'

export function zshCompletion(program: CommandNode): string {
  const nodes = allNodes(program)
  return `#compdef postkey
# zsh completion for postkey: postkey completion zsh > ~/.zfunc/_postkey, with that directory in fpath
${nodes.map((node) => functionOf(node, program)).join('\n')}
if [ "$funcstack[1]" = "_postkey" ]; then _postkey "$@"; else compdef _postkey postkey; fi
`
}

const nameOf = ({ path }: CommandNode): string =>
  ['_postkey', ...path.split(' ').filter(Boolean)].join('_').replaceAll('-', '_')

function functionOf(node: CommandNode, program: CommandNode): string {
  const options = [...node.options, ...(node === program ? [] : program.options)].flatMap(optionSpecs)
  if (node.below.length === 0)
    return `${nameOf(node)}() {
  _arguments -s ${[...options, ...node.arguments.map(argumentSpec)].join(' \\\n    ')}
}`
  const commands = node.below.map((one) => quote(`${last(one)}:${one.description.replaceAll(':', '\\:')}`))
  return `${nameOf(node)}() {
  local line state
  local -a commands
  commands=(
    ${commands.join('\n    ')}
  )
  _arguments -C -s ${[...options, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case "$state" in
    command) _describe command commands ;;
    rest)
      case "$line[1]" in
${node.below.map((one) => `        ${last(one)}) ${nameOf(one)} ;;`).join('\n')}
      esac ;;
  esac
}`
}

const last = ({ path }: CommandNode): string => path.split(' ').at(-1) ?? ''
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const said = (text: string): string => text.replaceAll(/[[\]:\\]/g, (symbol) => `\\${symbol}`)

const optionSpecs = (option: OptionNode): string[] =>
  option.names.map((name) =>
    quote(`${name}[${said(option.description)}]${option.takesValue ? `: :${values(option)}` : ''}`),
  )

function values({ choices, flags }: OptionNode): string {
  if (choices.length > 0) return `(${choices.join(' ')})`
  return /<[^>]*(?:file|dir|directory|\.csv)[^>]*>/.test(flags) ? '_files' : ''
}

function argumentSpec({ name, required, choices }: ArgumentNode): string {
  const what = choices.length > 0 ? `(${choices.join(' ')})` : /file|path/.test(name) ? '_files' : ''
  return quote(`${required ? '' : ':'}:${said(name)}:${what}`)
}
