//! What a question asks for and what a reply holds, by cue words in Chinese and English. Patterns are written for folded texts
//! ([`crate::text::normalise::fold`]): lower case, half-width, simplified script.

use std::sync::LazyLock;

use regex::Regex;

/// What a question may ask for, in the order of [`asks`].
pub(super) const ASKS: [&str; 10] = ["yes_no", "amount", "time", "place", "which", "steps", "reason", "opinion", "choice", "request"];

/// What a reply may hold, in the order of [`says`].
pub(super) const SAYS: [&str; 23] = [
    "yes",
    "no",
    "number",
    "money",
    "time",
    "place",
    "steps",
    "reason",
    "question",
    "contact",
    "name",
    "invitation",
    "needs",
    "offer",
    "greeting",
    "courtesy",
    "wait",
    "sending",
    "acknowledgement",
    "availability",
    "bare_yes",
    "bare_no",
    "receipt",
];

const ASK_PATTERNS: [&str; 10] = [
    r"(吗|么|嘛|不|没|没有|吧|否|无)[?!。~\s]*$|是不是|能不能|可不可以|有没有|会不会|要不要|行不行|是否|能否|可否|^(is|are|am|was|were|do|does|did|can|could|will|would|should|have|has|had|may)\b",
    r"多少|多贵|几[个块元万千百平米次人天年月折套层楼]|多大|多久|多长|多高|多远|多重|价|费|钱|怎么收|how (much|many|long|far|big|often|old|soon)|price|cost|fee",
    r"什么时候|啥时候|何时|几点|几号|几月|哪天|哪年|多久|时间|多会|when|what time|how (long|soon)|which day",
    r"哪里|哪儿|在哪|哪个(地方|区|城市|店|位置)|位置|地址|怎么走|where|location|address",
    r"哪[个些种家款几]|什么([^时]|$)|啥([^时]|$)|谁|which|what|who",
    r"怎么([^样回这还]|$)|如何|咋([^样回]|$)|怎样才|步骤|流程|how (do|can|to|should)|how does",
    r"为什么|为啥|为何|怎么(回事|这么|还)|咋回事|干嘛|原因|why|how come",
    r"怎么样|咋样|如何\??$|好不好|好吗|优缺点|区别|哪个好|how is|what.*like",
    r"还是|或者|\bor\b",
    r"发(我|给我|一下|下|个)|推荐|介绍|帮我|给我|麻烦|看看|想(要|看|问|了解|咨询)|需要|please|could you|can you|send|recommend",
];

