/**
 * A configuration that has changed takes effect in a running process, as far as it can: roles it is about are ended
 * and started again in place. One that cannot be used changes nothing.
 */
import { fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import { changedKeys, type FileMarks, fileMarks, withKeysOf } from '#config/changes.ts'
import type { LoadedConfig } from '#config/load.ts'
import { brokenRules } from '#config/rules.ts'
import type { Config } from '#config/schema.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import type { Base } from './base.ts'
import { planReload } from './reload-plan.ts'
import type { RoleRunner } from './running-roles.ts'
import { startOrder } from './running-roles.ts'
import { tryFiles } from './usable-files.ts'

export interface Reloader {
  /** The base that counts now. */
  base(): Base
  /**
   * Reads the configuration with `load` and puts it into effect. What is wrong with it is logged, and told by
   * `health`; the process goes on as it was.
   * @throws Fault where a role could not even be started again as it was: the process is to end
   */
  reload(load: () => LoadedConfig): Promise<void>
  /** What the last reload left undone. */
  health(): readonly Check[]
}

interface State {
  readonly base: Base
  readonly marks: FileMarks
  readonly check: Check | null
}

/** @param setLogLevel for the log that every role has */
export function makeReloader(
  first: Base,
  runner: RoleRunner,
  setLogLevel: (level: Config['log']['level']) => void,
): Reloader {
  let state: State = { base: first, marks: fileMarks(first.config), check: null }
  const { log, clock } = first

  const refuse = (error: unknown): void => {
    const [code, detail] = [faultCodeOf(error), error instanceof Fault ? error.detail : String(error)]
    log.error({ code, detail }, 'the configuration was not loaded again')
    state = { ...state, check: fromFault('configuration', 'attention', code, clock.nowMs(), detail) }
  }

  const putOff = (keys: readonly string[]): Check | null => {
    for (const detail of keys) log.warn({ code: 'config.needs_restart', detail }, 'needs a restart')
    const detail = keys.join(' ')
    return detail
      ? fromFault('configuration', 'attention', 'config.needs_restart', clock.nowMs(), detail)
      : null
  }

  return {
    base: () => state.base,
    health: () => (state.check ? [state.check] : []),
    reload: async (load) => {
      const next = attempt(load, state)
      if (!next.ok) return refuse(next.fault)
      const { base, changed, marks } = next
      const { roles, needRestart } = planReload(changed)
      const affected = startOrder.filter((role) => roles.has(role) && runner.now()[role] !== null)
      const fault = await restart(runner, affected, state.base, base)
      if (fault !== null) return refuse(fault)
      setLogLevel(base.config.log.level)
      state = { base, marks, check: putOff(needRestart) }
      const detail = changed.filter((key) => !needRestart.includes(key)).join(' ')
      log.info({ detail, roles: affected.join(' ') }, 'the configuration was loaded again')
    },
  }
}

type Next =
  | { readonly ok: false; readonly fault: unknown }
  | { readonly ok: true; readonly base: Base; readonly changed: readonly string[]; readonly marks: FileMarks }

/** The configuration that is there now, but for what needs a restart. */
function attempt(load: () => LoadedConfig, { base, marks: before }: State): Next {
  try {
    const loaded = load()
    const marks = fileMarks(loaded.config)
    const changed = changedKeys({ config: base.config, marks: before }, { config: loaded.config, marks })
    const config = withKeysOf(loaded.config, base.config, planReload(changed).needRestart)
    refuseClash(config)
    tryFiles(config)
    return { ok: true, base: { ...base, config, loaded }, changed, marks }
  } catch (fault) {
    return { ok: false, fault }
  }
}

/** A change by halves can be wrong where the whole is right. @throws Fault config.needs_restart */
function refuseClash(config: Config): void {
  const [clash] = brokenRules(config)
  if (clash) throw new Fault('config.needs_restart', `${clash.key} ${clash.says}`)
}

/** Null, or what was wrong with the new one: then the roles run as they did. @throws Fault where they do not */
async function restart(
  runner: RoleRunner,
  roles: readonly (typeof startOrder)[number][],
  before: Base,
  after: Base,
): Promise<unknown> {
  await runner.end(roles)
  try {
    await runner.start(after, roles)
    return null
  } catch (error) {
    await runner.end(roles)
    await runner.start(before, roles)
    return error
  }
}
