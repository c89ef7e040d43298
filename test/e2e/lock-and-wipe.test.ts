/** Orders of an administrator, from the command line to a handheld in a terminal that was off when they were given. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { readHandheld } from '#handheld/file.ts'
import { type HandheldState, initialState } from '#handheld/state.ts'
import { diesAt } from '../support/crash-world.ts'
import { command } from '../support/e2e-cli.ts'
import { type Cases, eventually, testCases, type World } from '../support/e2e-world.ts'
import { bin, goodScreens } from '../support/postkey.ts'
import { type Finished, run, start } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

/** A handheld of the terminal in a directory of its own, in service, with a password. */
class Terminal {
  readonly pin: string
  readonly #world: World
  readonly #own: string

  private constructor(world: World, own: string, pin: string) {
    this.#world = world
    this.#own = own
    this.pin = pin
  }

  static async activated(t: TestContext, world: World, address: string): Promise<Terminal> {
    const own = temporaryDirectory(t)
    const terminal = new Terminal(world, own, '')
    await terminal.activate(address, await world.user(address))
    const { pin } = await terminal.state().then(({ device }) => device)
    assert(pin)
    await terminal.setPassword('mine alone')
    return new Terminal(world, own, pin)
  }

  async activate(address: string, password: string): Promise<void> {
    const file = await this.file(password)
    const said = await this.types('activate', '--email', address, '--password-file', file, ...this.#trust())
    assert.equal(said.stdout, `${goodScreens(address).join('\n')}\n`, said.stderr)
  }

  async setPassword(password: string): Promise<void> {
    const said = await this.types('set-password', '--new-file', await this.file(password))
    assert.equal(said.stdout, 'The password was set.\n', said.stderr)
  }

  unlock = async (password: string): Promise<Finished> =>
    this.types('unlock', '--password-file', await this.file(password))

  /** Takes what waits for it, for so many seconds or until it is erased; gives back the texts it showed. */
  async onTheAir(seconds: number): Promise<readonly string[]> {
    const { stdout } = await this.types('run', '--seconds', String(seconds), ...this.#trust())
    return stdout.split('\n').filter((line) => line !== '')
  }

  /** Goes on the air and is killed at the failpoint. */
  killedAt(point: string): Promise<void> {
    const args = ['handheld', 'run', '--dir', this.directory, ...this.#trust()]
    return diesAt(start(bin, args, { env: { ...process.env, POSTKEY_FAILPOINT: point } }), point)
  }

  async state(): Promise<HandheldState> {
    const saved = await readHandheld(this.directory)
    assert(saved)
    return saved.state
  }

  screen = async (): Promise<string> => (await this.types('screen')).stdout

  get directory(): string {
    return join(this.#own, 'handheld')
  }

  types(what: string, ...args: readonly string[]): Promise<Finished> {
    return run(bin, ['handheld', what, '--dir', this.directory, ...args], { timeoutMs: 70_000 })
  }

  async file(text: string): Promise<string> {
    const path = join(this.#own, 'typed')
    await writeFile(path, `${text}\n`)
    return path
  }

  #trust(): readonly string[] {
    return ['--trust', join(this.#world.postkey.data, 'handheld.json')]
  }
}

async function order({ postkey }: World, ...argv: readonly string[]): Promise<void> {
  const { code, err } = await command(postkey, 'handheld', ...argv)
  assert.equal(code, 0, err)
}

const isErased = ({ device, account, screen, online, ...rest }: HandheldState): void =>
  assert.deepEqual({ device, account, screen, online, ...rest }, { ...initialState(device), screen, online })

/** Looks at the bytes of every file: nothing that was there before but what belongs to the device is there still. */
function assertNothingLeft(directory: string, before: HandheldState): void {
  const mine = textsOf(before.device)
  const { device, screen, ...rest } = before
  const texts = textsOf(rest).filter((text) => !mine.includes(text))
  assert(texts.length > 10, `${texts.length} texts`)
  for (const file of readdirSync(directory)) {
    const bytes = readFileSync(join(directory, file))
    for (const text of texts)
      assert(!bytes.includes(text) && !bytes.includes(Buffer.from(text, 'base64')), `${text} in ${file}`)
  }
  assert.deepEqual(readdirSync(directory), ['handheld.json'])
}

/** Names, and byte strings in the form that the file has them in. */
function textsOf(value: unknown): readonly string[] {
  if (value instanceof Uint8Array) return value.length >= 8 ? [Buffer.from(value).toString('base64')] : []
  if (typeof value === 'string') return value.length >= 12 ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return (value instanceof Map ? [...value].flat() : Object.values(value)).flatMap(textsOf)
}

const isWiped = (world: World, pin: string, what: string): Promise<void> =>
  eventually(async () => (await world.admin.handhelds.show(pin)).state === 'wiped', what)

const together: Cases = {
  'a handheld that was off is locked when it comes back, and opens with the password that came along': async (
    world,
    t,
  ) => {
    const terminal = await Terminal.activated(t, world, 'locked@example.test')
    await world.admin.handhelds.lock(terminal.pin, { password: 'from the desk', ownerText: 'Call 1234' })
    assert.deepEqual(await terminal.onTheAir(3), ['Locked. Call 1234'])
    const behind = await terminal.screen()
    assert(behind.includes('Call 1234') && !behind.includes('locked@example.test'), behind)
    assert.equal((await terminal.unlock('mine alone')).code, 1)
    assert.equal((await terminal.unlock('from the desk')).code, 0)
    assert((await terminal.screen()).includes('locked@example.test'))
    await order(world, 'owner-text', terminal.pin, 'Property of Acme')
    await terminal.onTheAir(3)
    assert((await terminal.screen()).includes('Property of Acme'))
  },

  'a wipe that waits outlives a restart and can be taken back; one that does not leaves nothing on the disk, and the handheld is activated again':
    async (world, t) => {
      const address = 'wiped@example.test'
      const terminal = await Terminal.activated(t, world, address)
      await order(world, 'wipe', terminal.pin, '--after', '60', '--yes')
      const [taken = '', ...more] = await terminal.onTheAir(3)
      assert.match(taken, /^A wipe of everything was taken; it begins .* \(in (?:1 h|\d+ min)\)\.$/)
      assert.deepEqual(more, [])
      assert.match(await terminal.screen(), /everything, begins .* \(in (?:1 h|\d+ min)\)\n/)
      await order(world, 'cancel-wipe', terminal.pin)
      await terminal.onTheAir(3)
      assert(!(await terminal.screen()).includes('begins '))

      const before = await terminal.state()
      await order(world, 'wipe', terminal.pin, '--yes')
      await terminal.killedAt('handheld.after_persist_command')
      assert.equal((await terminal.state()).account?.wipe?.scope, 'everything')
      await terminal.killedAt('handheld.before_persist_wiped')
      assert.notEqual((await terminal.state()).account, null)
      assert.equal((await terminal.onTheAir(60)).at(-1), 'This handheld was erased.')
      isErased(await terminal.state())
      assertNothingLeft(terminal.directory, before)
      await isWiped(world, terminal.pin, 'the server has the answer to the wipe')

      await terminal.activate(address, await world.newPassword(address))
      assert.equal((await terminal.state()).device.pin, terminal.pin)
    },

  'a wipe without a wait is called back while the handheld is off: it hears both before it begins': async (
    world,
    t,
  ) => {
    const terminal = await Terminal.activated(t, world, 'spared@example.test')
    const lies = (command: string) =>
      eventually(async () => {
        const { queue } = await world.admin.handhelds.show(terminal.pin)
        return queue.some((item) => item.command === command && item.says.startsWith('The relay holds it'))
      }, `the relay has ${command}`)
    await order(world, 'wipe', terminal.pin, '--yes')
    await lies('wipe')
    await order(world, 'cancel-wipe', terminal.pin)
    await lies('cancel_wipe')
    await terminal.onTheAir(5)
    assert.equal((await terminal.state()).account?.wipe, null)
    const isDone = async () => (await world.admin.handhelds.show(terminal.pin)).queue.length === 0
    await eventually(isDone, 'the server knows that the handheld forgot the wipe')
    const { state, wipeAtMs } = await world.admin.handhelds.show(terminal.pin)
    assert.deepEqual([state, wipeAtMs], ['active', null])
  },

  'the organisation’s data alone: the handheld’s own password stays': async (world, t) => {
    const terminal = await Terminal.activated(t, world, 'partly@example.test')
    await order(world, 'wipe', terminal.pin, '--organisation-only', '--yes')
    assert.deepEqual(await terminal.onTheAir(60), ["Your organisation's data was erased from this handheld."])
    const { account, lock } = await terminal.state()
    assert.deepEqual([account, lock.password !== null], [null, true])
    await isWiped(world, terminal.pin, 'the server has the answer to the wipe')
  },

  'a rule of the policy erases a handheld whose password was wrong too often': async (world, t) => {
    const address = 'guessed@example.test'
    const terminal = await Terminal.activated(t, world, address)
    await world.admin.policies.create('strict')
    await world.admin.policies.change('strict', { password_attempts_max: '3' })
    await world.admin.policies.assign('strict', { user: address })
    await terminal.onTheAir(3)
    assert((await terminal.screen()).includes('wrong password number 3 erases this handheld'))
    const before = await terminal.state()
    const tries = []
    for (const guess of ['1234', '0000', 'secret']) tries.push(await terminal.unlock(guess))
    assert.deepEqual(
      tries.map(({ stdout }) => stdout.trim()),
      [
        'The password is not right. 2 tries are left.',
        'The password is not right. 1 try is left before this handheld erases itself.',
        'The password is not right, and was wrong too often.',
      ],
    )
    isErased(await terminal.state())
    assertNothingLeft(terminal.directory, before)
  },
}

testCases('orders to a handheld in a terminal', together, {})
