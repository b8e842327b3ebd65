#!/usr/bin/env python3
"""Asks a running server for suggestions, one request at a time, and prints where the time goes.

    python3 eval/bench/latency.py --url http://127.0.0.1:8080 --key rk_… --desk bench --conversations FILE [--requests 200]

FILE is a conversations.jsonl (plain or .gz); every request is a different moment of it: everything said before an agent's turn.
Needs nothing but Python 3.
"""

import argparse
import gzip
import json
import random
import time
import urllib.request


def moments(path):
    """Yields what was said before each agent turn that follows a customer turn."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            messages = json.loads(line)["messages"]
            for position in range(1, len(messages)):
                if messages[position]["role"] == "agent" and messages[position - 1]["role"] == "customer":
                    yield [{"role": m["role"], "text": m["text"]} for m in messages[:position]]


def ask(url, key, desk, messages):
    body = json.dumps({"desk": desk, "conversation": {"messages": messages}}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    started = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/suggestions", body, headers)) as response:
        answer = json.load(response)
    return (time.perf_counter() - started) * 1000, answer


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--key", required=True)
    parser.add_argument("--desk", required=True)
    parser.add_argument("--conversations", required=True)
    parser.add_argument("--requests", type=int, default=200)
    arguments = parser.parse_args()
    every = list(moments(arguments.conversations))
    random.Random(1).shuffle(every)
    for messages in every[arguments.requests : arguments.requests + 10]:
        ask(arguments.url, arguments.key, arguments.desk, messages)
    stages = {"seen by the client": [], "total": [], "embed": [], "search": [], "rank": []}
    silent = 0
    for messages in every[: arguments.requests]:
        milliseconds, answer = ask(arguments.url, arguments.key, arguments.desk, messages)
        silent += answer["abstained"] is not None
        stages["seen by the client"].append(milliseconds)
        for stage, value in answer["timings_ms"].items():
            stages[stage].append(value)
    whole = sum(stages["total"])
    print(f"{len(stages['total'])} requests, {silent} answered with silence")
    print(f"{'stage':20} {'p50 ms':>8} {'p95 ms':>8} {'share':>7}")
    for stage, values in stages.items():
        share = f"{sum(values) / whole:7.0%}" if stage in ("embed", "search", "rank") else ""
        print(f"{stage:20} {percentile(values, 0.5):8.1f} {percentile(values, 0.95):8.1f} {share}")


if __name__ == "__main__":
    main()
