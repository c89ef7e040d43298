/** The commands of a page of docs/how-to, so that a test can run what it says. */
import { readFileSync } from 'node:fs'

export interface Page {
  /** The shell blocks under this heading, in their order. */
  shell(heading: string): string[]
}

/** @param replaced what stands in the page and what this test has instead: directories, ports */
export function readPage(name: string, replaced: Readonly<Record<string, string>>): Page {
  const text = readFileSync(new URL(`../../docs/how-to/${name}.md`, import.meta.url), 'utf8')
  const own = Object.entries(replaced).reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`${name}.md does not say ${from}`)
    return all.replaceAll(from, to)
  }, text)
  return {
    shell: (heading) => {
      const section = own.split(/^## /m).find((one) => one.startsWith(`${heading}\n`))
      if (section === undefined) throw new Error(`${name}.md has no heading ${heading}`)
      return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '')
    },
  }
}
