/** Kills servers under load, again and again, and holds what is left against what was promised. */
import { setTimeout as after } from 'node:timers/promises'
import { relayTrust } from '../support/postkey.ts'
import type { Scope } from '../support/store.ts'
import { type Chance, makeChance } from './chance.ts'
import { judgeActivations, MailMemory } from './judge.ts'
import { type ActivationNote, runActivationLoad } from './load-activations.ts'
import { startFrameLoad } from './load-frames.ts'
import { runAppendLoad, runSmtpLoad } from './load-mail.ts'
import { type FrameNote, judgeFrames, type MailNote, type Verdict, verdictOf } from './oracle.ts'
import { type Prepared, prepare } from './prepare.ts'
import { type Command, type Layout, type Site, startSite } from './site.ts'

export interface TortureOptions {
  readonly layout: Layout
  readonly kills: number
  readonly seed: number
  /** How many handhelds may activate meanwhile. */
  readonly users: number
  /** Variables of the servers: what breaks a guarantee on purpose. */
  readonly env?: Readonly<Record<string, string>>
  /** How long what was begun may take to end after the last kill. */
  readonly settleMs?: number
  /** Told after each kill. */
  readonly onKill?: (line: string) => void
}

export interface TortureReport {
  readonly kills: number
  /** Acknowledged. */
  readonly mails: number
  readonly frames: number
  readonly activations: number
  readonly missing: readonly string[]
  readonly twice: readonly string[]
}

const smtpClients = 3
const appendClients = 2
/** A server is killed after so many more acknowledgements (chosen anew each time), or when that takes too long. */
const acksBeforeKill = [3, 60] as const
const ackWaitMs = 5_000
/** Before one death of so many a server lives on until a handheld has come through, or for so long. */
const patientEvery = 4
const activationWaitMs = 15_000
const settleMsDefault = 90_000

export async function torture(t: Scope, options: TortureOptions): Promise<TortureReport> {
  const prepared = await prepare(t, options.users)
  const site = await startSite(t, { ...options, data: prepared.data })
  const run = new Run(site, prepared, makeChance(options.seed))
  run.begin()
  for (let kill = 1; kill <= options.kills; kill += 1) {
    const { command, verdict } = await run.killOnce(kill === options.kills)
    options.onKill?.(`kill ${kill} of ${options.kills}: ${command}; ${run.counts(verdict)}`)
  }
  await run.end(options.settleMs ?? settleMsDefault)
  const verdict = await run.judge()
  await site.stop()
  return { kills: options.kills, ...run.done(), ...verdict }
}

class Run {
  readonly #mails = new Map<string, MailNote>()
  readonly #frames = new Map<string, FrameNote>()
  readonly #activations = new Map<string, ActivationNote>()
  readonly #memory = new MailMemory()
  readonly #site: Site
  readonly #prepared: Prepared
  readonly #chance: Chance
  readonly #stop = new AbortController()
  readonly #giveUp = new AbortController()
  readonly #loads: Promise<void>[] = []
  #frameLoad: ReturnType<typeof startFrameLoad> | null = null
  #earlier: Verdict = { missing: [], twice: [] }

  constructor(site: Site, prepared: Prepared, chance: Chance) {
    this.#site = site
    this.#prepared = prepared
    this.#chance = chance
  }

