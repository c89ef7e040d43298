import type { Change } from '#store/activations.ts'
import type { Planted } from './planted.ts'

/** The cursor moves first and the events of what it passed follow in a commit of their own. */
export const cursorBeforeEvents = (): Planted => ({
  call: (process, call, make) => {
    const [change] = call.args as [Change]
    if (call.name !== 'activations.commit' || !change.cursor) return undefined
    const { cursor, ...rest } = change
    const moved = make({ name: 'watches.move', args: [[cursor], process.clock.nowMs()] })
    return moved.then(() => make({ ...call, args: [rest] }))
  },
})
