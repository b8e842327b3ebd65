//! Chinese personal names: behind labels, in front of titles, beside telephone numbers and addresses.
//!
//! A surname alone proves nothing (高 is also "high"), so a name needs a label, a title or contact data next to it.

use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::{self, Surname};
use super::view::{BLOT, Hit, View, char_after, char_before};
use super::{MaskKind, people, scan};
use crate::text::language::is_chinese;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:(?P<field>收件人|收货人|收货方|签收人|代收人|取件人|提货人|下单人|推荐人|担保人|借款人|法定代表人|联系人|联络人|寄件人|发件人|收款人|付款人|姓名|名字|户主|户名|开户名|机主|车主|业主|持卡人|持证人|被保险人|投保人|受益人|投诉人|申请人|报名人|预订人|预约人|入住人|乘机人|乘客|旅客|患者|病人|就诊人|考生|学员|学生|孩子|家长|监护人|租客|租户|房东|房主|法人|登记人|使用人|办理人|绑定人|经办人|负责人|当事人|订货人|购买人|抬头|称呼|真名)",
        r"|(?P<told>我叫|名叫|名字叫|叫做|本名|全名|真名|他叫|她叫|儿子叫|女儿叫|孩子叫|老公叫|老婆叫|妈妈叫|爸爸叫|人叫|名字写|名字改成|改成|换成)|(?P<am>我是|本人是|本人|这边是|这里是|这是|是我)",
        r"|(?P<staff>客服|客服专员|专员|顾问|经理|工程师|管家|快递员|骑手|司机|配送员|店员|导购|技师|坐席|署名|您的|签名|落款|此致))",
        r"(?P<gap>[ ]?(?:姓名|名字)?[ ]?(?:是|为|叫|写|改成|改为|换成|:|-{1,2}|\()*[ ]?)"
    ))
});

/// Finds names behind words that introduce one.
pub(super) fn labelled(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&LABEL, text, |captures| {
        let found = captures.get(0)?;
        let start = found.end();
        let rest = &text[start..];
        let gap = captures.name("gap").map_or("", |gap| gap.as_str());
        let colon = gap.contains(':');
        let linked = colon || gap.contains(['是', '为', '叫', '写', '改', '换', '-']);
        if captures.name("field").is_some() {
            let trust = match (colon, linked) {
                (true, _) => Trust::Label,
                (false, true) => Trust::Running,
                // "业主包税": without a link only a surname that is nothing else will do.
                (false, false) => Trust::Bare,
            };
            let latin = || latin_name(rest).filter(|end| linked || rest[..*end].contains(' '));
            if let Some(name) = chinese_name(rest, trust).or_else(latin) {
                return Some((start..start + name, MaskKind::Name));
            }
            if colon && let Some(name) = any_name(rest) {
                return Some((start..start + name, MaskKind::Name));
            }
            return None;
        }
        if captures.name("told").is_some() {
            let strict = matches!(captures.name("told")?.as_str(), "改成" | "换成" | "人叫");
            let name = chinese_name(rest, if strict { Trust::Bare } else { Trust::Running })
                .or_else(|| if strict { None } else { latin_name(rest) })?;
            return Some((start..start + name, MaskKind::Name));
        }
        let trust = if colon { Trust::Running } else { Trust::Bare };
        let name = chinese_name(rest, trust).or_else(|| nickname(rest))?;
        Some((start..start + name, MaskKind::Name))
    });
    hits.extend(scan(&FAMILY_NAME, text, |captures| {
        let start = captures.get(0)?.end();
        let (length, _) = lexicon::surname(&text[start..])?;
        let end = start + text[start..].chars().take(length).map(char::len_utf8).sum::<usize>();
        (!is_chinese(char_after(text, end))).then_some((start..end, MaskKind::Name))
    }));
    hits.extend(signature(text));
    hits
}

/// How much the words in front of a possible name promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// A form field with a colon.
    Label,
    /// "My name is" and the like, in running text.
    Running,
    /// "I am", where a name is only one of many things to come.
    Bare,
}

/// Everyday characters that are common surnames all the same.
const LIKELY_WEAK: &[char] = &[
    '高', '何', '马', '金', '方', '白', '田', '杜', '康', '段', '汤', '施', '洪', '于', '钱', '万', '章', '季', '童', '颜', '岳', '毕',
    '瞿',
];

/// Whether a text starts with an everyday character that is a common surname all the same.
pub(super) fn is_likely_surname(text: &str) -> bool {
    text.starts_with(LIKELY_WEAK)
}

