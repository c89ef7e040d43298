// The compose files in docker/, read as Compose reads them. No container is started: there may be no engine here.

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { dockerFile } from './peer-config.ts'

export interface ComposeBuild {
  readonly context: string
  readonly dockerfile: string
}

export interface ComposeService {
  readonly build: ComposeBuild
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly networks?: readonly string[] | Readonly<Record<string, unknown>>
  readonly network_mode?: string
  readonly depends_on?: readonly string[]
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes?: Readonly<Record<string, unknown>>
  readonly networks?: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>
}

export const composeFiles = ['compose.yaml', 'compose.production.yaml'] as const

/** `<<` merges, as YAML 1.1 has it and Compose does. */
export const readCompose = (name: string): Compose =>
  parse(readFileSync(dockerFile(name), 'utf8'), { merge: true }) as Compose
