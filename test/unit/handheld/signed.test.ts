/** Real signatures: who may sign for the handheld's organisation, for policy and command alike. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Credential, makeCa, makePolicySigner, makeTlsServer } from '#crypto/certificate.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'
import { systemRandom } from '#edge/system.ts'
import { viewOf } from '#handheld/view.ts'
import { parsePin, parseSrpId } from '#kernel/brand.ts'
import { ackStatus } from '#protocol/ack.ts'
import { encodeItAdmin, encodeItPolicy, type ItAdmin } from '#protocol/it-admin.ts'
import { encodeItCommand } from '#protocol/it-command.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { signItAdmin } from '../../support/sign-it-admin.ts'
import { command, policy, type Stage, toComplete } from './run-through.ts'
import { known, script, startMs, World } from './world.ts'

const dayMs = 24 * 60 * 60_000
let ca = new Uint8Array(0)
let signer: Credential
let tlsServer: Credential
let strangers: Credential

before(async () => {
  const terms = async (years = 1) => ({
    keyPem: await newRsaKey(2_048),
    nowMs: startMs,
    years,
    random: systemRandom,
  })
  const [own, other] = [await terms(), await terms()]
  const names = { commonName: 'Domain CA', organisation: 'Example' }
  const [made, foreign] = [makeCa(names, own), makeCa(names, other)]
  const root = { certificatePem: made.pem, keyPem: own.keyPem }
  const foreignRoot = { certificatePem: foreign.pem, keyPem: other.keyPem }
  const [signing, serving] = [await terms(), await terms()]
  ca = Uint8Array.from(made.der)
  signer = { certificatePem: makePolicySigner(root, 'Example', signing).pem, keyPem: signing.keyPem }
  tlsServer = { certificatePem: makeTlsServer(root, ['relay.test'], serving).pem, keyPem: serving.keyPem }
  strangers = {
    certificatePem: makePolicySigner(foreignRoot, 'Example', signing).pem,
    keyPem: signing.keyPem,
  }
})

type Kind = ItAdmin['type']
/** What is signed: with number 9 and in good order, unless changed. */
type Change = Partial<Pick<Parameters<typeof encodeItCommand>[0], 'number' | 'srpId' | 'pin'>>

const contentOf = (kind: Kind, change: Change = {}): Uint8Array =>
  kind === 'policy'
    ? encodeItPolicy(policy({ number: 9, ...change }))
    : encodeItCommand(command({ command: 'set_owner', ownerText: 'x' }, { number: 9, ...change }))

/** Hands it over, lets the real check run at the relay's time, and gives back the status. */
async function judged(world: World, { channel }: Stage, kind: Kind, cms: Uint8Array): Promise<number> {
  const message: ItAdmin = kind === 'policy' ? { type: kind, cms } : { type: kind, command: 'set_owner', cms }
  world.sends()
  world.takeVerifications()
  world.deliver('packet', channel.packet(contentTypes.itAdmin, encodeItAdmin(message)))
  const [asked] = world.takeVerifications()
  const { id, caCertificate, atMs } = known(asked)
  const checked = await verifyPolicySignature(cms, caCertificate, atMs)
  const result = checked.ok ? { content: checked.value } : { content: null, reason: checked.reason }
  world.raise({ kind: 'policy_verified', id, ...result })
  return channel.ack(world.message('ack').bytes).status
}

function inService(): { world: World; stage: Stage } {
  const world = new World()
  const stage = toComplete(world, script({ ca }))
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  return { world, stage }
}

const otherServer = { srpId: known(parseSrpId('S00000002')) }
const otherHandheld = { pin: known(parsePin('FFFFFFFF')) }

const refusals: readonly [
  string,
  (content: (change?: Change) => Uint8Array) => Uint8Array,
  number,
  RegExp,
][] = [
  [
    'a TLS certificate of the same CA',
    (content) => signItAdmin(content(), tlsServer, startMs),
    2,
    /bad_usage/,
  ],
  [
    'a signer of another CA of that name',
    (content) => signItAdmin(content(), strangers, startMs),
    2,
    /bad_chain/,
  ],
  ['the signer, and was changed since', (content) => changed(content()), 2, /bad_signature/],
  ['nobody at all', (content) => content(), 2, /bad_cms/],
  [
    'the signer for another server',
    (content) => signItAdmin(content(otherServer), signer, startMs),
    3,
    /another server/,
  ],
  [
    'the signer for another handheld',
    (content) => signItAdmin(content(otherHandheld), signer, startMs),
    3,
    /handheld/,
  ],
  [
    'the signer with a lower number',
    (content) => signItAdmin(content({ number: 8 }), signer, startMs),
    4,
    /number/,
  ],
  ['the signer as something else', () => signItAdmin(Uint8Array.of(0xa0), signer, startMs), 5, /form/],
]

/** One bit of the last byte of what was signed, which stands before the certificates. */
function changed(content: Uint8Array): Uint8Array {
  const cms = signItAdmin(content, signer, startMs)
  const at = Buffer.from(cms).indexOf(Buffer.from(content)) + content.length - 1
  return cms.map((byte, i) => (i === at ? byte ^ 1 : byte))
}

for (const kind of ['policy', 'command'] as const) {
  test(`a ${kind} of the domain's signer is taken`, async () => {
    const { world, stage } = inService()
    assert.equal(await judged(world, stage, kind, signItAdmin(contentOf(kind), signer, startMs)), 0)
    assert.deepEqual(world.codes(), [])
  })

  for (const [who, make, status, says] of refusals)
    test(`a ${kind} signed by ${who} is refused with ${status}, E31 and a reason, and changes nothing`, async () => {
      const { world, stage } = inService()
      await judged(world, stage, kind, signItAdmin(contentOf(kind), signer, startMs))
      const { account } = world.state
      const cms = make((change) => contentOf(kind, change))
      assert.equal(await judged(world, stage, kind, cms), status)
      assert.deepEqual(world.codes(), [31])
      const { refused } = known(viewOf(world.state, world.nowMs).details)
      assert.deepEqual([refused?.what, refused?.status], [kind, status])
      assert.match(known(refused).says, says)
      assert.deepEqual(world.state.account?.policy, account?.policy)
      assert.deepEqual(world.state.account?.command, account?.command)
      const warned = world.actions.find((one) => one.kind === 'log' && one.level === 'warn')
      assert(warned?.kind === 'log' && warned.fields.status === status)
    })

  test(`a ${kind} of a signer that has expired by the relay's time is refused`, async () => {
    const { world, stage } = inService()
    world.nowMs += 400 * dayMs
    world.login()
    assert.equal(
      await judged(world, stage, kind, signItAdmin(contentOf(kind), signer, startMs)),
      ackStatus.refusedSignature,
    )
    assert.match(known(world.state.refusal).reason ?? '', /not_valid_now/)
  })
}
