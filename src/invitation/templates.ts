/**
 * The mails' templates: for each language a directory with the files named below, built in or the administrator's
 * own, whose files take the place of built-in ones. Read anew for each mail, so that a change counts at once.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '#kernel/fault.ts'
import { placeholdersIn } from './fill.ts'

export type Part = 'instructions' | 'password'

export interface Template {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** One a line. */
  readonly steps: string
}

const builtIn = fileURLToPath(new URL('templates/', import.meta.url))
const fileBytesMax = 65_536

const common = ['display_name', 'address', 'expires', 'not_before', 'organisation', 'helpdesk', 'steps']
/** The password stands in no mail that says what it is for: that is why there are two. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'instructions.txt': common,
  'instructions.html': common,
  'password.txt': [...common, 'password', 'code'],
  'password.html': [...common, 'password', 'code', 'qr'],
  'steps.txt': ['address', 'organisation'],
}
const fileNames = Object.keys(allowed)

/** A name that is a directory's, and one by which dates can be written. */
function isLanguage(name: string): boolean {
  if (!/^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/.test(name)) return false
  try {
    return Intl.getCanonicalLocales(name).length === 1
  } catch {
    return false
  }
}

/** @param directory of the administrator's own; empty for none. @throws Fault invitation.template */
export function readTemplate(directory: string, language: string, part: Part): Template {
  const [subject, text] = withSubject(readOne(directory, language, `${part}.txt`))
  return {
    subject,
    text,
    html: readOne(directory, language, `${part}.html`),
    steps: readOne(directory, language, 'steps.txt'),
  }
}

/** What is wrong with the templates of each language there is, and with there being none in `language`. */
export function templateMistakes(directory: string, language: string): string[] {
  const mistakes: string[] = []
  for (const one of languagesIn(directory, language, mistakes))
    for (const name of fileNames)
      try {
        const template = readOne(directory, one, name)
        if (name === 'instructions.txt' || name === 'password.txt') withSubject(template)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        mistakes.push(error.detail)
      }
  return mistakes
}

function languagesIn(directory: string, language: string, mistakes: string[]): Set<string> {
  const found = new Set([language])
  if (directory === '') return found
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory() && isLanguage(entry.name)) found.add(entry.name)
  } catch {
    mistakes.push(`${directory} cannot be read`)
  }
  return found
}

function readOne(directory: string, language: string, name: string): string {
  const at = `${language}/${name}`
  if (!isLanguage(language)) throw new Fault('invitation.template', `${language} is no language`)
  const text = (directory === '' ? null : readText(join(directory, at))) ?? readText(join(builtIn, at))
  if (text === null) throw new Fault('invitation.template', `there is no ${at}`)
  const unknown = placeholdersIn(text).find((found) => !allowed[name]?.includes(found))
  if (unknown !== undefined) throw new Fault('invitation.template', `{{${unknown}}} has no place in ${at}`)
  return text
}

/** Null where there is no such file. */
function readText(path: string): string | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new Fault('invitation.template', `${path} cannot be read`, error)
  }
  if (bytes.length > fileBytesMax) throw new Fault('invitation.template', `${path} is too long`)
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n')
}

/** The first line is the subject, the second is empty. */
function withSubject(template: string): [subject: string, text: string] {
  const [, subject, text] = /^Subject: ([^\n]+)\n\n([\s\S]+)$/.exec(template) ?? []
  if (subject === undefined || text === undefined)
    throw new Fault('invitation.template', 'a text must begin with a line "Subject: …" and an empty one')
  return [subject, text]
}
