"""Makes the tiny encoders of this folder and their reference vectors, with PyTorch and transformers.

    python tests/cases/encoders/make.py        (torch, transformers, tokenizers, safetensors)

Four networks with random weights, in the layouts such models are published in:

- `bert-wordpiece`: BERT with a WordPiece tokenizer, CLS pooling, a sentence-transformers folder with prompts; names prefixed `bert.`, pooler present.
  `model.int8.safetensors` holds the same weights with every 2-D tensor as int8 and one factor per row (`NAME.scale`); so does, in PyTorch's
  own form, `pytorch_model.bin` beside the folders.
- `xlmr-unigram`: XLM-RoBERTa (positions start behind the padding token) with a Unigram tokenizer, mean pooling, no
  sentence-transformers files; names prefixed `roberta.`, no pooler.
- `new-unigram`: `new`, the architecture of gte's multilingual encoders (positions as turns with NTK scaling, gated layers), with the
  Unigram tokenizer, CLS pooling; names prefixed `new.`, a classifier present. transformers has no such class (its code is published
  beside those encoders), so the network is written out below, from their configuration and the tensors' names and shapes.
- `qwen3-bpe`: Qwen3 (a decoder; two heads of queries to one of keys, heads wider than `hidden_size` divided by their number) with a
  byte-level BPE tokenizer that puts an end token behind a text, last-token pooling, a sentence-transformers folder with an instruction
  before queries; names without prefix.

The references are computed the way transformers does it, with padding and an attention mask; the program computes them without padding.
"""

import json
import shutil
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import nn
from torch.nn import functional
from transformers import BertConfig, BertModel, Qwen3Config, Qwen3Model, XLMRobertaConfig, XLMRobertaModel

HERE = Path(__file__).parent
WORDS = "where is my parcel order refund the a for how long does shipping take can i return it please help size blue query passage".split()
HAN = "我的快递到哪了退款怎么申请多久可以货发请问这个订单什么时候运费谁出"
TEXTS = [
    "where is my parcel?",
    "how long does shipping take",
    "我的快递到哪了?",
    "退款怎么申请，多久可以到",
    "Refund please! 请问 order 12 什么时候发货",
    "",
    "unknown wörds 鑫 and 😀 signs",
    "can i return it? " * 12,
]


def bert_tokenizer():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *HAN, *"?!,.，:0123456789abcdefghijklmnopqrstuvwxyz"]
    pieces += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[(mark, vocabulary[mark]) for mark in ["[CLS]", "[SEP]"]]
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def unigram_tokenizer():
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0)]
    pieces += [(f"▁{word}", -4.0 - 0.01 * rank) for rank, word in enumerate(WORDS)]
    pieces += [("快递", -5.0), ("退款", -5.1), ("什么时候", -5.2), ("可以", -5.3)]
    pieces += [(character, -6.0 - 0.01 * rank) for rank, character in enumerate(dict.fromkeys(HAN + "?!,.:0123456789abcdefghijklmnopqrstuvwxyz"))]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return tokenizer


def bpe_tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("i", "s"), ("Ġ", "r"), ("Ġr", "e"), ("ä", "»"), ("ä»", "Ģ")]
    pieces = [*alphabet, *("".join(merge) for merge in merges)]
    tokenizer = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    end = [("<|endoftext|>", tokenizer.token_to_id("<|endoftext|>"))]
    template = processors.TemplateProcessing(single="$A <|endoftext|>", pair="$A <|endoftext|> $B:1 <|endoftext|>:1", special_tokens=end)
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return tokenizer


class NewLayer(nn.Module):
    """A layer of `new`: attention with turned queries and keys, then up × gelu(gate); a norm behind each sum."""

    def __init__(self, hidden, heads, wide, epsilon):
        super().__init__()
        self.heads = heads
        self.attention = nn.ModuleDict({"qkv_proj": nn.Linear(hidden, 3 * hidden), "o_proj": nn.Linear(hidden, hidden)})
        self.mlp = nn.ModuleDict({"up_gate_proj": nn.Linear(hidden, 2 * wide, bias=False), "down_proj": nn.Linear(wide, hidden)})
        self.attn_ln = nn.LayerNorm(hidden, epsilon)
        self.mlp_ln = nn.LayerNorm(hidden, epsilon)

    def forward(self, states, turns, hidden_tokens):
        rows, length, hidden = states.shape
        split = self.attention["qkv_proj"](states).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = turned(split[0], turns), turned(split[1], turns), split[2]
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        scores = scores.masked_fill(hidden_tokens[:, None, None], float("-inf"))
        context = (scores.softmax(-1) @ value).transpose(1, 2).reshape(rows, length, hidden)
        states = self.attn_ln(states + self.attention["o_proj"](context))
        up, gate = self.mlp["up_gate_proj"](states).chunk(2, -1)
        return self.mlp_ln(states + self.mlp["down_proj"](up * functional.gelu(gate)))


