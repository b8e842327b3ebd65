//! Word lists that serve as evidence: surnames, words that only look like names, places, common English words.
//!
//! Data and look-ups only; the rules are in the detectors.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::text::language::is_chinese;

/// Surnames that are rarely anything else at the start of a word.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱林郭罗郑梁宋谢唐许邓韩冯曹彭曾萧肖蔡潘袁董余叶程魏苏吕丁沈任姚卢姜崔钟谭陆汪范廖石贾韦付夏邹熊孟秦邱侯江尹薛闫雷龙黎史陶贺毛郝顾龚邵覃武钱戴严莫赖倪樊庄殷翟傅俞阮詹耿柯葛焦裴兰鲍霍喻祝涂苗辛冉聂欧戚席柴柳芦靳隋蒋解霍尤佟甄湛屠蒲迟桂栾褚卞岑阎姬虞窦娄鞠邬谷牟缪奚宫路麦惠符丛邢蓝车储鄢匡滕桑荆敖项祁孔庞骆伍屈鲁乔翁饶纪胥寇闵郁荀邰蔺卓阙晏佘芮仇柏裘邝巩逯粟冼苟郗濮邸茹郜竺訾郏雍厉臧仝綦谌仲";
/// Surnames that are everyday characters too: they need a border in front, and more caution.
const WEAK_SURNAMES: &str = "向高何马金方白田于杜康万段钱汤常施文洪季安温包左宁成房单牛童颜关管岳齐易明计成梅盛连游全应平时舒毕华曲古边卜冷时尚商曹凌甘艾池申简党冀花宗瞿乐景步代闻章诸楚封荣权沙米吉阳卫麻蒙宣祖幸燕慕尧";
const COMPOUND_SURNAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯", "长孙", "宇文", "端木", "南宫", "独孤",
    "轩辕", "百里", "东郭", "申屠", "澹台", "呼延", "淳于", "闻人", "赫连", "钟离", "濮阳", "公冶", "拓跋",
];

