//! What figures look like: the patterns that [`super::quantities`] reads a text with.

use std::sync::LazyLock;

use regex::Regex;

use crate::suggest::contradiction::compiled;

/// A number, in figures or words.
const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零一二两三四五六七八九十百千半]+|(?-u:\b)(?:half\ an?|a\ couple\ of|(?:(?:an?|one|two|three|four|five|six|seven|eight|nine)\ hundred(?:\ and\ )?)?(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[-\ ](?:one|two|three|four|five|six|seven|eight|nine))?|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|one|two|three|four|five|six|seven|eight|nine|an?))(?:\ and\ a\ (?:half|quarter))?(?-u:\b)|(?-u:\b)(?:an?|one|two|three|four|five|six|seven|eight|nine)\ hundred(?-u:\b))";
pub(super) static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    measured(
        r"(?P<unit>个?工作日|个?自然日|天|日内|日之?内|个?小时|个?钟头|分钟|秒钟?|个?星期|个?礼拜|周内?|个月|年|h(?-u:\b)|fortnights?(?-u:\b)|(?:working|business|calendar)?\ ?days?(?-u:\b)|hours?(?-u:\b)|hrs?(?-u:\b)|minutes?(?-u:\b)|mins?(?-u:\b)|seconds?(?-u:\b)|secs?(?-u:\b)|weeks?(?-u:\b)|months?(?-u:\b)|years?(?-u:\b))",
    )
});
/// What only tells how long ago something happened to this customer, or on which day: no figure of a rule.
pub(super) static OWN_CASE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?:到|至)(?:今天|现在|目前|今)(?:\p{{Han}}{{0,2}})?第?{NUMBER}天了?|今天\p{{Han}}{{0,3}}第{NUMBER}天了?|第{NUMBER}天了|{NUMBER}[号日](?:晚上|早上|下午|中午)?(?:下的?单|买的|拍的|付的?款|签收|收到)|{NUMBER}\ (?:days?|weeks?|months?)\ ago(?-u:\b)|(?:has|have|its)\ been\ {NUMBER}\ (?:days?|weeks?|months?)"
    ))
});
pub(super) static MONEY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?:[$€£¥]|usd|rmb|cny|eur|gbp|hkd|aud|cad|chf)\ ?(?P<before>{NUMBER})|(?P<low>{NUMBER})(?:\ ?(?:-|~|到|至|to)\ ?(?P<high>{NUMBER}))?\ ?(?P<times>[千万])?\ ?(?:元|块钱?|yuan|rmb|cny|dollars?|usd|euros?|eur|pounds?|gbp|quid|cents?|[$€£])"
    ))
});
/// An amount from which on something holds.
pub(super) static FROM: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"满(?P<zh>{NUMBER})(?:元|块钱?)|(?:orders?|purchases?|baskets?)\ (?:over|above|from|worth|of\ at\ least|of\ more\ than)\ [$€£¥]?\ ?(?P<en>{NUMBER})(?:\ ?(?:yuan|dollars?|euros?|pounds?))?"
    ))
});
pub(super) static FREE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"免费|免年费|免运费|免押金|免服务费|免快递费|免邮费|包邮|免手续费|不(?:会)?(?:再)?(?:另外|额外)?(?:收取?|另收)(?:您)?(?:的)?(?:任何)?(?:钱|\p{Han}{0,4}费)|不要钱|不用付钱|不花钱|零费用|不用(?:另外|额外)?(?:给钱|付费|交费|掏钱)|无需(?:另外|额外)?(?:付费|交费)|不另收费|不再收费|(?-u:\b)free(?-u:\b)|(?-u:\b)no\ (?:extra\ )?(?:charge|fee|cost)s?(?-u:\b)|(?-u:\b)costs?\ (?:you\ )?nothing(?-u:\b)|无(?:需|须)?押金|(?:不用|不需要|无需|不必)(?:付|交|缴)?押金|(?-u:\b)for\ nothing(?-u:\b)|(?-u:\b)pays?\ nothing(?-u:\b)|(?-u:\b)nothing\ to\ pay(?-u:\b)|(?-u:\b)at\ no\ (?:\w+\ )?(?:cost|charge)s?(?-u:\b)|(?-u:\b)no\ (?:\w+\ )?(?:fee|charge|cost)s?(?-u:\b)|(?-u:\b)(?:do|does|is|are|will)(?: not|n[o']?t)\ (?:be\ )?charged?\ (?:for|you|anything)|(?-u:\b)(?:wont|will\ not)\ be\ charged|(?-u:\b)nothing\ will\ be\ charged|(?-u:\b)complimentary(?-u:\b)|(?-u:\b)on\ the\ house(?-u:\b)",
    )
});
pub(super) static UNLIMITED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"没有(?:有效期|期限|时间)(?:限制)?|不限(?:时间|期|时)|\bno (?:expiry|time limit|deadline)(?: date)?\b|\bnever expires?\b")
});
/// A charge whose amount is not said.
pub(super) static PAID: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?-u:\b)(?:an?|the)\ (?:small\ |extra\ |additional\ )?(?:fee|charge|surcharge)\ (?:applies|for|is\ due|has\ to)|(?-u:\b)costs?\ \d+(?:\.\d+)?\ ?%|(?-u:\b)for\ a\ fee(?-u:\b)|(?-u:\b)(?:is|are)\ chargeable(?-u:\b)|(?-u:\b)(?:at|for)\ (?:an\ )?(?:extra|additional)\ (?:cost|charge|fee)(?-u:\b)|(?:需要?|要|会|得)(?:另外|额外|单独)?(?:收费|付费|交费)|收费的",
    )
});
pub(super) static SHARE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?P<lower>discount[a-z\ ]{{0,14}}\ )?(?P<percent>{NUMBER})\ ?(?:%|percent(?-u:\b)|per\ cent(?-u:\b))(?P<off>\ ?(?:off|discount))?|百分之(?P<of>{NUMBER})|(?P<left>{NUMBER})折"
    ))
});
pub(super) static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?-u:\b)(?P<plain>\d{{1,2}})(?::(?P<past>\d{{2}}))?\ ?(?P<half_of_day>am|pm|a\.m\.|p\.m\.)|(?P<part>上午|早上|中午|下午|晚上|晚)?(?:(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})|(?P<word>{NUMBER})点(?P<half>半)?)"
    ))
});
pub(super) static DATE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?P<month>{NUMBER})月(?P<day>{NUMBER})[日号]|(?-u:\b)(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\ (?P<of>\d{{1,2}})(?:st|nd|rd|th)?(?-u:\b)|(?P<zh_whole>{NUMBER})月(?:底|初|中旬|份|末)|(?:in|end\ of|beginning\ of|start\ of|until|by|from|since)\ (?P<whole>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?-u:\b)|(?-u:\b)(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\ (?:of\ )?(?P<second>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?-u:\b)"
    ))
});
pub(super) static DAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?P<from>mon|tue|wed|thu|fri|sat|sun)[a-z]*\ ?(?:to|-|–|through|till|until)\ ?(?P<till>mon|tue|wed|thu|fri|sat|sun)[a-z]*|(?:周|星期|礼拜)(?P<zh_from>[一二三四五六日天])(?:到|至|-|~)(?:周|星期|礼拜)?(?P<zh_till>[一二三四五六日天])|(?:周|星期|礼拜)(?P<zh>[一二三四五六日天])|(?-u:\b)(?P<en>monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?(?-u:\b)|(?P<all>每天|天天|全年无休|不休息|seven\ days\ a\ week|7\ days\ a\ week|every\ day|daily)|(?P<end>周末|(?-u:\b)weekends?(?-u:\b))|(?P<work>(?-u:\b)weekdays?(?-u:\b))|(?P<near>今天|今晚|明天|后天|大后天|(?-u:\b)today(?-u:\b)|(?-u:\b)tomorrow(?-u:\b))",
    )
});
pub(super) static FREQUENCY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?-u:\b)(?:every|each|once\ an?|once\ every|once\ per)\ (?P<unit>week|fortnight|month|quarter|year)(?-u:\b)|(?-u:\b)(?P<adverb>weekly|fortnightly|monthly|quarterly|yearly|annually)(?-u:\b)|每(?:一|1)?(?P<zh>个月|季度|年|周|月)(?:一次|1次|统一|更新|结算|抄)",
    )
});
pub(super) static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"每个?月(?P<zh>\d{1,2})[号日]|(?-u:\b)the\ (?P<en>\d{1,2})(?:st|nd|rd|th)(?-u:\b)|(?P<alone>\d{1,2})号(?:之?前|左右|到账|发|出账|扣|还)",
    )
});
/// Mass in kilograms, length in metres, volume in litres, temperature.
pub(super) static MEASURE: LazyLock<Regex> = LazyLock::new(|| {
    measured(
        r"(?P<unit>公斤|千克|kg(?-u:\b)|kilos?(?-u:\b)|kilograms?(?-u:\b)|毫克|mg(?-u:\b)|克|g(?-u:\b)|grams?(?-u:\b)|斤|吨|tons?(?-u:\b)|pounds?\ in\ weight|lbs?(?-u:\b)|厘米|公分|cm(?-u:\b)|centimet(?:er|re)s?(?-u:\b)|毫米|mm(?-u:\b)|公里|千米|km(?-u:\b)|kilomet(?:er|re)s?(?-u:\b)|米|met(?:er|re)s?(?-u:\b)|m(?-u:\b)|miles?(?-u:\b)|毫升|ml(?-u:\b)|升|lit(?:er|re)s?(?-u:\b)|gb(?-u:\b)|gigabytes?(?-u:\b)|g流量|mb(?-u:\b)|megabytes?(?-u:\b)|兆)",
    )
});
/// A place or a line that is told from others by its number or letter: its kind, and which one.
pub(super) static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?-u:\b)(?P<kind>gate|room|counter|platform|hall|terminal|bay|building|exit|level|line|zone|aisle|floor)\ (?P<which>[a-z]?\d+[a-z]?|[a-z])(?-u:\b)|(?-u:\b)(?P<order>ground|first|second|third|fourth|fifth|\d+(?:st|nd|rd|th))\ (?P<of>floor|level)(?-u:\b)|(?P<number>[a-z]?\d+|[一二三四五六七八九十]+)号?(?P<zh>窗口|柜台|登机口|出口|航站楼|号线|站台|诊室|会议室|教室|楼|层|厅)",
    )
});
pub(super) static CLOSED_DAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:(?-u:\b)(?:closed|shut|not\ open)\ (?:on\ )?(?:(?P<en>mon|tue|wed|thu|fri|sat|sun)[a-z]*(?-u:\b)|(?P<end>weekends?))|(?:周|星期|礼拜)(?P<zh>[一二三四五六日天])(?:\p{Han}{0,2})(?:闭馆|不开|休息|关门|不上班|不营业))",
    )
});
pub(super) static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    measured(
        r"(?P<unit>次|节课?|台|件|人|个(?:孩子|学生|人|名额|小朋友)|位|周?岁|度|级|张|笔|倍|分(?:以上|及格)?|积分|times(?-u:\b)|attempts?(?-u:\b)|tries(?-u:\b)|lessons?(?-u:\b)|classes(?-u:\b)|devices?(?-u:\b)|items?(?-u:\b)|people(?-u:\b)|persons?(?-u:\b)|students?(?-u:\b)|children(?-u:\b)|kids(?-u:\b)|degrees?(?-u:\b)|points?(?-u:\b)|cards?(?-u:\b))",
    )
});
pub(super) static AGE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?-u:\b)(?:age|aged|ages)\ (?:of\ )?(?P<age>{NUMBER})|(?P<old>{NUMBER})[-\ ]years?[-\ ]old(?-u:\b)|(?-u:\b)(?:under|over)-(?P<under>{NUMBER})s(?-u:\b)|(?P<zh>{NUMBER})岁"
    ))
});
pub(super) static OFTEN: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?-u:\b)(?P<how>once|twice)(?-u:\b)(?:\ (?:a|per|every)\ )?"));
/// A counted thing of which nothing more is known.
pub(super) static THINGS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?P<low>{NUMBER})[\ -](?P<unit>[a-z]{{3,}})(?:\ (?P<noun>[a-z]{{3,}}))?|(?P<zh>[二两三四五六七八九十百]+|\d+)(?P<classifier>个|名|份|瓶|盒|套|只|条|包|双|盘|杯|辆|门|科|寸|页|行|字|间|晚|桌|排|局)(?P<thing>\p{{Han}}{{0,2}})"
    ))
});
pub(super) static NUMBER_ALONE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?P<low>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?P<times>[千万])?"));
pub(super) static ORDINAL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"第{NUMBER}(?:[步点种条项次位页章]|\ )?|首[次年月]|(?-u:\b)first(?-u:\b)|(?-u:\b)second(?-u:\b)|(?-u:\b)third(?-u:\b)|(?-u:\b)step\ \d+|\d+(?:st|nd|rd|th)(?-u:\b)|一(?:下|般|起|直|定|样|些|点|旦|次性|键|并|共|致|律|切)|[a-z]\d+|\d{{5,}}"
    ))
});
fn measured(unit: &str) -> Regex {
    compiled(&format!(r"(?P<low>{NUMBER})(?:\ ?(?:-|~|—|－|到|至|to)\ ?(?P<high>{NUMBER}))?\ ?-?{unit}"))
}

