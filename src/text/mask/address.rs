//! Chinese street addresses, from the province down to the door, or any part of one that leads to a door.
//!
//! Every address is found from an anchor that is hard to write by accident (a street with a house number, an estate with a
//! building, a building with a room, two levels of administration with a street), then widened to the left up to a word that
//! cannot be part of a place, and to the right over house parts. A bare province, city or district stays: it is how customers
//! ask about delivery areas.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::lexicon;
use super::view::{BLOT, Hit, View, char_after, char_before};
use super::{MaskKind, phones, scan};
use crate::text::language::is_chinese;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// A house, building or room number.
const NUMBER: &str = r"(?:[A-Za-z]?\d{1,5}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十百零〇]{1,4}|[东西南北甲乙丙丁])";
/// What a number in an address counts.
const UNIT: &str = "(?:号楼|塔|号院|号门|号铺|号库|号|栋|幢|座|单元|室|楼|层|户|房间|房|支弄|弄|组|商铺|铺|门|区|期|队|#楼|#)";
/// Units that occur in addresses only.
const SURE_UNIT: &str = "(?:号楼|号院|栋|幢|座|单元|室|支弄)";
/// Endings of the names of estates and buildings.
const ESTATE: &str = concat!(
    "(?:小区|花园|公寓|大厦|新村|家属院|宿舍楼?|家园|别墅|写字楼|产业园|工业园区?|科技园|创业园|软件园|大楼|大院|社区|花苑|名苑|雅苑|嘉苑|佳苑|广场|大学|学院|校区|中学|小学|医院|酒店|宾馆|饭店",
    "|公馆|华庭|豪庭|名邸|山庄|商贸城|万达|国际|中心|[苑府湾庭园郡居轩阁邸城里坊寓])"
);
const STRONG_ESTATE: &str = concat!(
    "(?:小区|花园|公寓|大厦|新村|家属院|宿舍楼?|家园|别墅|写字楼|产业园|工业园区?|科技园|创业园|软件园|大楼|大院|社区|花苑|名苑|雅苑|嘉苑|佳苑|大学|学院|校区|中学|小学|酒店|宾馆|饭店",
    "|公馆|华庭|豪庭|名邸|山庄|商贸城)"
);

/// Words that end what comes before an address; an address starts behind the last of them.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        "更改成|更改|送货到|发货到|配送到|快递到|邮寄到|寄送到|改成|改为|换成|换到|改到|更改为|变更为|修改为|更新为|地址|住址|位于|住在|家住|家在|我家|他家|她家|我们|你们|他们|现在|在于|麻烦|帮忙|上门|安装|维修|配送|派送|快递",
        "|派件|安排|师傅|确认|填写|写的|应该|就是|可以|收货|收件|签收|发到|发往|发给|发至|送至|寄至|寄往|寄回|退回|退货|发货|取件|地点|门店|新的|旧的|原来|之前|去年|今天|明天|后天|搬到|搬家|房子|小店|公司在|单位在|目的地|到达|前往",
        "|出发|接我|订单|包裹|东西|客户|电话|姓名|联系|还是|或者|但是|因为|所以|如果|然后|具体|详细|正确|错误|写成|写错|需要|想要|您好|你好|请问|谢谢",
        "|一下|[看是在到去往住址我你您他她们请的了就从寄送收给叫让把将跟帮找来吗呢吧啊哦嗯亲]"
    ))
});

/// Where a cut word is part of a place name after all.
const NOT_A_CUT: &[&str] = &[
    "从化",
    "从江",
    "来宾",
    "来安",
    "来凤",
    "去学",
    "收费",
    "的士",
    "找王",
    "将军",
    "将乐",
    "送变电",
    "让胡路",
    "住建",
    "把什",
    "东西湖",
    "了望",
    "看丹",
];