/// Words that start like a name and are none.
static NOT_NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "高级 高峰 高铁 高中 高二 高三 高一 高度 高兴 高价 高端 高清 高速 高温 高校 高考 高新 金牌 金卡 金额 金融 金色 金属 金币 \
     黄金 黄色 黄牛 白金 白色 白天 白银 江苏 江西 江南 江门 江湖 安徽 安卓 安装 安全 安排 安心 安静 温州 温度 温馨 宁波 宁夏 \
     成都 成人 成功 成员 成本 马上 马来 马鞍 马路 方便 方法 方式 方案 方向 单位 单独 单身 单号 单价 于是 常用 常州 常客 常见 \
     平时 平台 平板 平常 全部 全新 全国 全家 全职 时候 时间 万一 万能 万元 关于 关注 关闭 管理 管家 应该 应届 计划 计算 明天 \
     明白 明年 明显 连接 连续 房东 房客 房主 房子 房屋 商家 商务 商品 商户 商城 文件 文员 文科 华为 华南 华东 华北 河南 周末 \
     周一 周二 周三 周四 周五 周六 周日 周边 周围 周年 周期 任何 任务 任意 任选 何时 何种 程序 程度 石家庄 石油 石头 江阴 \
     张家 张家口 张家港 张家界 路过 路人 路上 路由 路线 车主 车友 车票 车险 车辆 车子 解决 解释 解除 解绑 解锁 项目 储存 储值 \
     储蓄 符合 麦克 惠州 兰州 桂林 杭州 苏州 徐州 郑州 梁山 沈阳 唐山 胡同 林业 宋体 夏天 夏季 夏令 秦皇岛 孟加拉 雷达 雷电 \
     龙头 龙年 龙虾 黎明 史上 武汉 武警 向导 向你 向您 向上 莫名 莫非 顾客 顾问 严重 严格 钱包 钱款 钱数 毛病 毛巾 毛衣 赖账 \
     余额 余下 余款 余杭 叶子 陆续 汪汪 范围 丁香 任职 曾经 许多 许可 祝您 祝你 祝福 兰花 欧洲 欧美 欧元 席位 柴油 符号 尤其 \
     迟到 迟迟 宫颈 谷歌 谷物 蓝色 蓝牙 桑拿 黄山 黄石 韩国 韩版 韩文 杨浦 杨梅 朱红 孙子 孙女 胡萝卜 罗湖 萧山 曹操 彭州 \
     邓小平 冯唐 曲线 曲阜 古代 古典 古镇 边上 边框 冷静 冷冻 冷门 尚未 尚无 甘肃 艾特 池子 申请 申诉 申报 申通 简单 简历 \
     简体 党员 花呗 花钱 花费 花园 乐意 景区 景点 步骤 代理 代购 代表 代付 代收 代码 闻到 易付宝 易碎 游客 游戏 盛大 梅花 \
     牛奶 牛仔 童装 童鞋 颜色 颜值 齐全 康复 康师傅 段时间 汤圆 施工 文字 洪水 季度 季节 包裹 包邮 包装 包括 包含 包年 包月 \
     左右 左边 宁可 田地 田径 杜绝 杜蕾斯 白领 方面 方正 何必 何以 钟头 钟表 谭木匠 贾府 付款 付费 付了 付完 付钱 付不 付全 \
     付清 付尾 邮寄 柳州 毕业 毕竟 毕节 舒服 舒适 苗条 辛苦 冉冉 聂耳 江山 江北 江宁 石材 石化 韦德 侯马 邱北 熊猫 熊孩 夏装 \
     夏款 姜汁 崔健 卢沟 姚明 沈河 丁字 丁点 吕梁 苏宁 苏泊尔 苏打 苏北 苏南 魏都 袁大头 潘多拉 蔡司 林地 林子 郭子 何处 林肯 \
     林芝 郑重 李宁 王者 王牌 王府 王国 王子 王后 张数 张贴 张纸 张单 张图 张照 张卡 张券 陈列 陈旧 陈述 刘海 杨树 赵州 黄页 \
     黄瓜 黄油 周转 周到 周岁 吴江 吴中 胡乱 胡说 朱砂 林区 罗列 罗马 梁子 宋代 谢谢 谢了 谢绝 唐代 许久 许昌 许愿 程控 任性 \
     任由 范例 石膏 石墨 石英 付出 孟买 秦岭 江水 薛定谔 雷同 雷锋 贺卡 贺岁 顾虑 顾及 武术 武器 武昌 武侯 钱塘 戴上 戴着 \
     戴森 戴尔 向阳 向前 向后 殷勤 俞敏 葛根 焦虑 焦急 鲍鱼 霍尔 喻为 祝贺 祝大 涂料 涂层 苗木 欧莱 席卷 柳叶 解答 解读 解封 \
     解约 蒲公英 桂花 符文 麦当 麦片 麦子 惠普 惠顾 车位 车型 车间 车上 车内 车载 储备 储物 项链 房产 房贷 房价 房间 单人 \
     单次 单件 单笔 单元 单据 单子 安慰 安检 安阳 安庆 温和 温水 成为 成交 成品 成熟 成绩 成分 全款 全额 全程 全套 全场 全都 \
     全天 平安 平米 平方 平均 平衡 应聘 应用 应付 应收 明细 明确 明星 连锁 连衣 连不 连着 时尚 时效 时段 万分 关机 关联 关系 \
     关心 管用 管道 文具 文化 商场 商业 商量 华硕 华润 白条 白酒 马桶 马甲 金条 高层 高低 高手 高原 高德 高血压 高三生 常规 \
     常温 常熟 游泳 易燃 易拉 乐高 花样 花生 计时 计费 计入 左侧 梅雨 冷藏 段落 毕设 古董 边角 申购 申领 简介 景观 代写 代驾 \
     代发 代为 边户 包税 房康 同上 本人 自己 先生 女士 小姐 老师 客户 用户 客服 \
     章节 章程 纪念 纪录 纪律 仲裁 诸位 诸多 诸如 乔迁 乔丹 鲁莽 卓越 屈臣 屈服 庞大 伍佰 荣誉 荣耀 荣威 荣幸 吉他 吉利 吉祥 吉林 沙发 沙滩 沙漠 米饭 米粉 米家 米色 权限 权益 权利 权威 权重 卫生 卫衣 卫浴 卫星 卫视 封面 封号 封装 封闭 封存 司机 司法 阳台 阳光 阳历 阳性 楚雄 柏林 宣传 宣布 蒙牛 蒙古 厉害 幸运 幸福 骆驼 孔雀 孔子 祖国 祖父 麻烦 麻将 燕麦 燕窝 房本 余量 余数 货款 马尾 纪要 章鱼 沙拉 孔径 翁婿 单词 单选 课单 路费 路程 车费 车款 车库 车贷 房款 付下 钱补 钱退 钱到 毛坯 毛利 江干 石库 夏令营 龙卡 林权 路口 项目组 成绩单"
        .split(' ')
        .collect()
});

