/** The last step: the acknowledgement of the service books lies safe at the relay. */
import { screens } from './screen.ts'
import { change, show, type Turn } from './turn.ts'

/** The user is told before the disk is: a crash in between asks the relay once more and tells the user again. */
export function onBooksAckStored(turn: Turn): void {
  const { account } = turn.state
  if (!account || account.complete) return
  change(turn, { account: { ...account, complete: true, silence: null } })
  show(turn, screens.complete)
  turn.actions.push({ kind: 'ended', code: 0, text: screens.complete })
  turn.saveAfter = 'complete'
}
