import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ConfigInput, checkConfig, loadConfig, sayMistake } from '#config/load.ts'
import { brokenFiles, readSecretFile } from '#config/secret-file.ts'
import { masked, showConfig } from '#config/show.ts'
import { Fault } from '#kernel/fault.ts'

const directory = mkdtempSync(join(tmpdir(), 'postkey-config-'))
after(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

const input = (parts: Partial<ConfigInput>): ConfigInput => ({ set: [], env: {}, cwd: directory, ...parts })

const saidOf = (parts: Partial<ConfigInput>): string[] => checkConfig(input(parts)).mistakes.map(sayMistake)

test('a flag beats a variable, a variable the file, the file the default, and each origin is kept', () => {
  const file = write('precedence.toml', '[smtp]\nport = 1\nhost = "10.0.0.1"\nhostname = "mx.example"\n')
  const { config, origins } = loadConfig(
    input({ file, env: { POSTKEY_SMTP_PORT: '2', POSTKEY_SMTP_HOST: '10.0.0.2' }, set: ['smtp.port=3'] }),
  )
  assert.equal(config.smtp.port, 3)
  assert.deepEqual(origins.get('smtp.port'), { kind: 'flag', at: '--set smtp.port' })
  assert.equal(config.smtp.host, '10.0.0.2')
  assert.deepEqual(origins.get('smtp.host'), { kind: 'environment', at: 'POSTKEY_SMTP_HOST' })
  assert.equal(config.smtp.hostname, 'mx.example')
  assert.deepEqual(origins.get('smtp.hostname'), { kind: 'file', at: file })
  assert.equal(config.smtp.recipients_max, 100)
  assert.equal(origins.get('smtp.recipients_max')?.kind, 'default')
})

test('an unknown key in the file names the nearest known one', () => {
  const file = write('typo.toml', '[smtp]\nprot = 25\n[imapp]\nhost = "a"\n[relay.smtp]\nhots = "b"\n')
  assert.deepEqual(saidOf({ file }), [
    `smtp.prot is no known key; did you mean smtp.port? (${file})`,
    `imapp is no known key; did you mean imap? (${file})`,
    `relay.smtp.hots is no known key; did you mean relay.smtp.host? (${file})`,
  ])
})

test('an unknown key in a flag or a variable names the nearest known one', () => {
  assert.deepEqual(saidOf({ set: ['smtp.prt=25', 'smtp.port'] }), [
    'smtp.prt is no known key; did you mean smtp.port? (--set smtp.prt)',
    'smtp.port is not of the form key=value (--set smtp.port)',
  ])
  assert.deepEqual(saidOf({ env: { POSTKEY_SMTP_PROT: '25' } }), [
    'POSTKEY_SMTP_PROT is no known variable; did you mean POSTKEY_SMTP_PORT? (POSTKEY_SMTP_PROT)',
  ])
})

test('variables that a container platform adds under our prefix are only mentioned', () => {
  const env = {
    POSTKEY_PORT: 'tcp://10.0.0.1:2525',
    POSTKEY_SERVICE_HOST: '10.0.0.1',
    POSTKEY_SERVICE_PORT: '2525',
    POSTKEY_PORT_2525_TCP: 'tcp://10.0.0.1:2525',
    POSTKEY_PORT_2525_TCP_PROTO: 'tcp',
  }
  const checked = checkConfig(input({ env }))
  assert.deepEqual(checked.mistakes, [])
  assert.deepEqual(
    checked.warnings,
    Object.keys(env).map((name) => `${name} is not a variable of Postkey and is ignored`),
  )
})

test('all mistakes are told at once, each with where it was set', () => {
  const said = saidOf({
    set: ['smtp.port=70000', 'agent.idle=yes', 'activation.algorithms=aes,des'],
    env: { POSTKEY_LOG_LEVEL: 'loud' },
  })
  assert.deepEqual(said, [
    'log.level must be one of "debug", "info", "warn", "error" (POSTKEY_LOG_LEVEL)',
    'smtp.port must be at most 65535 (--set smtp.port)',
    'agent.idle must be true or false (--set agent.idle)',
    'activation.algorithms[1] must be one of "aes", "3des" (--set activation.algorithms)',
  ])
})

test('loading a configuration with mistakes is the fault config.invalid and names them', () => {
  assert.throws(
    () => loadConfig(input({ set: ['smtp.port=x', 'imap.tls=no'] })),
    (error) =>
      error instanceof Fault &&
      error.code === 'config.invalid' &&
      error.detail.includes('smtp.port must be a whole number') &&
      error.detail.includes('imap.tls'),
  )
})

test('a file that is no TOML is a mistake with line and column', () => {
  const file = write('broken.toml', '[smtp]\nport = = 25\n')
  assert.match(saidOf({ file }).join(), /broken\.toml is not valid TOML in line 2, column \d+/)
})

test('a file that was named and does not exist is a mistake', () => {
  assert.match(saidOf({ file: 'nowhere.toml' }).join(), /nowhere\.toml cannot be read: ENOENT.* \(--config\)/)
})

test('postkey.toml in the working directory is found by itself', () => {
  const path = write('postkey.toml', '[server]\norganisation = "Found"\n')
  const loaded = loadConfig(input({}))
  rmSync(path)
  assert.equal(loaded.config.server.organisation, 'Found')
  assert.equal(loaded.file, path)
})

test('relative paths start at the data directory, and that at the working directory', () => {
  const { config } = loadConfig(
    input({
      set: [
        'server.data_dir=here',
        'imap.ca_file=/etc/ca.pem',
        'smtp.tls_cert_file=a',
        'smtp.tls_key_file=b',
      ],
    }),
  )
  assert.equal(config.server.data_dir, join(directory, 'here'))
  assert.equal(config.store.path, join(directory, 'here', 'postkey.db'))
  assert.equal(config.smtp.tls_cert_file, join(directory, 'here', 'a'))
  assert.equal(config.imap.ca_file, '/etc/ca.pem')
  assert.equal(config.relay.tls_key_file, '')
})

test('port 0 is accepted for every listener', () => {
  const ports = ['smtp.port', 'imap_server.port', 'imap_server.tls_port', 'relay.port', 'imap.port']
  assert.deepEqual(saidOf({ set: ports.map((name) => `${name}=0`) }), [])
})

test('routes are tables in the file, with defaults and their own nearest names', () => {
  const file = write('routes.toml', '[[relay.smtp_route]]\ndomain = "b.example"\nhost = "mx"\n')
  assert.deepEqual(loadConfig(input({ file })).config.relay.smtp_route, [
    { domain: 'b.example', host: 'mx', port: 25, tls: 'starttls', ca_file: '', user: '', password_file: '' },
  ])
  const typo = write('routes-typo.toml', '[[relay.smtp_route]]\ndomain = "b.example"\nhots = "mx"\n')
  assert.match(
    saidOf({ file: typo }).join(),
    /relay\.smtp_route\[0\]\.hots is no known key; did you mean host\?/,
  )
})

test('what must hold between keys is judged', () => {
  const said = saidOf({
    set: [
      'imap.host=imap.example',
      'imap.tls=none',
      'imap.mailbox=INBOX',
      'relay.smtp.user=me',
      'smtp.tls_cert_file=/c',
      'relay_client.url=https://relay.example',
    ],
  })
  assert.deepEqual(said, [
    'smtp.tls_cert_file and smtp.tls_key_file must both be set, or both be empty (--set smtp.tls_cert_file)',
    'imap.tls may be "none" on loopback only; use "implicit" or "starttls" (--set imap.tls)',
    'imap.mailbox must contain {address} or {local}, so that each user has a mailbox of their own (--set imap.mailbox)',
    'imap.password_file must name the file with the password of the service account, since imap.host is set',
    'relay.smtp.user and relay.smtp.password_file must both be set, or both be empty (--set relay.smtp.user)',
    'relay_client.url must be a URL that begins with wss:// (--set relay_client.url)',
    'relay_client.relay_id must be set, since relay_client.url is',
    'relay_client.srp_key_file must be set, since relay_client.url is',
    'relay_client.seal_keys must be set, since relay_client.url is',
  ])
})

test('mail goes by one way, and to where it is looked for', () => {
  const agent = ['imap.host=imap.example', 'imap.password_file=/p']
  const said = (...set: string[]) => saidOf({ set }).map((line) => line.replace(/ \(--set.*$/, ''))
  assert.deepEqual(said(...agent, 'delivery.to=lmtp', 'delivery.socket=/run/lmtp'), [])
  assert.deepEqual(said(...agent, 'delivery.to=append'), [])
  assert.deepEqual(said(...agent, 'relay.smtp.host=mx.example'), [])
  assert.deepEqual(said('delivery.to=append'), [
    'imap.host must be set, since delivery.to is "append": the agent looks for mail where it is delivered',
  ])
  const oneOf = 'delivery.host or delivery.socket must be set, and only one of them'
  assert.deepEqual(said(...agent, 'delivery.to=lmtp'), [oneOf])
  assert.deepEqual(said(...agent, 'delivery.to=lmtp', 'delivery.host=h', 'delivery.socket=/s'), [oneOf])
  assert.deepEqual(said(...agent, 'delivery.to=append', 'delivery.host=h'), [
    'delivery.host is set, but delivery.to is "append", not "lmtp"',
  ])
  assert.deepEqual(said('delivery.socket=/s'), [
    'delivery.socket is set, but delivery.to is "store", not "lmtp"',
  ])
  assert.deepEqual(said(...agent), [
    'delivery.to must be "lmtp" or "append", or relay.smtp.host be set: mail would be stored where the agent of imap.host does not look',
  ])
  assert.deepEqual(said(...agent, 'delivery.to=lmtp', 'delivery.host=mail.example', 'delivery.tls=none'), [
    'delivery.tls may be "none" on loopback only; use "implicit" or "starttls"',
  ])
})

test('a mail domain that is not in its canonical form is refused with the form to write', () => {
  assert.match(
    saidOf({ set: ['server.domains=Bücher.example'] }).join(),
    /write it as "xn--bcher-kva\.example"/,
  )
})

test('a socket path that no system could bind is refused', () => {
  assert.match(saidOf({ set: [`admin.socket=/${'x'.repeat(110)}`] }).join(), /admin\.socket is longer than/)
})

test('the shown configuration has every key in TOML’s notation and masks what a URL hides', () => {
  const shown = showConfig(
    loadConfig(
      input({
        set: [
          'relay_client.url=wss://me:hunter2@relay.example',
          'relay_client.relay_id=relay.example',
          'relay_client.srp_key_file=/k',
          `relay_client.seal_keys=${'a'.repeat(64)}`,
        ],
      }),
    ),
  )
  const of = (key: string) => shown.find((one) => one.key === key)
  assert.equal(of('relay_client.url')?.value, `"wss://${masked}@relay.example"`)
  assert.ok(!JSON.stringify(shown).includes('hunter2'))
  assert.deepEqual(of('activation.algorithms'), {
    key: 'activation.algorithms',
    value: '["aes"]',
    origin: 'default',
    at: 'default',
  })
})

test('a secret is the file’s text without its line end; a missing one never shows content', () => {
  assert.equal(readSecretFile(write('secret', 'hunter2\n')), 'hunter2')
  assert.throws(() => readSecretFile(join(directory, 'none')), /config\.invalid: .*none cannot be read/)
  assert.throws(() => readSecretFile(write('empty', '\n')), /is empty/)
})

test('named files that cannot be read, and secrets that others may read, are told', () => {
  const open = write('open', 'hunter2')
  chmodSync(open, 0o644)
  const { config } = loadConfig(
    input({
      set: ['imap.host=i', 'relay.smtp.host=s', `imap.password_file=${open}`, 'imap.ca_file=/nowhere/ca.pem'],
    }),
  )
  const { mistakes, warnings } = brokenFiles(config)
  assert.deepEqual(mistakes, [{ key: 'imap.ca_file', says: 'names /nowhere/ca.pem, which cannot be read' }])
  assert.deepEqual(warnings, [`${open} (imap.password_file) may be read by others; chmod 600 it`])
})
