/** RSA keys for certificates and policies: made and used by node:crypto, handed to node-forge as its own kind. */
import { constants, createPrivateKey, createPublicKey, generateKeyPair, privateEncrypt } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { assert } from '#kernel/assert.ts'
import { fromHex } from '#kernel/bytes.ts'

export const rsaModulusBits = 3_072

/** DigestInfo of a SHA-256 hash without the hash itself (RFC 8017 section 9.2, note 1). */
const sha256DigestInfo = fromHex('3031300d060960864801650304020105000420')

/** A new key as PKCS #8 PEM. Takes some hundred milliseconds on a thread of its own. */
export async function newRsaKey(modulusBits: number = rsaModulusBits): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: modulusBits })
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/**
 * node-forge's form of a private key whose signatures node:crypto makes: forge's own take 150 ms with 3072 bits,
 * these 3, and they do not run through BigInt code.
 */
export function forgeSigningKey(keyPem: string): forge.pki.rsa.PrivateKey {
  const key = forge.pki.privateKeyFromPem(keyPem)
  const native = createPrivateKey(keyPem)
  key.sign = (digest) => {
    assert(typeof digest !== 'string', 'node-forge hands over a digest object')
    const hash = Buffer.from(digest.digest().getBytes(), 'binary')
    const signature = privateEncrypt(
      { key: native, padding: constants.RSA_PKCS1_PADDING },
      Buffer.concat([sha256DigestInfo, hash]),
    )
    return signature.toString('binary')
  }
  return key
}

export function forgePublicKey(keyPem: string): forge.pki.rsa.PublicKey {
  const pem = createPublicKey(keyPem).export({ format: 'pem', type: 'spki' }).toString()
  const key = forge.pki.publicKeyFromPem(pem)
  assert('n' in key, 'certificates are made for RSA keys')
  return key
}
