/** Reads `commands.json`. */
import { readFileSync } from 'node:fs'
import type { Order } from '#protocol/it-command.ts'

interface CommandFile {
  /** Unix seconds at which the CA and its signer are valid. */
  readonly at: number
  readonly srp: string
  readonly pin: string
  /** DER, in hexadecimal. */
  readonly ca: string
  readonly commands: readonly {
    readonly order: Order
    readonly number: number
    readonly issuedAt: number
    /** The it-command that is signed. */
    readonly content: string
    /** The packet's content, with the CMS inside. */
    readonly itadmin: string
  }[]
}

export const commandFile = JSON.parse(
  readFileSync(new URL('commands.json', import.meta.url), 'utf8'),
) as CommandFile
