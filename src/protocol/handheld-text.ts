/** What a handheld shows for each code (docs/protocol.md, "What the handheld says"). The numbers are the wire's. */
export const handheldTexts = {
  1: 'This handheld cannot reach the wireless service. It will keep trying.',
  2: 'Your mail address could not be reached. Check the address.',
  3: 'This activation is meant for another handheld. Ask your administrator.',
  4: 'Use your main mail address, the one your administrator gave you.',
  5: 'No activation is waiting for this address. Ask your administrator for a new activation password.',
  6: 'The request took too long or the clock is wrong. Check date and time, then try again.',
  7: "This software is too old for your organisation's server.",
  8: 'The server and this handheld share no encryption method.',
  9: 'The request was damaged on the way. Try again.',
  10: 'The activation password is not right. N tries left.',
  11: 'Too many wrong passwords from this handheld. Ask your administrator for a new one.',
  12: "The answer did not come from your organisation's server. Nothing was set up. Tell your administrator.",
  13: 'This activation password has already been used.',
  14: 'The server sent something this software does not understand.',
  15: 'Your administrator must approve this handheld. Read out the PIN on the screen.',
  16: 'This handheld is not allowed by your organisation. Ask your administrator.',
  17: 'Too many tries in a short time. Wait an hour, then try again.',
  18: 'Your organisation no longer serves this handheld.',
  19: "The server no longer knows this handheld's key. If this stays, activate again.",
  20: "The wireless service does not accept this handheld's identity.",
  21: 'Still waiting. Mail can take some minutes.',
  22: 'The server has stopped answering. You can wait or try again.',
  23: 'Several answers for this address could not be checked. Ask your administrator for a new password before trying again.',
  31: 'A policy from your organisation could not be verified and was not applied.',
} as const

export type HandheldCode = keyof typeof handheldTexts

export const isHandheldCode = (value: number): value is HandheldCode => Object.hasOwn(handheldTexts, value)

/** The sentence for `code`; `triesLeft` fills in E10's count. */
export function handheldText(code: HandheldCode, triesLeft?: number): string {
  if (code !== 10) return handheldTexts[code]
  if (triesLeft === undefined) return 'The activation password is not right.'
  const noun = triesLeft === 1 ? 'try' : 'tries'
  return `The activation password is not right. ${triesLeft} ${noun} left.`
}
