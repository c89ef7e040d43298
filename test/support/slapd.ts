// A real OpenLDAP server on loopback with the configuration in docker/slapd, filled before it starts.

import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { type PeerTls, peerDirectory, renderConfig } from './peer-config.ts'
import { isTaken, loopback, PortTaken, withFreePorts } from './ports.ts'
import { run, type Started, start } from './process.ts'

export const suffix = 'dc=example,dc=test'
export const peopleDn = `ou=people,${suffix}`
export const groupsDn = `ou=groups,${suffix}`
/** Reads everybody page by page; `fewDn` reads no more than the server's limit. */
export const serviceDn = `cn=postkey,ou=services,${suffix}`
export const fewDn = `cn=few,ou=services,${suffix}`
export const servicePassword = 'service and its secret'

export interface Person {
  readonly uid: string
  readonly name: string
  readonly mail?: readonly string[]
  readonly alternate?: readonly string[]
  readonly organisation?: string
}

export interface SlapdOptions {
  readonly people: readonly Person[]
  /** Names with the uids of their members. */
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly tls?: PeerTls
}

export interface Slapd {
  /** ldap://…, with STARTTLS where there is a certificate. */
  readonly url: string
  readonly ldapsUrl: string
  /** Applies LDIF change records as the administrator. */
  modify(ldif: string): Promise<void>
  logTail(): string
  kill(): Promise<void>
  /** On the same ports. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export const personDn = (uid: string): string => `uid=${uid},${peopleDn}`

export async function startSlapd(options: SlapdOptions): Promise<Slapd> {
  const directory = await peerDirectory('slapd')
  const adminPassword = randomBytes(12).toString('base64url')
  try {
    const config = await layOut(directory.path, options, adminPassword)
    return await withFreePorts(2, async ([port = 0, tlsPort = 0]) => {
      const urls = [`ldap://${loopback}:${port}`, ...(options.tls ? [`ldaps://${loopback}:${tlsPort}`] : [])]
      let server = await launch(config, urls)
      return {
        url: `ldap://${options.tls ? 'localhost' : loopback}:${port}`,
        ldapsUrl: `ldaps://localhost:${tlsPort}`,
        modify: (ldif) => modify(`ldap://${loopback}:${port}`, adminPassword, ldif),
        logTail: () => server.output().split('\n').slice(-40).join('\n'),
        kill: async () => {
          process.kill(-server.pid, 'SIGKILL')
          await server.exited
        },
        restart: async () => {
          server = await launch(config, urls)
        },
        stop: async () => {
          await server.stop()
          await directory.remove()
        },
      }
    })
  } catch (error) {
    await directory.remove()
    throw error
  }
}

async function layOut(path: string, options: SlapdOptions, adminPassword: string): Promise<string> {
  const at = (name: string): string => join(path, name)
  for (const name of ['run', 'data']) await mkdir(at(name))
  const values: Record<string, string> = {
    RUN: at('run'),
    DATA: at('data'),
    SUFFIX: suffix,
    ADMIN_PASSWORD: adminPassword,
  }
  const templates = ['slapd/slapd.conf']
  if (options.tls) {
    await writeFile(at('cert.pem'), options.tls.cert)
    await writeFile(at('key.pem'), options.tls.key, { mode: 0o600 })
    templates.unshift('slapd/tls.conf')
    Object.assign(values, { TLS_CERT: at('cert.pem'), TLS_KEY: at('key.pem') })
  }
  const config = at('slapd.conf')
  await writeFile(config, await renderConfig(templates, values))
  await writeFile(at('all.ldif'), ldifOf(options))
  const added = await run('/usr/sbin/slapadd', ['-q', '-f', config, '-l', at('all.ldif')], {
    timeoutMs: 120_000,
  })
  if (added.code !== 0) throw new Error(`slapadd: ${added.stderr}`)
  await rm(at('all.ldif'))
  return config
}

function ldifOf({ people, groups = {} }: SlapdOptions): string {
  const service = (dn: string): string =>
    entry(dn, [
      'objectClass: organizationalRole',
      'objectClass: simpleSecurityObject',
      `userPassword: ${servicePassword}`,
    ])
  const unit = (name: string): string => entry(`ou=${name},${suffix}`, ['objectClass: organizationalUnit'])
  return [
    entry(suffix, ['objectClass: dcObject', 'objectClass: organization', 'o: Example', 'dc: example']),
    ...['people', 'groups', 'services'].map(unit),
    service(serviceDn),
    service(fewDn),
    ...people.map(personLdif),
    ...Object.entries(groups).map(([name, uids]) =>
      entry(`cn=${name},${groupsDn}`, [
        'objectClass: groupOfNames',
        ...uids.map((uid) => `member: ${personDn(uid)}`),
      ]),
    ),
  ].join('\n')
}

export const personLdif = ({ uid, name, mail = [], alternate = [], organisation }: Person): string =>
  entry(personDn(uid), [
    'objectClass: inetOrgPerson',
    ...(alternate.length > 0 ? ['objectClass: qmailUser'] : []),
    `cn:: ${Buffer.from(name).toString('base64')}`,
    `sn:: ${Buffer.from(name).toString('base64')}`,
    ...mail.map((address) => `mail: ${address}`),
    ...alternate.map((address) => `mailAlternateAddress: ${address}`),
    ...(organisation === undefined ? [] : [`o: ${organisation}`]),
  ])

const entry = (dn: string, lines: readonly string[]): string => `dn: ${dn}\n${lines.join('\n')}\n`

async function launch(config: string, urls: readonly string[]): Promise<Started> {
  const server = start('/usr/sbin/slapd', ['-d', 'stats', '-f', config, '-h', urls.join(' ')])
  try {
    await server.waitFor(/slapd starting/)
    for (const url of urls) while (!(await isTaken(Number(new URL(url).port)))) await after(10)
    return server
  } catch (error) {
    await server.stop()
    if (/bind\(.*\) failed|Address already in use/.test(server.output()))
      throw new PortTaken('a port is in use')
    throw error
  }
}

async function modify(url: string, password: string, ldif: string): Promise<void> {
  const { code, stderr } = await run(
    '/usr/bin/ldapmodify',
    ['-a', '-x', '-H', url, '-D', `cn=admin,${suffix}`, '-w', password],
    { input: ldif },
  )
  if (code !== 0) throw new Error(`ldapmodify: ${stderr}`)
}