/// What commonly follows a name in running text; a name may end before any of these.
static AFTER_NAME: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "电话 手机 地址 身份证 号码 联系 的 在 住 我 你 您 想 要 是 已 说 收 先生 女士 小姐 买 下单 订 请 帮 今天 昨天 和 也 有 \
     没 来自 现在 需要 之前 之后 今年 本人 老师 同学 女 男 可以 不 就 给 为 邮箱 微信 但 因为 很 刚 前天 上周 这 那 能 会 把 \
     用 购买 报名 预约 订单 的话 吧 吗 呢 啊 哦 来 去 问 咨询 反馈 投诉 申请 ， 从 到 与 跟 收货 收到 还 年龄 工号 账号 卡号 \
     车牌"
        .split(' ')
        .collect()
});

static STRONG_SET: LazyLock<HashSet<char>> = LazyLock::new(|| SURNAMES.chars().collect());
static WEAK_SET: LazyLock<HashSet<char>> = LazyLock::new(|| WEAK_SURNAMES.chars().filter(|c| !STRONG_SET.contains(c)).collect());

/// How good a character is as a surname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surname {
    /// Hardly anything else.
    Strong,
    /// An everyday character as well.
    Weak,
}

/// The surname a text starts with: how many characters, and how sure.
pub(super) fn surname(text: &str) -> Option<(usize, Surname)> {
    if COMPOUND_SURNAMES.iter().any(|compound| text.starts_with(compound)) {
        return Some((2, Surname::Strong));
    }
    let first = text.chars().next()?;
    if STRONG_SET.contains(&first) {
        Some((1, Surname::Strong))
    } else if WEAK_SET.contains(&first) {
        Some((1, Surname::Weak))
    } else {
        None
    }
}

/// Whether a text starts with a word that looks like a name and is none.
pub(super) fn starts_with_no_name(text: &str) -> bool {
    let spared = is_named_like_a_word(text);
    NOT_NAMES.iter().any(|word| text.starts_with(word) && !(spared && word.chars().count() == 2))
}

/// Characters that end given names far more often than they end words.
const GIVEN_ENDS: &[char] = &[
    '伟', '明', '军', '杰', '勇', '斌', '栋', '辉', '涛', '超', '鹏', '刚', '浩', '宇', '轩', '博', '豪', '凯', '娟', '敏', '静', '丽',
    '艳', '霞', '芳', '燕', '玲', '婷', '雪', '琳', '倩', '颖', '慧', '莹', '洁', '怡', '梅', '兰', '萍', '珍', '凤', '琴', '莲', '峰',
    '磊', '彬', '毅', '俊', '帆', '睿', '泽', '涵', '妍', '瑶', '瑜', '佳', '娜', '蓉', '薇', '菲', '嘉', '淇', '琪', '雯', '昊', '翔',
    '坤', '楠', '霖', '佑', '彤', '哲',
];

/// Whether the last character speaks for a name.
pub(super) fn ends_like_a_given_name(text: &str) -> bool {
    text.ends_with(GIVEN_ENDS)
}

/// Whether the Chinese characters a text starts with are a surname and two more of which the last ends names, so that it is one although its
/// beginning is a word: 韩国栋, 杨家伟.
pub(super) fn is_named_like_a_word(text: &str) -> bool {
    let run: String = text.chars().take_while(|c| is_chinese(*c)).take(4).collect();
    run.chars().count() == 3 && ends_like_a_given_name(&run) && surname(&run).is_some_and(|(length, _)| length == 1)
}

/// Whether a text starts with a word (or punctuation, or its end) that may follow a name.
pub(super) fn may_follow_name(text: &str) -> bool {
    text.chars().next().is_none_or(|c| !is_chinese(c)) || AFTER_NAME.iter().any(|word| text.starts_with(word))
}

