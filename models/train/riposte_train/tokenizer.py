"""Step 1: a Unigram tokenizer for Chinese and English.

English pieces are the teacher's WordPiece units, so that their rows can be copied: a word-initial unit is marked with U+2581, a
continuation is not. Chinese pieces are the frequent words of the training text (cut by jieba) and the frequent characters; runs of Han
characters bear no mark, so that a word is one piece wherever it stands.
"""

from __future__ import annotations

import collections
import json
import logging
import math

from .recipe import Run
from .text import HAN, headings, intents, pairs

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MARK = "\u2581"
# What masking leaves in place of personal data, one piece each, and the words whose rows it starts from.
PLACEHOLDERS = {
    "[PHONE]": "phone number",
    "[ID_CARD]": "identity card number",
    "[BANK_CARD]": "bank card number",
    "[CARD]": "card number",
    "[EMAIL]": "email address",
    "[ORDER_NO]": "order number",
    "[PASSPORT]": "passport number",
    "[ACCOUNT]": "account number",
    "[PLATE]": "car plate number",
    "[ADDRESS]": "address",
    "[NAME]": "name",
    "[URL]": "link",
    "[AMOUNT]": "amount",
    "[DATE]": "date",
}
HAN_CLASS = "[\\x{3400}-\\x{9fff}]"


def build(run: Run) -> None:
    """Writes tokenizer.json."""
    from .teacher import tokenizer as teacher_tokenizer

    numbers = run.recipe["tokenizer"]
    without = set(run.recipe["contrast"]["held_out"]["without"])
    groups = [intent for intent in intents(run, given_only=True) if intent.trade not in without]
    weight = numbers["authored_weight"]
    english = [(english, 1) for english, _ in pairs(run)]
    chinese = [(chinese, 1) for _, chinese in pairs(run)] + [(text, 1) for row in headings(run) for text in row]
    for intent in groups:
        english += [(text, weight) for text in intent.en + intent.answers_en]
        chinese += [(text, weight) for text in intent.zh + intent.answers_zh]
    pieces = dict(_english(teacher_tokenizer(), english, numbers["english_pieces"]))
    for piece, score in _chinese(chinese, numbers):
        pieces.setdefault(piece, score)
    # Placeholders are found before the model sees the text; the low score keeps them out of everything else.
    vocabulary = [[special, 0.0] for special in SPECIAL] + [[text, -100.0] for text in PLACEHOLDERS] + [[MARK, -12.0]]
    vocabulary += [[piece, score] for piece, score in pieces.items() if piece != MARK]
    run.path("tokenizer.json").write_text(json.dumps(_file(vocabulary), ensure_ascii=False), encoding="utf-8")
    print(f"tokenizer: {len(vocabulary)} pieces", flush=True)


def _english(teacher, texts, limit: int):
    """The teacher's most used units as (piece, log probability), and every single character it knows outside Han."""
    counts: collections.Counter[str] = collections.Counter()
    for start in range(0, len(texts), 4096):
        chunk = texts[start : start + 4096]
        for (_, weight), encoded in zip(chunk, teacher.encode_batch([text for text, _ in chunk], add_special_tokens=False)):
            for token in encoded.tokens:
                counts[token] += weight
    marked: collections.Counter[str] = collections.Counter()
    for token, count in counts.items():
        if not HAN.search(token) and token not in SPECIAL:
            marked[token[2:] if token.startswith("##") else MARK + token] += count
    for token in teacher.get_vocab():
        bare = token.removeprefix("##")
        if len(bare) == 1 and not HAN.search(bare) and ord(bare) < 0x3100:
            marked[bare if token.startswith("##") else MARK + bare] += 1
    return _scored(marked.most_common(limit))


def _chinese(texts, numbers):
    import jieba

    jieba.setLogLevel(logging.WARNING)
    words: collections.Counter[str] = collections.Counter()
    characters: collections.Counter[str] = collections.Counter()
    for text, weight in texts:
        for word in jieba.cut(text):
            if HAN.search(word) and all(HAN.match(character) for character in word):
                words[word] += weight
                for character in word:
                    characters[character] += weight
    # The common characters of GB 2312 (level one) stand in even where the text lacks them.
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                characters[bytes([high, low]).decode("gb2312")] += 1
            except UnicodeDecodeError:
                pass
    long = [(word, count) for word, count in words.most_common() if 1 < len(word) <= 4 and count >= 3][: numbers["chinese_words"]]
    # A character's own weight: where it stood alone, and a little of where it stood in words.
    single = [(character, words[character] + 0.02 * count) for character, count in characters.most_common(numbers["chinese_characters"])]
    return _scored(single + long)


def _scored(counted):
    total = sum(count for _, count in counted)
    return [(piece, math.log(count / total)) for piece, count in counted]


def _file(vocabulary) -> dict:
    special = [
        {"id": id, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for id, text in enumerate(SPECIAL)
    ] + [
        {"id": len(SPECIAL) + at, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
        for at, text in enumerate(PLACEHOLDERS)
    ]
    frame = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFKC"},
                {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": False, "strip_accents": True, "lowercase": True},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "BertPreTokenizer"},
                {"type": "Split", "pattern": {"Regex": HAN_CLASS + "+"}, "behavior": "Isolated", "invert": False},
                {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always", "split": False},
                {"type": "Split", "pattern": {"Regex": f"{MARK}(?={HAN_CLASS})"}, "behavior": "Removed", "invert": False},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": frame,
            "pair": frame + [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {text: {"id": text, "ids": [SPECIAL.index(text)], "tokens": [text]} for text in ("[CLS]", "[SEP]")},
        },
        "decoder": None,
        "model": {"type": "Unigram", "unk_id": 1, "vocab": vocabulary, "byte_fallback": False},
    }
