//! Chinese names in running talk: behind words for relatives and companions, behind verbs of giving, in front of "收" and
//! "妈妈", under a letter.
//!
//! The words around a name are weaker evidence here than a form label, so every candidate must hold a surname (or the shape
//! of a pet name), must not be a word of the dictionary where the context is vague, and must end at a border or before a word
//! that usually follows a name.

use std::sync::LazyLock;

use charabia::Segment;
use regex::Regex;

use super::lexicon::{self, Surname};
use super::names::{self, TITLES};
use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, scan};
use crate::text::language::is_chinese;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// How strongly the words in front call for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    /// "My husband", "is called": a name is the likeliest thing to come.
    Person,
    /// "Send to", "contact", "not": a name is one of many things to come.
    Vague,
}

static KIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:(?:我|他|她|俺|咱|你|您|们)(?:家)?(?:的)?(?:先生|太太|领导|同学|学生|学员|阿姨|叔叔|老板|助理|对象|姐夫?|嫂子|哥|弟|妹夫?|爸|妈|爷爷|奶奶|司机|秘书|财务|男友|女友|客户)",
        r"|老公|爱人|老婆|妻子|丈夫|媳妇儿?|男朋友|女朋友|儿子|女儿|闺女|孩子|宝宝|小孩|小朋友|孙子|孙女|外孙女|外孙|侄子|侄女|外甥女|外甥|妈妈|爸爸|母亲|父亲|老妈|老爸|外公|外婆|姥姥|姥爷|哥哥|弟弟|姐姐|妹妹|[表堂][哥弟姐妹]",
        r"|公公|婆婆|岳父|岳母|同事|朋友|室友|舍友|闺蜜|邻居|舅舅|舅妈|姑姑|姑妈|姨妈|小姨|大伯|同桌|配偶|老师|班主任|教练|大宝|二宝|老大|老二|紧急联系人|签收人|代收人|取件人|提货人|下单人|推荐人|介绍人|担保人|借款人|法定代表人|监护人)",
        r"(?P<gap>(?:的?(?:名字|姓名|大名|全名))?[ ]?(?P<link>就是|是|叫做|叫|名叫|为|换成|改成|改为|:|-{1,2}|\(|,|，)?[ ]?)"
    ))
});
static CALLED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:(?:^|[，。,.;；！!?？\s\x01]|我|他|她|人|姓\p{Han}{1,2})叫做?|名叫|大名|学名|曾用名|本名)[ ]?(?:叫|是|为|:)?[ ]?")
});
static PET_NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:小名|乳名|昵称|英文名|网名|中文名)[ ]?(?:就叫|叫做|叫|就是|是|为|:)?[ ]?"));
static VAGUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:转账给|汇款给|打款给|转让给|过户给|赠送给|抄送给?|给了?|抬头(?:写|是)?(?:个人)?(?:写|是|为|:)+|转账到|联系|找|拜托|认识|通知|不是|而是|应该是|写成了?|打成了?|错成|换成|改为|改成|\x01[，,]? ?是|客户|顾客|会员|买家|买方|卖家|卖方",
        r"|出借人|学员名|署名是?|备注(?:名|姓名)?(?:写|是|为|:)+|留(?:的|了)?名字?是?)[ ]?[“「\x22(]?"
    ))
});
static ON_BEHALF: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:代|替|帮)(?:我)?"));
static DONE_FOR: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[^因认作成以改变换更分称列视行名])为(?P<name>\p{Han}{2,3})"));
/// Agents greet by full name as often as by surname and title.
static GREETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s，,。.；;！!？?:~～、(\x01]|尊敬的|亲爱的|好的)(?P<name>\p{Han}{2,4}?)[，, ]?(?:您好|你好|早上好|上午好|中午好|下午好|晚上好|晚安)",
    )
});
/// "徐思源，已经为您改好": called by name at the start of a sentence.
static SPOKEN_TO: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[。！？!?\n])(?P<name>\p{Han}{3})[，,] ?(?:已|您|你|这边|这里|我|请|刚|好|帮|麻烦|不好意思|抱歉|收到|可以|目前|订单|退款|现在|今天|明天|感谢|谢谢|稍等)",
    )
});
/// "徐思源的手机号".
static THEIRS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s，,。;；:、！!？?]|和|跟|问|查)(?P<name>\p{Han}{3})的(?:联系)?(?:电话|手机|号码|身份证|地址|银行卡|卡号|订单|邮箱|车牌|快递|包裹|退款|账户|账号|余额|名字|房间|会员)",
    )
});
static GREETED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:您好|你好|尊敬的|亲爱的|早上好|上午好|下午好|晚上好)[，,！! ]?(?P<name>\p{Han}{2,4}?)(?:[，,。！!:~～\s]|$|先生|女士|小姐)")
});
const DONE_FOR_SOMEONE: &[&str] = &[
    "退", "报", "领", "办", "取", "付", "查", "问", "请", "收", "签", "买", "预", "咨询", "下单", "续", "交", "订", "选", "拿", "看", "改",
    "转", "充", "缴", "申", "挂", "登", "确认", "联系", "还", "点", "拍", "换", "修", "开", "注", "投", "寄",
];

