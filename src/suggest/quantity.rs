//! Amounts, periods, dates and other figures that a text states, in comparable form.
//!
//! Chinese and English. Spellings of one quantity are equal: "七天", "7 days", "a week" and "168 小时" are one period, "5万" and "50,000" one
//! number, "免费" and "free" are an amount of nothing. Step numbers ("第2步") and telephone or order numbers are no quantities.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What a figure measures. Only figures of one dimension can disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dimension {
    /// A period, in minutes; a month counts 30 days, a year twelve months.
    Period,
    /// Money of any currency, in its unit.
    Money,
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
}

impl Quantity {
    /// Whether one says no more than the other: equal, or one range inside the other.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let inside = |a: &Self, b: &Self| a.low >= b.low - 1e-6 && a.high <= b.high + 1e-6;
        self.dimension == other.dimension && (inside(self, other) || inside(other, self))
    }
}

/// A number, in figures or words.
const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零一二两三四五六七八九十百千半]+|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety|half\ an)\b)";

static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    measured(
        r"(?P<unit>个?工作日|个?自然日|天|日内|个?小时|个?钟头|分钟|秒钟?|个?星期|个?礼拜|周内?|个?月|年|(?:working|business|calendar)?\ ?days?\b|hours?\b|hrs?\b|minutes?\b|mins?\b|seconds?\b|secs?\b|weeks?\b|months?\b|years?\b)",
    )
});
static MONEY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?:[$€£¥]|usd|rmb|cny)\ ?(?P<before>{NUMBER})|(?P<low>{NUMBER})(?:\ ?(?:-|~|到|至|to)\ ?(?P<high>{NUMBER}))?\ ?(?P<times>[千万])?\ ?(?:元|块钱?|yuan|rmb|cny|dollars?|usd|euros?|pounds?|cents?|[$€£])"
    ))
});
static FREE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"免费|免年费|免运费|包邮|免手续费|不收(?:取|您)?(?:任何)?(?:费|钱|手续费|年费|运费|工本费)|不要钱|不用付钱|不花钱|零费用|\bfree\b|\bno\ (?:extra\ )?(?:charge|fee|cost)s?\b|\bcosts?\ nothing\b|\bfor\ nothing\b",
    )
});
static SHARE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?P<percent>{NUMBER})\ ?(?:%|percent\b|per\ cent\b)(?P<off>\ ?(?:off|discount))?|百分之(?P<of>{NUMBER})|(?P<left>{NUMBER})折"
    ))
});
static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"\b(?P<plain>\d{{1,2}})(?::(?P<past>\d{{2}}))?\ ?(?P<half_of_day>am|pm|a\.m\.|p\.m\.)|(?P<part>上午|早上|中午|下午|晚上|晚)?(?:(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})|(?P<word>{NUMBER})点(?P<half>半)?)"
    ))
});
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"(?P<month>{NUMBER})月(?P<day>{NUMBER})[日号]|\b(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\ (?P<of>\d{{1,2}})(?:st|nd|rd|th)?\b"
    ))
});
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:周|星期|礼拜)(?P<zh>[一二三四五六日天])|\b(?P<en>monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b|(?P<near>今天|今晚|明天|后天|大后天|\btoday\b|\btomorrow\b)",
    )
});
static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    measured(
        r"(?P<unit>次|节课?|台|件|人|个(?:孩子|学生|人|名额)|位|岁|度|级|张|笔|倍|分(?:以上|及格)?|积分|层|楼|米|公斤|斤|times\b|lessons?\b|classes\b|devices?\b|items?\b|people\b|students?\b|children\b|kids\b|degrees?\b|points?\b|kg\b|cm\b|cards?\b|months\b)",
    )
});
static NUMBER_ALONE: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?P<low>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?P<times>[千万])?"));
static ORDINAL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        r"第{NUMBER}|首[次年月]|\bfirst\b|\bsecond\b|\bthird\b|\bstep\ \d+|\d+(?:st|nd|rd|th)\b|一(?:下|般|起|直|定|样|些|点|旦|次性|键|并|共|致|律|切)|[a-z]\d+|\d{{5,}}"
    ))
});