/// Ordinary words that end like a street.
const NO_STREET: &[&str] = &[
    "线路",
    "道路",
    "铁路",
    "走路",
    "上路",
    "马路",
    "思路",
    "电路",
    "网路",
    "短路",
    "迷路",
    "一路",
    "半路",
    "过路",
    "问路",
    "修路",
    "高速路",
    "气路",
    "回路",
    "通路",
    "出路",
    "公路",
    "知道",
    "报道",
    "渠道",
    "通道",
    "频道",
    "味道",
    "街道",
    "轨道",
    "管道",
    "赛道",
    "人行道",
    "下水道",
    "车道",
    "隧道",
    "打交道",
    "逛街",
    "上街",
    "这里",
    "那里",
    "哪里",
    "家里",
    "公里",
    "心里",
    "手里",
    "店里",
    "城里",
    "包里",
    "盒里",
    "箱里",
    "单里",
    "夜里",
    "群里",
    "农村",
    "乡村",
    "城镇",
    "村庄",
    "怎么弄",
    "不弄",
    "弄弄",
    "阶段",
    "时段",
    "手段",
    "片段",
    "一段",
    "号段",
    "网段",
    "字段",
    "耳环",
    "循环",
    "一环",
    "手环",
    "圆环",
    "花环",
    "游戏里",
    "卡里",
    "柜里",
    "车里",
    "图里",
    "表里",
];

static STREET: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<street>大道|大街|国道|省道|公路|胡同|社区|[路街巷弄道里村庄屯乡镇营坊桥浦湾段环])(?P<gap> ?)(?P<number>[东西南北中甲乙丙丁]?(?:\d{{1,5}}[A-Za-z]?|[一二三四五六七八九十百零〇]{{1,5}})(?:[-/之]\d{{1,4}}){{0,3}})(?P<unit>{UNIT})?"
    ))
});

static ESTATE_UNIT: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<estate>{ESTATE})(?:[ ,，]?|[东西南北中]区|[一二三四五六]期|\d期)(?P<unit>第?{NUMBER}(?:-\d{{1,4}})*{UNIT}|[A-Za-z]?\d{{1,3}}(?:-[A-Za-z]?\d{{1,4}}){{1,3}}|[A-Za-z]\d?-\d{{3,4}})"
    ))
});

static BUILDING_ROOM: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"{NUMBER}(?:号楼|号院|栋|幢|座|单元)[ ,，-]?(?:(?:{NUMBER}(?:单元|座|栋|梯)[ ,，-]?)?(?:\d{{1,5}}(?:室|户|房)|\d{{3,4}}[A-Za-z]?)|{NUMBER}单元)|\d{{1,5}}号\d{{3,4}}室|{NUMBER}单元\d{{1,4}}"
    ))
});

static DISTRICT_STREET: LazyLock<Regex> =
    LazyLock::new(|| regex("(?:大道|大街|胡同|街道|[路街巷镇乡村]|小区|花园|公寓|大厦|新村|家园|别墅|社区)"));

static NEXT_UNIT: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"^(?:[ -]?第?{NUMBER}(?:-\d{{1,4}})*{UNIT}|[,，、] ?第?{NUMBER}{SURE_UNIT})")));
static NEXT_ESTATE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^[ ,，(]?[\p{{Han}}A-Za-z·]{{0,12}}?(?:{STRONG_ESTATE}\)?|(?P<weak>[\p{{Han}}A-Za-z·](?:广场|医院|万达|国际|中心|[苑府湾庭园郡居轩阁邸城坊寓])\)?))"
    ))
});
static NEXT_STRONG_ESTATE: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"^[ ,，(]?[\p{{Han}}A-Za-z·]{{0,12}}?{STRONG_ESTATE}\)?")));
static NEXT_ROOM: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:[ -]?[A-Za-z]?\d{1,2}(?:-[A-Za-z]?\d{1,2})?-\d{3,4}|[ -]?[A-Za-z]?\d{3,5}[A-Za-z]?|[-#]\d{1,5})(?:-\d{1,5}){0,3}(?:室|房|户)?",
    )
});

