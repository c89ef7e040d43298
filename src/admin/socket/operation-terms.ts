/** The terms of a password as they come over the admin socket: alone, or with an import. */
import type { PasswordTerms, SendTerms } from '../admin.ts'
import { amount, fields, text } from './operation.ts'

const send = fields<SendTerms>({ to: text, instructionsTo: text, language: text })
export const termShape = { hours: amount, pin: text, notBeforeMs: amount, tries: amount, send }
export const passwordTerms = fields<PasswordTerms>(termShape)
