/** The whole tree of commands: each can be asked for help, shows an example, and answers as JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNodes, type CommandNode, leaves } from '#cli/command-tree.ts'
import { extendHandheld } from '../../../src/handheld-commands.ts'
import { cliPage, programTree } from '../../tidy/cli-page.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { startMs } from '../admin/installation.ts'
import { fakeMail, fakeRelay, fakeRotation } from '../admin/neighbours.ts'
import { type Console, openConsole } from './console.ts'
import { apart, everyCommand } from './every-command.ts'

const tree = programTree()
const commands = leaves(tree)

const withConsole = async (work: (site: Console) => Promise<void>): Promise<void> => {
  const site = openConsole({ mail: fakeMail(), relay: fakeRelay(), rotateStorageKey: fakeRotation })
  try {
    await work(site)
  } finally {
    await site.close()
  }
}

test('every command is among those that are tried, and none is that does not exist', () => {
  const paths = commands.map(({ path }) => path)
  assert(paths.length > 45, paths.join(', '))
  const missing = paths.filter((path) => !Object.hasOwn(everyCommand, path) && !apart.has(path))
  assert.deepEqual(missing, [], 'no row in test/unit/cli/every-command.ts')
  assert.deepEqual(
    [...Object.keys(everyCommand), ...apart].filter((path) => !paths.includes(path)),
    [],
  )
})

test('every command and option has a description that begins small and has no full stop', () => {
  for (const { path, description, options } of allNodes(tree))
    for (const text of [
      ...(path === '' ? [] : [description]),
      ...options.map((option) => option.description),
    ]) {
      assert.match(text, /^[\p{Ll}\p{Lu}\p{N}].*[^.]$/u, `${path}: ${text}`)
      assert.doesNotMatch(text, /^[A-Z][a-z]+ /, `${path}: ${text}`)
    }
})

const examplesOf = ({ after }: CommandNode): string[] =>
  [...after.matchAll(/^ {2}(?:\$ )?(?:.*\()?postkey (.*)$/gm)].map(([, line = '']) => line)

test('every command shows an example that names it, and only options it has', () => {
  for (const node of commands) {
    const shown = examplesOf(node).filter((line) => `${line} `.startsWith(`${node.path} `))
    assert(shown.length > 0, `${node.path} shows no example`)
    const known = new Set([...node.options, ...tree.options].flatMap(({ names }) => names))
    for (const line of shown)
      for (const [, option = ''] of line.matchAll(/(?:^| )(--?[a-z][\w-]*)/g))
        assert(known.has(option), `${node.path} has no ${option}: ${line}`)
  }
})

test('every command that asks before something is lost can be tried without losing it', () => {
  const asking = commands.filter(
    ({ options, path }) => options.some(({ names }) => names.includes('--yes')) && !apart.has(path),
  )
  assert(asking.length > 0)
  for (const { path, options } of asking)
    assert(
      options.some(({ names }) => names.includes('--dry-run')),
      path,
    )
})

test('every command answers --help, at any width, with its usage', () =>
  withConsole(async (site) => {
    for (const { path } of allNodes(tree)) {
      const argv = [...path.split(' ').filter(Boolean), '--help']
      const { code, out, err } = await site.run(argv, { columns: 80, deps: { extendHandheld } })
      assert.deepEqual([code, err], [0, ''], path)
      assert(out.startsWith(`Usage: postkey${path ? ` ${path}` : ''} `), path)
      assert.deepEqual(
        out
          .split('\n')
          .filter((line) => line.length > 80 && !line.includes('$ ') && !/^ {2}postkey/.test(line)),
        [],
        path,
      )
    }
  }))

for (const [path, { argv, stdin, first = [], code = 0, handheld }] of Object.entries(everyCommand))
  test(`\`${path} -o json\` answers in JSON and nothing else, and as a table in words`, () =>
    withConsole(async (site) => {
      const password = { stdin: 'correct horse battery\n' }
      if (handheld) await addHandheld(site.store, startMs)
      for (const earlier of first)
        assert.equal((await site.run(earlier, password)).code, 0, earlier.join(' '))
      const options = stdin === undefined ? {} : { stdin }
      const words = path.split(' ')
      const said = await site.run([...words, ...argv, '-o', 'json'], {
        ...options,
        deps: { stop: AbortSignal.abort() },
      })
      assert.equal(said.code === 130 ? 0 : said.code, code, said.err)
      if (said.code === 0 && path !== 'activation watch') JSON.parse(said.out)
      else if (said.out !== '')
        for (const line of said.out.split('\n}\n{')) assert(line.includes('"'), said.out)
      if (code > 1) assert.equal(typeof JSON.parse(said.err).error.code, 'string')
      assert(!said.out.includes('\u001b'))
    }))

test('every verb without arguments that lists shows a table that fits 80 columns, and plain text where NO_COLOR is set', () =>
  withConsole(async (site) => {
    for (const argv of [
      ['user', 'add', 'alice@example.test', '--name', 'A very long name of somebody in sales'],
      ['password', 'generate', 'alice@example.test'],
      ['access', 'deny', 'Acme 9000'],
      ['token', 'add', 'nightly-report', '--role', 'auditor', '--hours', '40'],
    ])
      assert.equal((await site.run(argv)).code, 0)
    for (const path of [
      'user list',
      'access list',
      'token list',
      'audit list',
      'activation list',
      'handheld list',
      'status',
    ]) {
      const argv = path.split(' ')
      for (const columns of [80, 120]) {
        const { out } = await site.run(argv, { columns, env: { NO_COLOR: '1' } })
        assert(!out.includes('\u001b'), path)
        assert.deepEqual(
          out.split('\n').filter((line) => line.length > columns),
          [],
          path,
        )
      }
    }
    assert(
      (await site.run(['user', 'list'], { columns: 80 })).out.includes('\u001b'),
      'and colour where it is not',
    )
  }))

test('what the page of commands shows between backticks can be copied as it stands', () => {
  assert(cliPage().includes('`source <(postkey completion bash)`'))
})
