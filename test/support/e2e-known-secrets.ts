/** Every secret that an installation, its activations and its handhelds have, gathered from where they are kept. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunSecrets } from '#agent/answer.ts'
import { keyContext } from '#agent/packets.ts'
import { scryptStretching } from '#crypto/key-stretching.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { deriveSecrets, registrationRecord } from '#crypto/registration.ts'
import { openVault } from '#edge/storage-key.ts'
import { systemRandom } from '#edge/system.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { fromUtf8, toHex } from '#kernel/bytes.ts'
import type { Vault } from '#kernel/vault.ts'
import { canonicalPassword } from '#protocol/canonical.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { Store } from '#store/store.ts'
import { passwordSecrets, pemSecrets, type Secret, secretBytes, secretText } from './e2e-secrets.ts'

/** What comes of a password: its spellings, w0, w1, L. */
export async function secretsOfPassword(address: string, password: string): Promise<Secret[]> {
  const canonical = canonicalPassword(password)
  assert(canonical)
  const { w0, w1 } = await deriveSecrets(scryptStretching, address, canonical)
  const { l } = registrationRecord(nodeP256, { w0, w1 })
  return [
    ...passwordSecrets(`password of ${address}`, password),
    secretBytes(`w0 of ${address}`, w0),
    secretBytes(`w1 of ${address}`, w1),
    // The first byte of a point is the same for all.
    secretBytes(`L of ${address}`, l.subarray(1)),
  ]
}

/** Names of what a handheld keeps to itself, wherever in its state they are. */
const secretFields: ReadonlySet<string> = new Set(['seed', 'x', 'w0', 'w1', 'masterKey', 's2d'])

export function secretsOfHandheld(history: readonly unknown[]): Secret[] {
  const found = new Map<string, Secret>()
  const visit = (value: unknown, name: string): void => {
    if (value instanceof Uint8Array) {
      if (secretFields.has(name)) found.set(toHex(value), secretBytes(`handheld's ${name}`, value))
    } else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) visit(item, key)
  }
  for (const saved of history) visit(saved, '')
  return [...found.values()]
}

interface Opened {
  readonly store: Store
  readonly vault: Vault
}

/** Looks into the database with its storage key. */
async function withStore<T>(data: string, look: (opened: Opened) => Promise<T>): Promise<T> {
  const store = openSqliteStore({ path: join(data, 'postkey.db'), writer: 'inline', nowMs: () => Date.now() })
  try {
    return await look({
      store,
      vault: await openVault(join(data, 'storage.key'), store.installation, systemRandom),
    })
  } finally {
    await store.close()
  }
}

/** Z, V and w0 of a run that waits for its proof. */
export const secretsOfRun = (data: string, txn: ActivationId): Promise<Secret[]> =>
  withStore(data, async ({ store, vault }) => {
    const sealed = await store.activations.runSecrets(txn)
    assert(sealed, 'the run waits for its proof')
    const { z, v, w0 } = openRunSecrets({ vault }, txn, sealed)
    return [secretBytes('Z', z.subarray(1)), secretBytes('V', v.subarray(1)), secretBytes('w0 of a run', w0)]
  })

/** Storage key, CA and other private keys, the agent's IMAP password, the SRP key, the relay's keys, master keys. */
export const secretsOfServer = (data: string): Promise<Secret[]> =>
  withStore(data, async (opened) => [
    secretBytes('storage key', readFileSync(join(data, 'storage.key'))),
    ...(await credentialSecrets(opened)),
    ...(await ownSecrets(opened)),
    ...(await relaySecrets(opened)),
    ...(await masterKeys(opened)),
  ])

async function credentialSecrets(opened: Opened): Promise<Secret[]> {
  const names = ['ca', 'policy_signer', 'tls/127.0.0.1,::1,localhost']
  const all = names.map(async (name) => {
    const json = fromUtf8(await sealedValue(opened, `credential/${name}`))
    const { keyPem } = JSON.parse(json ?? '') as { keyPem: string }
    const secrets = pemSecrets(`private key of ${name}`, keyPem)
    assert.ok(secrets.length > 10, `${name} has a private key`)
    return secrets
  })
  return (await Promise.all(all)).flat()
}

async function ownSecrets(opened: Opened): Promise<Secret[]> {
  const password = await sealedValue(opened, 'secret/imap_service_password')
  return [
    // The password is the hex of these bytes: both forms are looked for.
    secretBytes('IMAP service password', password),
    secretText('IMAP service password as typed', toHex(password)),
    secretBytes('SRP key', await sealedValue(opened, 'secret/srp_key/S00000001')),
  ]
}

async function sealedValue({ store, vault }: Opened, name: string): Promise<Uint8Array> {
  const sealed = await store.installation.find(name)
  const plain = sealed && vault.open(name, sealed)
  assert(plain, `${name} opens`)
  return plain
}

async function relaySecrets({ store, vault }: Opened): Promise<Secret[]> {
  const row = await store.relay.findIdentity()
  assert(row)
  const opened = [
    ['relay seal key', row.sealKeys[0]?.seedSealed],
    ['relay route key', row.routeKeySealed],
  ] as const
  return opened.map(([context, sealed]) => {
    const plain = sealed && vault.open(context, sealed)
    assert(plain, `${context} opens`)
    return secretBytes(context, plain)
  })
}

async function masterKeys({ store, vault }: Opened): Promise<Secret[]> {
  const handhelds = await store.handhelds.list()
  const all = handhelds.map(async ({ pin }) => {
    const keys = await store.handhelds.keys(pin)
    return keys.map(({ kid, sealed }) => {
      const plain = vault.open(keyContext(pin, kid), sealed)
      assert(plain)
      return secretBytes(`master key of ${pin}`, plain)
    })
  })
  return (await Promise.all(all)).flat()
}
