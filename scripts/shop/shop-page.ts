/** What the sample's customers see, in English and Chinese: a product, and how their order stands. No script. */
export type Language = "en" | "zh";

export type Shown = {
  readonly number: string;
  readonly state: "open" | "expired" | "paid";
  readonly isDelivered: boolean;
};

const words = {
  en: {
    title: "Kiosk",
    product: "A book, 12.50 EUR",
    buy: "Buy",
    order: (number: string) => `Order ${number}`,
    open: "We wait for your bank. Nothing is delivered before it has paid.",
    expired: "This order is over. Nothing was paid.",
    paid: "Paid and delivered. Thank you!",
    again: "Look again",
  },
  zh: {
    title: "书亭",
    product: "图书一本，12.50 EUR",
    buy: "购买",
    order: (number: string) => `订单 ${number}`,
    open: "正在等待您的银行付款。付款之前不发货。",
    expired: "订单已过期，没有扣款。",
    paid: "已付款并已发货。谢谢！",
    again: "刷新",
  },
};

export function languageOf(header = ""): Language {
  return /^zh\b/i.test(header) ? "zh" : "en";
}

export function productPage(language: Language): string {
  const { title, product, buy } = words[language];
  return page(
    language,
    title,
    `<p>${product}</p><form method="post" action="/orders"><button>${buy}</button></form>`,
  );
}

export function orderPage(language: Language, { number, state, isDelivered }: Shown): string {
  const { order, again, ...states } = words[language];
  const said = state === "paid" && !isDelivered ? states.open : states[state];
  const link = state === "open" ? `<p><a href="">${again}</a></p>` : "";
  return page(language, order(number), `<p role="status">${said}</p>${link}`);
}

/** Nothing in it comes from a customer: numbers are the shop's own. */
function page(language: Language, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
  </head>
  <body><main><h1>${title}</h1>${body}</main></body>
</html>
`;
}