/// Whether the whole text reads as surname and given name.
pub(super) fn looks_like_full_name(text: &str) -> bool {
    let length = text.chars().count();
    let Some((surname, strength)) = surname(text) else { return false };
    let given = length.saturating_sub(surname);
    let chinese = text.chars().all(is_chinese);
    chinese
        && (1..=2).contains(&given)
        && !starts_with_no_name(text)
        && !(strength == Surname::Weak && given == 1 && NOT_NAMES.contains(&text))
        && !text.ends_with(NOT_IN_GIVEN_NAMES)
}

/// Characters that do not end a given name.
pub(super) const NOT_IN_GIVEN_NAMES: &[char] = &[
    '的', '了', '吗', '呢', '吧', '啊', '是', '在', '我', '你', '您', '他', '她', '们', '这', '不', '没', '要', '就', '都', '也', '还',
    '到', '说', '和', '与', '或', '个', '号', '市', '省', '县', '区', '路', '街', '款', '店', '费', '件', '价', '货', '单', '很', '太',
    '买', '卖', '吃', '给', '被', '把', '呀', '哦', '嘛', '么', '什', '怎', '能', '会', '用', '寄', '退', '换', '收', '付', '码', '版',
    '色', '元', '钱', '电', '机', '卡',
];

/// Provinces and the larger cities, without their suffix.
static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "北京 上海 天津 重庆 浙江 江苏 广东 山东 河南 河北 湖南 湖北 四川 福建 安徽 江西 辽宁 吉林 黑龙江 陕西 山西 云南 贵州 \
     广西 海南 甘肃 青海 宁夏 新疆 西藏 内蒙古 香港 澳门 台湾 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 南京 \
     苏州 无锡 常州 徐州 南通 扬州 盐城 泰州 镇江 淮安 连云港 宿迁 广州 深圳 东莞 佛山 珠海 中山 惠州 汕头 江门 湛江 肇庆 \
     济南 青岛 烟台 潍坊 临沂 淄博 威海 济宁 郑州 洛阳 开封 南阳 石家庄 唐山 保定 廊坊 邯郸 长沙 株洲 湘潭 岳阳 常德 武汉 \
     宜昌 襄阳 荆州 成都 绵阳 德阳 宜宾 福州 厦门 泉州 漳州 莆田 合肥 芜湖 蚌埠 南昌 九江 赣州 沈阳 大连 长春 哈尔滨 大庆 \
     西安 咸阳 宝鸡 太原 大同 昆明 大理 贵阳 遵义 南宁 桂林 柳州 海口 三亚 兰州 西宁 银川 乌鲁木齐 拉萨 呼和浩特 包头 昆山 \
     义乌 浦东 张家港 常熟 江阴 晋江 台北 高雄 九龙 新界"
        .split(' ')
        .collect()
});

/// Whether a text starts with a known place.
pub(super) fn starts_with_place(text: &str) -> bool {
    PLACES.iter().any(|place| text.starts_with(place))
}

/// Whether a text ends with a known place.
pub(super) fn ends_with_place(text: &str) -> bool {
    PLACES.iter().any(|place| text.ends_with(place))
}

/// How many known places a name holds that are written without their suffix.
pub(super) fn places_without_suffix(name: &str) -> usize {
    PLACES
        .iter()
        .flat_map(|place| name.match_indices(place).map(|(at, place)| at + place.len()))
        .filter(|end| !name[*end..].starts_with(['省', '市', '区', '县', '路', '街', '镇', '东', '西', '南', '北', '中']))
        .count()
}

