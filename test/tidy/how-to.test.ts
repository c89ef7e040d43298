/** The how-tos: the commands that render configuration run as they stand, and Postkey takes each configuration shown. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkConfig, sayMistake } from '#config/load.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'
import { read, root } from './sources.ts'

const pages = [
  'README.md',
  'docker/README.md',
  ...readdirSync(join(root, 'docs/how-to')).map((name) => `docs/how-to/${name}`),
]

const blocks = (page: string, language: string): string[] =>
  [...read(page).matchAll(/^ *```(\w+)\n(.*?)^ *```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text)

/** `sh render.sh …` with its lines joined; a page may shorten it with `…`, and then shows no command to run. */
function rendering(text: string): string[] {
  const commands = text.replaceAll(/\\\n\s*/g, '').split('\n')
  return commands.filter((line) => /^\s*sh render\.sh /.test(line) && !line.includes('…'))
}

test('every rendering that a page shows names each value its templates ask for, and no other', async (t) => {
  let count = 0
  for (const page of pages)
    for (const command of blocks(page, 'sh').flatMap(rendering)) {
      const [shown = ''] = command.split(' > ')
      const env = { PATH: process.env.PATH, SITE: temporaryDirectory(t) }
      const { code, stderr } = await run('/bin/sh', ['-c', shown], { cwd: join(root, 'docker'), env })
      assert.equal(code, 0, `${page}: ${shown}\n${stderr}`)
      count += 1
    }
  assert(count >= 3, 'the pages show renderings')
})

test('Postkey takes every configuration that a page shows in parts', (t) => {
  // What another part of the page, or the site, has to add.
  const missing =
    /must name the file with the password of the service account|must be set, since|or imap\.token_url must|or relay\.smtp\.host be set/
  let count = 0
  for (const page of pages)
    for (const [n, text] of blocks(page, 'toml').entries()) {
      const file = join(temporaryDirectory(t), `${n}.toml`)
      writeFileSync(file, text)
      const { mistakes } = checkConfig({ set: [], env: {}, cwd: dirname(file), file })
      const said = mistakes.map(sayMistake).filter((one) => !missing.test(one))
      assert.deepEqual(said, [], `${page}, block ${n + 1}`)
      count += 1
    }
  assert(count >= 5, 'the pages show configuration')
})

test('every link of a page leads to a file', () => {
  for (const page of pages)
    for (const [, to = ''] of read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
      assert(existsSync(join(root, dirname(page), to)), `${page}: ${to}`)
})
