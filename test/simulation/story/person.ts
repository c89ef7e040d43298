/** One user with a handheld: gets a password, types it, and does what people do when it takes long. */
import type { Outcome } from '#handheld/activate.ts'
import { generatePassword } from '#protocol/canonical.ts'
import type { Chance } from '../world/chance.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import type { World } from '../world/world.ts'
import { asAdministrator } from './administrator.ts'

export class Person {
  readonly address: string
  handheld: SimHandheld
  /** Every password that was ever given to this user. */
  readonly passwords: string[] = []
  readonly #world: World
  readonly #chance: Chance
  #presses = 0
  /** From now on only what `wants` says is done. */
  patient = false

  constructor(world: World, name: string, handheld: SimHandheld) {
    this.#world = world
    this.#chance = world.chance.fork(name)
    this.address = `${name}@example.test`
    this.handheld = handheld
  }

  get chance(): Chance {
    return this.#chance
  }

  /** The administrator adds the user. */
  async join(): Promise<void> {
    this.#world.mail.addUser(this.address as never, [])
    await asAdministrator(this.#world, (admin) => admin.users.add({ address: this.address }))
  }

  /** A new password takes the place of the old one. */
  async getPassword(): Promise<void> {
    const password = generatePassword(this.#chance)
    this.passwords.push(password)
    this.#world.passwords.push(password)
    await asAdministrator(this.#world, (admin) => admin.passwords.set(this.address, password))
    this.#world.note(this.address, 'has a password')
  }

  async loseRight(): Promise<void> {
    await asAdministrator(this.#world, (admin) => admin.passwords.revoke(this.address))
  }

  press(password = this.passwords.at(-1) ?? 'no-password-yet'): void {
    this.#presses += 1
    this.handheld.press({ email: this.address, password })
  }

  /** The second part of the story: as patient as in the first. */
  beginAnew(): void {
    this.#presses = 0
  }

  /** With a new password, at once. */
  async activateAnew(): Promise<void> {
    await this.getPassword()
    if (!this.patient && !this.handheld.busy) this.press()
  }

  /** The first try, at some moment. */
  async begin(): Promise<void> {
    await this.#world.time.sleep(this.#chance.between(500, 20_000))
    await this.join()
    await this.getPassword()
    await this.#world.time.sleep(this.#chance.between(0, 20_000))
    if (this.patient) return
    this.press()
  }

  /** A run has ended: most people try again when it did not work. */
  async ended({ code }: Outcome): Promise<void> {
    if (this.patient || this.#presses > 2) return
    await this.#world.time.sleep(this.#chance.between(2_000, 60_000))
    if (this.patient || this.handheld.busy) return
    if (code === 0) return this.#again()
    if (this.#chance.happens(0.5)) await this.getPassword()
    if (!this.patient && !this.handheld.busy) this.press()
  }

  async #again(): Promise<void> {
    if (!this.#chance.happens(0.3)) return
    await this.getPassword()
    if (this.patient || this.handheld.busy) return
    this.#world.faults.fired('reactivation', this.address)
    this.press()
  }
}
