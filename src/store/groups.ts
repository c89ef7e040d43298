import type { Page, User } from './users.ts'

export interface Group {
  readonly id: number
  /** As the administrator wrote it; names that differ in case alone are one name. */
  readonly name: string
  readonly description: string
  /** How many users are in it. */
  readonly members: number
  readonly createdAtMs: number
}

export interface NewGroup {
  readonly name: string
  readonly description: string
  readonly nowMs: number
}

/** A user of a group. */
export interface Membership {
  readonly userId: number
  readonly groupId: number
  /** Made by the directory, which may end it. */
  readonly byDirectory: boolean
}

export interface GroupStore {
  /** Returns the new id, or null where the name is taken. Ids are never used twice. */
  create(group: NewGroup): Promise<number | null>
  /** Changes what is named. */
  change(
    id: number,
    to: { readonly name?: string; readonly description?: string },
  ): Promise<'done' | 'taken' | 'unknown'>
  /** Its users stay; returns whether there was one. */
  remove(id: number): Promise<boolean>
  /** By name. */
  list(): Promise<Group[]>
  byId(id: number): Promise<Group | null>
  byName(name: string): Promise<Group | null>
  /** Users who are in it already, or are gone, are passed over; returns how many came in. */
  addMembers(id: number, userIds: readonly number[]): Promise<number>
  /** Returns how many were in it. */
  removeMembers(id: number, userIds: readonly number[]): Promise<number>
  /** The groups of a user, by name. */
  ofUser(userId: number): Promise<Group[]>
  /** Of all these users. */
  memberships(userIds: readonly number[]): Promise<Membership[]>
  /** The users of a group. */
  users(id: number, page: Page): Promise<User[]>
  /** The ids of all users of a group. */
  userIds(id: number): Promise<number[]>
}
