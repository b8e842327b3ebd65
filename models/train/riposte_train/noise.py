"""Noise as customers make it: greetings around the question, lost punctuation, slips by sound and shape, dropped characters."""

from __future__ import annotations

import random
import re

from .text import HAN

GREETINGS_ZH = ["你好", "您好", "在吗", "亲", "亲亲", "哈喽", "请问", "请问一下", "麻烦问一下", "客服你好", "人呢", "急急急", "想问下", "咨询一下", "那个", "hi"]
CLOSINGS_ZH = ["谢谢", "麻烦了", "急", "在线等", "怎么办啊", "求解答", "拜托", "谢了", "帮忙看看", "!!!", "??"]
GREETINGS_EN = ["hi", "hello", "hey", "hi there,", "good morning,", "excuse me,", "quick question:", "hi team,", "um", "please help,"]
CLOSINGS_EN = ["thanks", "thank you!", "please", "asap", "pls help", "cheers", "??", "!!", "thx", "any ideas?"]

# Characters that are mistaken for each other, by sound (most input is by pinyin or voice) or by shape; each group's members stand in for each other.
SLIPS = [
    "的地得", "在再", "做作坐座", "账帐仗", "那哪纳", "他她它", "买卖", "以已", "象像向", "帮邦", "吗嘛妈马", "呢那", "还换环", "款宽", "退推", "单但", "订定",
    "已己", "到道倒", "收手", "式试是事", "期其", "元员原源", "券卷劵", "密蜜", "码马", "验检", "证正", "绑帮", "卡咔", "号好", "查察", "询寻", "申身",
    "请情清", "钱前", "分份", "交叫", "费废", "付副负", "利力", "息吸", "提题", "现线", "额恶", "度渡", "充冲", "值直", "开凯", "通同", "功工公",
    "支之只", "转专", "户护", "消销", "注住", "激积", "活火", "快块", "递第", "发法", "货或", "物务", "流留", "包报", "裹果", "坏怀", "修休", "电店",
    "话画", "网往", "络落", "连联", "机及", "器气", "预于", "约月", "取去", "检捡", "改该", "签千", "票漂", "座坐", "位为", "时是", "间见", "长常",
    "几机", "多都", "少小", "什甚", "么吗", "怎咋", "样养", "没每", "有又", "不部", "能嫩", "可课", "会回",
]
_SLIP = {character: group.replace(character, "") for group in SLIPS for character in group}
_PUNCTUATION = re.compile(r"[,.!?;:、。，！？；：~…]+")
_PLACEHOLDER = re.compile(r"\[(ORDER_NO|PHONE|CARD|AMOUNT|DATE|NAME)\]")


def noisy(text: str, chance: random.Random) -> str:
    """The text, unchanged half of the time."""
    if chance.random() < 0.5:
        return text
    chinese = bool(HAN.search(text))
    if chance.random() < 0.35:
        text = _PLACEHOLDER.sub(lambda found: _value(found.group(1), chance), text)
    if chance.random() < 0.4:
        text = _PUNCTUATION.sub(" ", text).strip() or text
    if chance.random() < 0.3:
        text = _slip_zh(text, chance) if chinese else _slip_en(text, chance)
    if chance.random() < 0.25:
        text = f"{chance.choice(GREETINGS_ZH if chinese else GREETINGS_EN)}{chance.choice(['', ',', ' ']) if chinese else ' '}{text}"
    if chance.random() < 0.15:
        text = f"{text}{chance.choice(['', ',', ' ']) if chinese else ' '}{chance.choice(CLOSINGS_ZH if chinese else CLOSINGS_EN)}"
    return text


def _slip_zh(text: str, chance: random.Random) -> str:
    places = [place for place, character in enumerate(text) if character in _SLIP]
    if places and chance.random() < 0.7:
        place = chance.choice(places)
        return text[:place] + chance.choice(_SLIP[text[place]]) + text[place + 1 :]
    places = [place for place, character in enumerate(text) if HAN.match(character)]
    if len(places) < 5:
        return text
    place = chance.choice(places)
    return text[:place] + text[place + 1 :] if chance.random() < 0.6 else text[:place] + text[place] + text[place:]


def _slip_en(text: str, chance: random.Random) -> str:
    places = [place for place in range(1, len(text) - 1) if text[place].isalpha() and text[place + 1].isalpha()]
    if not places:
        return text
    place, kind = chance.choice(places), chance.random()
    if kind < 0.4:
        return text[:place] + text[place + 1 :]
    if kind < 0.8:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place] + text[place:]


def _value(kind: str, chance: random.Random) -> str:
    digits = lambda count: "".join(chance.choice("0123456789") for _ in range(count))  # noqa: E731
    return {
        "ORDER_NO": lambda: digits(chance.choice([8, 12, 16])),
        "PHONE": lambda: "1" + digits(10),
        "CARD": lambda: "6222" + digits(12),
        "AMOUNT": lambda: str(chance.choice([9.9, 15, 50, 99, 120, 300, 1000, 5000])),
        "DATE": lambda: f"{chance.randint(1, 12)}月{chance.randint(1, 28)}号",
        "NAME": lambda: chance.choice(["李先生", "王女士", "Tom", "小陈"]),
    }[kind]()