/// Finds addresses by their anchors.
pub(super) fn chinese(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&STREET, text, |captures| {
        let street = captures.name("street")?;
        let number = captures.name("number")?;
        let unit = captures.name("unit").map_or("", |unit| unit.as_str());
        let start = left_end(text, street.start());
        let name = &text[start..street.start()];
        let whole = &text[start..street.end()];
        if name.is_empty() || NO_STREET.iter().any(|word| whole.ends_with(word)) {
            return None;
        }
        let end = captures.get(0)?.end();
        let strong = matches!(street.as_str(), "大道" | "大街" | "胡同" | "路" | "街" | "巷" | "国道" | "省道" | "公路");
        let has_admin = admin_levels(name) > 0;
        if !strong {
            let named = name.chars().count() >= 2 || has_admin;
            if !named
                || !matches!(unit, "号" | "组" | "队" | "弄" | "号楼" | "栋" | "幢" | "号院" | "室")
                || (unit == "号" && reads_as_date(text, end) && !has_admin)
            {
                return None;
            }
        }
        if unit.is_empty() {
            let next = char_after(text, end);
            let complete = !next.is_ascii_alphanumeric() && (!is_chinese(next) || right_end(text, end) > end);
            let figures = number.as_str().bytes().filter(u8::is_ascii_digit).count();
            if !strong
                || !complete
                || phones::followed_by_unit(text, end)
                || figures == 0
                || (figures == 1 && !number.as_str().contains('-'))
            {
                return None;
            }
        }
        Some((start..right_end(text, end), MaskKind::Address))
    });
    hits.extend(scan(&ESTATE_UNIT, text, |captures| {
        let estate = captures.name("estate")?;
        let unit = captures.name("unit")?;
        let start = left_end(text, estate.start());
        let name = &text[start..estate.start()];
        let end = right_end(text, unit.end());
        let strong = is_strong_estate(estate.as_str());
        let sure = SURE_UNITS.iter().any(|sure| text[unit.start()..end].contains(sure)) || unit.as_str().contains('-');
        let office =
            ["服务", "客服", "售后", "维修", "物流", "配送", "数据", "个人", "会员", "商", "官方"].iter().any(|word| name.ends_with(word));
        let date = unit.as_str().ends_with('号') && reads_as_date(text, unit.end());
        if name.is_empty()
            || (office && !strong)
            || date
            || !(sure || (strong && !unit.as_str().ends_with(['区', '期', '门', '楼', '层', '组', '队'])))
        {
            return None;
        }
        if unit.as_str().contains('-') && !strong && char_after(text, unit.end()).is_ascii_alphanumeric() {
            return None;
        }
        Some((start..end, MaskKind::Address))
    }));
    hits.extend(scan(&BUILDING_ROOM, text, |captures| {
        let found = captures.get(0)?;
        let before = char_before(text, found.start());
        let after = char_after(text, found.end());
        if before.is_ascii_alphanumeric() || before == '.' || after.is_ascii_alphanumeric() || phones::followed_by_unit(text, found.end()) {
            return None;
        }
        let start = if is_chinese(before) && !BEFORE.is_match(&before.to_string()) { left_end(text, found.start()) } else { found.start() };
        let start = if has_place_ending(&text[start..found.start()]) { start } else { found.start() };
        Some((start..right_end(text, found.end()), MaskKind::Address))
    }));
    hits.extend(scan(&DISTRICT_STREET, text, |captures| {
        let found = captures.get(0)?;
        let start = left_end(text, found.start());
        let whole = &text[start..found.end()];
        let name = &text[start..found.start()];
        let own_level = usize::from(matches!(found.as_str(), "镇" | "乡" | "街道" | "村"));
        let last_admin = name.rfind(['省', '市', '区', '县', '镇', '乡', '州']).map_or(0, |at| at + 3);
        let street_name = name[last_admin..].trim_start_matches([' ', ',', '，']).chars().count();
        let levels = admin_levels(name);
        let fits = levels >= 2 + own_level && (1..=10).contains(&street_name) && !NO_STREET.iter().any(|word| whole.ends_with(word));
        fits.then(|| (start..right_end(text, found.end()), MaskKind::Address))
    }));
    hits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    hits
}

