import { request } from 'node:http'

/** What the admin socket answers to a request as it stands; with `once` the first piece of it alone. */
export function postAdmin(
  socketPath: string,
  name: string,
  body: string,
  token?: string,
  once = false,
): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const options = { socketPath, path: `/v1/${name}`, method: 'POST', agent: false, headers }
    const sent = request(options, async (response) => {
      let text = ''
      if (once) setTimeout(() => response.destroy(), 100)
      try {
        for await (const chunk of response) text += chunk
      } catch {
        // It was given up, or broke off: what came until then is the answer.
      }
      resolve(text)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
