// Conversations to try on the demo desks: each ends in a turn that is understood only from the turns before it.

const c = (text) => ({ role: "customer", text });
const a = (text) => ({ role: "agent", text });

/** Six situations, each in both languages. */
export const EXAMPLES = [
  {
    id: "shop-delivery",
    desk: "demo-shop",
    title: { zh: "发货与运费", en: "Dispatch and postage" },
    messages: {
      zh: [c("你好，在吗"), a("您好，在的，请问有什么可以帮您？"), c("昨天下午拍的那件外套，大概什么时候能发出来？"), a("您好，付款后 48 小时内会安排发出，请您留意物流信息。"), c("好的，那寄到新疆运费怎么算呢？")],
      en: [c("hi, I ordered a jacket yesterday afternoon. When will it be sent out?"), a("Hello! Orders leave our warehouse within 48 hours of payment."), c("great, and how much is the postage to the islands?")],
    },
  },
  {
    id: "shop-return",
    desk: "demo-shop",
    title: { zh: "退货谁出运费", en: "Who pays for the return" },
    messages: {
      zh: [c("鞋子收到了，尺码偏小，穿着挤脚，可以退吗"), a("可以的，签收七天内、不影响二次销售就能申请退货。"), c("那运费谁出啊？")],
      en: [c("The shoes arrived but they are too tight. Can I send them back?"), a("Of course. You can return unworn items within seven days of delivery."), c("and who pays for that?")],
    },
  },
  {
    id: "bank-annual-fee",
    desk: "demo-bank",
    title: { zh: "信用卡年费", en: "Annual fee" },
    messages: {
      zh: [c("请问你们的信用卡收年费吗？"), a("您好，普卡首年免年费，当年刷满规定次数，次年也免。"), c("那金卡呢？")],
      en: [c("Do you charge an annual fee on your credit cards?"), a("The standard card is free in the first year, and after that if you use it often enough."), c("what about the gold one?")],
    },
  },
  {
    id: "bank-lost-card",
    desk: "demo-bank",
    title: { zh: "银行卡丢了", en: "A lost card" },
    messages: {
      zh: [c("我的储蓄卡好像丢了，怎么办"), a("您别着急，请先在手机银行里办理挂失，账户资金就安全了。"), c("挂失好了，补办要多久，要不要收费")],
      en: [c("I think I've lost my debit card, what do I do?"), a("Please block it in the mobile app first, so that your money is safe."), c("ok blocked it. how long for a new one, and does it cost anything?")],
    },
  },
  {
    id: "education-makeup",
    desk: "demo-education",
    title: { zh: "请假与补课", en: "Missed class" },
    messages: {
      zh: [c("老师您好，孩子周六发烧了，这节直播课上不了"), a("您好，没关系，课后可以看回放，先让孩子好好休息。"), c("回放能看多久？"), a("回放在课程结束后一年内都可以看。"), c("那能换到周日的班上吗")],
      en: [c("Hello, my daughter has a fever and will miss the live class on Saturday."), a("Sorry to hear that. She can watch the recording afterwards."), c("how long does it stay available?"), a("For one year after the course ends."), c("could she join the Sunday group instead?")],
    },
  },
  {
    id: "education-refund",
    desk: "demo-education",
    title: { zh: "退费与发票", en: "Refund and invoice" },
    messages: {
      zh: [c("课程报了两节就不想上了，可以退费吗"), a("您好，可以的，按剩余课时退，审核通过后原路退回。"), c("一般几天到账？发票已经开了的话有影响吗")],
      en: [c("We took two lessons and would like to stop. Can we get our money back?"), a("Yes, the lessons you have not used are refunded to the way you paid."), c("how many days does that take? we already have the invoice")],
    },
  },
];
