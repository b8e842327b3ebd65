//! Amounts, periods, dates and other figures that a text states, in comparable form.
//!
//! Chinese and English. Spellings of one quantity are equal: "七天", "7 days", "a week" and "168 小时" are one period, "5万" and "50,000" one
//! number, "免费" and "free" are an amount of nothing. Step numbers ("第2步") and telephone or order numbers are no quantities.

mod numbers;
mod patterns;

use regex::{Captures, Regex};

use numbers::number;
use patterns::{
    ABOUT, AGE, AND_A_HALF, BOUND_BEFORE, BOUND_BEHIND, CLOCK, CLOSED_DAY, COUNT, DATE, DAY, FREE, FREQUENCY, FROM, HALF_MORE, MEASURE,
    MONEY, MONTH_DAY, NAMED, NUMBER_ALONE, OFTEN, ORDINAL, OWN_CASE, PAID, PERIOD, SAME_DAY, SHARE, SOMETHING_FREE, THINGS, TURN,
    UNCOUNTED, UNLIMITED,
};

/// What a figure measures. Only figures of one dimension can disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dimension {
    /// A period, in minutes; a month counts 30 days, a year twelve months.
    Period,
    /// Money of any currency, in its unit.
    Money,
    /// An amount of money from which on something holds.
    From,
    /// A share, in hundredths; discounts as the share that is left.
    Share,
    /// A time of the day, in minutes since midnight.
    Clock,
    /// A day of the year, as month · 100 + day.
    Date,
    /// A day named by its weekday (1–7), or today and what follows (10 and up).
    Day,
    /// How many of a thing that is counted; the number names the thing.
    Count(u32),
    /// How many days lie between two times.
    Frequency,
    /// A day on which something is closed, as in `Day`.
    ClosedDay,
    /// A day of every month.
    MonthDay,
    /// Kilograms, metres, litres, megabytes; the number tells which.
    Measure(u32),
    /// A place or line named by a number or letter; the number tells what kind.
    Named(u32),
    /// A number whose unit is not known.
    Number,
}

/// A figure: a single value, or a range with both ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    /// What it measures.
    pub dimension: Dimension,
    /// Lowest value.
    pub low: f64,
    /// Highest value.
    pub high: f64,
    /// Whether it is only a bound ("within", "up to").
    pub at_most: bool,
}

impl Quantity {
    /// Whether one says no more than the other: equal, one range inside the other, or what is usual within a bound that is not far off.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let inside = |a: &Self, b: &Self| a.low >= b.low - 1e-6 && a.high <= b.high + 1e-6;
        let usual = |a: &Self, bound: &Self| {
            a.dimension == Dimension::Period && bound.at_most && !a.at_most && a.high <= bound.high + 1e-6 && a.high >= USUAL * bound.high
        };
        // "Monday to Saturday" tells the whole week, and "Monday to Friday" another one; a single day may be part of either.
        let week = |one: &Self| one.dimension == Dimension::Day && one.low == 1.0 && one.high > one.low;
        if week(self) && week(other) {
            return self.high == other.high;
        }
        self.dimension == other.dimension && (inside(self, other) || inside(other, self) || usual(self, other) || usual(other, self))
    }
}

/// Share of a bound from which on what usually happens does not belie the bound.
const USUAL: f64 = 0.5;

/// A folded text without what says that something is free.
pub(super) fn without_free(folded: &str) -> String {
    let rest = FREE.replace_all(folded, " ");
    UNLIMITED.replace_all(&rest, " ").into_owned()
}

