/** Looks for secrets in what programs wrote, in every form in which a program might have written them. */
import { utf8 } from '#kernel/bytes.ts'

export interface Secret {
  readonly name: string
  readonly bytes: Uint8Array
}

/** So much of a long secret is as bad as the whole: a line that was cut short is found as well. */
const tellingBytes = 20

export const secretBytes = (name: string, bytes: Uint8Array): Secret => ({ name, bytes })
export const secretText = (name: string, text: string): Secret => ({ name, bytes: utf8(text) })

/** A password as it is shown, and as it is canonically: without hyphens and spaces, in lower case. */
export const passwordSecrets = (name: string, password: string): Secret[] => [
  secretText(name, password),
  secretText(`${name}, canonical`, password.replace(/[\s-]/g, '').toLowerCase()),
]

/** A private key in PEM: each of its lines tells too much. */
export const pemSecrets = (name: string, pem: string): Secret[] =>
  pem
    .split('\n')
    .filter((line) => /^[A-Za-z0-9+/]{60,}$/.test(line))
    .map((line, i) => secretText(`${name}, line ${i + 1}`, line))

/** What one form makes of the text that is searched, and of the secret; both are compared as latin1. */
interface Form {
  readonly name: string
  readonly text: (text: string) => string
  readonly secret: (bytes: Buffer) => readonly string[]
}

const whole = (text: string) => text
const packed = (text: string) => text.replace(/[\s:,-]/g, '').toLowerCase()
const base64Text = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/')

export const forms: readonly Form[] = [
  { name: 'as it is', text: whole, secret: (bytes) => [bytes.toString('latin1')] },
  // Passwords with other hyphens, spaces or capitals; hex with colons.
  { name: 'in other letters', text: packed, secret: (bytes) => [packed(bytes.toString('latin1'))] },
  { name: 'in hex', text: packed, secret: (bytes) => [bytes.toString('hex')] },
  { name: 'in base64', text: base64Text, secret: inBase64 },
  { name: 'in decimal', text: (text) => text.replace(/\s/g, ''), secret: (bytes) => [bytes.join(',')] },
  { name: 'in percent code', text: (text) => text.toLowerCase(), secret: (bytes) => [percent(bytes)] },
]

/** Each form of each secret that is in `text`, by name. */
export function findSecrets(text: string, secrets: readonly Secret[]): string[] {
  return forms.flatMap((form) => {
    const searched = form.text(text)
    return secrets
      .filter(({ bytes }) => form.secret(telling(bytes)).some((needle) => searched.includes(needle)))
      .map(({ name }) => `${name}, ${form.name}`)
  })
}

const telling = (bytes: Uint8Array): Buffer => Buffer.from(bytes.subarray(0, tellingBytes))

/** Inside a longer text in base64 a secret begins at one of three places of a group; its edges are then mixed. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '')
    return shifted.slice(offset === 0 ? 0 : offset + 1, -2)
  })
}

const percent = (bytes: Buffer): string =>
  Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
