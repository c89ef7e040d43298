/** tr46 carries no types; this is the part Postkey calls. */
declare module 'tr46' {
  interface ToAsciiOptions {
    readonly checkBidi: boolean
    readonly checkHyphens: boolean
    readonly checkJoiners: boolean
    readonly transitionalProcessing: boolean
    readonly useSTD3ASCIIRules: boolean
    readonly verifyDNSLength: boolean
  }
  /** A-labels joined by dots, or null where the name is not valid. */
  export function toASCII(domainName: string, options: ToAsciiOptions): string | null
}
