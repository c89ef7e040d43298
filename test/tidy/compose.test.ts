/** The compose files: their form, that what they name is there, and that Postkey takes the values they set. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { checkConfig, sayMistake } from '#config/load.ts'
import { type Compose, composeFiles, readCompose } from '../support/compose.ts'
import { read, root } from './sources.ts'

const docker = join(root, 'docker')

/** What a site makes by itself; docker/README.md says how. */
const madeAtTheSite = /^\.\/site\//

function faultsOf(compose: unknown): readonly string[] {
  const schema = JSON.parse(read('test/vendor/compose-spec.json'))
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  // Ajv knows this draft under the address that it had first.
  const validate = ajv.compile({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' })
  validate(compose)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

for (const name of composeFiles) {
  const compose = readCompose(name)
  const services = Object.entries(compose.services)

  test(`${name} has the form that the Compose Specification gives`, () => {
    assert.deepEqual(faultsOf(compose), [])
    assert.notDeepEqual(faultsOf({ ...compose, service: {} }), [])
    assert.notDeepEqual(faultsOf({ ...compose, services: { one: { restarts: 'always' } } }), [])
  })

  test(`${name} names only what is there`, () => {
    for (const [service, { build, volumes = [], depends_on = [] }] of services) {
      assert(existsSync(join(docker, build.context, build.dockerfile)), `${service}: ${build.dockerfile}`)
      for (const volume of volumes) assertVolume(compose, volume)
      for (const other of depends_on) assert(other in compose.services, `${service}: ${other}`)
    }
    for (const { file } of Object.values(compose.secrets ?? {})) assertFile(file)
    assertUsed(compose)
  })

  test(`${name} copies into its images only what is there`, () => {
    for (const [, { build }] of services) {
      const context = join(docker, build.context)
      const text = readFileSync(join(context, build.dockerfile), 'utf8')
      const copies = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, all = '']) =>
        all.split(' '),
      )
      assert(copies.length > 0)
      for (const file of copies) assert(existsSync(join(context, file)), `${build.dockerfile}: ${file}`)
      if (build.context === '..') assertNotIgnored(copies)
    }
  })

  test(`Postkey takes each value that ${name} gives it, and runs each role`, () => {
    const postkeys = services.filter(([, { build }]) => build.dockerfile === 'docker/Dockerfile')
    assert(postkeys.length > 0)
    for (const [service, { environment = {}, volumes = [], command }] of postkeys) {
      const file = volumes.find((volume) => volume.includes(':/etc/postkey/postkey.toml'))?.split(':')[0]
      const { mistakes } = checkConfig({
        set: [],
        env: environment,
        cwd: '/var/lib/postkey',
        ...(file === undefined ? {} : { file: join(docker, file) }),
      })
      assert.deepEqual(mistakes.map(sayMistake), [], service)
      assert.match(command?.join(' ') ?? '', /^(serve|relay|agent|smtp|imap)$/)
    }
  })
}

function assertVolume(compose: Compose, volume: string): void {
  const [source = ''] = volume.split(':')
  if (source.startsWith('.')) assertFile(source)
  else assert(source in (compose.volumes ?? {}), `the volume ${source}`)
}

function assertFile(file: string): void {
  if (madeAtTheSite.test(file)) assert(read('docker/README.md').includes(file.slice('./'.length)), file)
  else assert(existsSync(join(docker, file)), file)
}

/** Each declared network, volume and secret is used, and each that is used is declared. */
function assertUsed(compose: Compose): void {
  const services = Object.values(compose.services)
  const names = (all: readonly string[] | Readonly<Record<string, unknown>> = []): readonly string[] =>
    Array.isArray(all) ? all : Object.keys(all)
  const used = {
    networks: services.flatMap(({ networks }) => names(networks)),
    secrets: services.flatMap(({ secrets = [] }) => secrets),
    volumes: services.flatMap(({ volumes = [] }) => volumes.map((one) => one.split(':')[0] ?? '')),
  }
  for (const kind of ['networks', 'secrets', 'volumes'] as const) {
    const wanted = new Set(used[kind].filter((one) => !one.startsWith('.')))
    assert.deepEqual([...wanted].sort(), Object.keys(compose[kind] ?? {}).sort(), kind)
  }
}

function assertNotIgnored(copies: readonly string[]): void {
  const lines = read('docker/Dockerfile.dockerignore').split('\n')
  for (const file of copies) assert(lines.includes(`!${file}`), `${file} is kept out of the image`)
}