static ENGLISH_CITIES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "London|Manchester|Birmingham|Leeds|Liverpool|Bristol|Sheffield|Edinburgh|Glasgow|Cardiff|Belfast|Newcastle|Nottingham|\
     Leicester|Coventry|Oxford|Cambridge|York|Brighton|Reading|Southampton|Portsmouth|Plymouth|Exeter|Bath|Norwich|Derby|\
     Aberdeen|Dundee|Swansea|Dublin|Cork|New York|Los Angeles|Chicago|Houston|Phoenix|Philadelphia|San Antonio|San Diego|\
     Dallas|San Jose|Austin|San Francisco|Seattle|Denver|Boston|Washington|Portland|Miami|Atlanta|Detroit|Minneapolis|\
     Las Vegas|Brooklyn|Queens|Oakland|Sacramento|Toronto|Vancouver|Montreal|Ottawa|Sydney|Melbourne|Brisbane|Perth|Adelaide|\
     Auckland|Wellington|Singapore|Kowloon|Hong Kong|Springfield|Orlando|Tampa|Nashville|Charlotte|Columbus|Cleveland|\
     Pittsburgh|Baltimore|Milwaukee|Shanghai|Beijing|Shenzhen|Guangzhou|Hangzhou|Suzhou|Nanjing|England|UK|USA|Scotland|Wales|\
     Ireland|Canada|Australia|Central|Wanchai"
        .split('|')
        .collect()
});

/// Whether a text is a larger city of the English-speaking world.
pub(super) fn is_english_city(text: &str) -> bool {
    static CITIES: LazyLock<HashSet<&str>> = LazyLock::new(|| ENGLISH_CITIES.iter().copied().collect());
    CITIES.contains(text)
}

/// English words that are capitalised in chats without being names.
const COMMON_ENGLISH: &str = "a about account actually afraid after again agent ai alipay all also always am amazon an and android angry another any anyone \
    anything apple application apr april are as ashamed asking assistant at august available back bank be because been before \
    best between bot box brand british business busy but by call calling can canada card careful case chat check china chinese \
    christmas clear colleague coming company concerned confused contact contacting correct could currently customer customers \
    cancel date day days dear dec december delighted delivery did disappointed do does done doubt due during each email english \
    error euro even ever every everybody everyone everything experiencing faq feb february fine folks for forgot free friday \
    friend from full fully get getting giving glad go going good google great greetings guest guys had happy has have having he \
    hello help helpdesk her here hey hi him his home hope hoping house how huawei i if in india info information interested into \
    invoice iphone is issue it its it's i'm i've i'd i'll jan january july june just kind kindly know lady ladies last late let \
    like living login lol looking lost love ma'am madam mail make manager many march may maybe me member microsoft miss mobile \
    model monday more morning most mr mrs ms my name need never new next nice no not nothing nov november now number oct october \
    of off office ok okay on once one online only open or order orders our out over package parcel pay payment paypal people per \
    phone please pleased policy post premium price product prof question quick quite re ready really receiving regarding refund \
    regards reply request response return right s sad samsung saturday saying sept september seller sending service services she \
    shipping shop should sir site so some somebody someone something soon sorry speaking staff still stuck student stupid sunday \
    super support sure system tax team teacher tech test than thank thanks that that's the their them then there these they this \
    those thursday ticket to today tomorrow tonight too tracking trying tuesday two uk unable under unfortunately unhappy unsure \
    until up update upset urgent us usa user using valued very via waiting want was we website wednesday week welcome well went \
    were what wechat when where which while who why wifi will willing windows with within wondering working worried would writing \
    wrong xiaomi year yes yesterday yet you your yours yourself cheers sincerely faithfully warm warmly truly respectfully hotel \
    store bye first second aware based certain able american french german japanese korean indian italian spanish australian \
    canadian irish russian european hong kong london located godaddy yahoo spotify dropbox netflix adobe xbox sony playstation \
    steam uber lyft delta registered spelled listed misspelled showing changed traveling travelling driver owner buyer retired \
    pregnant vegetarian disabled allergic vegan tired bored curious excited grateful thankful frustrated annoyed furious locked \
    logged signed";

/// Whether an English word is an ordinary one, whatever its case.
pub(super) fn is_common_english(word: &str) -> bool {
    static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON_ENGLISH.split(' ').collect());
    COMMON.contains(word.to_lowercase().as_str())
}

