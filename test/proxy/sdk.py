"""Drives the official Python SDK through the proxy and prints what it saw as one JSON object."""

import asyncio
import json
import sys

import openai

base_url, alice_token, bob_token = sys.argv[1:4]
MODEL = "gpt-4o-mini"
MESSAGES = [{"role": "user", "content": "hello"}]


def client(key):
    return openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)


def failure(call):
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.request_id is not None]
    return None


def streamed(**options):
    text, usage = "", []
    for chunk in alice.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True, **options):
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        if chunk.usage:
            usage.append(chunk.usage.completion_tokens)
    return [text, usage]


async def asynchronous():
    async with openai.AsyncOpenAI(base_url=base_url, api_key=alice_token, max_retries=0) as one:
        answers = await asyncio.gather(
            *[one.chat.completions.create(model=MODEL, messages=MESSAGES) for _ in range(5)]
        )
    return [answer.choices[0].message.content for answer in answers]


alice, bob = client(alice_token), client(bob_token)
chat = alice.chat.completions.create(model=MODEL, messages=MESSAGES)
events = [event.type for event in alice.responses.create(model=MODEL, input="hello", stream=True)]
print(
    json.dumps(
        {
            "chat": [chat.choices[0].message.content, chat.usage.prompt_tokens],
            "stream": streamed(),
            "stream_usage": streamed(stream_options={"include_usage": True}),
            "responses": alice.responses.create(model=MODEL, input="hello").output_text,
            "responses_stream": [events[0], events[-1]],
            "embeddings": alice.embeddings.create(model="text-embedding-3-small", input="a").data[0].embedding,
            "moderations": alice.moderations.create(model="omni-moderation-latest", input="a").results[0].flagged,
            "models": sorted(model.id for model in alice.models.list()),
            "asynchronous": asyncio.run(asynchronous()),
            "bad_key": failure(lambda: client("nonsense").models.list()),
            "denied": failure(lambda: bob.chat.completions.create(model=MODEL, messages=MESSAGES)),
            "not_found": failure(lambda: alice.chat.completions.create(model="llama", messages=MESSAGES)),
            "bad_body": failure(
                lambda: alice.chat.completions.create(model=MODEL, messages=MESSAGES, extra_body={"Model": "x"})
            ),
        }
    )
)
