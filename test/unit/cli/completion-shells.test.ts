/** The completion in a real zsh and a real fish, by what they offer. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { allNodes } from '#cli/command-tree.ts'
import { fishCompletion } from '#cli/completion/fish.ts'
import { zshCompletion } from '#cli/completion/zsh.ts'
import { missingPeer } from '../../support/peers.ts'
import { temporaryDirectory } from '../../support/store.ts'
import { programTree } from '../../tidy/cli-page.ts'

const tree = programTree()

/** What the shell offers for each line, sorted. */
type Complete = (...lines: string[]) => string[][]

function run(directory: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return stdout
}

const listed = (text: string): string[] => [...new Set(text.split('\n').filter(Boolean))].toSorted()

function inFish(t: TestContext): Complete {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'postkey.fish'), fishCompletion(tree))
  return (...lines) => {
    const ask = lines.map((line) => `complete -C '${line}'; echo ---`).join('; ')
    const answer = run(directory, 'fish', ['--no-config', '-c', `source postkey.fish; ${ask}`])
    // A name, a tab, and what it is.
    return answer
      .split('---\n')
      .slice(0, -1)
      .map((offered) => listed(offered.replaceAll(/\t.*/g, '')))
  }
}

function inZsh(t: TestContext): Complete {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, '_postkey'), zshCompletion(tree))
  copyFileSync(join(import.meta.dirname, 'zsh-offers.zsh'), join(directory, 'zsh-offers.zsh'))
  return (...lines) =>
    run(directory, 'zsh', ['-f', 'zsh-offers.zsh', ...lines])
      .split('---\n')
      .slice(0, -1)
      .map(listed)
}

for (const [shell, start] of [
  ['zsh', inZsh],
  ['fish', inFish],
] as const) {
  test(`${shell} completes nouns, verbs, options and what they may be`, { skip: missingPeer(shell) }, (t) => {
    const cases: readonly [string, string[]][] = [
      ['postkey us', ['user']],
      ['postkey user li', ['list']],
      ['postkey user add --pass', ['--passwords']],
      ['postkey --config x.toml audit ver', ['verify']],
      ['postkey user list -o ', ['json', 'table']],
      ['postkey -o j', ['json']],
      ['postkey account set-role maria aud', ['auditor']],
    ]
    const offered = start(t)(...cases.map(([line]) => line))
    assert.deepEqual(
      offered,
      cases.map(([, expected]) => expected),
    )
  })

  test(`${shell} completes every command of the tree`, { skip: missingPeer(shell) }, (t) => {
    const nodes = allNodes(tree).filter(({ below }) => below.length > 0)
    const offered = start(t)(...nodes.map(({ path }) => `postkey ${path}${path ? ' ' : ''}`))
    for (const [i, { path, below }] of nodes.entries())
      for (const one of below)
        assert(offered[i]?.includes(one.path.split(' ').at(-1) ?? ''), `${path}: ${offered[i]?.join(' ')}`)
  })
}
