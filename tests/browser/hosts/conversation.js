// What is talked of, in the language of the page's address.
const parameters = new URLSearchParams(location.search);
const words = {
  zh: { customer: "王女士", question: "裙子买小了想退，吊牌还在，运费谁出？", next: "可以开发票吗？" },
  en: { customer: "Ms Example", question: "The dress is too small, the tag is still on. Who pays the shipping if I return it?", next: "Can I get an invoice?" },
}[parameters.get("language") ?? "en"];
