/** What may be in memory of literals that are still coming in: of everybody together, and of each account. */
export interface LiteralBudget {
  /** The share of one command. */
  open(owner: string): LiteralShare
}

export interface LiteralShare {
  /** False: there is no room for so many bytes now. */
  take(bytes: number): boolean
  /** The command is done. */
  free(): void
}

/** Without the bound for each, one user could keep the room of all others taken. */
export function makeLiteralBudget(bytesMax: number, bytesPerOwnerMax: number): LiteralBudget {
  const byOwner = new Map<string, number>()
  let all = 0
  return {
    open: (owner) => {
      let mine = 0
      const add = (bytes: number): void => {
        mine += bytes
        all += bytes
        const left = (byOwner.get(owner) ?? 0) + bytes
        if (left > 0) byOwner.set(owner, left)
        else byOwner.delete(owner)
      }
      return {
        take: (bytes) => {
          const isRoom = all + bytes <= bytesMax && (byOwner.get(owner) ?? 0) + bytes <= bytesPerOwnerMax
          if (isRoom) add(bytes)
          return isRoom
        },
        free: () => add(-mine),
      }
    },
  }
}
