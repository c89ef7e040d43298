/** A name as it is compared: names that differ in case, or in how a letter is composed, are one. */
export const foldedName = (name: string): string => name.normalize('NFKC').toLowerCase()
