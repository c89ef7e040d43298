/** The last step: the acknowledgement of the service books lies safe at the relay. */
import { screens } from './screen.ts'
import { change, persist, show, type Turn } from './turn.ts'

export function onBooksAckStored(turn: Turn): void {
  const { account } = turn.state
  if (!account || account.complete) return
  change(turn, { account: { ...account, complete: true } })
  persist(turn, 'complete')
  show(turn, screens.complete)
  turn.actions.push({ kind: 'ended', code: 0, text: screens.complete })
}