class New(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        words = nn.Embedding(config["vocab_size"], hidden)
        types = nn.Embedding(config["type_vocab_size"], hidden)
        norm = nn.LayerNorm(hidden, config["layer_norm_eps"])
        self.embeddings = nn.ModuleDict({"word_embeddings": words, "token_type_embeddings": types, "LayerNorm": norm})
        layers = [NewLayer(hidden, heads, config["intermediate_size"], norm.eps) for _ in range(config["num_hidden_layers"])]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(layers)})
        # NTK scaling as gte has it: base times factor, and every speed divided by the factor's root of half the head's size.
        size, factor = hidden // heads, config["rope_scaling"]["factor"]
        self.speeds = (config["rope_theta"] * factor) ** (-torch.arange(0, size, 2) / size) / factor ** (2 / size)

    def forward(self, input_ids, attention_mask):
        states = self.embeddings["word_embeddings"](input_ids) + self.embeddings["token_type_embeddings"].weight[0]
        states = self.embeddings["LayerNorm"](states)
        turns = torch.outer(torch.arange(input_ids.shape[1], dtype=torch.float32), self.speeds)
        for layer in self.encoder["layer"]:
            states = layer(states, turns, attention_mask == 0)
        return SimpleNamespace(last_hidden_state=states)


def turned(heads, turns):
    left, right = heads.chunk(2, -1)
    cosine, sine = turns.cos(), turns.sin()
    return torch.cat([left * cosine - right * sine, right * cosine + left * sine], -1)


def randomise(network):
    """Weights large enough that attention, norms and biases all show in the result."""
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if name.endswith(("norm.weight", "Norm.weight", "_ln.weight")):
                tensor.uniform_(0.5, 1.5)
            else:
                tensor.normal_(0.0, 0.4 if tensor.dim() == 2 else 0.2)
    return network.eval()


def references(network, tokenizer, pad, pooling, prefix, limit):
    tokenizer.enable_truncation(limit)
    rows = [tokenizer.encode(prefix + text).ids for text in TEXTS]
    tokenizer.no_truncation()
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    with torch.no_grad():
        states = network(input_ids=ids, attention_mask=mask).last_hidden_state
    if pooling == "cls":
        vectors = states[:, 0]
    elif pooling == "last":
        vectors = states[torch.arange(len(rows)), mask.sum(1) - 1]
    else:
        vectors = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    vectors = torch.nn.functional.normalize(vectors, dim=1)
    for text, row, vector in zip(TEXTS, rows, vectors.tolist(), strict=True):
        yield {"text": text, "ids": row, "vector": [round(value, 8) for value in vector]}


def write(path, content):
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def weights(network, prefix):
    return {f"{prefix}{name}": tensor.detach().clone() for name, tensor in network.named_parameters()}


def quantised(tensors):
    """Every 2-D tensor as int8 with one factor per row, and the network's weights as they come back from it."""
    stored, restored = {}, {}
    for name, tensor in tensors.items():
        if tensor.dim() != 2:
            stored[name] = restored[name] = tensor
            continue
        scale = (tensor.abs().amax(1) / 127).clamp_min(1e-12)
        codes = torch.round(tensor / scale[:, None]).clamp(-127, 127).to(torch.int8)
        stored[name], stored[f"{name}.scale"] = codes, scale
        restored[name] = codes.to(torch.float32) * scale[:, None]
    return stored, restored


def folder(name, config, tokenizer):
    path = HERE / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "config.json").write_text(config, encoding="utf-8")
    tokenizer.save(str(path / "tokenizer.json"), pretty=False)
    return path