const SURE_UNITS: &[&str] = &["#", "号楼", "号院", "栋", "幢", "座", "单元", "室"];

fn is_strong_estate(estate: &str) -> bool {
    static STRONG: LazyLock<Regex> = LazyLock::new(|| regex(&format!("^{STRONG_ESTATE}$")));
    STRONG.is_match(estate)
}

fn has_place_ending(name: &str) -> bool {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| regex(&format!("(?:{ESTATE}|[路街巷弄号区期])$")));
    PLACE.is_match(name)
}

/// Whether "5号" at this place is a day of the month: what follows speaks of time, or it stands after a month.
fn reads_as_date(text: &str, end: usize) -> bool {
    const AFTER_A_DAY: &[char] = &[
        '到', '发', '前', '后', '之', '左', '右', '下', '上', '早', '晚', '中', '送', '能', '可', '有', '的', '就', '开', '收', '还', '付',
        '买', '拍', '才', '了', '去', '来', '吗', '会', '要', '是', '那',
    ];
    AFTER_A_DAY.contains(&char_after(text, end))
}

/// How far an address may reach to the left of its anchor, in characters.
const WIDEST: usize = 40;

/// Where the place name that ends at `anchor` starts.
fn left_end(text: &str, anchor: usize) -> usize {
    let mut start = anchor;
    let mut taken = 0;
    let mut chars = text[..anchor].char_indices().rev().peekable();
    while let Some((at, c)) = chars.next() {
        let place_char = is_chinese(c) || c == '·';
        let before = chars.peek().map_or('\n', |(_, before)| *before);
        let joins =
            matches!(c, ' ' | ',' | '，' | '/' | '-') && taken > 0 && (ends_admin_level(before) || lexicon::ends_with_place(&text[..at]));
        let numbered_street = c.is_ascii_digit() && taken == 0 && is_chinese(before);
        if !(place_char || joins || numbered_street) || taken == WIDEST {
            break;
        }
        start = at;
        taken += 1;
    }
    let stretch = &text[start..anchor];
    let mut cut = 0;
    for found in BEFORE.find_iter(stretch) {
        let kept =
            NOT_A_CUT.iter().any(|word| stretch.match_indices(word).any(|(at, _)| at <= found.start() && found.end() <= at + word.len()));
        if !kept {
            cut = found.end();
        }
    }
    let name = &stretch[cut..];
    anchor - name.trim_start_matches([' ', ',', '，', '/', '-', '·']).len()
}

fn ends_admin_level(c: char) -> bool {
    matches!(c, '省' | '市' | '区' | '县' | '镇' | '乡' | '州' | '盟' | '旗' | '道' | '村' | '路' | '街')
}

/// How many levels of administration a place name names, written out (杭州市) or as a known name (浙江).
fn admin_levels(name: &str) -> usize {
    static SUFFIX: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\p{Han}(?:自治区|自治州|自治县|特别行政区|新区|街道|地区|[省市区县镇乡旗盟])"));
    let written = SUFFIX.find_iter(name).filter(|found| !found.as_str().starts_with(['小', '社', '园', '校', '山', '厂'])).count();
    written + lexicon::places_without_suffix(name)
}

/// Where an address that is sure up to `end` really ends.
fn right_end(text: &str, mut end: usize) -> usize {
    let limit = (end + 200).min(text.len());
    while end < limit {
        let rest = &text[end..];
        let next = NEXT_UNIT
            .find(rest)
            .filter(|found| {
                let date = found.as_str().starts_with(' ') && found.as_str().ends_with('号') && reads_as_date(rest, found.end());
                !(date || unit_is_a_word(rest, found.range()))
            })
            .or_else(|| next_estate(rest))
            .or_else(|| NEXT_ROOM.find(rest).filter(|found| is_room(rest, found.range(), text, end)));
        match next {
            Some(found) => end += found.end(),
            None => break,
        }
    }
    end
}