static RECEIVES: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:写|由|^|[\s，,、。;；:：/|\x01])(?P<name>\p{Han}{2,4}?)[ ]?(?:亲收|亲启|查收|签收|代收|收)(?:就行|即可|就好|吧|哈|[\s，,。;；!！)/~～\x01]|$)",
    )
});
static PARENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?P<lead>我是|这是|您好|你好|加|给|谢谢|感谢|^|[\s，,。;；!！?？:~～@\x01-])[ ]?(?P<name>\p{Han}{2,4}?|[A-Z][a-z]{2,12})[ ]?",
        r"(?:妈妈|爸爸|妈咪|麻麻|粑粑|爸比|家长|奶奶|爷爷|姥姥|外婆|外公|妈|爸)(?P<full>[ ]?\p{Han}{2,4})?(?:[\s，,。;；!！?？:~～()\x01-]|的|您好|你好|$)"
    ))
});
static CHILD: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?P<lead>我是|这是|您好|你好|给|为|让|请|是|和|已|的|^|[\s，,。;；!！?？:~～@\x01-])(?P<name>\p{Han}{2,4}?)(?:小朋友|小同学)")
});
static SIGNED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:(?:此致|敬礼|谢谢|感谢|拜托|麻烦)[了您你啦大家]{0,2}|敬上|祝好|署名|落款|签名|报告人)[ ]?[，,。.！!~～…:\n ]{0,4}-{0,4}[ ]?",
        r"(?P<name>\p{Han}{2,4})[ ]?(?:$|\n|[，,。]? ?(?:\d|\x01|$))"
    ))
});
static DASHED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"-{2,4}[ ]?(?:您的|你的|来自)?(?P<name>\p{Han}{2,4})[ ]?(?:$|\n|[，,。] ?(?:$|\d|\x01)|\d|\x01)"));
static OWNER_OF_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:^|[\s，,。;；:、])(?P<name>\p{Han}{2,4}?)[ ]?的?[ ]?(?:联系电话|电话|手机号码|手机号|手机|号码|联系方式|微信号?|身份证号?|证件号?|卡号|银行卡|卡|账户|账号|邮箱|地址|车牌号?)",
        r"[ ]?(?:号|尾号)?(?:是|为|:)?[ ]?\x01"
    ))
});
static DESCRIBED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[\s，,。;；:、])(?P<name>\p{Han}{2,4})(?:[，, (、]{1,2})(?:[男女](?:孩|生|士)?[\s，,。;；)、]|[男女]$|[\d一二三四五六七八九十]{1,3}(?:周岁|岁|个月大))",
    )
});
static MIXED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?P<given>[A-Z][a-z]{1,14})[ ]?(?P<family>\p{Han}{1,3})"));