/// Length in bytes of the Chinese name a text starts with.
fn chinese_name(rest: &str, trust: Trust) -> Option<usize> {
    let (surname, strength) = lexicon::surname(rest)?;
    if lexicon::starts_with_no_name(rest) {
        return None;
    }
    let ends: Vec<usize> =
        rest.char_indices().take_while(|(_, c)| is_chinese(*c)).map(|(at, c)| at + c.len_utf8()).take(surname + 3).collect();
    if trust == Trust::Bare && strength == Surname::Weak && !rest.starts_with(LIKELY_WEAK) {
        return None;
    }
    // A border right behind two or one given characters settles it; then words that usually follow a name.
    for given in [2, 1] {
        let Some(end) = ends.get(surname + given - 1) else { continue };
        if ends.len() == surname + given && !rest[..*end].ends_with(lexicon::NOT_IN_GIVEN_NAMES) {
            return Some(*end);
        }
    }
    for given in [1, 2] {
        let Some(end) = ends.get(surname + given - 1) else { continue };
        let fits = lexicon::may_follow_name(&rest[*end..]) && !rest[..*end].ends_with(lexicon::NOT_IN_GIVEN_NAMES);
        if fits && (trust != Trust::Bare || strength == Surname::Strong) {
            return Some(*end);
        }
    }
    // "姓名王先生": the surname alone, before a title.
    if trust == Trust::Bare {
        return None;
    }
    let after_surname = ends.get(surname - 1)?;
    if TITLES.iter().any(|title| rest[*after_surname..].starts_with(title)) {
        return Some(*after_surname);
    }
    if trust == Trust::Label || strength == Surname::Strong {
        return ends
            .get(surname + 1)
            .or_else(|| ends.get(surname))
            .copied()
            .filter(|end| !rest[..*end].ends_with(lexicon::NOT_IN_GIVEN_NAMES));
    }
    None
}

static ANY_NAME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?:\p{Han}{2,4}|\p{Han}{1,8}[·•]\p{Han}{1,8}(?:[·•]\p{Han}{1,8})?)(?:[\s，,。;；/\x01)]|$)"));
const NO_ANY_NAME: &[&str] = &[
    "同上", "本人", "自己", "必填", "选填", "无", "不", "我", "未", "没", "请", "错", "填", "写", "是", "您", "你", "谁", "什么", "怎么",
    "空", "先生", "女士", "电话", "地址", "号码", "手机", "可以", "公司", "个人", "匿名", "公安", "保密", "暂", "客户", "用户", "默认",
    "已", "在",
];

/// A name of any origin that fills a whole form field.
fn any_name(rest: &str) -> Option<usize> {
    if let Some(found) = ANY_NAME.find(rest) {
        let name = found.as_str().trim_end_matches(|c: char| !(is_chinese(c) || c == '·' || c == '•'));
        if !NO_ANY_NAME.iter().any(|word| name.starts_with(word)) && !name.ends_with(lexicon::NOT_IN_GIVEN_NAMES) {
            return Some(name.len());
        }
    }
    latin_name(rest)
}

static LATIN_NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"^[A-Z][A-Za-z'-]{1,20}(?:[ ][A-Z][A-Za-z'.-]{0,20}){0,2}"));

/// Length of the run of capitalised words a text starts with, if they may be a name.
pub(super) fn latin_name(rest: &str) -> Option<usize> {
    let found = LATIN_NAME.find(rest)?;
    let first = found.as_str().split(' ').next().unwrap_or("");
    let sound = !lexicon::is_common_english(first)
        && !char_after(rest, found.end()).is_ascii_alphanumeric()
        && first.bytes().any(|b| b.is_ascii_lowercase());
    sound.then_some(found.end())
}

/// "小王" and the like, as staff call themselves.
fn nickname(rest: &str) -> Option<usize> {
    let mut chars = rest.chars();
    let head = chars.next()?;
    let name = chars.next()?;
    let after = chars.next().unwrap_or('\n');
    let known =
        matches!(head, '小' | '老' | '阿') && lexicon::surname(&name.to_string()).is_some_and(|(_, strength)| strength == Surname::Strong);
    (known && !is_chinese(after)).then_some(head.len_utf8() + name.len_utf8())
}

static FAMILY_NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:免贵姓|我姓|本人姓|贵姓)"));
static SIGNATURE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:^|\n)[ ]?(?:-{1,4}|来自|from)?[ ]?(?P<name>\p{Han}{2,4})[ ]?(?:敬上|启|上|留|笔|谨上|亲启|致|20\d\d)"));

