use super::*;

fn moment(lines: &[(Role, &str)]) -> Moment {
    let lines: Vec<Line<'_>> = lines.iter().map(|&(role, text)| Line { role, text, at: None }).collect();
    Moment::of(&lines).expect("a customer has spoken")
}

#[test]
fn a_full_question_stands_alone() {
    let moment = moment(&[(Role::Customer, "在吗"), (Role::Agent, "您好，在的"), (Role::Customer, "签收五天了还能退货吗，吊牌还在")]);
    assert_eq!(moment.question, "签收五天了还能退货吗，吊牌还在");
    assert_eq!(moment.previous, "您好，在的");
    assert!(!moment.elliptical);
    assert_eq!(moment.used, [2]);
}

#[test]
fn an_elliptical_turn_takes_the_question_before_it_along() {
    let moment = moment(&[(Role::Customer, "七天无理由退货怎么申请"), (Role::Agent, "在订单里点申请售后"), (Role::Customer, "那运费呢？")]);
    assert_eq!(moment.question, "七天无理由退货怎么申请 那运费呢？");
    assert_eq!(moment.turn, "那运费呢？");
    assert_eq!(moment.earlier, [EarlierTurn { customer: true, text: "七天无理由退货怎么申请".to_owned() }]);
    assert!(moment.elliptical);
    assert_eq!(moment.used, [0, 2]);
}

#[test]
fn greetings_inside_a_turn_are_left_out_of_the_question() {
    let moment = moment(&[(Role::Customer, "在吗"), (Role::Customer, "什么时候发货")]);
    assert_eq!(moment.question, "什么时候发货");
    assert_eq!(moment.turn, "在吗\n什么时候发货");
}

#[test]
fn an_acknowledgement_while_waiting_keeps_the_question_alive() {
    let waiting = moment(&[(Role::Customer, "我的退款怎么还没到账"), (Role::Agent, "请稍等，正在为您查询"), (Role::Customer, "好的")]);
    assert_eq!(waiting.question, "我的退款怎么还没到账");
    assert_eq!(waiting.act, CustomerAct::Acknowledgement);
    let answered = moment(&[
        (Role::Customer, "我的退款怎么还没到账"),
        (Role::Agent, "退款一到三个工作日到账，信用卡最长七天。"),
        (Role::Customer, "好的"),
    ]);
    assert_eq!(answered.question, "好的");
}

#[test]
fn a_closed_episode_is_not_carried_over() {
    let at = |hours: i64| Some(Timestamp::from_micros(0).plus_seconds(hours * 3600));
    let lines = [
        Line { role: Role::Customer, text: "发票怎么开", at: at(0) },
        Line { role: Role::Agent, text: "订单详情里申请即可", at: at(0) },
        Line { role: Role::Customer, text: "那运费呢？", at: at(30) },
    ];
    let moment = Moment::of(&lines).expect("a customer has spoken");
    assert_eq!(moment.question, "那运费呢？");
    assert!(moment.earlier.is_empty());
    assert_eq!(moment.previous, "");
}

#[test]
fn a_conversation_without_a_customer_has_no_moment() {
    assert!(Moment::of(&[Line { role: Role::Agent, text: "您好", at: None }]).is_none());
}

use Role::{Agent as A, Bot as B, Customer as C, System as S};