fn measured(unit: &str) -> Regex {
    compiled(&format!(r"(?P<low>{NUMBER})(?:\ ?(?:-|~|—|－|到|至|to)\ ?(?P<high>{NUMBER}))?\ ?-?{unit}"))
}

/// Every figure of a folded text.
pub(super) fn quantities(folded: &str) -> Vec<Quantity> {
    let mut found = Vec::new();
    // What has been read is blanked, so that "3月15日" is not three months as well.
    let mut rest = folded.to_owned();
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
    take(
        &mut rest,
        &SHARE,
        |captures| {
            let share = if let Some(left) = value(&captures, "left") {
                if left < 10.0 { left * 10.0 } else { left }
            } else {
                let percent = value(&captures, "percent").or_else(|| value(&captures, "of"))?;
                if captures.name("off").is_some() { 100.0 - percent } else { percent }
            };
            Some((Dimension::Share, share, share))
        },
        &mut found,
    );
    take(
        &mut rest,
        &DATE,
        |captures| {
            let (month, day) = match captures.name("name") {
                Some(name) => (f64::from(month_of(name.as_str())), value(&captures, "of")?),
                None => (value(&captures, "month")?, value(&captures, "day")?),
            };
            let date = month * 100.0 + day;
            Some((Dimension::Date, date, date))
        },
        &mut found,
    );
    take(&mut rest, &CLOCK, |captures| clock(&captures), &mut found);
    take(&mut rest, &ORDINAL, |_| None, &mut found);
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
    take(&mut rest, &DAY, |captures| day(&captures), &mut found);
    take(
        &mut rest,
        &COUNT,
        |captures| {
            let low = value(&captures, "low")?;
            Some((Dimension::Count(thing(captures.name("unit")?.as_str())), low, value(&captures, "high").unwrap_or(low)))
        },
        &mut found,
    );
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
            found.push(Quantity { dimension, low: low.min(high), high: low.max(high) });
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

/// A number in figures, in Chinese numerals below ten thousand, or as an English word.
fn number(text: &str) -> Option<f64> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.replace(',', "").parse().ok();
    }
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let words = ["a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
        return Some(match text {
            "an" => 1.0,
            "fifteen" => 15.0,
            "twenty" => 20.0,
            "thirty" => 30.0,
            "sixty" => 60.0,
            "ninety" => 90.0,
            "half an" => 0.5,
            _ => words.iter().position(|word| *word == text)?.max(1) as f64,
        });
    }
    if text == "半" {
        return Some(0.5);
    }
    let (mut total, mut last) = (0.0, None);
    for c in text.chars() {
        let digit = "零一二三四五六七八九".chars().position(|numeral| numeral == c).or_else(|| (c == '两').then_some(2));
        match (digit, c) {
            (Some(digit), _) => last = Some(digit as f64),
            (None, '十') => total += last.take().unwrap_or(1.0) * 10.0,
            (None, '百') => total += last.take().unwrap_or(1.0) * 100.0,
            (None, '千') => total += last.take().unwrap_or(1.0) * 1000.0,
            (None, _) => return None,
        }
    }
    Some(total + last.unwrap_or(0.0))
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

fn month_of(name: &str) -> u8 {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    (1..).zip(months).find(|(_, month)| *month == name).map_or(0, |(place, _)| place)
}

/// A number for the counted thing, the same in both languages where both have a word for it.
fn thing(unit: &str) -> u32 {
    let groups: [&[&str]; 9] = [
        &["次", "times"],
        &["节", "lesson", "class"],
        &["台", "device"],
        &["人", "个孩子", "个学生", "个人", "位", "people", "student", "children", "kids"],
        &["岁"],
        &["度", "degree"],
        &["积分", "分", "point"],
        &["件", "item"],
        &["张", "card"],
    ];
    let place = groups.iter().position(|words| words.iter().any(|word| unit.starts_with(word)));
    place.map_or_else(|| crate::retrieve::lexical::term_id(unit), |place| place as u32)
}

#[expect(clippy::expect_used, reason = "the patterns are constants of this file and the tests use every one")]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Dimension, f64, f64)> {
        quantities(text).into_iter().map(|quantity| (quantity.dimension, quantity.low, quantity.high)).collect()
    }

    #[test]
    fn spellings_of_one_quantity_are_equal() {
        use Dimension::{Clock, Count, Date, Day, Money, Number, Period, Share};
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
