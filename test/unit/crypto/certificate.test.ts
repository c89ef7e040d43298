import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect, createServer } from 'node:tls'
import {
  type Credential,
  type IssuedCertificate,
  makeCa,
  makePolicySigner,
  makeTlsServer,
} from '#crypto/certificate.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
const folder = mkdtempSync(join(tmpdir(), 'postkey-certificate-'))
const organisation = 'Exämple Örg'
const nowMs = Date.now()

let ca: IssuedCertificate
let caCredential: Credential
let tls: IssuedCertificate
let tlsKeyPem: string
let signer: IssuedCertificate

before(async () => {
  const [caKeyPem, signerKeyPem] = [await newRsaKey(), await newRsaKey(2_048)]
  tlsKeyPem = await newRsaKey(2_048)
  ca = makeCa(
    { commonName: 'Postkey domain CA', organisation },
    { keyPem: caKeyPem, nowMs, years: 20, random },
  )
  caCredential = { certificatePem: ca.pem, keyPem: caKeyPem }
  const names = ['relay.test', 'localhost', '127.0.0.1', '::1'] as const
  tls = makeTlsServer(caCredential, [...names], { keyPem: tlsKeyPem, nowMs, years: 2, random })
  signer = makePolicySigner(caCredential, organisation, { keyPem: signerKeyPem, nowMs, years: 5, random })
})

after(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' })

describe('the domain CA', () => {
  it('is self-signed with RSA-3072, for twenty years, and its name keeps its umlauts', () => {
    const read = new X509Certificate(ca.pem)
    equal(read.ca, true)
    equal(read.verify(read.publicKey), true)
    equal(read.publicKey.asymmetricKeyDetails?.modulusLength, 3_072)
    equal(read.subject, `O=${organisation}\nCN=Postkey domain CA`)
    equal(read.issuer, read.subject)
    const years = new Date(read.validTo).getUTCFullYear() - new Date(nowMs).getUTCFullYear()
    equal(years, 20)
    ok(new Date(read.validFrom).getTime() < nowMs)
    deepEqual(new Uint8Array(read.raw), ca.der)
  })

  it('may sign certificates and nothing else', () => {
    const text = openssl('x509', '-in', file('ca.pem', ca.pem), '-noout', '-text')
    match(text, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
    match(text, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/)
  })

  it('has issued certificates that openssl verifies strictly, and a stranger has not', async () => {
    const caFile = file('ca.pem', ca.pem)
    const verify = (...args: string[]) => openssl('verify', '-x509_strict', '-CAfile', caFile, ...args)
    match(verify('-purpose', 'sslserver', file('tls.pem', tls.pem)), /: OK/)
    match(verify(file('signer.pem', signer.pem)), /: OK/)
    const stranger = makeCa(
      { commonName: 'Postkey domain CA', organisation },
      { keyPem: tlsKeyPem, nowMs, years: 1, random },
    )
    const forged = makeTlsServer({ certificatePem: stranger.pem, keyPem: tlsKeyPem }, ['relay.test'], {
      keyPem: tlsKeyPem,
      nowMs,
      years: 1,
      random,
    })
    await rejects(async () => verify(file('forged.pem', forged.pem)), /Command failed/)
  })

  it('gives no certificate that outlives it', () => {
    const long = makeTlsServer(caCredential, ['relay.test'], { keyPem: tlsKeyPem, nowMs, years: 90, random })
    equal(new X509Certificate(long.pem).validTo, new X509Certificate(ca.pem).validTo)
  })
})

describe('a policy signer', () => {
  it('has the one usage that signs policies, which no TLS client takes for a server', () => {
    const text = openssl('x509', '-in', file('signer.pem', signer.pem), '-noout', '-text')
    match(text, /Extended Key Usage: critical\s+1\.3\.6\.1\.4\.1\.32473\.1\.77\n/)
    match(text, /Key Usage: critical\s+Digital Signature\n/)
    match(text, /CA:FALSE/)
  })
})

describe("a TLS server's certificate", () => {
  it('names its DNS names and addresses', () => {
    const read = new X509Certificate(tls.pem)
    equal(read.checkHost('relay.test'), 'relay.test')
    equal(read.checkHost('other.test'), undefined)
    equal(read.checkIP('127.0.0.1'), '127.0.0.1')
    equal(read.checkIP('::1'), '::1')
    equal(read.checkIP('127.0.0.2'), undefined)
  })

  it('is taken by a client that trusts the CA, under its names only', async () => {
    const server = createServer({ cert: tls.pem, key: tlsKeyPem }, (socket) => socket.end('hello'))
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const greet = async (servername: string, trusted: string) => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: trusted })
      const [data] = await once(socket, 'data')
      return String(data)
    }
    try {
      equal(await greet('relay.test', ca.pem), 'hello')
      await rejects(greet('evil.test', ca.pem), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
      await rejects(greet('relay.test', signer.pem), /certificate|issuer/)
    } finally {
      server.close()
    }
  })

  it('has a serial number of its own', () => {
    const again = makeTlsServer(caCredential, ['relay.test'], { keyPem: tlsKeyPem, nowMs, years: 1, random })
    equal(new X509Certificate(again.pem).serialNumber.length, 32)
    equal(new X509Certificate(again.pem).serialNumber === new X509Certificate(tls.pem).serialNumber, false)
  })
})