const FIRST_NAMES: &str = "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Donald Steven Paul \
    Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen \
    Larry Justin Scott Brandon Benjamin Samuel Frank Gregory Raymond Alexander Patrick Jack Dennis Jerry Tyler Aaron Jose Henry \
    Douglas Adam Peter Nathan Zachary Walter Kyle Harold Carl Jeremy Keith Roger Gerald Ethan Arthur Terry Christian Sean \
    Lawrence Austin Joe Noah Jesse Albert Bryan Billy Bruce Willie Jordan Dylan Alan Ralph Gabriel Roy Juan Wayne Eugene Logan \
    Randy Louis Russell Vincent Philip Bobby Johnny Bradley Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah \
    Karen Nancy Lisa Betty Margaret Sandra Ashley Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca \
    Laura Sharon Cynthia Kathleen Helen Amy Shirley Angela Anna Ruth Brenda Pamela Nicole Katherine Virginia Catherine Christine \
    Samantha Debra Janet Rachel Carolyn Emma Maria Heather Diane Julie Joyce Evelyn Joan Victoria Kelly Christina Lauren Frances \
    Martha Judith Cheryl Megan Andrea Olivia Ann Jean Alice Jacqueline Hannah Doris Kathryn Gloria Teresa Sara Janice Marie Julia \
    Grace Judy Theresa Rose Beverly Denise Marilyn Amber Danielle Brittany Diana Abigail Jane Natalie Lori Tiffany Alexis Kayla \
    Sophie Sophia Chloe Lucy Charlotte Isabella Mia Ella Lily Ava Zoe Daisy Tom Ben Sam Mike Dave Steve Chris Matt Dan Tim Nick \
    Alex Max Leo Oscar Oliver Harry Charlie Jake Luke Liam Mason Lucas Owen Simon Martin Neil Ian Graham Stuart Craig Derek Colin \
    Trevor Nigel Fiona Claire Kate Katie Jenny Jess Becky Holly Tracy Wendy Sally Vicky Tina Cindy Mandy Vivian Winnie Coco \
    Jasmine Ivy Elaine Irene Joanna Monica Priya Raj Ahmed Mohammed Muhammad Ali Omar Fatima Aisha Hassan Carlos Luis Miguel \
    Pedro Ana Elena Olga Ivan Igor Natasha Pierre Marco Giulia Lars Anders Ingrid Yuki Kenji Hiroshi \
    Marcus Nora Sofia Amelia Yusuf Priscilla Oksana Nneka Angus Hugo Felix Theo Archie Alfie Freddie Henrik Erik Bjorn Sven \
    Astrid Freya Isla Poppy Evie Elsie Millie Rosie Imogen Harriet Phoebe Bethany Abby Abbie Molly Gemma Leah Naomi Miriam \
    Esther Judit Zara Leila Layla Yasmin Amina Khadija Mariam Maryam Zainab Nadia Samira Karim Khalid Tariq Bilal Hamza \
    Ibrahim Ismail Yousef Mustafa Mehmet Emre Ayse Elif Cem Arjun Rohan Rahul Amit Anil Sunil Vikram Sanjay Deepak Rajesh \
    Suresh Neha Pooja Anjali Divya Kavita Sunita Meera Lakshmi Anita Ravi Kiran Nikhil Aditya Ananya Aarav Chidi Emeka Ngozi \
    Chioma Amara Kwame Kofi Abena Thabo Sipho Lerato Nomsa Diego Javier Alejandro Fernando Sergio Rafael Manuel Antonio \
    Francisco Jorge Ricardo Eduardo Roberto Andres Mateo Santiago Lucia Carmen Isabel Pilar Ines Beatriz Mariana Camila \
    Valentina Gabriela Daniela Paula Raquel Joao Paulo Thiago Tiago Luca Matteo Lorenzo Giovanni Giuseppe Alessandro Francesca \
    Chiara Elisa Martina Silvia Paola Valeria Bianca Francois Jacques Philippe Michel Olivier Laurent Nicolas Antoine \
    Guillaume Camille Celine Amelie Manon Juliette Margot Elodie Hans Klaus Jurgen Wolfgang Stefan Markus Lukas Jonas Florian \
    Tobias Sebastian Katja Anja Heike Sabine Ursula Greta Johanna Lena Lea Piotr Tomasz Krzysztof Andrzej Pawel Marek \
    Agnieszka Katarzyna Malgorzata Magdalena Zofia Dmitri Dmitry Sergei Sergey Alexei Andrei Mikhail Vladimir Nikolai Boris \
    Yuri Svetlana Tatiana Ekaterina Irina Anastasia Ludmila Daria Polina Sakura Haruka Takashi Satoshi Akira Naoko Keiko Yoko \
    Kazuo Minh Linh Thao Huong Phuong Tuan Duc Siti Nurul Putri Dewi Budi Agus Rizki Anh Ethel Agnes Edith Mabel Gertrude \
    Bernard Cedric Clive Desmond Dominic Edmund Elliot Ernest Gareth Geoffrey Gordon Hamish Hector Howard Hugh Iain Kieran \
    Lachlan Leonard Malcolm Maurice Norman Reginald Rupert Sidney Stanley Toby Warren Wesley Alison Audrey Bridget Ciara \
    Deirdre Eileen Eleanor Ellen Erin Felicity Frederica Gail Geraldine Gillian Gwen Hilary Isobel Jill Josephine Karla \
    Kirsten Lorna Lorraine Louise Lydia Lynn Maeve Marion Maureen Maxine Mildred Miranda Moira Muriel Nina Pauline Peggy \
    Penelope Petra Philippa Rhona Roisin Rosemary Saoirse Sheila Siobhan Stella Sylvia Thelma Valerie Vera Veronica Vivienne \
    Yvonne Katarina Alina Elias Emil Nils Oskar Mathias Finn Jasper Caleb Eli Isaac Isaiah Josiah Levi Wyatt Hudson Nolan \
    Gavin Landon Connor Cameron Colton Blake Bryce Chad Clayton Clint Cody Corey Darren Darryl Dustin Dwayne Edgar Eddie Floyd \
    Fred Garrett Glenn Greg Herbert Jared Jeff Jim Jimmy Jon Lloyd Marc Marvin Melvin Micah Milton Mitchell Nathaniel Neal Ned \
    Perry Ricky Robbie Rodney Ron Ross Seth Shane Shaun Shawn Spencer Ted Todd Tommy Tony Troy Vernon Victor Wallace Zach \
    Adele Alana Alexandra Alicia Alyssa Angelina Annette Annie Arlene Belinda Bernadette Bonnie Caitlin Carla Caroline \
    Cassandra Cecilia Celia Christy Clara Colleen Connie Courtney Dana Deanna Dolores Dora Dorothy Eva Faye Gina Glenda \
    Gretchen Heidi Jackie Jeanette Jillian Jo Jodie Kara Kathy Kendra Kerry Kim Kristen Kristin Kristina Leanne Leslie Lindsay \
    Lindsey Loretta Lynne Marcia Marisa Marjorie Maya Meredith Monique Myra Nadine Nellie Patsy Rachael Regina Renee Rhonda \
    Rita Roberta Sadie Serena Shannon Shelby Sheryl Sonia Sonya Stacey Stacy Suzanne Tamara Tanya Tara Toni Tonya Tricia Trudy \
    Wanda Whitney Yolanda Yvette";
