/**
 * Times of certificates and signatures. The one file of the pure rules that names `Date`, because X.509 libraries
 * speak it: it converts times that are handed in and never asks what time it is.
 */

/** `ms` is Unix milliseconds; certificates drop what is below a second. */
export const x509Time = (ms: number): Date => new Date(ms)

/** The same day and hour `years` later, in Unix milliseconds. */
export function yearsLater(ms: number, years: number): number {
  const date = new Date(ms)
  return date.setUTCFullYear(date.getUTCFullYear() + years)
}
