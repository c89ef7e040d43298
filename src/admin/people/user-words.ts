/** What is typed, or read, about a user or a group: checked and brought into the form that is kept. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { addressOf, shortened } from '../lookup.ts'

export const displayNameLengthMax = 128
export const organisationLengthMax = 128
export const groupNameLengthMax = 64
export const aliasesMax = 32
export const groupsPerUserMax = 200
const descriptionLengthMax = 256

/** One line: what moves cursors, and spaces side by side, become one space. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').trim()

/** @throws Fault admin.usage */
export const displayNameOf = (typed: string): string =>
  bounded(oneLine(typed), 'a display name', displayNameLengthMax)

/** @throws Fault admin.usage */
export const organisationOf = (typed: string): string =>
  bounded(oneLine(typed), 'the name of an organisation', organisationLengthMax)

/** @throws Fault admin.usage */
export const descriptionOf = (typed: string): string =>
  bounded(oneLine(typed), 'a description', descriptionLengthMax)

/** @throws Fault admin.usage */
export function groupNameOf(typed: string): string {
  const name = bounded(oneLine(typed), 'the name of a group', groupNameLengthMax)
  if (name !== '' && !name.includes(';')) return name
  throw new Fault('admin.usage', 'the name of a group is not empty and holds no semicolon')
}

/** @throws Fault address.invalid, address.foreign_domain */
export function servedAddress(domains: readonly string[], typed: string): MailAddress {
  const address = addressOf(typed)
  if (isServed(domains, address)) return address
  throw new Fault('address.foreign_domain', address)
}

export const isServed = (domains: readonly string[], address: MailAddress): boolean =>
  domains.includes(address.slice(address.lastIndexOf('@') + 1))

/** Without those that are named twice, or are the main address. @throws Fault admin.usage, address.* */
export function aliasesOf(
  domains: readonly string[],
  typed: readonly string[],
  main: MailAddress | null,
): MailAddress[] {
  const aliases = new Set(typed.map((alias) => servedAddress(domains, alias)))
  if (main) aliases.delete(main)
  if (aliases.size > aliasesMax) throw new Fault('admin.usage', `a user has at most ${aliasesMax} aliases`)
  return [...aliases].sort()
}

function bounded(text: string, what: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  throw new Fault('admin.usage', `${what} has at most ${lengthMax} characters: ${shortened(text)}`)
}