const LAST_NAMES: &str = "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas \
    Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King \
    Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips \
    Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper \
    Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz \
    Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman \
    Butler Henderson Barnes Fisher Simmons Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace West Cole Hayes \
    Chen Wang Li Zhang Liu Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Chan Wong Cheung Lau Leung Ho Ng Lam Tan \
    Lim Singh Khan Kumar Shah Ahmed Ali Hussain Begum O'Brien O'Connor Ryan Byrne Walsh Davies Griffiths Owen Rees Mason Hunt \
    Palmer Mills Grant Knight Ferguson Rose Stone Dunn Spencer Gardner Payne Pierce Berry Matthews Arnold Wagner Willis Ray \
    Watkins Olson Carroll Duncan Snyder Hart Cunningham Bradley Lane Andrews Harper Fox Riley Armstrong Carpenter Weaver Greene \
    Lawrence Elliott Chapman Franklin Lawson Fields Schmidt Carr Vasquez Castro Wheeler Tran Le Pham Park Choi Tanaka Suzuki Sato";

/// Whether a word is a common first name.
pub(super) fn is_first_name(word: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| FIRST_NAMES.split(' ').collect());
    NAMES.contains(word)
}

/// Whether a word is a common last name.
pub(super) fn is_last_name(word: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| LAST_NAMES.split(' ').collect());
    NAMES.contains(word)
}

