/** Divides addresses among connections by what they begin with. Pure. */

/** How the addresses of one shard begin: a list of all of them is the union of the lists for each beginning. */
export type Shard = readonly string[]

/** More beginnings divide more evenly, and make the question longer. */
const beginningsPerShard = 8

/**
 * At most `shards` shards of about the same size, which together cover every address. One shard is all: its only
 * beginning is the empty one.
 */
export function shardsOf(addresses: readonly string[], shards: number): readonly Shard[] {
  if (shards <= 1 || addresses.length === 0) return [['']]
  const groups = divided(addresses, shards * beginningsPerShard)
  const bins = Array.from({ length: shards }, () => ({ size: 0, beginnings: [] as string[] }))
  for (const { beginning, members } of groups.toSorted((a, b) => b.members.length - a.members.length)) {
    const smallest = bins.reduce((least, bin) => (bin.size < least.size ? bin : least))
    smallest.size += members.length
    smallest.beginnings.push(beginning)
  }
  return bins.flatMap(({ beginnings }) => (beginnings.length > 0 ? [beginnings] : []))
}

interface Group {
  readonly beginning: string
  readonly members: readonly string[]
}

/** Splits the largest group by its next symbol until there are enough groups, or none can be split. */
function divided(addresses: readonly string[], wanted: number): readonly Group[] {
  let groups: readonly Group[] = [{ beginning: '', members: addresses }]
  while (groups.length < wanted) {
    const largest = groups.reduce((most, group) =>
      group.members.length > most.members.length ? group : most,
    )
    const parts = split(largest)
    if (parts.length <= 1 && parts[0]?.beginning === largest.beginning) break
    groups = [...groups.filter((group) => group !== largest), ...parts]
  }
  return groups
}

function split({ beginning, members }: Group): readonly Group[] {
  const next = (member: string): string => {
    const symbol = member.codePointAt(beginning.length)
    return symbol === undefined ? beginning : beginning + String.fromCodePoint(symbol)
  }
  return [...Map.groupBy(members, next)].map(([longer, some]) => ({ beginning: longer, members: some }))
}

/** Which of the shards that cover it an address belongs to. */
export function makeShardFinder(shards: readonly Shard[]): (address: string) => Shard {
  const byBeginning = new Map(
    shards.flatMap((shard) => shard.map((beginning) => [beginning, shard] as const)),
  )
  const lengths = [...new Set([...byBeginning.keys()].map(({ length }) => length))].sort((a, b) => b - a)
  return (address) => {
    for (const length of lengths) {
      const shard = byBeginning.get(address.slice(0, length))
      if (shard) return shard
    }
    return []
  }
}