/// Finds names in running talk.
pub(super) fn in_talk(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&KIN, text, |captures| {
        let start = captures.get(0)?.end();
        let linked = captures.name("link").is_some_and(|link| !matches!(link.as_str(), "," | "，"));
        let rest = &text[start..];
        let length = name_length(rest, Context::Person).or_else(|| latin_with_family_name(rest, linked))?;
        Some((start..start + length, MaskKind::Name))
    });
    hits.extend(scan(&CALLED, text, |captures| {
        let start = captures.get(0)?.end();
        let length = name_length(&text[start..], Context::Person)?;
        Some((start..start + length, MaskKind::Name))
    }));
    hits.extend(scan(&PET_NAME, text, |captures| {
        let start = captures.get(0)?.end();
        let length = pet_name_length(&text[start..]).or_else(|| latin_with_family_name(&text[start..], true))?;
        Some((start..start + length, MaskKind::Name))
    }));
    hits.extend(scan(&VAGUE, text, |captures| {
        let start = captures.get(0)?.end();
        let length = name_length(&text[start..], Context::Vague)?;
        Some((start..start + length, MaskKind::Name))
    }));
    hits.extend(scan(&ON_BEHALF, text, |captures| {
        let start = captures.get(0)?.end();
        let rest = &text[start..];
        let length = [1, 2].into_iter().find_map(|given| {
            let end = candidate(rest, given, Context::Vague)?;
            DONE_FOR_SOMEONE.iter().any(|verb| rest[end..].starts_with(verb)).then_some(end)
        })?;
        Some((start..start + length, MaskKind::Name))
    }));
    hits.extend(scan(&DONE_FOR, text, |captures| {
        let name = captures.name("name")?;
        let two = name.as_str().char_indices().nth(2).map_or(name.as_str(), |(at, _)| &name.as_str()[..at]);
        let length = [name.as_str(), two].into_iter().find_map(|value| {
            let sure = if value.len() == two.len() {
                is_strong(value) && lexicon::ends_like_a_given_name(value)
            } else {
                !starts_with_a_word(value)
            };
            let done = || DONE_FOR_SOMEONE.iter().any(|verb| text[name.start() + value.len()..].starts_with(verb));
            (stands_for_somebody(value) && sure && !value.starts_with('何') && done()).then_some(value.len())
        })?;
        Some((name.start()..name.start() + length, MaskKind::Name))
    }));
    for pattern in [&SPOKEN_TO, &THEIRS] {
        hits.extend(scan(pattern, text, |captures| {
            let name = captures.name("name")?;
            let fits = stands_for_somebody(name.as_str()) && is_strong(name.as_str()) && !starts_with_a_word(name.as_str());
            fits.then(|| (name.range(), MaskKind::Name))
        }));
    }
    hits.extend(scan(&GREETS, text, |captures| {
        let name = captures.name("name")?;
        let value = name.as_str();
        let fits = stands_for_somebody(value)
            && (is_strong(value) && !TITLES.iter().any(|title| value.ends_with(title)) || !starts_with_a_word(value));
        fits.then(|| (name.range(), MaskKind::Name))
    }));
    hits.extend(scan(&GREETED, text, |captures| {
        let name = captures.name("name")?;
        let value = name.as_str();
        let named = !starts_with_a_word(value) || lexicon::ends_like_a_given_name(value);
        let fits = stands_for_somebody(value) && is_strong(value) && named;
        fits.then(|| (name.range(), MaskKind::Name))
    }));
    hits.extend(scan(&RECEIVES, text, |captures| {
        let name = captures.name("name")?;
        let labelled = char_before(text, name.start()) == super::view::BLOT;
        let fits =
            is_pet_name(name.as_str()) || lexicon::looks_like_full_name(name.as_str()) && (labelled || !starts_with_a_word(name.as_str()));
        fits.then(|| (name.range(), MaskKind::Name))
    }));
    hits.extend(parents_and_children(text));
    for pattern in [&SIGNED, &DASHED, &OWNER_OF_NUMBER, &DESCRIBED] {
        hits.extend(scan(pattern, text, |captures| {
            let name = captures.name("name")?;
            let fits = lexicon::looks_like_full_name(name.as_str()) && !starts_with_a_word(name.as_str());
            fits.then(|| (name.range(), MaskKind::Name))
        }));
    }
    hits.extend(scan(&MIXED, text, |captures| {
        let given = captures.name("given")?;
        let length = family_name_length(captures.name("family")?.as_str())?;
        let start = captures.name("family")?.start();
        let known = lexicon::is_first_name(given.as_str()) && !char_before(text, given.start()).is_ascii_alphanumeric();
        (known && !is_chinese(char_after(text, start + length))).then(|| (given.start()..start + length, MaskKind::Name))
    }));
    hits
}