/// Every figure of a folded text whose spellings are [`spelt_out`].
pub(super) fn quantities(folded: &str) -> Vec<Quantity> {
    let mut found = Vec::new();
    // What has been read is blanked, so that "3月15日" is not three months as well.
    let mut rest = OWN_CASE.replace_all(folded, " ").into_owned();
    take(
        &mut rest,
        &FROM,
        |captures| {
            let amount = value(&captures, "zh").or_else(|| value(&captures, "en"))?;
            Some((Dimension::From, amount, amount))
        },
        &mut found,
    );
    take(
        &mut rest,
        &MONEY,
        |captures| {
            let low = value(&captures, "before").or_else(|| value(&captures, "low"))?;
            let times = factor(&captures);
            Some((Dimension::Money, low * times, value(&captures, "high").unwrap_or(low) * times))
        },
        &mut found,
    );
    take(&mut rest, &FREE, |_| Some((Dimension::Money, 0.0, 0.0)), &mut found);
    // Any amount but nothing.
    take(&mut rest, &PAID, |_| Some((Dimension::Money, 0.01, f64::from(u32::MAX))), &mut found);
    take(
        &mut rest,
        &SHARE,
        |captures| {
            let share = if let Some(left) = value(&captures, "left") {
                if left < 10.0 { left * 10.0 } else { left }
            } else {
                let percent = value(&captures, "percent").or_else(|| value(&captures, "of"))?;
                if captures.name("off").is_some() || captures.name("lower").is_some() { 100.0 - percent } else { percent }
            };
            Some((Dimension::Share, share, share))
        },
        &mut found,
    );
    take(
        &mut rest,
        &DATE,
        |captures| {
            let (month, day) = match (captures.name("name"), captures.name("second")) {
                (Some(name), _) => (f64::from(month_of(name.as_str())), value(&captures, "of")?),
                (_, Some(name)) => (f64::from(month_of(name.as_str())), value(&captures, "first")?),
                _ if captures.name("whole").is_some() || captures.name("zh_whole").is_some() => {
                    let month = match captures.name("whole") {
                        Some(name) => f64::from(month_of(name.as_str())),
                        None => value(&captures, "zh_whole")?,
                    };
                    let words = &captures[0];
                    let (from, to) = if words.starts_with("end") || words.ends_with('底') || words.ends_with('末') {
                        (21.0, 31.0)
                    } else if words.starts_with("beg") || words.starts_with("start") || words.ends_with('初') {
                        (1.0, 10.0)
                    } else if words.ends_with("中旬") {
                        (11.0, 20.0)
                    } else {
                        (1.0, 31.0)
                    };
                    return Some((Dimension::Date, month * 100.0 + from, month * 100.0 + to));
                }
                _ => (value(&captures, "month")?, value(&captures, "day")?),
            };
            let date = month * 100.0 + day;
            Some((Dimension::Date, date, date))
        },
        &mut found,
    );
    take(
        &mut rest,
        &FREQUENCY,
        |captures| {
            let unit = captures.name("unit").or_else(|| captures.name("adverb")).or_else(|| captures.name("zh"))?.as_str();
            let days = match unit.chars().next()? {
                'd' | '天' | '日' => 1.0,
                'w' | '周' => 7.0,
                'f' => 14.0,
                'm' | '月' | '个' => 30.0,
                'q' | '季' => 90.0,
                _ => 360.0,
            };
            Some((Dimension::Frequency, days, days))
        },
        &mut found,
    );
    take(
        &mut rest,
        &MONTH_DAY,
        |captures| {
            let day = value(&captures, "zh").or_else(|| value(&captures, "en")).or_else(|| value(&captures, "alone"))?;
            Some((Dimension::MonthDay, day, day))
        },
        &mut found,
    );
    take(&mut rest, &CLOCK, |captures| clock(&captures), &mut found);
    take(&mut rest, &NAMED, |captures| named(&captures), &mut found);
    take(&mut rest, &ORDINAL, |_| None, &mut found);
    take(
        &mut rest,
        &AGE,
        |captures| {
            let age = ["age", "old", "under", "zh"].iter().find_map(|name| value(&captures, name))?;
            Some((Dimension::Count(thing("岁")), age, age))
        },
        &mut found,
    );
    take(
        &mut rest,
        &PERIOD,
        |captures| {
            let minutes = minutes_of(captures.name("unit")?.as_str());
            let low = value(&captures, "low")?;
            Some((Dimension::Period, low * minutes, value(&captures, "high").unwrap_or(low) * minutes))
        },
        &mut found,
    );
    take(
        &mut rest,
        &SAME_DAY,
        |captures| {
            let days = if captures.name("next").is_some() { 2.0 } else { 1.0 };
            Some((Dimension::Period, 0.0, days * 1440.0))
        },
        &mut found,
    );
    take(&mut rest, &CLOSED_DAY, |captures| day(&captures).map(|(_, from, to)| (Dimension::ClosedDay, from, to)), &mut found);
    take(&mut rest, &DAY, |captures| day(&captures), &mut found);
    take(
        &mut rest,
        &MEASURE,
        |captures| {
            let (kind, factor) = measure(captures.name("unit")?.as_str());
            let low = value(&captures, "low")?;
            Some((Dimension::Measure(kind), low * factor, value(&captures, "high").unwrap_or(low) * factor))
        },
        &mut found,
    );
    take(
        &mut rest,
        &OFTEN,
        |captures| {
            let times = if &captures["how"] == "once" { 1.0 } else { 2.0 };
            // "once it ships" counts nothing.
            Some((Dimension::Count(thing("times")), times, times)).filter(|_| &captures["how"] == "twice" || captures[0].ends_with(' '))
        },
        &mut found,
    );
    take(
        &mut rest,
        &COUNT,
        |captures| {
            let low = value(&captures, "low")?;
            Some((Dimension::Count(thing(captures.name("unit")?.as_str())), low, value(&captures, "high").unwrap_or(low)))
        },
        &mut found,
    );
    take(&mut rest, &THINGS, |captures| counted(&captures), &mut found);
    take(
        &mut rest,
        &NUMBER_ALONE,
        |captures| {
            let number = value(&captures, "low")? * factor(&captures);
            Some((Dimension::Number, number, number))
        },
        &mut found,
    );
    found
}

