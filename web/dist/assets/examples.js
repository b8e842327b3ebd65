// Conversations to try on the demo desks: each ends in a follow-up, most of them understood only from the turns before it.

const c = (text) => ({ role: "customer", text });
const a = (text) => ({ role: "agent", text });

/** Six situations, each in both languages. */
export const EXAMPLES = [
  {
    id: "shop-return",
    desk: "demo-shop",
    title: { zh: "退货运费", en: "Return postage" },
    messages: {
      zh: [c("裙子买小了想退，吊牌还在"), a("可以的，签收后7天内都能申请。"), c("那运费谁出？")],
      en: [c("The dress is too small, the tags are still on. Can I send it back?"), a("Yes, within 7 days of receipt."), c("and who pays the postage?")],
    },
  },
  {
    id: "shop-invoice",
    desk: "demo-shop",
    title: { zh: "开发票", en: "An invoice" },
    messages: {
      zh: [c("你好，我们公司买了12把餐椅，怎么开发票？"), a("您好，确认收货后，在订单详情里申请就可以。"), c("专票呢？")],
      en: [c("Hi, I'd like an invoice for my order."), a("Hello! You'll find it in the order details once you've confirmed receipt."), c("what about a company invoice?")],
    },
  },
  {
    id: "bank-opening-hours",
    desk: "demo-bank",
    title: { zh: "周六几点开门", en: "Open on Saturdays?" },
    messages: {
      zh: [c("周六上班吗"), a("您好，周末只有主要网点营业。"), c("几点开门？")],
      en: [c("What are your opening hours?"), a("9:00 to 17:00 from Monday to Friday."), c("and on Saturdays?")],
    },
  },
  {
    id: "bank-lost-card",
    desk: "demo-bank",
    title: { zh: "银行卡丢了", en: "A lost card" },
    messages: {
      zh: [c("我的卡丢了，怎么办"), a("您别着急，请先在App里挂失。"), c("补办新卡要多少钱？")],
      en: [c("I think I've lost my debit card, what do I do?"), a("Please freeze it in the app first."), c("how much is a new one?")],
    },
  },
  {
    id: "education-recording",
    desk: "demo-education",
    title: { zh: "缺课看回放", en: "A missed class" },
    messages: {
      zh: [c("孩子今天发烧，上不了课了"), a("没关系，先让孩子好好休息，课后可以看回放。"), c("那回放能看多久？")],
      en: [c("My daughter has a fever and will miss today's class"), a("Sorry to hear that. She can watch the recording afterwards."), c("how long is the recording kept?")],
    },
  },
  {
    id: "education-refund",
    desk: "demo-education",
    title: { zh: "退费几天到账", en: "Money back" },
    messages: {
      zh: [c("上了两节课孩子不想上了，可以退费吗"), a("您好，可以的，在规定时间内能全额退。"), c("钱几天到账？")],
      en: [c("We've had two lessons and would like to stop. Can we get our money back?"), a("Yes, within 14 days of the start you get everything back."), c("how long does the refund take?")],
    },
  },
];
