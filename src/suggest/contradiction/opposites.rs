//! Words and phrases of which one excludes the other, in Chinese and English: data of [`super::Claims::oppose`].

use std::sync::LazyLock;

use regex::Regex;

use super::compiled;

/// Words and phrases of which one excludes the other.
pub(super) static OPPOSITES: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    let pair = |one: &str, other: &str| (compiled(one), compiled(other));
    vec![
        pair(r"过期|失效|清零|作废", r"永久|长期有效|一直有效|终身有效|不会?(?:过期|失效|清零|作废)"),
        pair(r"营业|开门|上班|照常", r"休息|关门|不营业|不开门|不上班|放假|歇业"),
        pair(r"有现货|现货|有货", r"缺货|断货|没货|无货|没有现货|售罄|卖完|预售"),
        pair(
            r"(?:买家|客户|顾客|您|自行|个人)(?:这边|自己)?(?:来)?(?:承担|出|付|负担|支付)|自理|自付",
            r"(?:我们|商家|卖家|店家|店铺|平台|我方|本店)(?:这边)?(?:来)?(?:承担|出|付|负担|支付)|包邮",
        ),
        pair(
            r"by appointment|appointment only|book(?:ed)? (?:in advance|a slot|first)|须预约|需要?(?:提前)?预约|必须(?:提前)?预约",
            r"walk-?ins? (?:are )?welcome|without an? (?:appointment|booking|reservation)|无需(?:提前)?预约|不用(?:提前)?预约|不需要(?:提前)?预约|不必预约",
        ),
        pair(r"自动", r"手动|人工(?:申请|提交|办理)"),
        pair(r"\bautomatic(?:ally)?\b", r"\bmanual(?:ly)?\b"),
        pair(
            r"原路(?:退回|返回)|退(?:回)?原(?:账户|支付|卡)",
            r"退(?:到|至|成|为)?(?:余额|钱包|储值|积分|代金券|购物券)|不(?:支持|能)原路",
        ),
        pair(
            r"\b(?:original payment method|money back|full refund|cash refund)\b",
            r"\b(?:store credit|gift card|voucher|credit note)s?\b",
        ),
        pair(r"含税|含早|包含|已含|包括在内", r"不含|不包含|不包括|另(?:外)?(?:收|算|付|计)|额外收"),
        pair(
            r"\b(?:is|are|comes) (?:already )?(?:included|with)\b|\bincluded in the price\b",
            r"\bnot included\b|\bcharged separately\b|\bextra charge\b|\bsold separately\b|\bcosts extra\b",
        ),
        pair(r"本人(?:亲自)?(?:到场|前来|办理|携带)|必须本人|须本人", r"代办|代领|代取|他人代|家人(?:代|也)|不(?:必|用|需要)本人"),
        pair(r"\bin person\b", r"\bon (?:your|their) behalf\b|\bsomeone else\b|\banyone (?:can|may)\b"),
        pair(r"提前|事先", r"当场|随时|无需提前|不用提前"),
        pair(r"全额", r"部分退|扣除|扣(?:掉|取)?\d|只退"),
        pair(r"\bfull(?:y)? refund(?:ed|able)?\b", r"\bpartial(?:ly)?\b|\bnon-?refundable\b|\bno refunds?\b"),
        pair(
            r"\bvalid (?:for|until)\b|\bexpires?\b|\bdeadline\b|\bwithin\b|\bhave to finish\b|有效期\p{Han}{0,3}\d|过期|失效|清零|\d[天月年]内",
            r"\bno (?:expiry|time limit|deadline|limit)\b|\bnever expires?\b|\bfor life\b|\bforever\b|\bindefinitely\b|\bunlimited\b|永久|长期有效|不限(?:时间|期|时)|没有(?:有效期|期限|时间)(?:限制)?|随时(?:可以|都能)用",
        ),
        pair(
            r"\bback (?:on ?|in)?to (?:the|your) (?:card|account|bank)\b|\bto the card you\b",
            r"\bstore credit\b|\bvouchers?\b|\bcredit note\b",
        ),
        pair(
            r"\bcovers?\b|\bcovered\b|\bincludes\b",
            r"\bexclud(?:ed|es)\b|\bnot covered\b|\bdoes ?n[o']?t (?:cover|include)\b|\bis ?n[o']?t covered\b",
        ),
        pair(
            r"\bautomatically\b|\bby itself\b",
            r"\bnot (?:renew|extend|happen) (?:by itself|automatically)\b|\byou have to (?:buy|renew|do|apply)\b|\byourself\b",
        ),
        pair(
            r"\bdiscontinued\b|\bno longer (?:available|made|sold|produced|in our range)\b|停产|下架",
            r"\bback in (?:stock|our range|the range|the shop)\b|\bavailable again\b|重新上架|恢复(?:供应|销售)|又有(?:货|卖)",
        ),
        pair(
            r"\bin (?:one sum|a single payment|one go|full)\b|一次性(?:付|缴|交|支付)",
            r"\binstal?lments?\b|\bspread\b.{0,40}\bover\b|\bpayment plan\b|分期|分\p{Han}期",
        ),
        pair(
            r"\b(?:right|straight) away\b|\bimmediately\b|\bat once\b|\bas soon as you\b|立即|马上|立刻|当场",
            r"\b(?:dont|not|wont|nothing)\b.{0,40}\buntil\b|\bonly (?:when|after|once)\b|(?:之后|以后|后)才",
        ),
        pair(
            r"\baround the clock\b|\b24 hours a day\b|\b24/7\b|\bat any time\b|\bday and night\b|24小时(?:都|有人|营业|服务|前台)|全天",
            r"\bat the latest\b|\bnobody\b.{0,12}\b(?:on site|there|here)\b|\blocked after\b|\bclosed after\b|最晚|最迟",
        ),
        pair(
            r"\banybody\b|\banyone\b|任何人|谁(?:都|来都|去都)",
            r"\bauthori[sz]ation\b|\bpower of attorney\b|委托书|授权书|\bin person\b|本人(?:亲自|到场|前来|持)|必须本人|须本人",
        ),
        pair(r"\btogether\b|\bin (?:one|the same) parcel\b", r"\bseparate(?:ly)?\b|\bon its own\b"),
        pair(r"一起(?:发|寄|送)|随\p{Han}{1,4}(?:发|寄)", r"单独(?:发|寄|再)?|分开(?:发|寄)"),
        pair(
            r"\bcash\b",
            r"\bwithout cash\b|\bcashless\b|\bno cash\b|\b(?:not|dont) (?:take|accept) cash\b|\bcash (?:is|isnt)(?: not)? (?:accepted|taken)\b",
        ),
        pair(
            r"\bin the (?:price|fare|rate)\b|\bprices? includes?\b",
            r"\badded (?:at|on|to)\b|\bon top\b|\bplus (?:tax|vat)\b|\bcosts? extra\b",
        ),
        pair(
            r"\b(?:keeps?|continues?|still|goes on) work(?:s|ing)?\b|\bstays? (?:valid|active)\b",
            r"\bstops? working\b|\bno longer works?\b|\bis (?:blocked|deactivated|disabled|cancelled) (?:as soon|at once|immediately|straight)\b",
        ),
        pair(
            r"\b(?:under|on|share) the same\b|\bcan be shared\b",
            r"\b(?:their|its|your|his) own\b|\bcant be shared\b|\bcannot be shared\b",
        ),
        pair(
            r"\ball year\b|\byear[- ]round\b|全年",
            r"\b(?:from|between) (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (?:to|and|until|till)\b|\bin (?:summer|winter) only\b|\bseasonal\b|仅(?:夏|冬)季",
        ),
        pair(
            r"\bby phone\b|\bin chat\b|\bthrough us\b|\bwe (?:can )?(?:do|change|update|arrange) (?:it|that) for you\b",
            r"\byou(?:ll)? (?:have|need) to (?:do|change|update|arrange) (?:it|that) yourself\b",
        ),
        pair(
            r"\bbefore (?:you|the|your)\b.{0,20}\b(?:order|travel|start|arriv)",
            r"\bafter (?:you|the|your)\b.{0,20}\b(?:order|travel|start|arriv)",
        ),
        pair(
            r"\b(?:\d+|one|two|three|five|six|ten|twelve|thirty)[- ](?:day|week|month|year)s?\b",
            r"\blifetime\b|\bfor life\b|\bforever\b|\bindefinitely\b|\bno (?:expiry|time limit)\b|\bnever expires?\b|\bdo(?:es)?n?t expire\b|\bno end date\b",
        ),
        pair(
            r"\byou can keep (?:it|them|the)\b|\bno need to (?:return|send)\b|\bkeep the (?:item|goods)\b",
            r"\bsend (?:it|them) back\b|\breturn (?:it|them)\b|\bhas to (?:be returned|come back)\b",
        ),
        pair(
            r"\bsame (?:price|fee|rate|cost)\b|\bno (?:surcharge|supplement)\b",
            r"\bmore expensive\b|\bhigher (?:price|fee|rate)\b|\bsurcharge\b|\bsupplement\b",
        ),
        pair(
            r"\bstays? the same\b|\bkeep (?:the|your) (?:same )?(?:number|iban|pin|address)\b|不变|不用换",
            r"\bnew (?:number|iban|pin|address)\b|\bwill change\b|会变|换成新的",
        ),
        pair(r"\bopen(?:s|ed)?\b", r"\bclosed\b|\bclose (?:on|all|for)\b|\bnot open\b|\bshut\b"),
        pair(r"\bin stock\b|\bavailable\b", r"\bout of stock\b|\bsold out\b|\bunavailable\b|\bnot (?:in stock|available)\b"),
        pair(r"\bexpires?\b", r"\bnever expires?\b|\bdo(?:es)? ?n[o']?t expire\b|\bvalid forever\b"),
        pair(r"\brequired\b|\bmandatory\b|\bmust\b", r"\boptional\b|\bnot required\b|\bvoluntary\b"),
        pair(
            r"\bpossible\b|\ballowed\b|\bpermitted\b",
            r"\bimpossible\b|\bforbidden\b|\bprohibited\b|\bnot (?:possible|allowed|permitted)\b",
        ),
        pair(
            r"\byou pay\b|\bat your (?:own )?expense\b|\bpaid by (?:you|the buyer|the customer)\b",
            r"\bwe pay\b|\bat our expense\b|\bon us\b|\bwe cover\b|\bpaid by us\b",
        ),
    ]
});
