/** When newer log-ins of one SRP id push out live ones again and again, its key has been copied. Pure. */
const windowMs = 60_000
const displacementsMax = 5

/** Adds a displacement of a connection that still answered a ping; `suspend` at the fifth within a minute. */
export function noteDisplacement(
  timesMs: readonly number[],
  nowMs: number,
): { readonly timesMs: readonly number[]; readonly suspend: boolean } {
  const recent = [...timesMs.filter((at) => nowMs - at < windowMs), nowMs]
  return { timesMs: recent, suspend: recent.length >= displacementsMax }
}