fn signature(text: &str) -> Vec<Hit> {
    scan(&SIGNATURE, text, |captures| {
        let name = captures.name("name")?;
        lexicon::looks_like_full_name(name.as_str()).then(|| (name.range(), MaskKind::Name))
    })
}

/// Titles that follow a name.
pub(super) const TITLES: &[&str] = &[
    "先生",
    "女士",
    "小姐",
    "太太",
    "老师",
    "师傅",
    "经理",
    "医生",
    "大夫",
    "主任",
    "律师",
    "教练",
    "教授",
    "阿姨",
    "叔叔",
    "同学",
    "店长",
    "主管",
    "老板",
    "工程师",
    "顾问",
    "护士",
    "大哥",
    "大姐",
    "姐姐",
    "警官",
    "院长",
    "校长",
    "博士",
    "总监",
    "会计",
    "队长",
    "奶奶",
    "爷爷",
    "小朋友",
    "同志",
];

static TITLE: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?:{}|总|姐|哥|工|导|律|总裁|董)", TITLES.join("|"))));

/// Surnames inside ordinary words, seen right before a title: "对方先生" is no Mr Fang.
const NO_SURNAME_PAIRS: &[&str] = &[
    "任何", "如何", "提高", "最高", "身高", "很高", "多余", "剩余", "其余", "地方", "对方", "官方", "双方", "卖方", "买方", "关于", "由于",
    "对于", "属于", "等于", "终于", "现金", "押金", "资金", "奖金", "空白", "明白", "车间", "公路", "马路", "司马", "东方", "上江", "长江",
    "浙江", "道路", "网易", "交易", "容易", "贸易", "公安", "平安", "保安", "西安", "不安", "说明", "证明", "完成", "生成", "现成", "安康",
    "健康", "一段", "语文", "英文", "中文", "作文", "上海", "电单", "订单", "买单", "下单", "菜单", "清单", "账单", "名单", "简单", "保管",
    "主管", "不管", "尽管", "机关", "海关", "有关", "小时", "当时", "及时", "按时", "同时", "随时", "临时", "大房", "客房", "厨房", "病房",
    "药房", "套房", "钱包", "面包", "书包", "红包", "打包", "一边", "这边", "那边", "旁边", "身边", "安全", "完全", "水平", "公平", "老包",
    "谢谢", "乘车", "停车", "汽车", "上车", "下车", "打车", "货车", "叫车", "了解", "理解", "玉石", "钻石",
];

/// Finds the names in front of titles; the title stays.
pub(super) fn with_honorific(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&TITLE, text, |captures| {
        let title = captures.get(0)?;
        let short = title.as_str().chars().count() == 1;
        let before: Vec<(usize, char)> = text[..title.start()].char_indices().rev().take(5).take_while(|(_, c)| is_chinese(*c)).collect();
        let (last_at, _) = *before.first()?;
        if short && !short_title_ends(text, title.end(), title.as_str()) {
            return None;
        }
        let name_at = |index: usize| before.get(index).map(|(at, _)| *at);
        let strength = |at: usize, given: usize| {
            lexicon::surname(&text[at..title.start()]).filter(|(length, _)| *length + given == text[at..title.start()].chars().count())
        };
        let own_start = own_start(text, &before);
        // Surname with given name, where it fills the space since the last border.
        for (index, given) in [(2, 2), (1, 1), (3, 2), (2, 1)] {
            if let Some(at) = name_at(index)
                && at == own_start
                && strength(at, given).is_some()
                && !lexicon::starts_with_no_name(&text[at..])
            {
                return Some((at..title.start(), MaskKind::Name));
            }
        }
        if let Some(at) = name_at(1)
            && strength(at, 0).is_some()
        {
            return Some((at..title.start(), MaskKind::Name));
        }
        if let Some((_, how)) = strength(last_at, 0) {
            let pair = name_at(1).is_some_and(|at| NO_SURNAME_PAIRS.contains(&&text[at..title.start()]));
            let bordered = last_at == own_start;
            return (!pair && (bordered || how == Surname::Strong && !short)).then(|| (last_at..title.start(), MaskKind::Name));
        }
        if short {
            return None;
        }
        for (index, given) in [(1, 1), (2, 2)] {
            if let Some(at) = name_at(index)
                && strength(at, given).is_some_and(|(_, how)| how == Surname::Strong)
                && !lexicon::starts_with_no_name(&text[at..])
                && !text[at..title.start()].ends_with(lexicon::NOT_IN_GIVEN_NAMES)
                && !text[at..title.start()].contains(['位', '个', '名', '大', '老', '新', '好', '装', '修', '货'])
            {
                return Some((at..title.start(), MaskKind::Name));
            }
        }
        None
    })
}