/// Writes spellings that one pattern can't read in ones that it can.
pub(super) fn spelt_out(folded: &str) -> String {
    let as_figure = |text: &str| number(text).unwrap_or_default();
    let text = ABOUT.replace_all(folded, |found: &Captures<'_>| {
        let (low, high) = (as_figure(&found["low"]), as_figure(&found["high"]));
        if low < high { format!("{low}-{high}{}", &found["unit"]) } else { found[0].to_owned() }
    });
    let text = AND_A_HALF.replace_all(&text, |found: &Captures<'_>| {
        let unit =
            if &found["unit"] == "小时" || &found["unit"] == "钟头" { "小时".to_owned() } else { format!("个{}", &found["unit"]) };
        format!("{}{unit}", as_figure(&found["whole"]) + 0.5)
    });
    let text = HALF_MORE.replace_all(&text, |found: &Captures<'_>| as_figure(&found[0]).to_string());
    let text = text.replace("周岁", "岁");
    let text = SOMETHING_FREE.replace_all(&text, "without $1");
    TURN.replace_all(&text, |found: &Captures<'_>| format!("{}{}", as_figure(&found["number"]), &found["unit"])).into_owned()
}

/// Reads every match and blanks it.
fn take(rest: &mut String, pattern: &Regex, read: impl Fn(Captures<'_>) -> Option<(Dimension, f64, f64)>, found: &mut Vec<Quantity>) {
    let mut blanked = String::with_capacity(rest.len());
    let mut end = 0;
    for captures in pattern.captures_iter(rest) {
        let Some(whole) = captures.get(0) else { continue };
        blanked.push_str(&rest[end..whole.start()]);
        blanked.push('\u{1}');
        end = whole.end();
        if let Some((dimension, low, high)) = read(captures) {
            let at_most = BOUND_BEFORE.is_match(&rest[..whole.start()]) || BOUND_BEHIND.is_match(&rest[whole.end()..]);
            found.push(Quantity { dimension, low: low.min(high), high: low.max(high), at_most });
        }
    }
    blanked.push_str(&rest[end..]);
    *rest = blanked;
}

fn value(captures: &Captures<'_>, name: &str) -> Option<f64> {
    number(captures.name(name)?.as_str())
}

/// Ten thousand, a thousand, or one.
fn factor(captures: &Captures<'_>) -> f64 {
    match captures.name("times").map(|times| times.as_str()) {
        Some("万") => 10_000.0,
        Some("千") => 1_000.0,
        _ => 1.0,
    }
}

fn minutes_of(unit: &str) -> f64 {
    let unit = unit.trim_start_matches('个').trim_start();
    let day = 1440.0;
    if unit.starts_with('秒') || unit.starts_with("sec") {
        1.0 / 60.0
    } else if unit.starts_with('分') || unit.starts_with("min") {
        1.0
    } else if unit.starts_with('小') || unit.starts_with('钟') || unit.starts_with('h') {
        60.0
    } else if unit.starts_with("星期") || unit.starts_with("礼拜") || unit.starts_with('周') || unit.starts_with("week") {
        7.0 * day
    } else if unit.starts_with("fortnight") {
        14.0 * day
    } else if unit.starts_with('月') || unit.starts_with("month") {
        30.0 * day
    } else if unit.starts_with('年') || unit.starts_with("year") {
        360.0 * day
    } else {
        day
    }
}

fn clock(captures: &Captures<'_>) -> Option<(Dimension, f64, f64)> {
    let minute = value(captures, "minute").or_else(|| value(captures, "past"));
    let hour = value(captures, "hour").or_else(|| value(captures, "plain")).or_else(|| value(captures, "word"))?;
    let half = if captures.name("half").is_some() { 30.0 } else { 0.0 };
    let part = captures.name("part").or_else(|| captures.name("half_of_day")).map_or("", |part| part.as_str());
    let late = matches!(part, "下午" | "晚上" | "晚") || part.starts_with('p');
    let hour = if late && hour < 12.0 { hour + 12.0 } else { hour };
    let minutes = hour * 60.0 + minute.unwrap_or(half);
    Some((Dimension::Clock, minutes, minutes))
}

fn day(captures: &Captures<'_>) -> Option<(Dimension, f64, f64)> {
    let weekday = |name: &str| match name {
        "天" => Some(7.0),
        _ => "一二三四五六日"
            .chars()
            .position(|c| name.starts_with(c))
            .or_else(|| ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().position(|day| name.starts_with(day)))
            .map(|place| place as f64 + 1.0),
    };
    let ends = captures.name("from").zip(captures.name("till")).or_else(|| captures.name("zh_from").zip(captures.name("zh_till")));
    if let Some((from, till)) = ends {
        return Some((Dimension::Day, weekday(from.as_str())?, weekday(till.as_str())?));
    }
    if captures.name("all").is_some() {
        return Some((Dimension::Day, 1.0, 7.0));
    }
    if captures.name("work").is_some() {
        return Some((Dimension::Day, 1.0, 5.0));
    }
    if captures.name("end").is_some() {
        return Some((Dimension::Day, 6.0, 7.0));
    }
    let place = if let Some(zh) = captures.name("zh") {
        if zh.as_str() == "天" { 7 } else { "一二三四五六日".chars().position(|c| zh.as_str().starts_with(c))? + 1 }
    } else if let Some(en) = captures.name("en") {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().position(|name| en.as_str().starts_with(name))? + 1
    } else {
        match captures.name("near")?.as_str() {
            "今天" | "今晚" | "today" => 10,
            "明天" | "tomorrow" => 11,
            "后天" => 12,
            _ => 13,
        }
    };
    Some((Dimension::Day, place as f64, place as f64))
}

fn named(captures: &Captures<'_>) -> Option<(Dimension, f64, f64)> {
    let id = |text: &str| crate::retrieve::lexical::term_id(text);
    let (kind, which) = if let Some(kind) = captures.name("kind") {
        (kind.as_str(), captures.name("which")?.as_str())
    } else if let Some(of) = captures.name("of") {
        (of.as_str(), captures.name("order")?.as_str())
    } else {
        (captures.name("zh")?.as_str(), captures.name("number")?.as_str())
    };
    let kind = if kind == "层" || kind == "楼" || kind == "level" { "floor" } else { kind };
    let ordinal = ["ground", "first", "second", "third", "fourth", "fifth"].iter().position(|word| *word == which);
    let digits = which.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let place =
        ordinal.map(|place| place as f64).or_else(|| number(digits).filter(|_| !digits.starts_with(|c: char| c.is_ascii_alphabetic())));
    let place = place.unwrap_or_else(|| f64::from(id(which)));
    Some((Dimension::Named(id(kind)), place, place))
}

/// What a unit measures, and how many of the basic unit it is.
fn measure(unit: &str) -> (u32, f64) {
    let starts = |words: &[&str]| words.iter().any(|word| unit.starts_with(word));
    if starts(&["毫克", "mg"]) {
        (0, 1e-6)
    } else if starts(&["公斤", "千克", "kg", "kilo"]) && !unit.starts_with("kilom") {
        (0, 1.0)
    } else if starts(&["gb", "gigab", "g流量"]) {
        (3, 1024.0)
    } else if starts(&["mb", "megab", "兆"]) {
        (3, 1.0)
    } else if starts(&["克", "g"]) {
        (0, 1e-3)
    } else if unit == "斤" {
        (0, 0.5)
    } else if starts(&["吨", "ton"]) {
        (0, 1000.0)
    } else if starts(&["pound", "lb"]) {
        (0, 0.454)
    } else if starts(&["厘米", "公分", "cm", "centi"]) {
        (1, 0.01)
    } else if starts(&["毫米", "mm"]) {
        (1, 0.001)
    } else if starts(&["公里", "千米", "km", "kilom"]) {
        (1, 1000.0)
    } else if starts(&["mile"]) {
        (1, 1609.0)
    } else if starts(&["毫升", "ml"]) {
        (2, 0.001)
    } else if starts(&["升", "lit"]) {
        (2, 1.0)
    } else {
        (1, 1.0)
    }
}

fn counted(captures: &Captures<'_>) -> Option<(Dimension, f64, f64)> {
    if let Some(classifier) = captures.name("classifier") {
        let thing = captures.name("thing").map_or("", |thing| thing.as_str());
        let name = if classifier.as_str() == "个" { format!("个{thing}") } else { classifier.as_str().to_owned() };
        let count = value(captures, "zh")?;
        return Some((Dimension::Count(crate::retrieve::lexical::term_id(&name)), count, count));
    }
    let low = captures.name("low")?.as_str();
    if matches!(low, "a" | "an" | "half a" | "half an") {
        return None;
    }
    let unit = captures.name("unit")?.as_str();
    let noun = captures.name("noun").map(|noun| noun.as_str()).filter(|noun| !UNCOUNTED.contains(noun));
    let stem = |word: &str| match word {
        _ if word.ends_with("ss") => word.to_owned(),
        _ if word.ends_with("sses") => word[..word.len() - 2].to_owned(),
        _ => word.strip_suffix('s').unwrap_or(word).to_owned(),
    };
    if UNCOUNTED.contains(&unit) || UNCOUNTED.contains(&stem(unit).as_str()) {
        return None;
    }
    let count = number(low)?;
    let plural = |word: &str| word.ends_with('s') && !word.ends_with("ss");
    // "two guest passes" counts passes, "two letters of advice" letters.
    let named = if plural(unit) || noun.is_none() { unit } else { noun? };
    Some((Dimension::Count(crate::retrieve::lexical::term_id(&stem(named))), count, count))
}

fn month_of(name: &str) -> u8 {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    (1..).zip(months).find(|(_, month)| *month == name).map_or(0, |(place, _)| place)
}

/// A number for the counted thing, the same in both languages where both have a word for it.
fn thing(unit: &str) -> u32 {
    let groups: [&[&str]; 9] = [
        &["次", "times", "attempt", "tries"],
        &["节", "lesson", "class"],
        &["台", "device"],
        &["人", "个孩子", "个学生", "个人", "个小朋友", "位", "people", "person", "student", "children", "kids"],
        &["岁", "周岁"],
        &["度", "degree"],
        &["积分", "分", "point"],
        &["件", "item"],
        &["张", "card"],
    ];
    let place = groups.iter().position(|words| words.iter().any(|word| unit.starts_with(word)));
    place.map_or_else(|| crate::retrieve::lexical::term_id(unit), |place| place as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Dimension, f64, f64)> {
        quantities(&spelt_out(text)).into_iter().map(|quantity| (quantity.dimension, quantity.low, quantity.high)).collect()
    }

    #[test]
    fn spellings_of_one_quantity_are_equal() {
        use Dimension::{Clock, ClosedDay, Count, Date, Day, Frequency, Measure, Money, MonthDay, Number, Period, Share};
        let days = |low: f64, high: f64| (Period, low * 1440.0, high * 1440.0);
        let cases: &[(&str, &[(Dimension, f64, f64)])] = &[
            ("七天内", &[days(7.0, 7.0)]),
            ("within 7 days", &[days(7.0, 7.0)]),
            ("a week", &[days(7.0, 7.0)]),
            ("1-3个工作日", &[days(1.0, 3.0)]),
            ("一到三个工作日", &[days(1.0, 3.0)]),
            ("three to five business days", &[days(3.0, 5.0)]),
            ("72小时", &[days(3.0, 3.0)]),
            ("半小时", &[(Period, 30.0, 30.0)]),
            ("12个月", &[days(360.0, 360.0)]),
            ("十五天", &[days(15.0, 15.0)]),
            ("5万元", &[(Money, 50_000.0, 50_000.0)]),
            ("50,000 yuan", &[(Money, 50_000.0, 50_000.0)]),
            ("$6", &[(Money, 6.0, 6.0)]),
            ("全部免费", &[(Money, 0.0, 0.0)]),
            ("上限5万", &[(Number, 50_000.0, 50_000.0)]),
            ("打八折", &[(Share, 80.0, 80.0)]),
            ("20% off", &[(Share, 80.0, 80.0)]),
            ("3月15日", &[(Date, 315.0, 315.0)]),
            ("on march 15th", &[(Date, 315.0, 315.0)]),
            ("下午五点半", &[(Clock, 1050.0, 1050.0)]),
            ("5:30 pm", &[(Clock, 1050.0, 1050.0)]),
            ("周五", &[(Day, 5.0, 5.0)]),
            ("on fridays", &[(Day, 5.0, 5.0)]),
            ("最多两次", &[(Count(0), 2.0, 2.0)]),
            ("3 times", &[(Count(0), 3.0, 3.0)]),
            ("two and a half percent", &[(Share, 2.5, 2.5)]),
            ("一周半个月", &[days(7.0, 7.0), days(15.0, 15.0)]),
            ("两三天", &[days(2.0, 3.0)]),
            ("一个半小时", &[(Period, 90.0, 90.0)]),
            ("a fortnight", &[days(14.0, 14.0)]),
            ("第五个工作日", &[days(5.0, 5.0)]),
            ("same day", &[days(0.0, 1.0)]),
            ("twenty-two pounds", &[(Money, 22.0, 22.0)]),
            ("eur 25", &[(Money, 25.0, 25.0)]),
            ("at no extra cost", &[(Money, 0.0, 0.0)]),
            ("23kg一件", &[(Measure(0), 23.0, 23.0), (Count(7), 1.0, 1.0)]),
            ("5斤", &[(Measure(0), 2.5, 2.5)]),
            ("monday to friday", &[(Day, 1.0, 5.0)]),
            ("closed on mondays", &[(ClosedDay, 1.0, 1.0)]),
            ("every month", &[(Frequency, 30.0, 30.0)]),
            ("in march", &[(Date, 301.0, 331.0)]),
            ("the 15th", &[(MonthDay, 15.0, 15.0)]),
            ("第2步点确认", &[]),
            ("请拨打95555", &[]),
            ("一般一次性处理", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), *expected, "{text}");
        }
    }

    #[test]
    fn a_range_agrees_with_what_lies_in_it() {
        let quantity = |text: &str| quantities(text)[0];
        assert!(quantity("1-3天").agrees(&quantity("3天内")));
        assert!(quantity("两周").agrees(&quantity("14 days")));
        assert!(!quantity("1-3天").agrees(&quantity("3-5天")));
        assert!(!quantity("7天").agrees(&quantity("7元")));
    }
}
