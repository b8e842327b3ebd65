"""Step 3: the first weights. Layers and English rows are the teacher's; Chinese rows are found by regression.

A Chinese sentence's mean input vector should equal that of its English translation. Each Chinese character has a row; a word's row is the
mean of its characters' rows plus its own difference, so that a rare word starts where its characters are. Ridge regression over all
pairs, solved by conjugate gradient; tokens weighted by a / (a + p) (SIF, Arora et al. 2017).
"""

from __future__ import annotations

import numpy
import torch
from scipy import sparse
from safetensors.torch import save_file

from .recipe import Progress, Run, prepare
from .text import HAN, intents, pairs
from .tokenizer import MARK, PLACEHOLDERS, SPECIAL
from .vocabulary import Vocabulary


def build(run: Run) -> None:
    """Writes transplant.safetensors."""
    from . import teacher
    from .model import Encoder, to_bert

    prepare(run)
    ours, theirs = Vocabulary.load(run), teacher.tokenizer()
    source = teacher.network()
    table = source.words.weight.detach().numpy()
    rows, missing = _copied(ours, theirs, table)
    chinese, english = _texts(run)
    design = _means(ours.encode(chinese, special=False), len(ours), run.recipe["transplant"]["sif"])
    other = _means([encoded.ids for encoded in theirs.encode_batch_fast(english, add_special_tokens=False)], len(table), run.recipe["transplant"]["sif"])
    solved = _solve(run, ours, design, other @ table, rows, missing)
    encoder = Encoder(len(ours))
    state = source.state_dict()
    state["words.weight"] = torch.from_numpy(solved.astype(numpy.float32))
    encoder.load_state_dict(state)
    save_file(to_bert(encoder), run.path("transplant.safetensors"))


def _texts(run: Run) -> tuple[list[str], list[str]]:
    without = set(run.recipe["contrast"]["held_out"]["without"])
    english, chinese = map(list, zip(*pairs(run)))
    for intent in intents(run, given_only=True):
        if intent.trade not in without:
            # Wordings that ask the same stand in for translations.
            for place, text in enumerate(intent.zh):
                chinese.append(text)
                english.append(intent.en[place % len(intent.en)])
    return chinese, english


def _copied(ours: Vocabulary, theirs, table: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    rows = numpy.zeros((len(ours), table.shape[1]), dtype=numpy.float32)
    missing = numpy.zeros(len(ours), dtype=bool)
    for id, piece in enumerate(ours.pieces):
        if piece in PLACEHOLDERS:
            rows[id] = table[theirs.encode(PLACEHOLDERS[piece], add_special_tokens=False).ids].mean(0)
            continue
        name = piece if piece in SPECIAL else piece[1:] if piece.startswith(MARK) and len(piece) > 1 else "##" + piece
        found = None if HAN.search(piece) else theirs.token_to_id(name)
        if found is None:
            missing[id] = bool(HAN.search(piece))
        else:
            rows[id] = table[found]
    return rows, missing


def _means(encoded: list[list[int]], width: int, a: float) -> sparse.csr_matrix:
    lengths = numpy.array([len(ids) for ids in encoded])
    columns = numpy.concatenate([numpy.asarray(ids, dtype=numpy.int64) for ids in encoded])
    counts = numpy.bincount(columns, minlength=width)
    weight = a / (a + counts / counts.sum())
    values = weight[columns] / numpy.repeat(numpy.maximum(lengths, 1), lengths)
    starts = numpy.concatenate([[0], numpy.cumsum(lengths)])
    return sparse.csr_matrix((values.astype(numpy.float32), columns, starts), shape=(len(encoded), width))


def _solve(run: Run, ours: Vocabulary, design, target, rows, missing) -> numpy.ndarray:
    numbers = run.recipe["transplant"]
    # What the copied rows (digits, Latin words, punctuation) already explain is taken off.
    residual = target - design @ rows
    ids = numpy.flatnonzero(missing)
    unknown = {int(id): place for place, id in enumerate(ids)}
    entries = []
    for id, place in unknown.items():
        entries.append((place, place, 1.0))
        piece = ours.pieces[id]
        parts = [unknown[ours.ids[character]] for character in piece if character in ours.ids] if len(piece) > 1 else []
        entries += [(place, part, 1.0 / len(piece)) for part in parts]
    compose = sparse.csr_matrix(([value for *_, value in entries], ([row for row, *_ in entries], [column for _, column, _ in entries])), dtype=numpy.float32)
    matrix = (design[:, ids] @ compose).tocsr()
    transposed = matrix.T.tocsr()
    solution = numpy.zeros((len(ids), target.shape[1]), dtype=numpy.float32)
    gradient = transposed @ residual
    direction, norms = gradient.copy(), (gradient**2).sum(0)
    progress = Progress("transplant", numbers["iterations"])
    for iteration in range(numbers["iterations"]):
        image = transposed @ (matrix @ direction) + numbers["ridge"] * direction
        step = norms / numpy.maximum((direction * image).sum(0), 1e-12)
        solution += step * direction
        gradient -= step * image
        fresh = (gradient**2).sum(0)
        direction = gradient + (fresh / numpy.maximum(norms, 1e-12)) * direction
        norms = fresh
        progress.step(iteration + 1, residual=float(norms.mean()))
    found = compose @ solution
    # Regression shrinks; rows get the length that the teacher's have.
    scale = numpy.linalg.norm(rows[~missing & (numpy.abs(rows).sum(1) > 0)], axis=1).mean()
    lengths = numpy.linalg.norm(found, axis=1, keepdims=True)
    rows[ids] = numpy.where(lengths > 1e-6, found * numpy.maximum(1.0, 0.6 * scale / numpy.maximum(lengths, 1e-6)), rows[~missing].mean(0))
    return rows
