/** Each listener's certificate: the administrator's own files, or one of the domain's CA. */
import { readFileSync } from 'node:fs'
import { Fault } from '#kernel/fault.ts'
import type { Base } from './base.ts'

export interface TlsMaterial {
  readonly certificate: string
  readonly key: string
}

interface TlsFiles {
  readonly tls_cert_file: string
  readonly tls_key_file: string
}

/** Made certificates name the machine itself besides `name`, so that programs beside the server verify it too. */
const ownNames = ['localhost', '127.0.0.1', '::1'] as const

export async function tlsFor(base: Base, files: TlsFiles, name: string): Promise<TlsMaterial> {
  if (files.tls_cert_file)
    return { certificate: readPem(files.tls_cert_file), key: readPem(files.tls_key_file) }
  const names: [string, ...string[]] = [...new Set([name, ...ownNames])] as [string, ...string[]]
  const made = await base.keys.tls(names)
  return { certificate: made.certificatePem, key: made.keyPem }
}

/**
 * By what one part of this installation trusts another's listener: our own CA, or for an administrator's
 * certificate the CA file named for it, else the system's CAs.
 */
export const trustIn = (base: Base, files: TlsFiles, caFile: string): { readonly ca?: string } =>
  files.tls_cert_file ? caIn(caFile) : { ca: base.keys.ca.certificatePem }

/** The CA file where one is named, else the system's CAs. */
export const caIn = (caFile: string): { readonly ca?: string } => (caFile ? { ca: readPem(caFile) } : {})

/** @throws Fault config.invalid */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Fault('config.invalid', `${path} cannot be read`, error)
  }
}

/** Where a listener on every address is reached from this machine. */
export const dialHost = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)
