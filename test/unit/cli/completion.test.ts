/** The completion, in the shells it is for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { allNodes } from '#cli/command-tree.ts'
import { bashCompletion } from '#cli/completion/bash.ts'
import { temporaryDirectory } from '../../support/store.ts'
import { programTree } from '../../tidy/cli-page.ts'

const tree = programTree()

function completer(t: TestContext): (...words: string[]) => string[] {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'postkey.bash'), bashCompletion(tree))
  writeFileSync(join(directory, 'staff.csv'), '')
  return (...words) => {
    const script = `source ./postkey.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _postkey; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-euc', script, 'postkey', 'postkey', ...words],
      {
        cwd: directory,
        encoding: 'utf8',
      },
    )
    assert.equal(status, 0, stderr)
    assert.equal(stderr, '')
    return stdout.split('\n').filter(Boolean)
  }
}

test('bash completes nouns, verbs, options and what they may be', (t) => {
  const complete = completer(t)
  assert.deepEqual(complete('us'), ['user'])
  assert(complete('').includes('audit'))
  assert.deepEqual(complete('user', 'li'), ['list'])
  assert.deepEqual(complete('user', 'add', '--pass'), ['--passwords'])
  assert.deepEqual(complete('--config', 'x.toml', 'audit', 'ver'), ['verify'])
  assert.deepEqual(complete('user', 'list', '-o', ''), ['table', 'json'])
  assert.deepEqual(complete('-o', 'j'), ['json'])
  assert.deepEqual(complete('account', 'add', 'maria', '--role', 'sec'), ['security'])
  assert.deepEqual(complete('account', 'set-role', 'maria', 'aud'), ['auditor'])
  assert.deepEqual(complete('completion', 'z'), ['zsh'])
  assert(complete('user', 'list', '--').includes('--token-file'), 'the options of every command')
})

test('bash takes no value for a command, and offers files where one is meant', (t) => {
  const complete = completer(t)
  assert.deepEqual(complete('user', 'add', '--name', 'list', '--al'), ['--alias'])
  assert.deepEqual(complete('audit', 'list', '--by', ''), [], 'nobody knows who')
  assert.deepEqual(complete('audit', 'verify', 'sta'), ['staff.csv'])
  assert.deepEqual(complete('--config', 'sta'), ['staff.csv'])
  assert.deepEqual(complete('user', 'show', 'sta'), [])
  assert.deepEqual(complete('nonsense', 'li'), [])
})

test('bash completes every command of the tree', (t) => {
  const complete = completer(t)
  for (const node of allNodes(tree).filter(({ below }) => below.length > 0)) {
    const offered = complete(...node.path.split(' ').filter(Boolean), '')
    assert.deepEqual(
      offered,
      node.below.map(({ path }) => path.split(' ').at(-1)),
      node.path,
    )
  }
})
