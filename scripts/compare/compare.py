"""Compares our view of real pages with the leading library's and with what a person can use: `compare.py MEASURE SERVICE`, two
executables. Prints tables, and to standard error what our views miss. Run by `make compare`."""

import asyncio
import collections
import json
import pathlib
import statistics
import subprocess
import sys

import bpe_openai

import library
import pages
import prompt

CACHE = pathlib.Path("target/compare")
TOKENIZER = bpe_openai.get_encoding("o200k_base")


def tokens(text: str) -> int:
    return len(TOKENIZER.encode_ordinary(text))


def ask(look: subprocess.Popen, url: str, elements: list) -> dict:
    """Our view of a page, and whether it lists each of the elements."""
    question = {"url": url, "elements": [element["serving"] for element in elements]}
    print(json.dumps(question), file=look.stdin, flush=True)
    return json.loads(look.stdout.readline())


def compare(page: pages.Page, reading: library.Reading, answer: dict) -> int:
    """Prints a page's row, and to standard error what our view misses. Returns the tokens of our view."""
    asked = reading.usable + reading.listed
    missing = {element["path"]: element for element, listed in zip(asked, answer["listed"]) if not listed}
    lacking = [element for element in missing.values() if not element["useless"]]
    served = {path for element in reading.listed for path in element["serving"]}
    unserved = [element for element in reading.usable if served.isdisjoint(element["serving"])]
    others = collections.Counter(element["useless"] for element in reading.listed if element["useless"])
    unsaid = [word for word in reading.words if word not in answer["text"]]
    untold = [word for word in reading.words if word not in reading.text]
    ours, theirs = tokens(answer["text"]), tokens(reading.text)
    print(
        f"| {page.kind}: `{page.package}` `{page.path}` | {ours} | {theirs} | {ours / theirs:.0%} "
        f"| {len(reading.usable)} | {len(lacking)} | {len(unserved)} | {others.total()} "
        f"| {len(reading.words)} | {len(unsaid)} | {len(untold)} |"
    )
    print(f"\n{page.package} {page.path}", file=sys.stderr)
    print("  useless in the library's:", ", ".join(f"{n} {why}" for why, n in others.items()), file=sys.stderr)
    if unsaid:
        print("  words not in ours:", *unsaid, file=sys.stderr)
    for element in lacking:
        print(f"  not in ours: {element['place']} {element['html']}\n    {element['path']}", file=sys.stderr)
    name = f"{page.package}_{page.path}".replace("/", "_")
    (CACHE / f"{name}.ours.txt").write_text(answer["text"])
    (CACHE / f"{name}.theirs.txt").write_text(reading.text)
    return ours


def tell_prompt(request: dict, views: list[int]) -> None:
    system, *rest = (message["content"] for message in request["messages"])
    schema = json.dumps(request["response_format"], separators=(",", ":"), ensure_ascii=False)
    print("\n| of a prompt | tokens |\n| --- | --- |")
    print(f"| instructions | {tokens(system)} |")
    print(f"| schema of the actions | {tokens(schema)} |")
    print(f"| the rest of a first step's, with the first page of the table | {sum(tokens(text_of(part)) for part in rest)} |")
    print(f"| a page's view, the median of the table's | {statistics.median(views):.0f} |")


def text_of(content: str | list) -> str:
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content if part["type"] == "text")


def main() -> None:
    measure, service = sys.argv[1:]
    CACHE.mkdir(parents=True, exist_ok=True)
    all_pages = pages.serve_all(CACHE)
    readings = asyncio.run(library.read([page.url for page in all_pages]))
    print(
        "| page | tokens, ours | the library's | share | usable elements | not in ours | not in the library's "
        "| useless in the library's | words | not in ours | not in the library's |"
    )
    print("|" + " --- |" * 11)
    with subprocess.Popen([measure, "view"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        views = [
            compare(page, reading, ask(process, page.url, reading.usable + reading.listed))
            for page, reading in zip(all_pages, readings)
        ]
        process.stdin.close()
    tell_prompt(prompt.first_request(service, all_pages[0].url), views)


main()
