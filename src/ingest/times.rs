//! Moments as sources write them, read into UTC.
//!
//! Times without an offset are local to the file's time zone. Nothing is guessed where day and month could be swapped.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::domain::Timestamp;

/// Earliest moment that is believed: 1990-01-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp::from_micros(631_152_000_000_000);
/// How far ahead of now a moment may lie: clocks differ, dates from another century don't.
const TOLERANCE_SECONDS: i64 = 2 * 24 * 3600;
/// Serial number of 1970-01-01 in a workbook's 1900 date system.
const SERIAL_OF_EPOCH: f64 = 25569.0;

/// A time as it stood in the source.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum RawTime {
    /// Not given.
    #[default]
    Missing,
    /// Written out, or digits.
    Text(String),
    /// A bare number.
    Number(f64),
    /// A workbook's date (1900 system).
    Serial(f64),
}

/// Why a time was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFault {
    /// In no known form.
    Unreadable,
    /// Before 1990.
    TooEarly,
    /// More than two days ahead of now.
    TooLate,
}

impl TimeFault {
    /// What is wrong, for the report.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Unreadable => "the time is in no known form; the message is kept without a time",
            Self::TooEarly => "the time lies before 1990; the message is kept without a time",
            Self::TooLate => "the time lies in the future; the message is kept without a time",
        }
    }

    /// How to mend it.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Unreadable => "write times as 2026-08-03T09:12:33+08:00, 2026-08-03 09:12:33 or seconds since 1970, year first",
            Self::TooEarly | Self::TooLate => {
                "check the column and its unit (seconds, milliseconds), correct the time and import the file again"
            }
        }
    }
}

/// China time, which has had no daylight saving since 1991: what files without offsets mean unless their mapping says otherwise.
pub(super) fn default_zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// Reads a time zone: an IANA name or an offset such as `+08:00`.
pub(super) fn parse_zone(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
        return Some(TimeZone::UTC);
    }
    if text.starts_with(['+', '-']) {
        return parse_offset(text).map(TimeZone::fixed);
    }
    TimeZone::get(text).ok()
}

/// Reads a moment; `None` when none is given.
pub(super) fn parse(raw: &RawTime, zone: &TimeZone, now: Timestamp) -> Result<Option<Timestamp>, TimeFault> {
    let moment = match raw {
        RawTime::Missing => return Ok(None),
        RawTime::Text(text) if text.trim().is_empty() => return Ok(None),
        RawTime::Text(text) => parse_text(text.trim(), zone),
        RawTime::Number(number) => parse_number(*number, zone),
        RawTime::Serial(serial) => parse_serial(*serial, zone),
    };
    let moment = moment.ok_or(TimeFault::Unreadable)?;
    if moment < EARLIEST {
        return Err(TimeFault::TooEarly);
    }
    if moment > now.plus_seconds(TOLERANCE_SECONDS) {
        return Err(TimeFault::TooLate);
    }
    Ok(Some(moment))
}

fn parse_text(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if text.len() > 100 {
        return None;
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_micros(moment.as_microsecond()));
    }
    if let Ok(number) = text.parse::<f64>() {
        return parse_number(number, zone);
    }
    parse_written(text, zone)
}

/// `20260803`, `202608030912` and `20260803091233`.
fn parse_compact(digits: &str, zone: &TimeZone) -> Option<Timestamp> {
    if !matches!(digits.len(), 8 | 12 | 14) || !(digits.starts_with("19") || digits.starts_with("20")) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i8>().ok());
    let date = Date::new(digits[..4].parse().ok()?, number(4, 6)?, number(6, 8)?).ok()?;
    let time = Time::new(number(8, 10).unwrap_or(0), number(10, 12).unwrap_or(0), number(12, 14).unwrap_or(0), 0).ok()?;
    local(date.to_datetime(time), zone)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970 by magnitude, else a workbook's serial day.