fn parents_and_children(text: &str) -> Vec<Hit> {
    let mut hits = scan(&PARENT, text, |captures| {
        let name = captures.name("name")?;
        let own = matches!(captures.name("lead")?.as_str(), "我是" | "这是" | "-" | "@") || captures.name("full").is_some();
        let value = name.as_str();
        let fits = if value.is_ascii() {
            !lexicon::is_common_english(value)
        } else {
            is_pet_name(value)
                || lexicon::looks_like_full_name(value) && (own || !starts_with_a_word(value)) && !NO_PARENTS.contains(&value)
                || own && value.chars().count() == 2 && (!is_word(value) || is_strong(value)) && sounds_like_a_name(value)
        };
        fits.then(|| (name.range(), MaskKind::Name))
    });
    hits.extend(scan(&PARENT, text, |captures| {
        let full = captures.name("full")?;
        let name = full.as_str().trim_start();
        let fits = lexicon::looks_like_full_name(name) && !starts_with_a_word(name);
        fits.then(|| (full.end() - name.len()..full.end(), MaskKind::Name))
    }));
    hits.extend(scan(&CHILD, text, |captures| {
        let name = captures.name("name")?;
        let value = name.as_str();
        let fits = is_pet_name(value) || lexicon::looks_like_full_name(value) && !starts_with_a_word(value);
        fits.then(|| (name.range(), MaskKind::Name))
    }));
    hits
}

/// What parents are called without being named.
const NO_PARENTS: &[&str] = &["全职", "应届", "单亲", "向各", "于各", "冷门", "钱包", "盛大"];

/// Length in bytes of the name a text starts with.
fn name_length(rest: &str, context: Context) -> Option<usize> {
    // A border right behind settles how long the given name is; without one a following word must.
    for given in [2, 1] {
        if let Some(end) = candidate(rest, given, context)
            && !is_chinese(char_after(rest, end))
        {
            return Some(end);
        }
    }
    [1, 2].into_iter().find_map(|given| {
        let end = candidate(rest, given, context)?;
        if context == Context::Vague && given == 1 && rest.starts_with(EVERYDAY) {
            return None;
        }
        let strong = lexicon::surname(rest).is_some_and(|(_, strength)| strength == Surname::Strong)
            || given == 2 && context == Context::Person && names::is_likely_surname(rest);
        let goes_on = lexicon::may_follow_name(&rest[end..])
            || context == Context::Person && given == 2 && WHAT_PEOPLE_DO.iter().any(|word| rest[end..].starts_with(word));
        (strong && goes_on).then_some(end)
    })
}

/// Where a name of so many given characters would end, if it may be one.
fn candidate(rest: &str, given: usize, context: Context) -> Option<usize> {
    let (surname, strength) = lexicon::surname(rest)?;
    if lexicon::starts_with_no_name(rest) || lexicon::starts_with_place(rest) {
        return None;
    }
    let mut chars = rest.char_indices().skip(surname);
    let mut end = 0;
    let after_surname = rest.char_indices().nth(surname)?.0;
    if TITLES.iter().any(|title| rest[after_surname..].starts_with(title)) {
        return None;
    }
    for _ in 0..given {
        let (at, c) = chars.next()?;
        if !is_chinese(c) {
            return None;
        }
        end = at + c.len_utf8();
    }
    let name = &rest[..end];
    if !sounds_like_a_name(&name[after_surname..]) || name.ends_with(lexicon::NOT_IN_GIVEN_NAMES) {
        return None;
    }
    let weak = strength == Surname::Weak;
    let likely = names::is_likely_surname(rest);
    let fits = match context {
        Context::Person => !weak || ((likely || given == 2) && !starts_with_a_word(name)),
        Context::Vague => (!weak || (likely && given == 2)) && !starts_with_a_word(name),
    };
    fits.then_some(end)
}