/// What is understood, case by case: the lines, the standalone question, what was said just before.
type Case<'a> = (&'a [(Role, &'a str)], &'a str, &'a str);

fn check(cases: &[Case<'_>]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(lines, question, previous)| {
            let moment = moment(lines);
            let as_wanted = (moment.question.as_str(), moment.previous.as_str()) == (*question, *previous);
            (!as_wanted).then(|| format!("{lines:?}: {:?}, {:?}", moment.question, moment.previous))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_choice_from_a_menu_is_written_out_and_the_menu_is_not_what_was_said_before() {
    check(&[
        (&[(B, "您好，请回复数字选择：1.查物流 2.退款 3.转人工"), (C, "2")], "退款", ""),
        (&[(C, "你好"), (B, "请选择您要咨询的问题：\n1、订单进度\n2、修改地址\n3、发票"), (C, "3")], "发票", ""),
        (&[(B, "【1】账单查询【2】临时额度【3】挂失"), (C, "【2】")], "临时额度", ""),
        (&[(B, "回复1查物流，回复2申请售后，回复0转人工"), (C, "１")], "查物流", ""),
        (&[(B, "① 课程表 ② 请假 ③ 退费"), (C, "②")], "请假", ""),
        (&[(B, "Press 1 for order status, press 2 for returns, press 0 for an agent."), (C, "2")], "returns", ""),
        (
            &[(B, "Please choose an option:\n1) Track my order\n2) Cancel my order\n3) Something else"), (C, "Option 2")],
            "Cancel my order",
            "",
        ),
        (&[(B, "What is it about?\nA. Card lost\nB. Statement\nC. Loan"), (C, "b")], "Statement", ""),
        (&[(B, "1 - Delivery\n2 - Refund"), (C, "the second one")], "Refund", ""),
        (&[(C, "我买的鞋开胶了怎么处理"), (B, "请选择处理方式 1.退货 2.换货 3.维修"), (C, "第二个")], "我买的鞋开胶了怎么处理 换货", ""),
        (
            &[(B, "1.查物流 2.退款"), (A, "您好，人工客服为您服务"), (C, "我的包裹一周没动了")],
            "我的包裹一周没动了",
            "您好，人工客服为您服务",
        ),
        (
            &[(C, "怎么退货啊，鞋子小了"), (A, "1. 打开我的订单 2. 点申请售后 3. 选退货退款并填写原因后提交"), (C, "然后寄到哪里")],
            "怎么退货啊，鞋子小了 然后寄到哪里",
            "1. 打开我的订单 2. 点申请售后 3. 选退货退款并填写原因后提交",
        ),
    ]);
    let moment = moment(&[(B, "1.查物流 2.退款"), (C, "2")]);
    assert_eq!((moment.turn.as_str(), moment.used.as_slice()), ("退款", [1].as_slice()));
    // A number that is no choice stays a number.
    check(&[
        (&[(C, "我要订餐位"), (A, "请问几位？"), (C, "2")], "我要订餐位 2", "请问几位？"),
        (&[(A, "满1件9折，满2件8折"), (C, "3")], "3", "满1件9折，满2件8折"),
        (&[(B, "1.查物流 2.退款"), (C, "5")], "5", ""),
    ]);
}

#[test]
fn an_order_card_is_pointed_at_and_says_nothing_itself() {
    check(&[
        (&[(C, "咨询订单号:[ORDER_NO] 订单金额:89.00 下单时间:2025-03-04 12:30:01"), (C, "什么时候发货")], "什么时候发货", ""),
        (&[(C, "[订单编号:[ORDER_NO]，订单金额:￥12.5，下单时间:2025-03-04] 发票抬头能改么")], "发票抬头能改么", ""),
        (&[(C, "Order number: [ORDER_NO], order total: $45.00 can I still cancel it?")], "can I still cancel it?", ""),
        (&[(C, "怎么还没到货"), (A, "请发一下订单号"), (C, "订单号：[ORDER_NO]")], "怎么还没到货", "请发一下订单号"),
        // With nothing beside it and nothing before it, it is all there is.
        (&[(C, "咨询订单号:[ORDER_NO] 商品ID:10042")], "咨询订单号:[ORDER_NO] 商品ID:10042", ""),
        // Labels of other things are the matter.
        (&[(C, "身高:160 体重:50 穿什么码")], "身高:160 体重:50 穿什么码", ""),
        (&[(C, "订单金额满多少包邮？")], "订单金额满多少包邮？", ""),
    ]);
}

#[test]
fn greetings_and_thanks_around_the_matter_are_left_out() {
    for (said, question) in [
        ("你好，请问怎么退货", "怎么退货"),
        ("您好！在吗，我想问一下发票抬头能改吗？谢谢", "发票抬头能改吗？"),
        ("请问运费险怎么赔付", "运费险怎么赔付"),
        ("好的，那大概几天能到账", "那大概几天能到账"),
        ("行 那张卡我还没激活咋弄", "那张卡我还没激活咋弄"),
        ("亲，这款有红色吗谢谢啦", "这款有红色吗"),
        ("Hi there, how do I return a dress? Thanks!", "how do I return a dress?"),
        ("Good morning, my card was swallowed by the machine", "my card was swallowed by the machine"),
        ("ok. can my phone and her ipad be logged in together", "can my phone and her ipad be logged in together"),
        ("Thanks! and where do I send it", "and where do I send it"),
        ("History of my account please", "History of my account please"),
        ("亲子票多少钱一张", "亲子票多少钱一张"),
        ("是的，拆封了还能退吗", "是的，拆封了还能退吗"),
        ("no, I asked about the blue one in size M", "no, I asked about the blue one in size M"),
        ("谢谢", "谢谢"),
        ("hello", "hello"),
    ] {
        check(&[(&[(C, said)], question, "")]);
    }
}

#[test]
fn elliptical_turns_take_the_earlier_question_along() {
    check(&[
        (&[(C, "这款羽绒服蓝色L码有货吗"), (A, "有的，现货。"), (C, "那红色的呢")], "这款羽绒服蓝色L码有货吗 那红色的呢", "有的，现货。"),
        (
            &[(C, "Do you have a table for four tonight at eight?"), (A, "Sorry, fully booked tonight."), (C, "how about tomorrow?")],
            "Do you have a table for four tonight at eight? how about tomorrow?",
            "Sorry, fully booked tonight.",
        ),
        (
            &[(C, "同城快递几点截单呀今天的"), (A, "16点前付款当天发。"), (C, "顺丰呢？")],
            "同城快递几点截单呀今天的 顺丰呢？",
            "16点前付款当天发。",
        ),
        (&[(C, "提前还房贷要手续费吗"), (A, "还满一年不收。"), (C, "多少钱")], "提前还房贷要手续费吗 多少钱", "还满一年不收。"),
        (
            &[(C, "I want to open a savings account"), (A, "You can do it in the app."), (C, "how long will that take?")],
            "I want to open a savings account how long will that take?",
            "You can do it in the app.",
        ),
        (
            &[(C, "Do we get anything for bringing a friend"), (A, "Once they have paid, you both get 4 free lessons."), (C, "within?")],
            "Do we get anything for bringing a friend within?",
            "Once they have paid, you both get 4 free lessons.",
        ),
        (
            &[(C, "英语课可以退费吗，上了两节"), (A, "14天内全额退。"), (C, "数学也不行？")],
            "英语课可以退费吗，上了两节 数学也不行？",
            "14天内全额退。",
        ),
        // Whole questions stand alone.
        (&[(C, "英语课可以退费吗"), (A, "14天内全额退。"), (C, "请问孩子请假以后怎么补课")], "孩子请假以后怎么补课", "14天内全额退。"),
        (
            &[(C, "Where is my parcel?"), (A, "It is in Leeds."), (C, "Is it possible to change the delivery address to my office?")],
            "Is it possible to change the delivery address to my office?",
            "It is in Leeds.",
        ),
        (
            &[(C, "Where is my parcel?"), (A, "It is in Leeds."), (C, "do you deliver this weekend near Camden?")],
            "do you deliver this weekend near Camden?",
            "It is in Leeds.",
        ),
    ]);
}

#[test]
fn what_the_agent_asked_for_belongs_to_the_question_before() {
    check(&[
        (
            &[(C, "我的包裹三天没更新物流了"), (A, "麻烦您提供一下订单号"), (C, "[ORDER_NO]")],
            "我的包裹三天没更新物流了 [ORDER_NO]",
            "麻烦您提供一下订单号",
        ),
        (
            &[
                (C, "空调不制冷要报修"),
                (A, "请提供一下地址"),
                (C, "[ADDRESS]，家里白天没人，周末上午我和我爱人都在，其他时间只有老人带着孩子"),
            ],
            "空调不制冷要报修 [ADDRESS]，家里白天没人，周末上午我和我爱人都在，其他时间只有老人带着孩子",
            "请提供一下地址",
        ),
        (
            &[(C, "I want to return a scarf I bought"), (A, "Is it unused?"), (C, "yes")],
            "I want to return a scarf I bought",
            "Is it unused?",
        ),
        (&[(C, "这件衬衫想退"), (A, "吊牌还在吗？"), (C, "在的，没洗过")], "这件衬衫想退 在的，没洗过", "吊牌还在吗？"),
        // The question, not the last two details.
        (
            &[
                (C, "我要申请退货，衣服起球了"),
                (A, "请提供订单号"),
                (C, "[ORDER_NO]"),
                (A, "手机号是多少呢？"),
                (C, "[PHONE]"),
                (A, "什么时候签收的呢？"),
                (C, "上周三晚上"),
                (A, "洗过吗？"),
                (C, "洗过一次"),
            ],
            "我要申请退货，衣服起球了 上周三晚上 洗过一次",
            "洗过吗？",
        ),
        (&[(C, "退款多久到账啊急用"), (A, "一到三个工作日。"), (C, "好的")], "好的", "一到三个工作日。"),
    ]);
}

#[test]
fn an_open_question_waits_behind_small_talk() {
    check(&[
        (&[(C, "退款怎么还没到账"), (B, "正在为您转接人工客服"), (C, "在吗")], "退款怎么还没到账", "正在为您转接人工客服"),
        (
            &[(C, "how do I reset my password"), (A, "One moment please, let me check."), (C, "ok thanks")],
            "how do I reset my password",
            "One moment please, let me check.",
        ),
        (&[(C, "怎么开发票"), (A, "您好，请问有什么可以帮您？"), (C, "你好")], "怎么开发票", "您好，请问有什么可以帮您？"),
        (&[(C, "怎么开发票"), (A, "订单详情页点开票就可以。"), (C, "谢谢")], "谢谢", "订单详情页点开票就可以。"),
        (&[(C, "怎么开发票"), (A, "订单详情页点开票就可以。"), (C, "再见")], "再见", "订单详情页点开票就可以。"),
    ]);
}

#[test]
fn what_was_closed_in_words_is_not_taken_along() {
    check(&[
        // A new matter after thanks and a closing.
        (
            &[(C, "发票怎么开，要专票"), (A, "订单详情里申请即可。"), (C, "好的谢谢"), (A, "不客气，祝您生活愉快"), (C, "退货地址")],
            "退货地址",
            "",
        ),
        (
            &[
                (C, "How do I reset my PIN?"),
                (A, "In the app under Cards."),
                (C, "Thanks, bye"),
                (A, "Goodbye, have a nice day!"),
                (C, "card fees?"),
            ],
            "card fees?",
            "",
        ),
        // It says itself that it goes on.
        (
            &[(C, "发票怎么开，要专票"), (A, "订单详情里申请即可。"), (C, "好的谢谢"), (A, "不客气"), (C, "那电子的呢")],
            "发票怎么开，要专票 那电子的呢",
            "不客气",
        ),
        // A farewell closes for good.
        (&[(C, "发票怎么开，要专票"), (A, "订单详情里申请即可。"), (C, "再见"), (A, "再见"), (C, "那运费呢")], "那运费呢", "再见"),
        // Mere thanks for an answer close nothing.
        (
            &[(C, "这款大衣还有M码吗"), (A, "有的。"), (C, "谢谢"), (A, "M码穿着合身，L码偏大一些哦。"), (C, "多少钱")],
            "这款大衣还有M码吗 多少钱",
            "M码穿着合身，L码偏大一些哦。",
        ),
    ]);
}

#[test]
fn pictures_files_and_notices_say_nothing() {
    check(&[
        (&[(C, "收到的杯子碎了怎么办"), (A, "麻烦拍一下照片发我"), (C, "[image]")], "收到的杯子碎了怎么办", "麻烦拍一下照片发我"),
        (&[(C, "[图片]"), (C, "这个色差也太大了能退吗")], "这个色差也太大了能退吗", ""),
        (&[(C, "[图片] 这件还有货吗？")], "这件还有货吗？", ""),
        (&[(C, "the strap broke, see photo [image] can I get a new one")], "the strap broke, see photo   can I get a new one", ""),
        (&[(C, "[file]")], "[file]", ""),
        (&[(C, "什么时候发货"), (S, "客服小林已接入会话"), (C, "在吗")], "什么时候发货", ""),
        (&[(C, "什么时候发货"), (S, "用户撤回了一条消息"), (C, "什么时候发货")], "什么时候发货", ""),
    ]);
}

#[test]
fn a_quoted_message_is_what_the_turn_answers_to() {
    check(&[
        (
            &[
                (C, "退货运费谁承担"),
                (A, "质量问题我们承担。"),
                (C, "优惠券还能退回来吗"),
                (A, "会退回账户的。"),
                (C, "「小林：质量问题我们承担。」\n- - - - - - - - - - -\n那不喜欢的呢？"),
            ],
            "退货运费谁承担 那不喜欢的呢？",
            "质量问题我们承担。",
        ),
        (&[(C, "「客服：七天内可以退」\n———————————\n拆封以后还可以退吗")], "拆封以后还可以退吗", "七天内可以退"),
        (
            &[(A, "We ship on Mondays."), (C, "> We ship on Mondays.\nDoes that include bank holidays in Scotland?")],
            "Does that include bank holidays in Scotland?",
            "We ship on Mondays.",
        ),
        (
            &[(C, "My refund has not arrived, can you look into the delay?\n\nOn Mon, 3 Mar 2025, Support wrote:\n> we have sent it")],
            "My refund has not arrived, can you look into the delay?",
            "",
        ),
    ]);
    assert_eq!(moment(&[(C, "「客服：七天内可以退」\n————————\n拆封以后还可以退吗")]).turn, "拆封以后还可以退吗");
}

#[test]
fn of_a_long_text_the_beginning_and_the_sentences_that_ask_are_kept() {
    let story = "当天师傅来了以后说要换主板，等了一个星期没有消息，打电话又说配件缺货。".repeat(12);
    let long = format!("我是去年十一月在你们店买的冰箱。{story}请问这种情况可以换新机吗？{story}");
    let moment = moment(&[(C, &long)]);
    assert!(moment.question.starts_with("我是去年十一月在你们店买的冰箱。"), "{}", moment.question);
    assert!(moment.question.contains("请问这种情况可以换新机吗？"));
    assert!(moment.question.chars().count() <= MAX_QUESTION_CHARS);
    let log = "ERROR 0x80070005 access denied\n".repeat(400);
    assert_eq!(super::tests::moment(&[(C, &log)]).question.chars().count(), MAX_QUESTION_CHARS);
}

#[test]
fn several_questions_are_parted() {
    let cases: &[(&str, &[&str])] = &[
        ("运费谁出？另外多久退款", &["运费谁出？", "多久退款"]),
        ("怎么开发票？还有，会员积分怎么兑换", &["怎么开发票？", "会员积分怎么兑换"]),
        ("课程可以退费吗，顺便问一下老师能换吗", &["课程可以退费吗", "老师能换吗"]),
        ("1.发货要几天 2.能不能开专票 3.支持花呗吗", &["发货要几天", "能不能开专票", "支持花呗吗"]),
        ("这个沙发多重？包安装吗？", &["这个沙发多重？", "包安装吗？"]),
        ("信用卡年费多少？临时额度怎么申请？", &["信用卡年费多少？", "临时额度怎么申请？"]),
        ("我想退掉昨天买的耳机，运费谁出？什么时候能退到卡里？", &["我想退掉昨天买的耳机，运费谁出？", "什么时候能退到卡里？"]),
        ("你们几点下班，停车场怎么收费", &["你们几点下班", "停车场怎么收费"]),
        ("还想咨询一下请假怎么补课？教材费退不退？", &["请假怎么补课？", "教材费退不退？"]),
        ("How do I return this dress and who pays the postage?", &["How do I return this dress", "who pays the postage?"]),
        (
            "What are your opening hours on Sunday? Also, do you have parking?",
            &["What are your opening hours on Sunday?", "do you have parking?"],
        ),
        (
            "Can I pay by instalments? What documents do I need for the loan?",
            &["Can I pay by instalments?", "What documents do I need for the loan?"],
        ),
        ("where is my order? another question: can I still use my coupon", &["where is my order?", "can I still use my coupon"]),
        (
            "IELTS next start date, and is 14 allowed? by the way do you offer trial lessons",
            &["IELTS next start date and is 14 allowed?", "do you offer trial lessons"],
        ),
    ];
    let parted = |said: &str| moment(&[(C, said)]).questions;
    let wrong: Vec<String> =
        cases.iter().filter(|(said, parts)| parted(said) != *parts).map(|(said, _)| format!("{said}: {:?}", parted(said))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let in_two_messages = moment(&[(C, "衣服掉色怎么处理"), (C, "还有一个问题，积分什么时候到账")]);
    assert_eq!(in_two_messages.questions, ["衣服掉色怎么处理", "积分什么时候到账"]);
    assert_eq!(in_two_messages.question, "衣服掉色怎么处理 还有一个问题，积分什么时候到账");
}

#[test]
fn one_question_stays_one() {
    let one = [
        "怎么退货",
        "怎么还没发货？什么时候发",
        "快递到哪了？怎么还没到？",
        "这件大衣有红色吗？多少钱",
        "我昨天买的鞋子，想换大一码，怎么操作",
        "退款怎么还没到账？都一个星期了！能不能快点？",
        "快递我自己叫还是你们叫",
        "卡消磁了，能换新卡吗",
        "如果我提前还款，违约金怎么算",
        "为什么登录不上？一直提示密码错误",
        "还有货吗",
        "还有红色的吗？",
        "另外我弟身份证号要填吗 页面让我填",
        "请问这个可以便宜点吗？可以吗？",
        "在吗？我的订单什么时候发货？",
        "你好，有人吗，怎么查余额",
        "两个多小时了还是没有啊？？",
        "Where is my parcel? When will it arrive?",
        "Can I change the address? It was wrong, how do I do that?",
        "My card was declined. Why?",
        "I'd like to pay 200k off my mortgage early. Process and cost please",
        "Is the blue one in stock, and how much is it?",
        "what is the limit? i mean per day?",
        "I want to return it but your app wants me to pay 14 for shipping???",
        "hello? anyone there? how do I cancel my subscription?",
        "do I get lower payments or fewer years?",
    ];
    let wrong: Vec<_> = one.iter().map(|said| moment(&[(C, said)]).questions).filter(|questions| !questions.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // What needs the conversation is not parted.
    let elliptical = moment(&[(C, "这款羽绒服蓝色L码有货吗"), (A, "有的"), (C, "那红色的呢？M码呢？")]);
    assert!(elliptical.elliptical && elliptical.questions.is_empty());
}

proptest::proptest! {
    #[test]
    fn used_lines_are_ascending_customer_lines(texts in proptest::collection::vec((0u8..4, ".{0,30}"), 0..12)) {
        let roles = [Role::Customer, Role::Agent, Role::Bot, Role::System];
        let lines: Vec<Line<'_>> = texts.iter().map(|(role, text)| Line { role: roles[*role as usize], text, at: None }).collect();
        if let Some(moment) = Moment::of(&lines) {
            proptest::prop_assert!(moment.used.windows(2).all(|pair| pair[0] < pair[1]));
            proptest::prop_assert!(moment.used.iter().all(|&position| lines[position as usize].role == Role::Customer));
            proptest::prop_assert!(moment.questions.len() != 1 && moment.questions.len() <= several::MAX_QUESTIONS);
            proptest::prop_assert!(moment.question.chars().count() <= MAX_QUESTION_CHARS);
        }
    }
}

#[test]
fn question_marks_alone_press_for_an_answer() {
    let pressing = moment(&[(Role::Customer, "我的退款怎么还没到账"), (Role::Agent, "退款要等审核。"), (Role::Customer, "？？？")]);
    assert_eq!((pressing.question.as_str(), pressing.elliptical), ("我的退款怎么还没到账", true));
    assert!(!moment(&[(Role::Customer, "？？？")]).elliptical);
}
