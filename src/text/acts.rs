//! What a message does in a conversation: asks, greets, thanks, answers, asks to wait.
//!
//! Rules over cue words in Chinese and English; no model. Their quality is measured (`riposte eval`, see `docs/evaluation.md`), the cue
//! lists are data in this file. Used by pair mining and by the live query alike, so that both see the same moments.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::normalise::fold;
use super::small_talk::{SmallTalk, small_talk};

/// What a customer's turn does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerAct {
    /// Asks or states a problem or wish.
    Question,
    /// Supplies something, mostly because it was asked for.
    Statement,
    /// Only greets, checks that somebody is there, or announces a question.
    Greeting,
    /// Only thanks or praises.
    Thanks,
    /// Only acknowledges, agrees, asks to wait, laughs.
    Acknowledgement,
    /// Only says good-bye or wishes well.
    Farewell,
    /// Neither letters nor digits.
    Empty,
}

impl CustomerAct {
    /// Whether the turn asks for nothing.
    #[must_use]
    pub const fn is_small_talk(self) -> bool {
        matches!(self, Self::Greeting | Self::Thanks | Self::Acknowledgement | Self::Farewell | Self::Empty)
    }
}

/// What an agent's message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentAct {
    /// Says something about the matter.
    Answer,
    /// Asks the customer for something.
    AskBack,
    /// Canned greeting or "how can I help".
    Opening,
    /// Asks to wait, or says that it is being looked up.
    Wait,
    /// Hands over to somebody else.
    Transfer,
    /// Closing words, request for a rating, wishes.
    Closing,
    /// Bare acknowledgement.
    Acknowledgement,
}

/// Polite or filling words that carry no content; taken off before an agent's message is compared with the cue lists.
static FILLER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) 亲爱的|亲爱哒|小妹|小主|[亲呢哦啊呀哈吖啦喔噢哟嘛吧的了哒捏滴额呃嗷～~!！。.,，、…\-—\s\?？;；:：\u{201c}\u{201d}'()（）\[\]【】<>《》]
        | \p{Emoji_Presentation} | \p{So}",
    )
});

/// An agent's bare greeting. Narrower than a customer's small talk: "不需要" is an answer when an agent says it.
static BARE_GREETING: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(您好|你好|泥好|妮好|hello|hi|hey|hiya|嗨|哈喽|哈罗|喂|在|在么|在吗|有人|有人吗|有人在|在不在|在不|人呢|客服|人工|人工客服|转人工|转人工客服|早|早上好|上午好|中午好|下午好|晚上好|
goodmorning|goodafternoon|goodevening|morning|anyonethere|anybodythere|areyouthere|hithere|hellothere|there|everyone|team|老师|请问|麻烦|打扰|一下|sir|madam|customerservice|agent)+$",
    )
});

/// An agent's bare acknowledgement.
static BARE_ACKNOWLEDGEMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(好|好滴|好嘞|好哒|行|可以|嗯|恩|en|额|哦|噢|喔|奥|嗯嗯|哦哦|对|是|是啊|明白|知道|晓得|收到|了解|懂|清楚|没|没事|没问题|没关系|不用|不客气|哈|哈哈|呵呵|嘿嘿|ok|okay|okey|k|yes|yep|yeah|yup|no|nope|sure|fine|right|alright|gotit|isee|great|good|
cool|nice|perfect|awesome|understood|noted|willdo|soundsgood|that|thats|it|all|is|works|forme|i|get|see|no worries|noproblem|np|oh|ah|hmm|haha|lol|那|先|这样|就|我|太|等|等着|稍等|看看|试试|再|lets|doit|wait|waiting|then|wellthen)+$",
    )
});

static QUESTION_CUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) [?？] | 吗 | 么($|[^什怎这那多]) | 什么|甚么|啥|怎么|怎样|咋|如何|为什么|为何|为啥|多少|多久|多长|多大|多高|几[天个时点号折次元块件小钟分月年] | 哪|谁|是不是|能不能|可不可以|可否|能否|是否|有没有|有无|会不会|要不要|行不行|需不需要|得不得
        | 呢$ | 请问|咨询|问一下|问下|想问|求助|求解
        | \b(what|when|where|which|who|whom|whose|why|how)\b | ^(is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|might|have|has|had)\b | \b(can|could|would|will|may)\s(you|i|we|it)\b | \b(is|are|do|does|did)\s(there|it|you|i|we|the|this|that|my)\b
        | wondering|any\s(idea|update|chance|way) | tell\sme|let\sme\sknow | (i'd|i\swould)\slike\sto\s(know|ask)",
    )
});

