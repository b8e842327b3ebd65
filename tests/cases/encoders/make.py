"""Makes the tiny encoders of this folder and their reference vectors, with PyTorch and transformers.

    python tests/cases/encoders/make.py        (torch, transformers, tokenizers, safetensors)

Two networks with random weights, in the layouts such models are published in:

- `bert-wordpiece`: BERT with a WordPiece tokenizer, CLS pooling, a sentence-transformers folder with prompts; names prefixed `bert.`, pooler present.
  `model.int8.safetensors` holds the same weights with every 2-D tensor as int8 and one factor per row (`NAME.scale`).
- `xlmr-unigram`: XLM-RoBERTa (positions start behind the padding token) with a Unigram tokenizer, mean pooling, no
  sentence-transformers files; names prefixed `roberta.`, no pooler.

The references are computed the way transformers does it, with padding and an attention mask; the program computes them without padding.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

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


def randomise(network):
    """Weights large enough that attention, norms and biases all show in the result."""
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if name.endswith("LayerNorm.weight"):
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
    (path / "config.json").write_text(config.to_json_string(use_diff=True), encoding="utf-8")
    tokenizer.save(str(path / "tokenizer.json"), pretty=False)
    return path


def bert():
    tokenizer = bert_tokenizer()
    sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, max_position_embeddings=32)
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), **sizes)
    network = randomise(BertModel(config, add_pooling_layer=True))
    path = folder("bert-wordpiece", config, tokenizer)
    tensors = weights(network, "bert.")
    save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
    prompts = {"query": "query: ", "passage": "passage: "}
    write_lines(path / "reference.jsonl", references(network, tokenizer, 0, "cls", prompts["query"], 24))

    stored, restored = quantised(tensors)
    save_file(stored, path / "model.int8.safetensors", metadata={"format": "pt"})
    network.load_state_dict({name.removeprefix("bert."): tensor for name, tensor in restored.items()})
    write_lines(path / "reference.int8.jsonl", references(network, tokenizer, 0, "cls", prompts["query"], 24))

    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [{"idx": i, "name": str(i), "path": where, "type": f"sentence_transformers.models.{kind}"} for i, (where, kind) in enumerate(kinds)]
    write(path / "modules.json", modules)
    (path / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 16, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False, "include_prompt": True}
    write(path / "1_Pooling" / "config.json", pooling)
    write(path / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False})
    write(path / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": None})


def xlmr():
    tokenizer = unigram_tokenizer()
    sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=34)
    special = dict(bos_token_id=0, pad_token_id=1, eos_token_id=2, type_vocab_size=1, layer_norm_eps=1e-5)
    config = XLMRobertaConfig(vocab_size=tokenizer.get_vocab_size(), **sizes, **special)
    network = randomise(XLMRobertaModel(config, add_pooling_layer=False))
    path = folder("xlmr-unigram", config, tokenizer)
    save_file(weights(network, "roberta."), path / "model.safetensors", metadata={"format": "pt"})
    write_lines(path / "reference.jsonl", references(network, tokenizer, 1, "mean", "", 32))


if __name__ == "__main__":
    torch.manual_seed(7)
    torch.set_num_threads(1)
    bert()
    xlmr()
