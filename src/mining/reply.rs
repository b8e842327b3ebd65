//! Does this reply answer that question? A small linear model over word-level features, without an encoder.
//!
//! The weights were set by hand from what the features mean, not fitted to any evaluation set; `riposte eval pairing` measures them
//! (`docs/evaluation.md`).

use std::sync::LazyLock;

use regex::Regex;

use crate::text::acts::{AgentAct, agent_act, asks_openly, weighted_length};
use crate::text::normalise::fold;
use crate::text::segment::terms;

/// Probability from which on a reply counts as an answer.
pub const ANSWER_THRESHOLD: f32 = 0.5;

#[expect(clippy::expect_used, reason = "the patterns are constants of this file and every one is exercised by the tests")]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

static YES_NO_QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(吗|么|不|没|没有|吧)[?？\s]*$|是不是|能不能|可不可以|有没有|会不会|要不要|行不行|是否|能否|可否|^(is|are|do|does|did|can|could|will|would|has|have|may)\b",
    )
});
static YES_NO_REPLY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(是|对|有|没|无|可以|能|不|会|行|好|要|需要|满|带|在|嗯|恩|应该|肯定|一般|目前|现在|已经|还|都|支持|暂|yes|no|yep|nope|sure|of course|certainly|unfortunately|sorry|you can|absolutely)",
    )
});
static AMOUNT_QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"多少|几|多大|多久|多长|多高|多远|什么时候|何时|时间|价|费|钱|面积|首付|月供|税|how (much|many|long|far|soon)|when|what time|price|cost|fee",
    )
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"[0-9０-９]|[一二三四五六七八九十百千万两半]+[个天月年万元块平米层楼折点分小套室厅房号次%]|today|tomorrow|soon|free|免费|今天|明天",
    )
});
static WHERE_QUESTION: LazyLock<Regex> = LazyLock::new(|| regex(r"哪|位置|地址|where|which"));
static CHATTER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"微信|电话|手机号|加我|加您|联系方式|联系我|怎么称呼|贵姓|方便的话|看房|带您|带你|什么时候(有空|有时间|方便)|有时间|有空|约|感兴趣|推荐|给您发|发给您|发您|发你|您好|你好|不好意思|抱歉|请问您|您是|你是|您想|您要|您需要|您看|您考虑|预算|首次|自住|投资|服务|谢谢|好的|哈哈|图片|表情|稍等|我是",
    )
});

/// Probability (0–1) that `reply` answers `question`. `order` is the reply's place among the agent's messages of the turn, from 0.
#[must_use]
pub fn answer_probability(question: &str, reply: &str, order: usize) -> f32 {
    let act = agent_act(reply);
    let base: f32 = match act {
        AgentAct::Answer => 0.1,
        AgentAct::AskBack => -1.9,
        AgentAct::Acknowledgement => -0.5,
        AgentAct::Opening | AgentAct::Wait | AgentAct::Transfer | AgentAct::Closing => -3.0,
    };
    let asked = fold(question);
    let said = fold(reply);
    let mut score = base;
    score -= 0.35 * (order.min(4) as f32);
    if asks_openly(question) {
        score += 0.2;
    } else {
        score -= 0.5;
    }
    let shared = shared_terms(question, reply);
    score += 1.6 * shared.min(0.6);
    let yes_no = YES_NO_QUESTION.is_match(&asked);
    if yes_no && YES_NO_REPLY.is_match(&said) {
        score += 1.3;
    }
    if AMOUNT_QUESTION.is_match(&asked) && NUMBER.is_match(&said) {
        score += 1.1;
    }
    if WHERE_QUESTION.is_match(&asked) && said.contains(['在', '路', '站', '区', '层', '楼']) {
        score += 0.5;
    }
    if CHATTER.is_match(&said) {
        score -= 0.9;
    }
    if said.trim_end().ends_with(['?', '？']) || said.ends_with('吗') || said.ends_with('呢') {
        score -= 1.0;
    }
    let length = weighted_length(&said);
    // One or two characters answer only a yes/no question; long replies mostly do say something.
    if length <= 2 && !yes_no {
        score -= 0.6;
    }
    if length >= 25 {
        score += 0.3;
    }
    1.0 / (1.0 + (-score).exp())
}

/// Share of the question's terms that the reply takes up (0–1).
fn shared_terms(question: &str, reply: &str) -> f32 {
    let asked = terms(question);
    if asked.is_empty() {
        return 0.0;
    }
    let said: std::collections::HashSet<String> = terms(reply).into_iter().collect();
    asked.iter().filter(|term| said.contains(*term)).count() as f32 / asked.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_scores_above_chatter() {
        let question = "这个小区有地铁吗";
        let answer = answer_probability(question, "有的，出门三百米就是地铁站", 0);
        for chatter in ["您好", "稍等我查一下", "方便加您微信吗？", "麻烦给个好评", "您想看几居室的？"] {
            let other = answer_probability(question, chatter, 0);
            assert!(answer >= ANSWER_THRESHOLD && answer > other + 0.2, "{chatter}: {other} against {answer}");
        }
    }

    #[test]
    fn a_number_answers_an_amount() {
        assert!(answer_probability("首付要多少", "首付最低三成，大概90万", 0) > answer_probability("首付要多少", "这套房子很不错的", 0));
    }
}
