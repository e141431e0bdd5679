/** Writes numbers and days the way the page's language does. */
export const formatsOf = (locale, words) => {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const money = new Intl.NumberFormat(locale, { style: "currency", currency: "EUR", maximumFractionDigits: 0 });
  const signed = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: "EUR",
    maximumFractionDigits: 0,
    signDisplay: "exceptZero",
  });
  const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const short = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: "EUR",
    notation: "compact",
    minimumFractionDigits: 0,
    maximumFractionDigits: 1,
  });
  const percent = new Intl.NumberFormat(locale, {
    style: "percent",
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const weekday = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  const at = (iso) => new Date(`${iso}T00:00:00Z`);
  return {
    count: (value) => whole.format(value),
    money: (value) => money.format(value),
    signed: (value) => signed.format(value).replace("-", "−"),
    days: (value) =>
      `${Number.isInteger(value) ? whole.format(value) : tenths.format(value)} ${value === 1 ? words.day : words.days}`,
    tenths: (value) => tenths.format(value),
    short: (value) => short.format(value),
    percent: (value) => percent.format(value),
    day: (iso) => dayMonth.format(at(iso)),
    weekday: (iso) => weekday.format(at(iso)),
  };
};

/** How a value stands beside the one before: an arrow, the size of the change, and whether that is good. */
export const changeOf = ({ value, before, lessIsBetter = false }, formats) => {
  if (before === 0) return { text: value === 0 ? "–" : "＋", mood: "same" };
  const change = (value - before) / before;
  if (Math.abs(change) < 0.0005) return { text: `±${formats.percent(0)}`, mood: "same" };
  const good = change > 0 !== lessIsBetter;
  return { text: `${change > 0 ? "▲" : "▼"} ${formats.percent(Math.abs(change))}`, mood: good ? "good" : "bad" };
};