  begin(): void {
    const { users, mailboxes, server } = this.#prepared
    const { ports } = this.#site
    const stop = this.#stop.signal
    const mail = { notes: this.#mails, ports, mailboxes, chance: this.#chance, stop }
    for (let i = 0; i < smtpClients; i += 1) this.#loads.push(runSmtpLoad(mail))
    for (let i = 0; i < appendClients; i += 1) this.#loads.push(runAppendLoad(mail))
    const site = this.#site.main()
    const giveUp = this.#giveUp.signal
    this.#loads.push(runActivationLoad({ notes: this.#activations, site, users, stop, giveUp }))
    this.#frameLoad = startFrameLoad({ notes: this.#frames, relay: relayTrust(site), server, stop })
  }

  /** The last to die is the one that keeps its connections longest: it must not wait out an old delay at the end. */
  async killOnce(last: boolean): Promise<{ command: Command; verdict: Verdict }> {
    const { commands } = this.#site
    const { mails, frames, activations } = this.done()
    await this.#until(this.#chance.between(...acksBeforeKill) + mails + frames, ackWaitMs, acksOf)
    if (this.#chance.between(1, patientEvery) === 1 && this.#activations.size > activations)
      await this.#until(activations + 1, activationWaitMs, (done) => done.activations)
    await after(this.#chance.between(0, 50))
    const command = last ? (commands.at(-1) ?? this.#chance.pick(commands)) : this.#chance.pick(commands)
    await this.#site.kill(command)
    const promised = [...this.#mails.values()].filter(({ acked }) => acked).map((note) => ({ ...note }))
    await this.#site.start(command)
    this.#frameLoad?.relayIsBack()
    const verdict = await this.#judgeSoFar(promised)
    this.#earlier = verdictOf(this.#earlier, verdict)
    return { command, verdict }
  }

  async end(settleMs: number): Promise<void> {
    this.#stop.abort()
    const timer = setTimeout(() => this.#giveUp.abort(), settleMs)
    await this.#frameLoad?.settle(settleMs)
    await Promise.all(this.#loads)
    clearTimeout(timer)
    await this.#frameLoad?.close()
  }

  async judge(): Promise<Verdict> {
    const { imap } = this.#site.ports
    const mails = await Promise.all(
      this.#prepared.mailboxes.map((one) => this.#memory.judgeWhole(imap, one, this.#mails.values())),
    )
    const activations = await judgeActivations(this.#site, this.#activations.values())
    return verdictOf(this.#earlier, ...mails, judgeFrames(this.#frames.values()), activations)
  }

  done(): Done {
    const count = <T>(notes: Map<string, T>, is: (note: T) => boolean) =>
      [...notes.values()].filter(is).length
    return {
      mails: count(this.#mails, ({ acked }) => acked),
      frames: count(this.#frames, ({ stored }) => stored),
      activations: count(this.#activations, ({ outcome }) => outcome?.code === 0),
    }
  }

  counts({ missing, twice }: Verdict): string {
    const { mails, frames, activations } = this.done()
    return `mails ${mails}, frames ${frames}, activations ${activations}, missing ${missing.length}, twice ${twice.length}`
  }

  /** Copies of the notes as they were at the kill: what was promised since may still be on its way to be seen. */
  async #judgeSoFar(promised: readonly MailNote[]): Promise<Verdict> {
    const { mailboxes } = this.#prepared
    const verdicts = await Promise.all(
      mailboxes.map(async (mailbox) => {
        await this.#memory.glance(this.#site.ports.imap, mailbox)
        const attempts = (note: MailNote) => this.#mails.get(note.id)?.attempts ?? note.attempts
        const notes = promised.map((note) => ({ ...note, attempts: attempts(note) }))
        return this.#memory.judgeShown(mailbox, notes)
      }),
    )
    return verdictOf(...verdicts)
  }

  async #until(count: number, ms: number, of: (done: Done) => number): Promise<void> {
    const deadline = Date.now() + ms
    while (of(this.done()) < count && Date.now() < deadline) await after(20)
  }
}

type Done = Pick<TortureReport, 'mails' | 'frames' | 'activations'>

const acksOf = ({ mails, frames }: Done): number => mails + frames

export const tortureLine = (seed: number, report: TortureReport): string => {
  const { kills, mails, frames, activations, missing, twice } = report
  return `seed ${seed}: kills ${kills}, mails ${mails}, frames ${frames}, activations ${activations}, missing ${missing.length}, twice ${twice.length}`
}