/// Where the stretch in front of a title starts, after words that lead up to a name.
fn own_start(text: &str, before: &[(usize, char)]) -> usize {
    const LEADS: &[&str] = &[
        "您好",
        "你好",
        "尊敬的",
        "亲爱的",
        "请",
        "是",
        "找",
        "给",
        "叫",
        "为",
        "让",
        "由",
        "与",
        "联系",
        "感谢",
        "谢谢",
        "我",
        "有",
        "问",
        "对",
        "跟",
        "和",
        "的",
        "到",
        "在",
        "客户",
        "用户",
        "业主",
        "房东",
        "班主任",
        "学生",
        "家长",
        "帮",
        "转",
        "接",
        "姓",
        "早上好",
        "下午好",
        "晚上好",
        "这位",
        "好的",
        "收到",
    ];
    let mut start = before.first().map_or(0, |(at, _)| *at);
    for (at, c) in before {
        let head = &text[..at + c.len_utf8()];
        if *at + c.len_utf8() <= start && LEADS.iter().any(|lead| head.ends_with(lead)) {
            break;
        }
        start = *at;
    }
    start
}

/// One-character titles (王总, 李姐) start many other words, so they must end the phrase.
fn short_title_ends(text: &str, end: usize, title: &str) -> bool {
    let after = char_after(text, end);
    if title == "总" && text[end..].starts_with("在吗") {
        return true;
    }
    !is_chinese(after) || matches!(after, '您' | '你') || (matches!(after, '好' | '的' | '说' | '让' | '这' | '那') && title != "工")
}

const CONTACT: &[MaskKind] = &[MaskKind::Phone, MaskKind::Address, MaskKind::IdCard, MaskKind::Passport];

/// Finds names standing alone beside a telephone number, an address or an identity number, as in a pasted shipping label.
pub(super) fn beside_contact_data(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = Vec::new();
    for claim in view.claimed(CONTACT) {
        if let Some(start) = skip_gap(text, claim.end) {
            let length: usize = text[start..].chars().take(5).take_while(|c| is_chinese(*c)).map(char::len_utf8).sum();
            let alone = text[start + length..].chars().next().is_none_or(|c| {
                c == BLOT || c.is_whitespace() || matches!(c, ',' | '，' | '。' | ';' | '；' | '/' | '(' | ')' | '、' | ':')
            });
            // Right behind a number, without a gap, "收" may close the label: "张三收".
            let name = text[start..start + length].trim_end_matches('收').trim_end_matches("电话").trim_end_matches("手机");
            let trimmed = name.len() < length;
            if (alone || trimmed) && (lexicon::looks_like_full_name(name) || people::is_alone_pet_name(name)) {
                hits.push((start..start + name.len(), MaskKind::Name));
            }
        }
        if let Some(end) = skip_gap_back(text, claim.start) {
            let length: usize = text[..end].chars().rev().take(5).take_while(|c| is_chinese(*c)).map(char::len_utf8).sum();
            let start = end - length;
            let border = char_before(text, start);
            let name = &text[start..end];
            if (!is_chinese(border) && !border.is_ascii_alphanumeric())
                && (lexicon::looks_like_full_name(name) || people::is_alone_pet_name(name))
            {
                hits.push((start..end, MaskKind::Name));
            }
        }
    }
    hits.sort_by_key(|(range, _)| range.start);
    hits
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | ',' | '，' | '、' | '/' | '\n' | '-' | ':' | '(' | ')' | ';' | '；' | '|')
}

/// Skips up to three separators to the right.
fn skip_gap(text: &str, from: usize) -> Option<usize> {
    let gap: usize = text[from..].chars().take_while(|c| is_gap(*c)).take(4).map(char::len_utf8).sum();
    let start = from + gap;
    is_chinese(char_after(text, start)).then_some(start)
}

fn skip_gap_back(text: &str, from: usize) -> Option<usize> {
    let mut end = from;
    for word in ["", "电话", "手机", "手机号", "联系电话", "tel"] {
        let gap: usize = text[..end].chars().rev().take_while(|c| is_gap(*c)).take(4).map(char::len_utf8).sum();
        end -= gap;
        if !word.is_empty() && text[..end].ends_with(word) {
            end -= word.len();
        }
    }
    is_chinese(char_before(text, end)).then_some(end)
}
