/** Strangers’ mail, taken apart. */
import { extractEtpFiles } from '#agent/extract.ts'
import {
  etpFile,
  exampleMail,
  filePart,
  forwarded,
  mailOf,
  multipart,
  textPart,
} from '../../unit/agent/mails.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, latin1 } from './expect.ts'

const extractTarget: FuzzTarget = {
  name: 'mail-extract',
  run: async (input) => {
    const { files } = await extractEtpFiles(input)
    expect(files.length <= 16 && files.every((file) => file.length <= 16_384), 'what is found is bounded')
  },
  seeds: () => [
    exampleMail,
    mailOf(multipart(textPart('hi'), filePart({ encoding: 'quoted-printable' }))),
    mailOf(forwarded(multipart(textPart('hello'), filePart()))),
    mailOf(`Content-Type: text/plain; format=flowed; charset=utf-16\n\n${latin1(etpFile)}`),
  ],
  dictionary: [
    'Content-Type: ',
    'multipart/mixed; boundary="b"',
    'message/rfc822',
    'message/delivery-status',
    '\r\n--b\r\n',
    '--b--',
    '\r\n\r\n',
    'Content-Transfer-Encoding: ',
    'base64',
    'quoted-printable',
    'uuencode',
    'text/html',
    'charset=iso-2022-jp',
    'charset=x',
    'format=flowed; delsp=yes',
    "name*0*=utf-8''",
    '=?utf-8?B?',
    '?=',
    '=\r\n',
    '-----BEGIN MDAP ETP-----',
    '<',
    '>',
    '(',
    ',',
  ],
  bytesMax: 8_192,
}

export const targets: readonly FuzzTarget[] = [extractTarget]
