/** Long lists, page by page, so that no answer grows with the installation. */
import type { Admin } from '#admin/admin.ts'
import type { UserQuery } from '#admin/people/people.ts'
import type { UserView } from '#admin/views.ts'

const pageSize = 1_000

export async function* allUsers(
  admin: Pick<Admin, 'users'>,
  query: Omit<UserQuery, 'limit'> = {},
): AsyncGenerator<UserView> {
  let from = query
  for (;;) {
    const page = await admin.users.list({ ...from, limit: pageSize })
    yield* page
    const last = page.at(-1)
    if (!last || page.length < pageSize) return
    from = { ...query, after: last.address }
  }
}
