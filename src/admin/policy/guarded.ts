/** Which items of the queue only some may take out. */
import type { QueueItemView } from './views.ts'

/** What only who may lock and wipe may give, only they may take out of the queue. */
export const isGuarded = ({ command }: Pick<QueueItemView, 'command'>): boolean =>
  command !== null && command !== 'set_owner'
