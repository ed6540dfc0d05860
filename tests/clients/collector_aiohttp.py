#!/usr/bin/env python3
"""The document collector's way of reading: aiohttp, line by line, ten minutes in all.

    collector_aiohttp.py lines|chunks BASE_URL KEY TASK [REQUEST_FIELDS_AS_JSON]

`lines` takes aiohttp's lines with its defaults: none may be longer than 131,072 bytes then, so a bigger screenshot
breaks it. `chunks` makes the lines itself. Prints the events as JSON. Exits with 1 and a sentence on stderr if the
contract is broken.
"""

import asyncio
import json
import sys

import aiohttp
import contract

PATH = "/api/v1/browser-use/run/stream"


async def lines(content):
    async for line in content:
        contract.require(line.endswith(b"\n"), "the stream ends within a line")
        yield line[:-1]


async def chunks(content):
    pending = bytearray()
    async for chunk in content.iter_any():
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            yield bytes(pending + line)
            pending.clear()
        pending += rest
    contract.require(not pending, "the stream ends within a line")


async def main(how, base_url, key, task, fields="{}"):
    read = {"lines": lines, "chunks": chunks}[how]
    stream = contract.Stream()
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        request = {"task": task, **json.loads(fields)}
        headers = {"X-Gateway-Key": key, "Accept": "text/event-stream"}
        async with session.post(base_url + PATH, json=request, headers=headers) as response:
            contract.check_response(response.status, response.headers)
            async for line in read(response.content):
                stream.line(line.decode("utf-8"))
    stream.finish()
    contract.report(stream)


try:
    asyncio.run(main(*sys.argv[1:]))
except (contract.Violation, aiohttp.ClientError, asyncio.TimeoutError, ValueError) as problem:
    sys.exit(f"{type(problem).__name__}: {problem}")