fn is_strong(text: &str) -> bool {
    lexicon::surname(text).is_some_and(|(_, strength)| strength == Surname::Strong) && !lexicon::starts_with_no_name(text)
}

/// What is said of a person whose two given characters came before; too common for vaguer places.
const WHAT_PEOPLE_DO: &[&str] = &[
    "明天", "后天", "昨晚", "上", "下", "去", "每", "学", "读", "打", "开", "转", "交", "绑", "签", "办", "取", "领", "收", "帮", "代",
    "以前", "一直", "已经", "都", "只", "没", "名下", "欠", "还", "听", "报", "请", "退", "参", "刷", "缺", "写", "填", "生日", "今", "本",
    "周",
];

/// Surnames without a doubt on a form, everyday characters in a sentence.
const EVERYDAY: &[char] = &[
    '钱', '车', '路', '毛', '严', '解', '项', '付', '宫', '雷', '石', '史', '夏', '江', '余', '武', '龙', '黄', '席', '符', '储', '蓝',
    '麦', '柴', '谷', '戴', '涂', '迟', '程', '许', '纪', '谢', '周', '邬',
];

/// Characters that carry a sentence rather than a name.
const NEVER_IN_NAMES: &[char] = &[
    '的', '了', '吗', '呢', '吧', '啊', '是', '在', '我', '你', '您', '他', '她', '们', '这', '那', '不', '没', '要', '就', '都', '也',
    '还', '说', '与', '或', '个', '很', '太', '给', '被', '把', '呀', '哦', '嘛', '么', '什', '怎', '买', '卖', '爸', '妈', '爷', '奶',
    '谁', '哪', '请', '到', '几', '每', '各', '所', '有', '学', '孩', '只', '才', '刚', '再', '别', '从',
];

fn sounds_like_a_name(given: &str) -> bool {
    !given.contains(NEVER_IN_NAMES)
}

/// Whether a text may be a whole name, by its characters alone.
fn stands_for_somebody(text: &str) -> bool {
    lexicon::looks_like_full_name(text) && !lexicon::starts_with_place(text) && sounds_like_a_name(text)
}

/// Whether the dictionary knows the whole text as one word.
fn is_word(text: &str) -> bool {
    text.segment_str().next() == Some(text)
}

/// Whether a text, or its first two characters, is an ordinary word.
pub(super) fn starts_with_a_word(name: &str) -> bool {
    let two = name.char_indices().nth(2).map_or(name, |(at, _)| &name[..at]);
    let compound = lexicon::surname(name).is_some_and(|(length, _)| length == 2);
    !compound && is_word(two) && (!lexicon::is_named_like_a_word(name) || is_word(name))
}

/// Doubled characters that are ordinary words.
const DOUBLED_WORDS: &[&str] = &[
    "谢谢", "常常", "刚刚", "慢慢", "天天", "多多", "默默", "往往", "渐渐", "仅仅", "偏偏", "好好", "看看", "等等", "哈哈", "呵呵", "嘻嘻",
    "嗯嗯", "拜拜", "宝宝", "爸爸", "妈妈", "爷爷", "奶奶", "哥哥", "姐姐", "弟弟", "妹妹", "叔叔", "舅舅", "姑姑", "伯伯", "公公", "婆婆",
    "太太", "人人", "个个", "家家", "年年", "月月", "日日", "时时", "处处", "事事", "件件", "次次", "样样", "试试", "问问", "想想", "说说",
    "听听", "催催", "查查", "帮帮", "亲亲", "早早", "快快", "大大", "小小", "高高", "轻轻", "统统", "通通", "万万", "白白", "明明", "稍稍",
    "最最", "真真", "足足", "满满", "整整", "久久", "频频", "娃娃", "姥姥", "好的", "行行", "对对", "是是", "嘿嘿", "呜呜", "哎哎", "哦哦",
    "噢噢",
];