/// Words of organisations, places and products.
const NOT_PEOPLE: &str = "Pay Prime Plus Pro Premium Amazon Apple Google Microsoft Samsung Bank Ltd Limited Inc Corp Corporation \
    Co Company Group Store Stores Shop Team Department Dept Centre Center University College School Academy Institute Hospital \
    Clinic Hotel Airport Station Street St Road Rd Avenue Ave Lane Drive Court Square Garden Gardens Park House Building Tower \
    Plaza Mall District Province City County Island Lake River Mountain Republic Kingdom States Zealand Africa America Europe \
    Asia Arabia Germany France Italy Spain Poland Portugal Netherlands Belgium Sweden Norway Denmark Finland Switzerland Austria \
    Greece Turkey Russia Ukraine Japan Korea Vietnam Thailand Malaysia Indonesia Philippines Pakistan Bangladesh Nigeria Kenya \
    Egypt Brazil Mexico Argentina Chile Peru Colombia Israel Dubai Paris Berlin Rome Madrid Lyon Milan Munich Frankfurt Amsterdam \
    Tokyo Osaka Seoul Bangkok Delhi Mumbai Chengdu Wuhan Xian Nanjing Suzhou Hangzhou Guangzhou Shenzhen Tianjin Chongqing Taiwan \
    Macau Taipei Christmas Easter Ramadan English Muslim Catholic Hindu Buddhist Union Express Airlines Airways Logistics Courier \
    Royal Mail Visa Mastercard Master Card Gold Silver Platinum Plus Prime Pro Max Mini Premium Business Family Basic Standard \
    Deluxe Music Pay Cloud Drive Phone Pixel Galaxy Chrome Safari Firefox Facebook Twitter Instagram Tesco Sainsbury Comcast \
    Verizon Sprint Virgin Vodafone Nintendo Switch Fire Kindle Echo Alexa Siri Cortana Office Word Excel Outlook Teams Zoom Linux \
    Ubuntu Mac Doctor Manager Director Officer Desk Reception Restaurant Cafe Bar Club Gym Church Library North South East West \
    Northern Southern Eastern Western Upper Lower Old Mr Mrs Ms Dr Santa God Jesus Java Python Level Step Part Page Chapter Unit \
    Room Apt Flat Suite Floor Box Black Friday Cyber Prepaid Direct Debit Credit Savings Current Checking Wallet Points Youtube \
    YouTube Google Apple Windows Starbucks Walmart Target Costco Ikea Lenovo Dell Asus Acer Huawei Oppo Vivo Honor Nike Adidas \
    Bluetooth Wifi Internet Web Site Cash App Hub Chat Time Date Name Address Goodbye Bye Sorry Everyone Guys Folks Mate Dude Bro \
    Mum Mom Dad Grandma Grandpa Daddy Mummy Mommy Front Back Porch Door Discount Plan Perfect Awesome Excellent Brilliant Amazing \
    Wonderful Fantastic Helpful Home Neighbour Neighbor Locker Depot Warehouse Loyalty Support Parcel Paid Next Understood \
    Appreciated Noted Hopefully Cancelled Bitcoin Ethereum Euros Pounds Dollars";

/// Whether a run of capitalised words that holds this one names no person.
pub(super) fn is_no_person(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| NOT_PEOPLE.split(' ').collect());
    WORDS.contains(word)
}

const PINYIN_SURNAMES: &str = "Zhang Wang Liu Zhao Huang Zhou Xu Zhu Guo Gao Luo Zheng Liang Xie Tang Feng Dong Xiao Cheng Cao Yuan Deng Shen Zeng Peng Jiang \
    Cai Jia Ding Wei Xue Yan Dai Xia Zhong Tian Shi Yao Tan Liao Zou Xiong Hao Kong Bai Cui Kang Qiu Qin Gu Hou Shao Meng Duan Qian Yin Li \
    Chen Yang Wu Sun Hu Lin Fang Yu Jin Song Han Lu Lv Fu Lei Long Hong Tao Gong Yi Wen Pang Fan Ren Niu Mei Zhuang Chu Ouyang Wan Pan";

/// Whether a word is a Chinese surname in Latin letters.
pub(super) fn is_pinyin_surname(word: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| PINYIN_SURNAMES.split(' ').collect());
    NAMES.contains(word)
}
