/** Completion for bash: one function that knows the tree. Works without the bash-completion package. */
import { allNodes, type CommandNode, type OptionNode } from '../command-tree.ts'

export function bashCompletion(program: CommandNode): string {
  const nodes = allNodes(program)
  const commands = nodes.filter(({ path }) => path !== '')
  return `# bash completion for postkey: source <(postkey completion bash)
_postkey() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="" path="" word i
  COMPREPLY=()
  # A colon or an equals sign divides words for bash, and not for postkey.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    prev="$word"
    case "$path $word" in
${commands.map(({ path }) => `      ${quoted(` ${path}`)}) path="$path $word"; prev="" ;;`).join('\n')}
${valueCases(nodes, program).join('\n')}
    esac
  done
  case "$path $prev" in
${choiceCases(nodes, program).join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    case "$path" in
${nodes.map((node) => `      ${at(node)}) _postkey_words "${optionWords(node, program)}" ;;`).join('\n')}
    esac
    return
  fi
  case "$path" in
${nodes.flatMap(argumentCase).join('\n')}
  esac
}
_postkey_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_postkey_files() { compopt -o filenames 2>/dev/null || true; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); }
complete -F _postkey postkey bin/postkey
`
}

const quoted = (text: string): string => `"${text}"`
const at = ({ path }: CommandNode): string => quoted(path === '' ? '' : ` ${path}`)

const optionWords = (node: CommandNode, program: CommandNode): string =>
  [...node.options, ...(node === program ? [] : program.options)].flatMap(({ names }) => names).join(' ')

/** Words after which a value comes: that value is no command. */
const valueCases = (nodes: readonly CommandNode[], program: CommandNode): string[] =>
  nodes.flatMap((node) =>
    node.options
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ names }) => names)
      .map(
        (name) =>
          `      ${pattern(node, program, name)}) i=$((i + 1)); [ "$i" -lt "$COMP_CWORD" ] && prev="" ;;`,
      ),
  )

/** The program's own options are taken everywhere. */
const pattern = (node: CommandNode, program: CommandNode, name: string): string =>
  node === program ? `*${quoted(` ${name}`)}` : quoted(` ${node.path} ${name}`)

const choiceCases = (nodes: readonly CommandNode[], program: CommandNode): string[] =>
  nodes.flatMap((node) =>
    node.options
      .filter(({ takesValue }) => takesValue)
      .flatMap((option) =>
        option.names.map((name) => `    ${pattern(node, program, name)}) ${valueWords(option)}; return ;;`),
      ),
  )

function valueWords({ choices, flags }: OptionNode): string {
  if (choices.length > 0) return `_postkey_words "${choices.join(' ')}"`
  return /<[^>]*(?:file|dir|directory|\.csv)[^>]*>/.test(flags) ? '_postkey_files' : ':'
}

function argumentCase(node: CommandNode): string[] {
  if (node.below.length > 0)
    return [
      `    ${at(node)}) _postkey_words "${node.below.map(({ path }) => path.split(' ').at(-1)).join(' ')}" ;;`,
    ]
  const choices = node.arguments.flatMap((one) => one.choices)
  if (choices.length > 0) return [`    ${at(node)}) _postkey_words "${choices.join(' ')}" ;;`]
  return node.arguments.some(({ name }) => /file|path/.test(name))
    ? [`    ${at(node)}) _postkey_files ;;`]
    : []
}
