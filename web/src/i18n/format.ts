// Figures and times as people of a language write them.

import { locale } from "./fill";
import type { Language } from "./types";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [["day", DAY], ["hour", HOUR], ["minute", MINUTE]];
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

export function formats(language: Language) {
  const name = locale(language);
  const number = new Intl.NumberFormat(name);
  const percent = new Intl.NumberFormat(name, { style: "percent", maximumFractionDigits: 0 });
  const day = new Intl.DateTimeFormat(name, { dateStyle: "medium" });
  const minute = new Intl.DateTimeFormat(name, { dateStyle: "medium", timeStyle: "short" });
  const second = new Intl.DateTimeFormat(name, { dateStyle: "medium", timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(name, { numeric: "auto" });
  const list = new Intl.ListFormat(name, { type: "conjunction" });
  return {
    number: (value: number) => number.format(value),
    /** 0.45 → 45% */
    percent: (share: number) => percent.format(share),
    date: (at: string | Date) => day.format(new Date(at)),
    dateTime: (at: string | Date) => minute.format(new Date(at)),
    /** To the second, for logs. */
    exact: (at: string | Date) => second.format(new Date(at)),
    /** “3 hours ago”, up to a week; then the date. */
    ago: (at: string | Date, now: Date = new Date()) => {
      const passed = new Date(at).getTime() - now.getTime();
      if (Math.abs(passed) >= 7 * DAY) return day.format(new Date(at));
      const [unit, length] = STEPS.find(([, step]) => Math.abs(passed) >= step) ?? ["second", 1000];
      return relative.format(Math.round(passed / length), unit);
    },
    /** 90 s → “1 min 30 s”; at most two units. */
    duration: (milliseconds: number) => {
      const seconds = Math.max(0, Math.round(milliseconds / 1000));
      const parts: [number, string, string][] = [
        [Math.floor(seconds / 3600), "h", "小时"],
        [Math.floor((seconds % 3600) / 60), "min", "分"],
        [seconds % 60, "s", "秒"],
      ];
      const first = parts.findIndex(([value]) => value > 0);
      const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2).filter(([value], place) => place === 0 || value > 0);
      return shown.map(([value, en, zh]) => (language === "zh" ? `${value} ${zh}` : `${value} ${en}`)).join(" ");
    },
    bytes: (value: number) => {
      const power = value < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(value) / 3));
      const digits = power === 0 ? 0 : 1;
      return `${new Intl.NumberFormat(name, { maximumFractionDigits: digits }).format(value / 1000 ** power)} ${BYTE_UNITS[power] ?? ""}`;
    },
    list: (items: string[]) => list.format(items),
  };
}

export type Formats = ReturnType<typeof formats>;
