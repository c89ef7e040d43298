/** The end of what was governed: nothing waits without a reason any more, and both sides agree. */
import type { Pin } from '#kernel/brand.ts'
import { asAdministrator } from './administrator.ts'
import type { Story } from './story.ts'

const minute = 60_000
/** The longest pause between two copies of a packet, several times. */
const longestMs = 3 * 60 * minute
const settleMs = minute
/** How often it is looked whether all is calm. */
const lookMs = 10_000

/** Lets all that moves come to its end, mends what an administrator took out of the queue, and looks. */
export async function becomeQuiet(story: Story): Promise<void> {
  const { world, checks } = story
  for (const handheld of world.handhelds) handheld.wake()
  await calmDown(story)
  if (mendCancelled(story)) await calmDown(story)
  if (!checks.violation) checks.quiet()
}

async function calmDown(story: Story): Promise<void> {
  const { time } = story.world
  let nextMs = 0
  await story.until(time.nowMs() + longestMs, () => {
    if (time.nowMs() < nextMs) return false
    nextMs = time.nowMs() + lookMs
    return isCalm(story)
  })
  await story.until(time.nowMs() + settleMs)
}

function isCalm({ world, checks: { observed } }: Story): boolean {
  if (!observed) return true
  const wipes = world.handhelds.some(({ saved }) => saved?.state.account?.wipe)
  const live = observed.db
    .all<{ pin: Pin }>(
      `SELECT DISTINCT pin FROM queue_item WHERE state IN ('waiting', 'out')
       UNION SELECT pin FROM handheld WHERE state = 'active' AND wipe_at_ms IS NOT NULL`,
    )
    .some(({ pin }) => observed.reachable(pin))
  return (
    !wipes &&
    !live &&
    world.handhelds.every(({ busy, process, saved }) => busy || process?.alive || !saved?.state.account)
  )
}

/** Whoever cancelled a policy or books knows that the handheld lacks them, and sends them again. */
function mendCancelled(story: Story): boolean {
  const { world, checks } = story
  const rows = checks.observed?.db.all<{ pin: Pin; kind: 'policy' | 'books' }>(
    `SELECT pin, kind FROM queue_item WHERE kind != 'command' AND state = 'cancelled' AND id IN
       (SELECT max(id) FROM queue_item GROUP BY pin, kind)`,
  )
  const newest = rows ?? []
  for (const { pin, kind } of newest)
    story.begin(
      asAdministrator(world, async (admin) =>
        kind === 'policy' ? admin.handhelds.resendPolicy(pin) : admin.books.resend(pin),
      ),
    )
  return newest.length > 0
}
