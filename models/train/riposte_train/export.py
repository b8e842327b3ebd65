"""Step 8: the folder that the program loads: 8-bit weights, tokenizer, config, reference vectors, manifest; and the f32 weights beside it.

Matrices are stored as one signed byte per weight and one f32 factor per row (symmetric, the row's largest magnitude at 127) under the
name `<tensor>.scale`; vectors (biases, norms) as f16, and so the tables of positions and types: every token's error would bear theirs, and
they are small.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from . import model
from .model import from_bert
from .recipe import Run, prepare
from .text import intents
from .vocabulary import Vocabulary

NAME = "riposte-zh-en"
# Tokens the program lets a text have, special ones included.
MAX_TOKENS = 256
EXACT_TABLES = ("embeddings.position_embeddings.", "embeddings.token_type_embeddings.")
# Edge cases of the reference vectors; the rest are drawn from the training text.
EDGES = ["", " ", "?", "😀", "退款", "ok", "ＡＢＣ１２３", "a" * 160, "[ORDER_NO]", "[PHONE]是我的手机号", "Où est ma commande ?", "怎么\n提前\t还款", "“引号”——破折号……", "3.5折12:30"]
SOURCES = [
    {"name": "sentence-transformers/all-MiniLM-L6-v2", "licence": "Apache-2.0", "role": "starting weights and teacher"},
    {
        "name": "Chinese-English sentence pairs of public documentation, user interfaces and Tatoeba",
        "licence": "Apache-2.0, MIT, BSD-3-Clause, CC0-1.0, CC-BY-4.0, CC-BY-2.0-FR, MPL-2.0",
        "role": "distillation",
    },
    {"name": "groups of customers' questions and answers written for this project", "licence": "Apache-2.0", "role": "contrastive training"},
]


def build(run: Run) -> None:
    """Writes export/ (the shipped folder) and export-f32/ (the same network before quantisation) in the work folder."""
    prepare(run)
    exact = centred(run, load_file(run.path("contrast.safetensors")))
    shipped = quantised(exact)
    write(run, run.path("export"), shipped, dequantised(shipped), NAME)
    write(run, run.path("export-f32"), exact, exact, f"{NAME}-f32")


def centred(run: Run, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Takes part of the mean vector of customers' texts off every vector, by way of the last bias: unlike texts get lower cosines.

    Contrastive training inside trades leaves all vectors with a large common part. Order of neighbours hardly changes, but thresholds on cosines
    need room (after Mu and Viswanath 2018).
    """
    share = run.recipe["export"]["centre_share"]
    sample = [text for intent in intents(run)[::2] for text in (intent.zh[0], intent.en[0], intent.answers_zh[0])]
    mean = from_bert(tensors).pooled(Vocabulary.load(run).encode(sample)).mean(0)
    bias = f"encoder.layer.{model.LAYERS - 1}.output.LayerNorm.bias"
    return {**tensors, bias: tensors[bias] - share * mean}


def quantised(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Matrices as int8 with a factor per row, vectors and small tables as f16."""
    found: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        if tensor.dim() == 2 and not name.startswith(EXACT_TABLES):
            scale = (tensor.abs().amax(1) / 127).clamp(min=1e-12)
            found[name] = (tensor / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
            found[f"{name}.scale"] = scale.float()
        else:
            found[name] = tensor.half()
    return found


def dequantised(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What the program computes with."""
    return {
        name: tensor.float() * tensors[f"{name}.scale"][:, None] if tensor.dtype == torch.int8 else tensor.float()
        for name, tensor in tensors.items()
        if not name.endswith(".scale")
    }


def write(run: Run, folder: Path, stored: dict[str, torch.Tensor], computed: dict[str, torch.Tensor], name: str) -> None:
    """Writes one model folder."""
    folder.mkdir(exist_ok=True)
    shutil.copyfile(run.path("tokenizer.json"), folder / "tokenizer.json")
    vocabulary = Vocabulary.load(run)
    save_file({key: tensor.contiguous() for key, tensor in stored.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(_config(len(vocabulary)), indent=1), encoding="utf-8")
    _references(run, folder, vocabulary, computed)
    files = {"weights": "model.safetensors", "tokenizer": "tokenizer.json", "config": "config.json"}
    manifest = {
        "name": name,
        "architecture": "bert",
        "pooling": "mean",
        "normalise": True,
        "max_tokens": MAX_TOKENS,
        "dimension": model.HIDDEN,
        "query_prefix": "",
        "passage_prefix": "",
        "fold_to_simplified": True,
        "files": {kind: {"path": file, "sha256": hashlib.sha256((folder / file).read_bytes()).hexdigest()} for kind, file in files.items()},
        "licence": "Apache-2.0",
        "sources": SOURCES,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{folder}: {(folder / 'model.safetensors').stat().st_size:,} bytes of weights", flush=True)


def _references(run: Run, folder: Path, vocabulary: Vocabulary, computed: dict[str, torch.Tensor]) -> None:
    encoder = from_bert(computed)
    # Ours alone: no text of others is stored beside the weights.
    groups = intents(run)
    texts = EDGES + [group.zh[0] for group in groups[:: len(groups) // 30]][:30] + [group.en[-1] for group in groups[:: len(groups) // 20]][:20]
    vocabulary.tokenizer.no_truncation()
    vocabulary.tokenizer.enable_truncation(MAX_TOKENS)
    rows = vocabulary.encode(texts)
    with (folder / "reference.jsonl").open("w", encoding="utf-8") as lines:
        for text, ids in zip(texts, rows):
            vector = [round(value, 8) for value in encoder.encode([ids])[0].tolist()]
            lines.write(json.dumps({"text": text, "ids": ids, "vector": vector}, ensure_ascii=False) + "\n")


def _config(vocabulary: int) -> dict:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": vocabulary,
        "hidden_size": model.HIDDEN,
        "num_hidden_layers": model.LAYERS,
        "num_attention_heads": model.HEADS,
        "intermediate_size": model.INNER,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": model.POSITIONS,
        "type_vocab_size": 2,
        "layer_norm_eps": model.EPSILON,
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
    }