def sentence_transformers(path, pooling, prompts):
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [{"idx": i, "name": str(i), "path": where, "type": f"sentence_transformers.models.{kind}"} for i, (where, kind) in enumerate(kinds)]
    write(path / "modules.json", modules)
    (path / "1_Pooling").mkdir()
    write(path / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, **pooling, "include_prompt": True})
    write(path / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": None})


def bert():
    tokenizer = bert_tokenizer()
    sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, max_position_embeddings=32)
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), **sizes)
    network = randomise(BertModel(config, add_pooling_layer=True))
    path = folder("bert-wordpiece", config.to_json_string(use_diff=True), tokenizer)
    tensors = weights(network, "bert.")
    save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
    torch.save(OrderedDict(tensors), HERE / "pytorch_model.bin")
    prompts = {"query": "query: ", "passage": "passage: "}
    write_lines(path / "reference.jsonl", references(network, tokenizer, 0, "cls", prompts["query"], 24))

    stored, restored = quantised(tensors)
    save_file(stored, path / "model.int8.safetensors", metadata={"format": "pt"})
    network.load_state_dict({name.removeprefix("bert."): tensor for name, tensor in restored.items()})
    write_lines(path / "reference.int8.jsonl", references(network, tokenizer, 0, "cls", prompts["query"], 24))

    sentence_transformers(path, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, prompts)
    write(path / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False})


def xlmr():
    tokenizer = unigram_tokenizer()
    sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=34)
    special = dict(bos_token_id=0, pad_token_id=1, eos_token_id=2, type_vocab_size=1, layer_norm_eps=1e-5)
    config = XLMRobertaConfig(vocab_size=tokenizer.get_vocab_size(), **sizes, **special)
    network = randomise(XLMRobertaModel(config, add_pooling_layer=False))
    path = folder("xlmr-unigram", config.to_json_string(use_diff=True), tokenizer)
    save_file(weights(network, "roberta."), path / "model.safetensors", metadata={"format": "pt"})
    write_lines(path / "reference.jsonl", references(network, tokenizer, 1, "mean", "", 32))


def new():
    tokenizer = unigram_tokenizer()
    config = {
        "architectures": ["NewModel"],
        "hidden_act": "gelu",
        "hidden_size": 16,
        "intermediate_size": 24,
        "layer_norm_eps": 1e-12,
        "layer_norm_type": "layer_norm",
        "logn_attention_clip1": False,
        "logn_attention_scale": False,
        "max_position_embeddings": 48,
        "model_type": "new",
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "pack_qkv": True,
        "pad_token_id": 1,
        "position_embedding_type": "rope",
        "rope_scaling": {"factor": 8.0, "type": "ntk"},
        "rope_theta": 200,
        "type_vocab_size": 1,
        "vocab_size": tokenizer.get_vocab_size(),
    }
    network = randomise(New(config))
    path = folder("new-unigram", json.dumps(config, indent=2) + "\n", tokenizer)
    classifier = {"classifier.weight": torch.zeros(2, 16), "classifier.bias": torch.zeros(2)}
    save_file({**weights(network, "new."), **classifier}, path / "model.safetensors", metadata={"format": "pt"})
    write_lines(path / "reference.jsonl", references(network, tokenizer, 1, "cls", "", 48))


def qwen3():
    tokenizer = bpe_tokenizer()
    end = tokenizer.token_to_id("<|endoftext|>")
    sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8, intermediate_size=24)
    rest = dict(max_position_embeddings=160, rope_parameters={"rope_type": "default", "rope_theta": 500.0}, eos_token_id=end)
    config = Qwen3Config(vocab_size=tokenizer.get_vocab_size(), attn_implementation="eager", **sizes, **rest)
    network = randomise(Qwen3Model(config))
    # As published before transformers 5; `rope_parameters` is read as well (a test changes it back).
    published = config.to_dict()
    kept = ["model_type", "vocab_size", *sizes, "hidden_act", "max_position_embeddings", "rms_norm_eps", "attention_bias", "eos_token_id"]
    published = {**{key: published[key] for key in kept}, "rope_scaling": None, "rope_theta": 500, "use_sliding_window": False}
    path = folder("qwen3-bpe", json.dumps(published, indent=2) + "\n", tokenizer)
    save_file(weights(network, ""), path / "model.safetensors", metadata={"format": "pt"})
    prompts = {"query": "Instruct: find the answer\nQuery:", "document": ""}
    write_lines(path / "reference.jsonl", references(network, tokenizer, end, "last", prompts["query"], 160))
    sentence_transformers(path, {"pooling_mode_mean_tokens": False, "pooling_mode_lasttoken": True}, prompts)


if __name__ == "__main__":
    torch.manual_seed(7)
    torch.set_num_threads(1)
    bert()
    xlmr()
    new()
    qwen3()
