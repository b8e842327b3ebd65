// What is talked of, in the language of the page's address.
const parameters = new URLSearchParams(location.search);
const words = {
  zh: { customer: "王女士", question: "可以开发票吗？", next: "怎么退货" },
  en: { customer: "Ms Example", question: "How do I change the address?", next: "Can I get an invoice?" },
}[parameters.get("language") ?? "en"];
