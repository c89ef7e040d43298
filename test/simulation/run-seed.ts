/** Runs one seed from its first start to its verdict. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkers } from './checkers/all.ts'
import { Checks } from './checkers/checks.ts'
import { Observed } from './checkers/observed.ts'
import { nothingPlanted, type Planted } from './planted/planted.ts'
import { playStory } from './story/story.ts'
import type { FaultCounts } from './world/faults.ts'
import { World } from './world/world.ts'

export interface SeedResult {
  readonly seed: number
  readonly activations: number
  readonly complete: number
  /** Keys that were switched to. */
  readonly rollovers: number
  readonly faults: FaultCounts
  /** How often the administrator and the people did what in the governed part of the story; null where it had none. */
  readonly acts: Readonly<Record<string, number>> | null
  readonly violation: { readonly invariant: string; readonly says: string } | null
  /** The same for the same seed. */
  readonly trace: string
  readonly timeline: readonly string[]
  readonly steps: number
  /** How long the story took, by its own clock. */
  readonly storyMs: number
}

/** Every second seed goes on with governance, the others with keys that are rolled over. */
const governedEvery = 2

export interface SeedOptions {
  readonly template: string
  readonly directory: string
  readonly planted?: Planted
  readonly keepTimeline?: boolean
  /** Governance in this seed, whatever its number. */
  readonly governed?: boolean
}

export async function runSeed(seed: number, options: SeedOptions): Promise<SeedResult> {
  // The same seed may run in two workers at once.
  const directory = join(options.directory, `seed-${seed}-${process.pid}`)
  const checks = new Checks(checkers())
  const planted = options.planted ?? nothingPlanted
  const world = new World({
    seed,
    template: options.template,
    directory,
    planted,
    governs: options.governed === true || planted.governs === true || seed % governedEvery === 1,
    checks,
    keepTimeline: options.keepTimeline ?? false,
  })
  const stray = (reason: unknown) => world.uncaught(null, reason)
  process.on('unhandledRejection', stray)
  process.on('uncaughtException', stray)
  const observed = new Observed(world)
  checks.observed = observed
  try {
    const { steps } = await playStory(world, checks)
    return {
      seed,
      activations: observed.activations.size,
      complete: [...observed.activations.values()].filter(({ phase }) => phase === 'complete').length,
      rollovers: checks.switches,
      faults: world.faults.counts(),
      acts: world.governed ? Object.fromEntries(world.acts) : null,
      violation: checks.violation,
      trace: world.traceHash(),
      timeline: world.timeline,
      steps,
      storyMs: world.time.nowMs(),
    }
  } finally {
    for (const one of [world.relay, ...world.agents]) one.retire()
    for (const handheld of world.handhelds) handheld.process?.kill()
    await world.time.settle()
    observed.close()
    process.off('unhandledRejection', stray)
    process.off('uncaughtException', stray)
    rmSync(directory, { recursive: true, force: true })
  }
}
