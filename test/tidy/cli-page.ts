/** docs/cli.md, made from the tree of commands that the program runs. */
import { Readable, Writable } from 'node:stream'
import { type CommandNode, commandTree, leaves, type OptionNode } from '#cli/command-tree.ts'
import type { RunDeps } from '#cli/deps.ts'
import { exitCodes } from '#cli/exit-codes.ts'
import { makeProgram } from '#cli/run-cli.ts'
import { extendHandheld } from '../../src/handheld-commands.ts'

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })

const refuse = async (): Promise<never> => {
  throw new Error('no command is run here')
}

/** The program as it is installed, of which nothing is run. */
export function programTree(): CommandNode {
  const deps: RunDeps = {
    version: '',
    stdin: Readable.from([]),
    stdout: nowhere(),
    stderr: nowhere(),
    env: {},
    cwd: '/',
    osUser: '',
    clock: { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} },
    stop: new AbortController().signal,
    onHangup: () => () => {},
    openOffline: refuse,
    serve: refuse,
    start: refuse,
    demo: refuse,
    extendHandheld,
  }
  const host = {
    run: () => {
      throw new Error('no command is run here')
    },
  }
  return commandTree(makeProgram(deps, host))
}

const head = `# The command line

\`postkey <noun> <verb>\`: what each command does, its options and examples. The same is shown by \`--help\`. Who may run
which with a token is on the page about [roles and tokens](how-to/roles-and-tokens.md).

This page is made from the commands themselves (\`src/cli\`) by \`npm run docs\`.
`

/** The whole page. */
export function cliPage(): string {
  const tree = programTree()
  const groups = [...new Set(tree.below.map(({ group }) => group))]
  const contents = groups.map((group) => {
    const names = tree.below
      .filter((one) => one.group === group)
      .map(({ path }) => `[\`${path}\`](#postkey-${path})`)
    return `- ${group}: ${names.join(', ')}`
  })
  const sections = tree.below.map(section)
  return `${head}
${contents.join('\n')}

## Options of every command

${optionTable(tree.options)}

## Exit codes

| code | name | when |
|---|---|---|
${Object.entries(exitCodes)
  .map(([name, [code, says]]) => `| ${code} | \`${name}\` | ${says} |`)
  .join('\n')}

${sections.join('\n')}`
}

function section(noun: CommandNode): string {
  if (noun.below.length === 0) return `## \`postkey ${noun.path}\`\n\n${body(noun)}`
  const verbs = leaves(noun).map((verb) => `### \`postkey ${verb.path}\`\n\n${body(verb)}`)
  return `## \`postkey ${noun.path}\`\n\n${sentence(noun.description)}\n\n${verbs.join('\n')}`
}

function body({ usage, description, options, after }: CommandNode): string {
  const [prose = '', shown = ''] = after.split(/^Examples:$/m)
  const [sample = '', ...rest] = shown.replace(/^\n/, '').split('\n\n')
  const parts = [
    sentence(description),
    `\`\`\`text\n${usage}\n\`\`\``,
    options.length > 1 ? optionTable(options.filter(({ names }) => !names.includes('--help'))) : '',
    textBlock(prose),
    sample.trim() === '' ? '' : `\`\`\`sh\n${unindented(sample)}\n\`\`\``,
    textBlock(rest.join('\n\n')),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** Indented lines are a table of their own kind; the others are prose. */
function textBlock(text: string): string {
  const trimmed = text.replace(/^\n+|\s+$/g, '')
  if (trimmed === '') return ''
  return /^ {2}\S/m.test(trimmed) ? `\`\`\`text\n${trimmed}\n\`\`\`` : escaped(trimmed)
}

const unindented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *(?:\$ )?/, ''))
    .join('\n')

const sentence = (text: string): string => `${escaped(text.charAt(0).toUpperCase() + text.slice(1))}.`

/** Between backticks a backslash would be read as one; a bar ends a cell of a table even there. */
const escaped = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '\\<')))
    .join('')
    .replaceAll('|', '\\|')

const optionTable = (options: readonly OptionNode[]): string =>
  `| option | |\n|---|---|\n${options
    .map((option) => `| \`${option.flags.replaceAll('|', '\\|')}\` | ${optionWords(option)} |`)
    .join('\n')}`

function optionWords({ description, choices, mandatory, standard }: OptionNode): string {
  const notes = [
    ...(choices.length > 0 ? [`one of ${choices.join(', ')}`] : []),
    ...(mandatory ? ['must be given'] : []),
    ...(standard === null ? [] : [`default ${standard}`]),
  ]
  return escaped(notes.length === 0 ? description : `${description} (${notes.join('; ')})`)
}