static REQUEST_CUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) 想[要退换买查订改取开办约申找看了] | 我要|我想|需要|申请|麻烦|帮我|帮忙|请帮|给我|催|退[货款掉换]|换货|取消|投诉|开票|发票|报修|挂失|修改|更改|推荐|帮看|查一下|查下|看一下 
        | 不[了能对行到见好动出上给]|没[有收到发货退用给法反]|无法|失败|坏了|错了|少了|漏|破|报错|异常|一直|还没|怎么还|打不开|登不|进不|收不到|扣了|丢了|找不到|忘记|忘了|过期|有问题|问题
        | \b(need|want|help|please|pls|cancel|refund|return|exchange|change|reset|track|book|reserve|order|find|looking\sfor|look\sfor|search|check|problem|issue|broken|damaged|wrong|missing|late|lost|stuck|error|fail(ed|s)?|not\swork(ing)?|doesn'?t|didn'?t|can'?t|cannot|won'?t|isn'?t|hasn'?t|haven'?t|never|still|unable|trouble|charged|stopped|forgot)\b
        | i'd\slike|i\swould\slike",
    )
});

static WAIT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) 稍等|稍侯|稍候|请等|等一下|等下|等一会|稍微等|等待一会|耐心等待一|请您等|别急|正在为您?[查核处看]|正在查|帮您?(查|看|核实|确认)(询|看|实|认)?(一下|下|看|一查)?(吧|哦|哈|呢)?$|我(查|看|问|核实)(一下|下|看|查)|这边(查|看)(一下|下|询)|为您查询$|马上(为您)?(查|看|核)|查询中|核实中|不要(下线|离开|走开)|稍等片刻
        | (one|a|just\sa|1)\s(moment|sec|second|minute|min|mo)\b | please\s(hold|wait|bear) | hold\son | bear\swith\sme | let\sme\s(check|look|see|pull|find|have\sa\slook) | i'?(ll|\swill|m)\s(check|checking|look|looking|pulling|find\sout)\b | give\sme\s(a|one|two|a\sfew)\s(moment|minute|sec|second) | checking\s(that|this|it|now|your)",
    )
});

static TRANSFER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) 转接|为您转|帮您转|给您转|转到|转给|转至|转人工|转交|转专|转售后|转售前|转高级 | (联系|转接?)(专员|专线|同事|客服经理)(为您|给您|处理) | 反馈给(专员|同事|相关|后台|主管)
        | transfer(ring)?\s(you|this|your) | (connect|hand|pass|put)(ing)?\s(you|this|it)\s(through|over|on|to|with) | (my|a)\scolleague\swill | escalat(e|ing)\s(this|it|your)",
    )
});

static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) 评价|好评|打个?分|五星|5星|满意度|生活愉快|祝您|祝你|再见|拜拜|晚安|感谢您?的?(咨询|支持|理解|配合|来访|光临|惠顾|信任|等待|耐心) | (还有|有)(其他|其它|别的|什么)[^。]{0,8}(帮|问题|需要|可以)[^。]{0,8} | 很高兴为您?服务|为您服务是|随时(联系|咨询|找)(我|我们)|期待(再次)?(为您|您)|欢迎再次|不客气|客气了|应该的
        | (anything|something)\selse | rate\s(this|our|us|me|your) | feedback\son | have\sa\s(good|great|nice|lovely|wonderful) | good\s?bye|^bye | you'?re\s(very\s|most\s)?welcome | (glad|happy)\s(to\shave\shelped|i\scould\shelp|to\shelp[.!]?$) | take\scare | thank(s|\syou)\sfor\s(contacting|chatting|reaching|your\spatience|waiting|your\stime|choosing|using|calling) | my\spleasure|no\sproblem[.!]?$",
    )
});

