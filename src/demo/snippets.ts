/** Ready to paste: the same call by curl, JavaScript and Python. */
export function snippets(baseUrl: string, token: string, model: string): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })
  return `curl:

  curl ${baseUrl}/chat/completions \\
    -H 'authorization: Bearer ${token}' -H 'content-type: application/json' \\
    -d '${body.replaceAll("'", String.raw`'\''`)}'

JavaScript (npm install openai):

  import OpenAI from 'openai'
  const client = new OpenAI({
    baseURL: '${baseUrl}',
    apiKey: '${token}',
  })
  const answer = await client.chat.completions.create({ model: ${JSON.stringify(model)}, messages: [{ role: 'user', content: 'Hello' }] })
  console.log(answer.choices[0].message.content)

Python (pip install openai):

  from openai import OpenAI
  client = OpenAI(
      base_url="${baseUrl}",
      api_key="${token}",
  )
  answer = client.chat.completions.create(model=${JSON.stringify(model)}, messages=[{"role": "user", "content": "Hello"}])
  print(answer.choices[0].message.content)
`
}
