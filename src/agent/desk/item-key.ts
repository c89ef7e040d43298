/** Under which an item's packet is known to the courier; each sealing is another packet, with a number of its own. */
export const keyOfItem = (id: number, kid: number, seq: number): string => `item:${id}:${kid}:${seq}`

/** The item that a packet was made for, or null where it belongs to an activation. */
export function itemOfKey(key: string): number | null {
  const [kind, id] = key.split(':')
  return kind === 'item' && id !== undefined ? Number(id) : null
}
