import { usage } from '../run.ts'

export const wholeHours = (value: string): number => {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  throw usage(`hours are a whole number, not ${value}`)
}
