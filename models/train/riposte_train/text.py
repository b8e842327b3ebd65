"""Reads the training text: translated sentence pairs, Chinese headings with their paragraphs, authored groups."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

from .recipe import Run

HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass
class Intent:
    """One authored group: wordings that ask the same, and answers to it."""

    id: str
    trade: str
    zh: list[str]
    en: list[str]
    answers_zh: list[str]
    answers_en: list[str]
    near: list[str]


def _rows(path: Path) -> list[tuple[str, str]]:
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 2 and cells[0].strip() and cells[1].strip():
                rows.append((cells[0].strip(), cells[1].strip()))
    return rows


def pairs(run: Run) -> list[tuple[str, str]]:
    """(English, Chinese) sentences, without repeats and without long ones, capped per source."""
    limits = run.recipe["text"]
    seen: set[tuple[str, str]] = set()
    kept: list[tuple[str, str]] = []
    files = sorted(path for path in run.data.glob("*.tsv.gz") if ".zhheads." not in path.name)
    if not files:
        raise SystemExit(f"no *.tsv.gz in {run.data}: point --data at the folder of training text (models/train/README.md says what it holds)")
    for path in files:
        rows = []
        for english, chinese in _rows(path):
            if len(english.split()) > limits["max_en_words"] or len(chinese) > limits["max_zh_chars"]:
                continue
            if (english, chinese) in seen or not HAN.search(chinese):
                continue
            seen.add((english, chinese))
            rows.append((english, chinese))
        cap = limits["cap"].get(path.name.removesuffix(".tsv.gz"))
        if cap and len(rows) > cap:
            rows = random.Random(f"{run.seed}/{path.name}").sample(rows, cap)
        kept.extend(rows)
    return kept


def headings(run: Run) -> list[tuple[str, str]]:
    """(heading, first paragraph), both Chinese; paragraphs cut to about what an answer has."""
    rows = []
    for path in sorted(run.data.glob("*.zhheads.tsv.gz")):
        rows.extend((heading, paragraph[:120]) for heading, paragraph in _rows(path))
    return rows


def intents(run: Run, given_only: bool = False) -> list[Intent]:
    """Every authored group, checked: ids are unique and `near` keeps groups of the same file.

    `given_only` leaves out the repository's own folder: the vocabulary and the first weights don't change when groups are added there.
    """
    found: list[Intent] = []
    for folder in run.authored_folders()[: 1 if given_only else None]:
        for path in sorted(folder.glob("*.jsonl")):
            of_file = [_intent(path, number, line) for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if line.strip()]
            known = {intent.id for intent in of_file}
            for intent in of_file:
                intent.near = [near for near in intent.near if near in known and near != intent.id]
            found.extend(of_file)
    ids = [intent.id for intent in found]
    twice = {id for id in ids if ids.count(id) > 1} if len(set(ids)) < len(ids) else set()
    if twice:
        raise SystemExit(f"authored ids used twice: {', '.join(sorted(twice)[:5])}")
    return found


def _intent(path: Path, number: int, line: str) -> Intent:
    try:
        row = json.loads(line)
        return Intent(**{field: row[field] for field in Intent.__dataclass_fields__})
    except (json.JSONDecodeError, KeyError) as error:
        raise SystemExit(f"{path}:{number}: not an authored group: {error}") from error