const SAY_PATTERNS: [&str; 23] = [
    r"^(是|对|有|可以|能|会|行|要|需要|嗯|恩|好|支持|带|包|含|都|肯定|当然|没问题|yes|yep|yeah|sure|of course|certainly|absolutely|it (is|does|can)|we (do|can)|you can)",
    r"^(不|没|无|暂|别|还没|目前没|现在没|no\b|not|unfortunately|sorry|i'?m afraid)|不(能|行|可以|支持|用|需要|含|是|会|包|好|要|太)|没有|没了|can'?t|cannot|don'?t|doesn'?t|isn'?t|won'?t",
    r"[0-9]|[一二三四五六七八九十百千万两半]+(个|天|月|年|万|元|块|平|米|层|楼|折|点|分|小时|套|室|厅|房|号|次|%|成|周|岁|人|位|斤|张|条|台|倍|寸|节)",
    r"[0-9一二三四五六七八九十百千万两半]+\s*(元|块|万|千|百|k|w|折|yuan|dollars|usd|rmb)|¥|\$|免费|不收|free",
    r"[0-9一二三四五六七八九十两半]+\s*(点|天|日|月|年|周|小时|分钟|号|am|pm|days?|hours?|minutes?|weeks?|months?|working)|今天|明天|后天|昨天|上午|下午|晚上|周[一二三四五六日末]|随时|马上|today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morning|evening",
    r"路|街|站|区|楼|店|城|门|旁|附近|对面|左|右|号线|隔壁|出口|street|road|station|near|next to|floor|counter|branch",
    r"点击|点「|点“|点开|打开|进入|选择|填|提交|申请|登录|扫码|带(上|好)?身份证|先.*再|在.*(里|中|上)(点|选|申请|查)|tap|click|open|go to|choose|select|settings|>",
    r"因为|由于|所以|导致|原因|是[因由]|because|due to|since|so that",
    r"\?\s*$|[吗呢么嘛吧][~。!\s]*$",
    r"微信|电话|手机号|加[我您你个下]|联系方式|联系我|号码|扫码加|留(个|一下)|[打回]给您|phone|call me|whatsapp|number",
    r"怎么称呼|贵姓|我是|为您服务|专属|顾问|my name|this is",
    r"过来|到店|来店|参观|带您|带你|约|有空|有时间|方便(的话|吗|不|时|过来)|什么时候[有方来过]|安排|预约|体验一下|看房|试[听驾课]|when would you|come in|visit|book",
    r"[您你](想|要|是想|需要|预算|考虑|打算)|您(是|这边|平时|家|对)|预算|首次|自用|looking for|budget|do you|are you|would you",
    r"活动|优惠|特价|推荐|送您?|限时|赠|热卖|爆款|很多(人|客户|家)|划算|性价比|抢|最后|名额|offer|promotion|deal|popular|discount",
    r"^(您好|你好|亲|hi\b|hello|good (morning|afternoon|evening)|在的|在呢|早上好|下午好|晚上好|欢迎)",
    r"谢谢|感谢|不客气|客气|辛苦|抱歉|不好意思|对不起|理解|耐心|评价|好评|祝|thank|welcome|sorry|apolog|appreciate|great day",
    r"稍等|等一下|等下|等我|我(查|看|问|核实|确认)(一下|下|看)?|帮[您你][查看问核]|马上|moment|let me|hold on|check",
    r"发[您你给我过]|链接|图片|视频|资料|看(一下|下|看)|\[(image|图片|表情|link)|i'?ll send|link",
    r"^(好的?|嗯+|恩+|哦+|是的?|对的?|ok|okay|收到|明白|了解|知道了|行|可以|没事|哈+|sure|right|got it|great)[的呢哈呀啊哦~。,.! ]*$",
    r"随时|提前|预约|约(一下|好|个)|钥匙|都(可以|行|方便)|any ?time|by appointment|in advance",
    r"^(是|对|有|可以|能|会|行|要|嗯+|恩+|需要|支持|带|包|含|没问题|yes|yep|yeah|sure|of course|certainly|right|correct)[的呢哈呀啊哦嘛~。,.! 是对有]*$",
    r"^(不是?|没有?|无|不(能|行|可以|会|要|用|需要|支持|带|包|含)|没了|暂时?(没有|无)|no|nope|not really)[的呢哈呀啊哦了~。,.! ]*$",
    r"^(好+的?|收到|明白|了解|知道了|ok|okay|got it|great|哈+)[的呢哈呀啊哦嘞了~。,.! ]*$",
];

static ASK: LazyLock<Vec<Regex>> = LazyLock::new(|| compiled(&ASK_PATTERNS));
static SAY: LazyLock<Vec<Regex>> = LazyLock::new(|| compiled(&SAY_PATTERNS));

#[expect(clippy::expect_used, reason = "the patterns are constants of this file and every one is exercised by the tests")]
fn compiled(patterns: &[&str]) -> Vec<Regex> {
    patterns.iter().map(|pattern| Regex::new(pattern).expect("a constant pattern compiles")).collect()
}

/// What a folded question asks for.
pub(super) fn asks(question: &str) -> [bool; ASKS.len()] {
    let mut asked: [bool; ASKS.len()] = std::array::from_fn(|kind| ASK[kind].is_match(question));
    let ends_in_what = ["什么", "怎么", "那么", "多么"].iter().any(|word| ending(question).ends_with(word));
    asked[0] = (asked[0] && !ends_in_what) || !asked_both_ways(question).is_empty();
    asked
}

/// What a folded reply holds.
pub(super) fn says(reply: &str) -> [bool; SAYS.len()] {
    std::array::from_fn(|kind| SAY[kind].is_match(reply))
}