static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x) 有什么(问题|可以|能|需要|事)?[^。]{0,10}(帮|为您|咨询|处理|服务|效劳) | (请问|有)?(什么|啥)[^。]{0,6}(可以|能)?(帮到?|为)您 | 很高兴为您服务|竭诚为您|为您服务[~～!！。.]*$ | 请讲$|您请说|请说$|请描述|在的$|^在$|在呢
        | how\s(can|may|could)\s(i|we)\s(help|assist) | what\scan\s(i|we)\s(do|help) | welcome\sto | thank(s|\syou)\sfor\s(contacting|calling|reaching) | my\sname\sis\s.{1,30}(help|assist) | how\sare\syou",
    )
});

/// Classifies one customer turn (masked or raw; several messages joined by newlines).
#[must_use]
pub fn customer_act(text: &str) -> CustomerAct {
    let folded = fold(text);
    match small_talk(&folded) {
        Some(SmallTalk::Farewell) => return CustomerAct::Farewell,
        Some(SmallTalk::Thanks) => return CustomerAct::Thanks,
        Some(SmallTalk::Greeting) => return CustomerAct::Greeting,
        Some(SmallTalk::Acknowledgement) => return CustomerAct::Acknowledgement,
        Some(SmallTalk::Wordless) => return CustomerAct::Empty,
        None => {}
    }
    if QUESTION_CUE.is_match(&folded) || REQUEST_CUE.is_match(&folded) { CustomerAct::Question } else { CustomerAct::Statement }
}

/// Whether the text asks in so many words (question mark, question word), not only states a wish or trouble.
#[must_use]
pub fn asks_openly(text: &str) -> bool {
    QUESTION_CUE.is_match(&fold(text))
}

/// Classifies one agent message.
#[must_use]
pub fn agent_act(text: &str) -> AgentAct {
    let folded = fold(text);
    let core = core(&folded);
    let length = weighted_length(&folded);
    if core.is_empty() || (length <= 12 && (BARE_ACKNOWLEDGEMENT.is_match(&core) || BARE_GREETING.is_match(&core))) {
        return if BARE_GREETING.is_match(&core) { AgentAct::Opening } else { AgentAct::Acknowledgement };
    }
    // Canned phrases are short, or the phrase is all there is: a long message that also says "please wait" holds an answer as well.
    if length <= 60 && OPENING.is_match(&folded) {
        return AgentAct::Opening;
    }
    if length <= 50 && WAIT.is_match(&folded) {
        return AgentAct::Wait;
    }
    if length <= 60 && TRANSFER.is_match(&folded) {
        return AgentAct::Transfer;
    }
    if length <= 90 && CLOSING.is_match(&folded) {
        return AgentAct::Closing;
    }
    let open_question =
        folded.trim_end().ends_with(['?', '？']) || folded.contains("请提供") || folded.contains("麻烦提供") || folded.contains("发一下");
    if length <= 60 && open_question { AgentAct::AskBack } else { AgentAct::Answer }
}

/// Length in "Chinese characters": a Latin word counts about two.
#[must_use]
pub fn weighted_length(folded: &str) -> usize {
    let mut length = 0;
    let mut in_word = false;
    for c in folded.chars() {
        if c.is_ascii_alphanumeric() {
            if !in_word {
                length += 2;
            }
            in_word = true;
        } else {
            in_word = false;
            if c.is_alphanumeric() {
                length += 1;
            }
        }
    }
    length
}

fn core(folded: &str) -> String {
    FILLER.replace_all(folded, "").replace('\n', "")
}

