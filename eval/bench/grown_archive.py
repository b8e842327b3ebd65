#!/usr/bin/env python3
"""An archive grown from a real one: other ids, and a number behind each text, so that no two texts and no two vectors are the same.

    python3 eval/bench/grown_archive.py conversations.jsonl.gz --pairs 100000 > grown.jsonl

Needs nothing but Python 3.
"""

import argparse
import gzip
import itertools
import json
import sys


def open_text(path):
    return gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")


def answered(messages):
    """Places of agents' turns that follow a customer's turn."""
    turns = range(1, len(messages))
    return [place for place in turns if messages[place]["role"] == "agent" and messages[place - 1]["role"] == "customer"]


def grown(path, copy):
    """The conversations of FILE as copy number `copy`."""
    with open_text(path) as source:
        for number, line in enumerate(source):
            conversation = json.loads(line)
            conversation["id"] = f"grown-{copy}-{number}"
            for place, message in enumerate(conversation["messages"]):
                message.pop("id", None)
                message["text"] = f"{message['text']} {copy}{number}{place}"
            yield conversation


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--pairs", type=int, required=True, help="answered turns at least")
    arguments = parser.parse_args()
    written = 0
    for conversation in itertools.chain.from_iterable(grown(arguments.file, copy) for copy in itertools.count(1)):
        if written >= arguments.pairs:
            break
        written += len(answered(conversation["messages"]))
        print(json.dumps(conversation, ensure_ascii=False))
    print(f"{written} answered turns", file=sys.stderr)


if __name__ == "__main__":
    main()
