"""Step 9: the model card, from the recipe, the run's own figures and what `riposte eval` wrote into eval/results."""

from __future__ import annotations

import json
from pathlib import Path

from .export import NAME
from .recipe import HERE, Run
from .text import headings, intents, pairs

RESULTS = HERE.parent.parent / "eval" / "results"
# Report, system, figure, what the row says.
ROWS = [
    ("pairs-bq-dev-zh", "dense", "spearman", "`bq-dev-zh` pairs, Spearman ×100"),
    ("pairs-afqmc-zh", "dense", "spearman", "`afqmc-zh` pairs, Spearman ×100"),
    ("pairs-lcqmc-zh", "dense", "spearman", "`lcqmc-zh` pairs, Spearman ×100"),
    ("retrieval-bq-dev-zh", "dense", "map_judged", "`bq-dev-zh` retrieval, MAP of the judged"),
    ("retrieval-bq-dev-zh", "sum", "map_judged", "same, with BM25 (`sum`)"),
    ("intents-banking77-en", "dense", "acc@1", "`banking77-en`, nearest neighbour acc@1"),
    ("intents-clinc150-en", "dense", "acc@1", "`clinc150-en`, nearest neighbour acc@1"),
]


def build(run: Run) -> None:
    """Writes MODEL_CARD.md into export/."""
    held = json.loads(run.path("measure.json").read_text(encoding="utf-8"))
    figures = [(text, _figure(report, system, figure)) for report, system, figure, text in ROWS]
    template = (HERE / "card.md").read_text(encoding="utf-8")
    groups = intents(run)
    card = template.format(
        name=NAME,
        bytes=f"{run.path('export').joinpath('model.safetensors').stat().st_size:,}",
        vocabulary=f"{json.loads(run.path('export').joinpath('config.json').read_text(encoding='utf-8'))['vocab_size']:,}",
        pairs=f"{len(pairs(run)):,}",
        headings=f"{len(headings(run)):,}",
        intents=f"{len(groups):,}",
        trades=len({intent.trade for intent in groups}),
        wordings=f"{sum(len(intent.zh) + len(intent.en) for intent in groups):,}",
        without=", ".join(f"`{trade}`" for trade in run.recipe["contrast"]["held_out"]["without"]),
        held=" · ".join(f"{name} {value:.3f}" for name, value in held.items()),
        rows="\n".join(f"| {text} | {value} |" for text, value in figures),
    )
    run.path("export").joinpath("MODEL_CARD.md").write_text(card, encoding="utf-8")


def _figure(report: str, system: str, figure: str) -> str:
    path: Path = RESULTS / f"{report}.json"
    if not path.exists():
        return "not measured"
    measured = json.loads(path.read_text(encoding="utf-8"))
    # A report of another encoder says nothing of this one.
    value = measured["systems"].get(system, {}).get(figure) if measured["encoder"]["name"] == NAME else None
    return "not measured" if value is None else f"{value:.1f}" if value > 1 else f"{value:.3f}"
