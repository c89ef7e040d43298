/** Files and functions stay small enough to be read at one sitting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Source, sources } from './sources.ts'

const fileLinesMax = 300
const functionLinesMax = 70

interface Size {
  readonly name: string
  readonly lines: number
}

/**
 * Functions by the formatter's indentation: a line that opens a function's block ends where the same
 * indentation closes it.
 */
function functionsOf({ path, text }: Source): Size[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const indent = opening(line)
    if (indent === null) return []
    const length = lines.slice(start + 1).findIndex((later) => later.startsWith(`${indent}}`)) + 2
    return length > 1 ? [{ name: `${path}:${start + 1}`, lines: length }] : []
  })
}

/** The indentation of a line that opens a function's block, or null. */
function opening(line: string): string | null {
  const indent = /^\s*/.exec(line)?.[0] ?? ''
  const opens = /(?:\bfunction\b.*|=>|\)(?::[^{}]*)?) \{$/.test(line)
  const isControl = /^\s*(?:\} )?(?:if|else|for|while|switch|catch|try|do)\b/.test(line)
  const isTest = /^\s*(?:test|describe|it|suite)\(/.test(line)
  return opens && !isControl && !isTest ? indent : null
}

const tooLong = (size: Size): boolean => size.lines > functionLinesMax

test(`no file has more than ${fileLinesMax} lines`, () => {
  const long = sources('src', 'test', 'bench').filter(
    ({ text }) => text.split('\n').length - 1 > fileLinesMax,
  )
  assert.deepEqual(
    long.map(({ path }) => path),
    [],
  )
})

test(`no function has more than ${functionLinesMax} lines`, () => {
  const all = sources('src').flatMap(functionsOf)
  assert(all.length > 500, `${all.length} functions measured`)
  assert.deepEqual(all.filter(tooLong), [])
})

test('a planted long function is caught', () => {
  const body = Array.from({ length: functionLinesMax }, () => '  x()').join('\n')
  for (const head of [
    'export function long(): void {',
    'const long = async () => {',
    'function long(\n): void {',
  ]) {
    const found = functionsOf({ path: 'planted.ts', text: `${head}\n${body}\n}\n` })
    assert(found.some(tooLong), head)
  }
})
