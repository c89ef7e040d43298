/** The directory that users are taken from: does it answer, and does it show people. */
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import type { OpenDirectory } from '#directory/directory.ts'

const name = 'directory'
/** Less than a look may take. */
const patienceMs = 20_000

/** Reads the first page alone; whatever fails is thrown, with its code. @throws Fault ldap.*, tls.* */
export async function checkDirectory(open: OpenDirectory): Promise<Check> {
  const directory = await open(AbortSignal.timeout(patienceMs))
  try {
    for await (const people of directory.people()) {
      if (people.length === 0) break
      const usable = people.filter(({ id, addresses }) => id !== null && addresses.length > 0)
      if (usable.length === 0) return fromFault(name, 'broken', 'ldap.attributes')
      return fine(name, `Answers; ${usable.length} of the first ${people.length} people can be users.`)
    }
    return fromFault(name, 'attention', 'ldap.nobody')
  } finally {
    await directory.close()
  }
}