pub(super) static BOUND_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:within|up\ to|at\ (?:the\ )?most|no\ (?:more|later)\ than|max(?:imum)?(?:\ of)?|最多|最高|最晚|最迟|最长|不超过|不晚于|不迟于|至多|上限|after)\ ?(?:\u{1}|the|可以|为|是|在|\ )*$",
    )
});
pub(super) static BOUND_BEHIND: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"^\ ?(?:之?内|以内|以下|at\ (?:the\ )?most|max|or\ less|tops)"));
/// Two numerals side by side ("两三天") are a range, "一个半小时" is one and a half.
pub(super) static ABOUT: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?P<low>[一二两三四五六七八])(?P<high>[二三四五六七八九])(?P<unit>个|天|日|周|小时|分钟|年|次|块|元|千|百|公斤)")
});
pub(super) static AND_A_HALF: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?P<whole>[一二两三四五六七八九十]|\d+)个半(?P<unit>小时|钟头|月|星期)"));
pub(super) static HALF_MORE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve) and a (?:half|quarter)\b"));
pub(super) static SOMETHING_FREE: LazyLock<Regex> = LazyLock::new(|| compiled(r"\b([a-z]+)-free\b"));
pub(super) static TURN: LazyLock<Regex> = LazyLock::new(|| compiled(r"第(?P<number>\d+|[一二两三四五六七八九十]+)个?(?P<unit>工作日|天)"));
pub(super) static SAME_DAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?P<same>当天|当日|(?-u:\b)(?:on\ )?(?:the\ )?same[-\ ]day(?-u:\b))|(?P<next>次日|隔天|第二天|(?-u:\b)(?:the\ )?next[-\ ](?:business\ |working\ )?day(?-u:\b))",
    )
});

/// Words that follow a number without being counted by it.
pub(super) const UNCOUNTED: &[&str] = &[
    "the",
    "and",
    "for",
    "more",
    "time",
    "our",
    "your",
    "their",
    "other",
    "another",
    "way",
    "click",
    "thing",
    "last",
    "place",
    "per",
    "with",
    "from",
    "off",
    "but",
    "you",
    "that",
    "this",
    "are",
    "can",
    "will",
    "moment",
    "bit",
    "little",
    "few",
    "lot",
    "new",
    "single",
    "after",
    "before",
    "once",
    "each",
    "who",
    "which",
    "has",
    "was",
    "over",
    "hour",
    "percent",
    "minute",
    "day",
    "week",
    "month",
    "year",
    "second",
    "working",
    "business",
    "calendar",
    "further",
    "extra",
    "additional",
    "copy",
    "link",
    "look",
    "note",
    "team",
    "great",
    "nice",
    "lovely",
    "good",
    "step",
    "per",
    "yet",
    "via",
    "back",
    "under",
    "above",
    "below",
    "than",
    "plus",
    "out",
    "all",
    "any",
    "its",
    "not",
    "only",
];