/// The words that a plain "yes" to a folded yes/no question would repeat: "有" of "有电梯吗", "方便" of "周末方便吗". Several guesses where the
/// question leaves it open; none for other questions.
pub(super) fn predicates(question: &str) -> Vec<String> {
    const VERBS: [&str; 16] = ["有", "是", "能", "可以", "会", "要", "带", "含", "包", "支持", "需要", "用", "在", "收", "送", "做"];
    let mut words = asked_both_ways(question);
    let end = ending(question);
    let particle = ["没有", "吗", "么", "嘛", "不", "没", "吧"].into_iter().find(|particle| end.ends_with(particle));
    let asks_what = ["什么", "怎么"].iter().any(|word| end.ends_with(word));
    if let (Some(particle), false) = (particle, asks_what) {
        let clause = end[..end.len() - particle.len()].rsplit([',', '。', ';', ' ', '，']).next().unwrap_or_default();
        words.extend(VERBS.iter().filter(|verb| clause.contains(**verb)).map(|verb| (*verb).to_owned()));
        let stem: Vec<char> = clause.chars().rev().take_while(|c| is_han(*c)).take(2).collect();
        if let Some(last) = stem.first() {
            words.push(last.to_string());
        }
        if let [last, before] = stem[..] {
            words.push([before, last].iter().collect());
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// "A" of every "A不A" and "A没A".
fn asked_both_ways(question: &str) -> Vec<String> {
    let chars: Vec<char> = question.chars().collect();
    let mut words = Vec::new();
    for window in chars.windows(3).enumerate() {
        let (at, &[first, middle, last]) = (window.0, window.1) else { continue };
        if first == last && matches!(middle, '不' | '没') && is_han(first) {
            // 可不可以, 方不方便, 需不需要: the second half has the whole word.
            let whole = match (first, chars.get(at + 3)) {
                ('可', Some('以')) => "可以".to_owned(),
                ('方', Some('便')) => "方便".to_owned(),
                ('需', Some('要')) => "需要".to_owned(),
                _ => first.to_string(),
            };
            words.push(whole);
        }
    }
    words
}

fn ending(question: &str) -> &str {
    question.trim_end_matches(['?', '!', '。', '~', '.', ' ', '\n'])
}

pub(super) fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_has_a_name() {
        assert_eq!(ASK.len(), ASKS.len());
        assert_eq!(SAY.len(), SAYS.len());
    }

    fn kinds<const N: usize>(found: [bool; N], names: [&'static str; N]) -> Vec<&'static str> {
        names.into_iter().zip(found).filter_map(|(name, is_there)| is_there.then_some(name)).collect()
    }

    #[test]
    fn questions_are_told_by_what_they_ask_for() {
        let cases: &[(&str, &str)] = &[
            ("有电梯吗", "yes_no"),
            ("会不会掉色", "yes_no"),
            ("甜不甜", "yes_no"),
            ("can i pay by card", "yes_no"),
            ("运费多少", "amount"),
            ("几点开门", "time"),
            ("你们店在哪", "place"),
            ("这是什么", "which"),
            ("怎么退货", "steps"),
            ("为什么扣我钱", "reason"),
            ("这款怎么样", "opinion"),
            ("早上用还是晚上用", "choice"),
            ("发个链接", "request"),
        ];
        for (question, kind) in cases {
            assert!(kinds(asks(question), ASKS).contains(kind), "{question}: {:?}", kinds(asks(question), ASKS));
        }
        assert!(!asks("这是什么")[0]);
    }

    #[test]
    fn replies_are_told_by_what_they_hold() {
        let cases: &[(&str, &str)] = &[
            ("有的", "bare_yes"),
            ("没有的", "bare_no"),
            ("好的", "receipt"),
            ("三十八元", "money"),
            ("明天上午", "time"),
            ("方便加个微信吗?", "contact"),
            ("您预算多少?", "needs"),
            ("我查一下", "wait"),
            ("感谢您的支持", "courtesy"),
        ];
        for (reply, kind) in cases {
            assert!(kinds(says(reply), SAYS).contains(kind), "{reply}: {:?}", kinds(says(reply), SAYS));
        }
    }

    #[test]
    fn a_plain_yes_repeats_the_predicate() {
        assert!(predicates("有电梯吗?").contains(&"有".to_owned()));
        assert!(predicates("可不可以刷卡").contains(&"可以".to_owned()));
        assert!(predicates("周末方便吗").contains(&"方便".to_owned()));
        assert!(predicates("有停车位没有").contains(&"有".to_owned()));
        assert!(predicates("这是什么").is_empty());
        assert!(predicates("多少钱").is_empty());
    }
}
