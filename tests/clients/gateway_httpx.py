#!/usr/bin/env python3
"""The platform gateway's way of reading: httpx, the body proxied as bytes; also line by line.

    gateway_httpx.py bytes|lines BASE_URL KEY TASK [REQUEST_FIELDS_AS_JSON]

Prints the events as JSON. Exits with 1 and a sentence on stderr if the contract is broken.
"""

import asyncio
import json
import sys

import contract
import httpx

PATH = "/api/v1/browser-use/run/stream"


async def read_bytes(response, stream):
    """What is proxied is opaque; only the end of the chain makes lines of it."""
    proxied = bytearray()
    async for chunk in response.aiter_bytes():
        proxied += chunk
    *lines, rest = bytes(proxied).decode("utf-8").split("\n")
    contract.require(rest == "", f"the stream ends within a line: {rest[:80]!r}")
    for line in lines:
        stream.line(line)


async def read_lines(response, stream):
    # httpx splits like str.splitlines: at more than line feeds. JSON must come with those escaped, or it breaks here.
    async for line in response.aiter_lines():
        stream.line(line)


async def main(how, base_url, key, task, fields="{}"):
    read = {"bytes": read_bytes, "lines": read_lines}[how]
    stream = contract.Stream()
    timeout = httpx.Timeout(10.0, read=60.0)
    async with httpx.AsyncClient(base_url=base_url, timeout=timeout, trust_env=False) as client:
        request = {"task": task, **json.loads(fields)}
        async with client.stream("POST", PATH, json=request, headers={"X-Gateway-Key": key}) as response:
            contract.check_response(response.status_code, response.headers)
            await read(response, stream)
    stream.finish()
    contract.report(stream)


try:
    asyncio.run(main(*sys.argv[1:]))
except (contract.Violation, httpx.HTTPError) as problem:
    sys.exit(f"{type(problem).__name__}: {problem}")