/// An estate or building named behind a house number; one with an everyday ending must lead on to a number or end there.
fn next_estate(rest: &str) -> Option<regex::Match<'_>> {
    let captures = NEXT_ESTATE.captures(rest)?;
    let found = captures.get(0)?;
    let after = char_after(rest, found.end());
    let unsure = captures.name("weak").is_some() && is_chinese(after);
    let found = if unsure { NEXT_STRONG_ESTATE.find(rest)? } else { found };
    is_place_name(found.as_str()).then_some(found)
}

/// "3门课", "2层包装", "1楼上": a counting word, not a part of the address.
fn unit_is_a_word(rest: &str, range: Range<usize>) -> bool {
    let unit = rest[range.clone()].chars().next_back().unwrap_or(' ');
    let loose = matches!(unit, '门' | '层' | '区' | '期' | '队' | '组' | '户' | '房');
    let spelled_out = !rest[range.clone()].contains(|c: char| c.is_ascii_alphanumeric());
    loose && rest[..range.end].starts_with(' ') || loose && spelled_out && is_chinese(char_after(rest, range.end))
}

fn is_place_name(found: &str) -> bool {
    !BEFORE.is_match(found) && !found.contains(['有', '不', '没', '要', '和', '都', '很', '还', '再', '已', '能', '会', '说', '看'])
}

fn is_room(rest: &str, range: Range<usize>, text: &str, end: usize) -> bool {
    let after = char_after(rest, range.end);
    let behind_building = char_before(text, end) != '号' || rest.starts_with('-');
    let apart = rest.starts_with(' ');
    !after.is_ascii_alphanumeric()
        && !phones::followed_by_unit(rest, range.end)
        && !matches!(after, '.' | '点' | '时' | '/' | ':' | '-' | '分' | '次' | '盒' | '包' | '瓶' | '路')
        && (behind_building || !apart)
}

static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:收货地址|收件地址|寄送地址|送货地址|配送地址|家庭地址|联系地址|详细地址|安装地址|上门地址|通讯地址|邮寄地址|服务地址|新地址|地址|住址|户籍|家住)",
        r"[ ]?(?:是|为|:|改成|改为|换成|变更为|更新为|=|-|在)+[ ]?(?P<value>[^\n。；;！!？?\x01，,]{4,60})"
    ))
});

/// Finds what stands behind a word for address and looks like a place, even without a house number.
pub(super) fn labelled(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&LABELLED, text, |captures| {
        let value = captures.name("value")?;
        let mut place = value.as_str().trim_end();
        if let Some((head, tail)) = place.rsplit_once(' ')
            && lexicon::looks_like_full_name(tail)
        {
            place = head.trim_end();
        }
        let fine = place
            .contains(['区', '县', '镇', '乡', '村', '路', '街', '巷', '弄', '栋', '幢', '座', '室', '苑', '园', '厦', '寓', '院', '旗'])
            || (place.contains(['城', '府', '湾', '庭']) && place.contains(|c: char| c.is_ascii_digit()));
        let talk = [
            "吗", "么", "哪", "可以", "错", "修改", "怎", "填", "需要", "请", "谢谢", "能", "什", "不", "我的", "查看", "点击", "设置",
            "页面", "管理",
        ];
        let chinese = place.chars().filter(|c| is_chinese(*c)).count();
        (fine && chinese >= 3 && place.chars().count() >= 4 && !talk.iter().any(|word| place.contains(word)) && !place.contains(BLOT))
            .then(|| (value.start()..value.start() + place.len(), MaskKind::Address))
    })
}
