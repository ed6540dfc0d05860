"""Reads the output of `examples/prompts.rs`, one JSON object per call, and prints a table of tokens (OpenAI's o200k_base).
Fails if the fixed part of a call or the whole login exceeds its limit."""

import json
import sys

import bpe_openai

TOKENIZER = bpe_openai.get_encoding("o200k_base")
PARTS = ["instructions", "schema", "task and history", "page"]
CALLS = 5
# Instructions and schema; the leading library's take about 10,200.
FIXED_LIMIT = 1_300
# An eighth of the 63,000 of the leading library.
LOGIN_LIMIT = 8_000

calls = [json.loads(line) for line in sys.stdin]
table = [[len(TOKENIZER.encode_ordinary(call[part])) for part in PARTS] for call in calls]
table.append([sum(column) for column in zip(*table)])

print("| call |", " | ".join(PARTS), "| together |")
print("|" + " --- |" * (len(PARTS) + 2))
for number, row in enumerate(table, 1):
    print(f"| {number if number <= len(calls) else 'all'} |", " | ".join(map(str, row)), f"| {sum(row)} |")

fixed = max(row[0] + row[1] for row in table[:-1])
if len(calls) != CALLS:
    sys.exit(f"{len(calls)} calls instead of {CALLS}")
if fixed > FIXED_LIMIT:
    sys.exit(f"instructions and schema take {fixed} tokens, more than {FIXED_LIMIT}")
if sum(table[-1]) > LOGIN_LIMIT:
    sys.exit(f"the login takes {sum(table[-1])} tokens, more than {LOGIN_LIMIT}")