#[expect(clippy::expect_used, reason = "the patterns are constants of this file and every one is exercised by the tests")]
fn regex(pattern: &str) -> Regex {
    Regex::new(&pattern.replace("\\n", "").replace('\n', if pattern.starts_with("(?x)") { "\n" } else { "" }))
        .expect("a constant pattern compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_small_talk_from_questions() {
        let cases: &[(&str, CustomerAct)] = &[
            ("在吗", CustomerAct::Greeting),
            ("您好，在吗？", CustomerAct::Greeting),
            ("Hello!", CustomerAct::Greeting),
            ("hi there", CustomerAct::Greeting),
            ("好的", CustomerAct::Acknowledgement),
            ("嗯嗯 好", CustomerAct::Acknowledgement),
            ("ok", CustomerAct::Acknowledgement),
            ("哈哈", CustomerAct::Acknowledgement),
            ("好的谢谢", CustomerAct::Thanks),
            ("ok thanks", CustomerAct::Thanks),
            ("Thank you so much!", CustomerAct::Thanks),
            ("再见", CustomerAct::Farewell),
            ("Thanks, bye", CustomerAct::Farewell),
            ("🌹🌹", CustomerAct::Empty),
            ("？？", CustomerAct::Empty),
            ("怎么退货", CustomerAct::Question),
            ("我要退货", CustomerAct::Question),
            ("那运费呢？", CustomerAct::Question),
            ("还没收到货", CustomerAct::Question),
            ("my order never arrived", CustomerAct::Question),
            ("how do I return this", CustomerAct::Question),
            ("两个大人一个小孩", CustomerAct::Statement),
            ("John Smith", CustomerAct::Statement),
        ];
        for (text, act) in cases {
            assert_eq!(customer_act(text), *act, "{text}");
        }
    }

    #[test]
    fn tells_canned_phrases_from_answers() {
        let cases: &[(&str, AgentAct)] = &[
            ("您好，请问有什么可以帮您？", AgentAct::Opening),
            ("Hello, how can I help?", AgentAct::Opening),
            ("请稍等，正在为您查询", AgentAct::Wait),
            ("One moment please, let me check.", AgentAct::Wait),
            ("这边帮您转接售后专员", AgentAct::Transfer),
            ("麻烦给个五星好评哦", AgentAct::Closing),
            ("请问还有其他可以帮您的吗？", AgentAct::Closing),
            ("You're welcome, have a great day!", AgentAct::Closing),
            ("好的", AgentAct::Acknowledgement),
            ("麻烦提供一下订单号", AgentAct::AskBack),
            ("What is your account number?", AgentAct::AskBack),
            ("签收后七天内都可以申请退货，运费由我们承担。", AgentAct::Answer),
            ("有", AgentAct::Answer),
            ("Refunds take one to three working days after we receive the item.", AgentAct::Answer),
        ];
        for (text, act) in cases {
            assert_eq!(agent_act(text), *act, "{text}");
        }
    }

    /// The texts below `## talk` and `## matter` of a case file.
    fn cases(file: &str) -> Vec<(&str, bool)> {
        let mut talk = None;
        let mut cases = Vec::new();
        for line in file.lines() {
            match line {
                "## talk" => talk = Some(true),
                "## matter" => talk = Some(false),
                _ if line.is_empty() || line.starts_with('#') => {}
                _ => cases.push((line, talk.expect("a case stands below a heading"))),
            }
        }
        cases
    }

    /// Precision and recall of small talk among the cases of a file, and every case that is read wrongly.
    fn small_talk_figures(file: &'static str) -> (f64, f64, Vec<&'static str>) {
        let cases = cases(file);
        let read = |text: &str| customer_act(text).is_small_talk();
        let right = cases.iter().filter(|(text, talk)| *talk && read(text)).count() as f64;
        let said = cases.iter().filter(|(text, _)| read(text)).count() as f64;
        let is = cases.iter().filter(|(_, talk)| *talk).count() as f64;
        let wrong = cases.iter().filter(|(text, talk)| read(text) != *talk).map(|(text, _)| *text).collect();
        (right / said, right / is, wrong)
    }

    #[test]
    fn small_talk_is_told_from_what_only_looks_like_it() {
        for (file, least) in
            [(include_str!("../../tests/cases/acts/tuned.txt"), 0.995), (include_str!("../../tests/cases/acts/blind.txt"), 0.97)]
        {
            let (precision, recall, wrong) = small_talk_figures(file);
            assert!(precision >= least && recall >= least, "precision {precision:.3}, recall {recall:.3}; wrong: {wrong:#?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = customer_act(&text);
            let _ = agent_act(&text);
        }
    }
}
