/** Which policies reach a user, and which of them is stronger: said here alone, for what is shown and for what is sent. */

export interface Ranked {
  readonly id: number
  /** 1 is the strongest; null: the default, which reaches everybody and gives way to all others. */
  readonly rank: number | null
}

/** A policy that was given to a user, or to a group of theirs. */
export interface GivenPolicy {
  readonly id: number
  /** The group's name; null: it is the user's own. */
  readonly group: string | null
}

/** How a policy comes to a user. */
export type Via = { readonly kind: 'default' | 'user' } | { readonly kind: 'group'; readonly name: string }

/** A policy as it reaches a user. */
export type Reaching<P> = P & { readonly via: Via }

/**
 * From the strongest: the user's own, then those of the user's groups, each by rank; the default is below all. One that
 * comes several ways counts where it is strongest; of several groups the first by name is told.
 */
export function layersFor<P extends Ranked>(
  policies: readonly P[],
  given: readonly GivenPolicy[],
): readonly Reaching<P>[] {
  const ways = Map.groupBy(given, ({ id }) => id)
  const reaching = policies.flatMap((policy): Reaching<P>[] => {
    if (policy.rank === null) return [{ ...policy, via: { kind: 'default' } }]
    const groups = ways.get(policy.id)?.map(({ group }) => group)
    return groups ? [{ ...policy, via: strongest(groups) }] : []
  })
  return reaching.toSorted((one, other) => weight(one) - weight(other))
}

function strongest(groups: readonly (string | null)[]): Via {
  const named = groups.filter((group) => group !== null).toSorted()
  const [name] = named
  return name === undefined || named.length < groups.length ? { kind: 'user' } : { kind: 'group', name }
}

function weight({ rank, via }: Reaching<Ranked>): number {
  if (rank === null) return Number.MAX_SAFE_INTEGER
  return rank + (via.kind === 'user' ? 0 : 1_000_000)
}
