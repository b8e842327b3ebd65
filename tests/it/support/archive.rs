//! Conversations to import, written for the tests.

use serde_json::{Value, json};

/// One archived conversation in the making.
pub(crate) struct Talk {
    line: Value,
    day: u32,
}

impl Talk {
    pub(crate) fn new(id: &str, day: u32) -> Self {
        let line = json!({
            "id": id,
            "customer_id": format!("customer-of-{id}"),
            "agent_id": "kf-1",
            "started_at": at(day, 0),
            "messages": [],
        });
        Self { line, day }
    }

    fn says(mut self, role: &str, words: &str) -> Self {
        let messages = self.line["messages"].as_array_mut().unwrap();
        let minute = messages.len();
        messages.push(json!({"role": role, "text": words, "at": at(self.day, minute)}));
        self
    }

    pub(crate) fn customer(self, words: &str) -> Self {
        self.says("customer", words)
    }

    pub(crate) fn agent(self, words: &str) -> Self {
        self.says("agent", words)
    }

    pub(crate) fn tag(mut self, tag: &str) -> Self {
        self.line["tags"] = json!([tag]);
        self
    }

    /// What the source knows of the customer.
    pub(crate) fn profile(mut self, profile: Value) -> Self {
        self.line["customer"] = profile;
        self
    }

    pub(crate) fn line(&self) -> String {
        format!("{}\n", self.line)
    }
}

fn at(day: u32, minute: usize) -> String {
    format!("2026-03-{day:02}T10:{minute:02}:00+08:00")
}

pub(crate) const RETURN_ZH: &str = "签收后七天内都可以申请无理由退货，在订单页点申请售后，按提示寄回就行。";
pub(crate) const POSTAGE_ZH: &str = "质量问题我们承担运费，其他原因退货需要您先垫付寄回的运费。";
pub(crate) const INVOICE_ZH: &str = "在订单详情页点申请开票，填写抬头和税号，电子发票一个工作日内发到您的邮箱。";
pub(crate) const RETURN_EN: &str = "You can return it within 30 days: open your order, choose Return, and print the prepaid label.";
pub(crate) const TRACK_EN: &str = "Please open the tracking link in your shipping email; it shows the parcel's location in real time.";

/// A small shop: four kinds of question in Chinese, two in English, each asked by three customers.
pub(crate) fn shop() -> String {
    let kinds: [(&str, &str, &str, [&str; 3]); 6] = [
        ("return", "售后", RETURN_ZH, ["买的外套不合适，怎么退货？", "我想退货，要怎么操作", "衣服尺码小了，可以退货吗？"]),
        ("postage", "售后", POSTAGE_ZH, ["退货的运费谁出？", "退货运费由谁承担呢？", "寄回去的邮费你们出吗"]),
        ("invoice", "发票", INVOICE_ZH, ["发票怎么开？", "可以开增值税发票吗，怎么开", "电子发票在哪里申请"]),
        ("dispatch", "物流", "现货订单付款后48小时内发出，发出后会有短信提醒。", ["什么时候发货", "下单两天了还没发货", "多久能发货呀"]),
        (
            "return-en",
            "returns",
            RETURN_EN,
            ["How do I return a jacket that does not fit?", "I want to return my order, what do I do?", "Can I send this sweater back?"],
        ),
        (
            "track-en",
            "shipping",
            TRACK_EN,
            ["Where is my parcel?", "How can I track my package?", "My delivery has not arrived, how do I track it?"],
        ),
    ];
    let mut lines = String::new();
    for (day, (kind, tag, answer, questions)) in (1..).zip(&kinds) {
        for (number, question) in questions.iter().enumerate() {
            let (greeting, thanks) = if answer.is_ascii() {
                ("Hello, how can I help?", "Thanks!")
            } else {
                ("您好，请问有什么可以帮您？", "好的谢谢")
            };
            let talk = Talk::new(&format!("{kind}-{number}"), day).tag(tag);
            lines += &talk.agent(greeting).customer(question).agent(answer).customer(thanks).line();
        }
    }
    lines
}
