import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { parsePin, parseSrpId } from '#kernel/brand.ts'
import { fromHex, toBase64, toHex } from '#kernel/bytes.ts'
import { decodeItAdmin, encodeItAdmin } from '#protocol/it-admin.ts'
import { decodeItCommand, encodeItCommand } from '#protocol/it-command.ts'
import { commandFile as file } from './commands.ts'
import { good, known } from './expect.ts'

const folder = mkdtempSync(join(tmpdir(), 'postkey-commands-'))

after(() => rmSync(folder, { recursive: true }))

/** The content that openssl finds signed under the CA of the file. */
function opensslContent(cms: Uint8Array): Uint8Array {
  const path = (name: string) => join(folder, name)
  writeFileSync(path('command.der'), cms)
  const ca = toBase64(fromHex(file.ca)).replace(/.{64}/g, '$&\n')
  writeFileSync(path('ca.pem'), `-----BEGIN CERTIFICATE-----\n${ca}\n-----END CERTIFICATE-----\n`)
  const input = ['cms', '-verify', '-inform', 'DER', '-in', path('command.der'), '-CAfile', path('ca.pem')]
  const options = ['-purpose', 'any', '-binary', '-attime', String(file.at), '-out', path('content')]
  execFileSync('openssl', [...input, ...options], { stdio: 'pipe' })
  return new Uint8Array(readFileSync(path('content')))
}

describe('the signed commands of the vectors', () => {
  const addressed = { srpId: known(parseSrpId(file.srp)), pin: known(parsePin(file.pin)) }

  for (const { order, number, issuedAt, content, itadmin } of file.commands)
    it(`${order.command} ${number % 2 ** 32}: made, read, and verified, with openssl as well`, async () => {
      const command = { ...addressed, number, issuedAt, ...order }
      equal(toHex(encodeItCommand(command)), content)
      deepEqual(good(decodeItCommand(fromHex(content))), command)
      const message = good(decodeItAdmin(fromHex(itadmin)))
      deepEqual(encodeItAdmin(message), fromHex(itadmin))
      equal(message.type === 'command' && message.command, order.command)
      const checked = await verifyPolicySignature(message.cms, fromHex(file.ca), file.at * 1_000)
      deepEqual(checked, { ok: true, value: fromHex(content) })
      deepEqual(opensslContent(message.cms), fromHex(content))
    })

  it('are of every kind', () => {
    const kinds = new Set(file.commands.map(({ order }) => order.command))
    deepEqual([...kinds].sort(), ['cancel_wipe', 'lock', 'set_owner', 'wipe'])
  })
})