fn parse_number(number: f64, zone: &TimeZone) -> Option<Timestamp> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    // Read as digits, these would lie before 1990 or centuries ahead if they were counted from 1970.
    if number.fract() == 0.0
        && let Some(moment) = parse_compact(&number.to_string(), zone)
    {
        return Some(moment);
    }
    let micros = match number {
        n if n < 1e5 => return if n >= 30_000.0 { parse_serial(n, zone) } else { None },
        n if n < 1e11 => n * 1e6,
        n if n < 1e14 => n * 1e3,
        n if n < 1e17 => n,
        n if n < 1e20 => n / 1e3,
        _ => return None,
    };
    Some(Timestamp::from_micros(micros.round() as i64))
}

/// A serial day as a spreadsheet program would show it.
pub(super) fn written_serial(serial: f64) -> Option<String> {
    let moment = civil_of_serial(serial)?;
    let form = match (serial < 1.0, moment.time() == Time::midnight()) {
        (true, _) => "%H:%M:%S",
        (false, true) => "%Y-%m-%d",
        (false, false) => "%Y-%m-%d %H:%M:%S",
    };
    Some(moment.strftime(form).to_string())
}

fn parse_serial(serial: f64, zone: &TimeZone) -> Option<Timestamp> {
    local(civil_of_serial(serial)?, zone)
}

fn civil_of_serial(serial: f64) -> Option<DateTime> {
    if !serial.is_finite() || !(0.0..=2_958_466.0).contains(&serial) {
        return None;
    }
    // Serials are floating-point days, good for about a millisecond: 09:12:33 must not become 09:12:32.999.
    let millis = ((serial - SERIAL_OF_EPOCH) * 86_400_000.0).round() as i64;
    let moment = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(Offset::UTC.to_datetime(moment))
}

/// `2026-08-03 09:12:33`, `2026/8/3 9:12`, `2026.8.3`, `2026年8月3日 下午9点12分`, each with an optional offset at the end.
fn parse_written(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mut plain = String::with_capacity(text.len());
    let mut afternoon = None;
    let lower = text.to_lowercase();
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let half = [("上午", false), ("凌晨", false), ("早上", false), ("am", false), ("下午", true), ("晚上", true), ("pm", true)];
        if let Some((word, after_noon)) = half.iter().find(|(word, _)| rest.starts_with(word)) {
            afternoon = Some(*after_noon);
            plain.push(' ');
            rest = &rest[word.len()..];
            continue;
        }
        plain.push(match first {
            '年' | '月' | '/' => '-',
            '日' | '号' | '秒' | 't' | '，' | ',' | '\u{a0}' | '\u{3000}' => ' ',
            '时' | '点' | '分' | '：' => ':',
            other => other,
        });
        rest = &rest[first.len_utf8()..];
    }
    let mut words = plain.split_whitespace();
    let date_word = words.next()?;
    let separator = if date_word.contains('-') { '-' } else { '.' };
    let mut parts = date_word.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let Some(time_word) = words.next() else { return local(date.to_datetime(Time::midnight()), zone) };
    let (time_word, glued_offset) = match time_word.find(['+', '-', 'z']) {
        Some(at) => (&time_word[..at], Some(&time_word[at..])),
        None => (time_word, None),
    };
    let time = parse_clock(time_word.trim_end_matches(':'), afternoon)?;
    let moment = date.to_datetime(time);
    let offset = glued_offset.or_else(|| words.next());
    if words.next().is_some() {
        return None;
    }
    match offset {
        None => local(moment, zone),
        Some("z" | "utc" | "gmt") => local(moment, &TimeZone::UTC),
        Some(offset) => local(moment, &TimeZone::fixed(parse_offset(offset)?)),
    }
}

fn parse_clock(text: &str, afternoon: Option<bool>) -> Option<Time> {
    let mut parts = text.split(':');
    let mut hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next().unwrap_or("0").parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9.9}").parse().ok()?;
    match afternoon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        Some(_) | None => {}
    }
    Time::new(hour, minute, second.parse().ok()?, nanos).ok()
}

fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = if digits.len() <= 2 { (digits.as_str(), "0") } else { digits.split_at(digits.len() - 2) };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn local(moment: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(moment).ok().map(|moment| Timestamp::from_micros(moment.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_micros("2026-09-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn read(text: &str) -> Result<Option<String>, TimeFault> {
        parse(&RawTime::Text(text.to_owned()), &default_zone(), now()).map(|time| time.map(|time| time.to_string()))
    }

    #[test]
    fn every_documented_form_means_the_same_moment() {
        for text in [
            "2026-08-03T01:12:33Z",
            "2026-08-03T09:12:33+08:00",
            "2026-08-03 09:12:33",
            "2026/8/3 9:12:33",
            "2026.8.3 9:12:33",
            "2026-08-03 09:12:33.000",
            "2026年8月3日 9:12:33",
            "2026年8月3日9时12分33秒",
            "2026/8/3 上午 9:12:33",
            "2026-08-03 09:12:33 +0800",
            "2026-08-03 01:12:33Z",
            "20260803091233",
            "1785719553",
            "1785719553000",
            "1785719553000000",
            "1785719553000000000",
        ] {
            assert_eq!(read(text), Ok(Some("2026-08-03T01:12:33Z".to_owned())), "{text}");
        }
        assert_eq!(read("2026/8/3 下午3:05"), Ok(Some("2026-08-03T07:05:00Z".to_owned())));
        assert_eq!(read("2026-08-03"), Ok(Some("2026-08-02T16:00:00Z".to_owned())));
        assert_eq!(read(" "), Ok(None));
    }

    #[test]
    fn workbook_serials_keep_their_seconds() {
        let serial = 46237.0 + (9.0 * 3600.0 + 12.0 * 60.0 + 33.0) / 86400.0;
        let moment = parse(&RawTime::Serial(serial), &default_zone(), now()).unwrap().unwrap();
        assert_eq!(moment.to_string(), "2026-08-03T01:12:33Z");
        assert_eq!(parse(&RawTime::Number(serial), &default_zone(), now()).unwrap().unwrap(), moment);
        assert_eq!(written_serial(serial).as_deref(), Some("2026-08-03 09:12:33"));
        assert_eq!(written_serial(46237.0).as_deref(), Some("2026-08-03"));
        assert_eq!(written_serial(0.5).as_deref(), Some("12:00:00"));
    }

    #[test]
    fn absurd_and_unreadable_times_are_told_apart() {
        assert_eq!(read("1899-12-31 00:00:00"), Err(TimeFault::TooEarly));
        assert_eq!(read("0"), Err(TimeFault::Unreadable));
        assert_eq!(read("9999-12-31 00:00:00"), Err(TimeFault::TooLate));
        for text in ["yesterday", "3/8/2026 9:12", "2026-13-03", "2026-08-03 25:00", "2026-08-03 09:12 x y", "-5", "1e400", "２０２６"]
        {
            assert_eq!(read(text), Err(TimeFault::Unreadable), "{text}");
        }
    }

    #[test]
    fn zones_by_offset_or_name() {
        let zone = parse_zone("+05:30").unwrap();
        let moment = parse(&RawTime::Text("2026-08-03 09:12:33".to_owned()), &zone, now()).unwrap().unwrap();
        assert_eq!(moment.to_string(), "2026-08-03T03:42:33Z");
        assert!(parse_zone("Nowhere/Land").is_none());
        assert!(parse_zone("+99").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _outcome = read(&text);
        }

        #[test]
        fn no_date_like_text_panics(text in "[0-9年月日/:. +TZapm上午-]{0,40}") {
            let _outcome = read(&text);
        }

        #[test]
        fn no_number_panics(number in proptest::num::f64::ANY) {
            let _number = parse(&RawTime::Number(number), &default_zone(), now());
            let _words = written_serial(number);
            let _serial = parse(&RawTime::Serial(number), &default_zone(), now());
        }
    }
}