/// Words of a small child's or a pet's form that mean something else.
const SMALL_WORDS: &[&str] = &[
    "小孩",
    "小学",
    "小时",
    "小姐",
    "小区",
    "小心",
    "小班",
    "小票",
    "小家",
    "小店",
    "小熊",
    "小号",
    "小件",
    "小米",
    "小程",
    "小额",
    "小二",
    "小哥",
    "小妹",
    "小弟",
    "小包",
    "小众",
    "小型",
    "小小",
    "小白",
    "小事",
    "小伙",
    "小便",
    "小说",
    "小组",
    "小编",
    "小度",
    "小爱",
    "小狗",
    "小猫",
    "阿里",
    "阿姨",
    "大宝",
    "二宝",
    "淘宝",
    "珠宝",
    "财宝",
    "充电宝",
    "元宝",
    "支付宝",
    "宝宝",
    "大家",
    "小计",
    "小结",
    "小吃",
    "小麦",
    "小苏",
];

/// Whether a text has the form of a pet name: 团团, 小满, 果宝.
fn is_pet_name(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let [first, second] = chars[..] else { return false };
    if DOUBLED_WORDS.contains(&text) || SMALL_WORDS.contains(&text) || !sounds_like_a_name(text) || !text.chars().all(is_chinese) {
        return false;
    }
    first == second || matches!(first, '小' | '阿') || second == '宝'
}

const NO_PET_NAMES: &[&str] =
    &["什么", "怎么", "可以", "不能", "如何", "多少", "设置", "修改", "更改", "格式", "是否", "已经", "必填", "错误"];

/// Length of the pet name behind a word that announces one.
fn pet_name_length(rest: &str) -> Option<usize> {
    let length: usize = rest.chars().take(4).take_while(|c| is_chinese(*c)).map(char::len_utf8).sum();
    let name = &rest[..length];
    let two = name.char_indices().nth(2).map_or(name, |(at, _)| &name[..at]);
    if is_pet_name(two) && (two.len() == length || lexicon::may_follow_name(&rest[two.len()..])) {
        return Some(two.len());
    }
    let fits = (2..=3).contains(&name.chars().count())
        && !is_chinese(char_after(rest, length))
        && sounds_like_a_name(name)
        && !name.ends_with(lexicon::NOT_IN_GIVEN_NAMES)
        && !NO_PET_NAMES.iter().any(|word| name.starts_with(word));
    fits.then_some(length)
}

/// A Latin given name, with a Chinese family name behind it if there is one: "Emily 方".
fn latin_with_family_name(rest: &str, linked: bool) -> Option<usize> {
    let latin = names::latin_name(rest)?;
    let words: Vec<&str> = rest[..latin].split(' ').collect();
    let behind = rest[latin..].trim_start_matches(' ');
    let family = family_name_length(behind).map(|length| rest.len() - behind.len() + length);
    let family = family.filter(|end| !is_chinese(char_after(rest, *end)));
    let known = lexicon::is_first_name(words[0]) || lexicon::is_last_name(words[words.len() - 1]);
    (known || linked || family.is_some() || words.len() >= 2).then_some(family.unwrap_or(latin))
}

/// Length of the family name (with up to two given characters) that a text starts with.
fn family_name_length(text: &str) -> Option<usize> {
    let (surname, _) = lexicon::surname(text)?;
    let run: usize = text.chars().take(surname + 3).take_while(|c| is_chinese(*c)).map(char::len_utf8).sum();
    let own: usize = text.chars().take(surname).map(char::len_utf8).sum();
    let fits = run == own || lexicon::looks_like_full_name(&text[..run]) && !starts_with_a_word(&text[..run]);
    fits.then_some(run)
}

/// Whether a text standing alone beside contact data is a pet name.
pub(super) fn is_alone_pet_name(text: &str) -> bool {
    is_pet_name(text) && !is_word(text)
}
