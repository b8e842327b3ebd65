//! Numbers in figures and in words.

/// A number in figures, in Chinese numerals below ten thousand, or as an English word.
pub(super) fn number(text: &str) -> Option<f64> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.replace(',', "").parse().ok();
    }
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return english_number(text);
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

/// A number in English words below a thousand, with a half or a quarter behind it.
fn english_number(text: &str) -> Option<f64> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    if text.starts_with("half") {
        return Some(0.5);
    }
    if text.starts_with("a couple") {
        return Some(2.0);
    }
    let (text, rest) = match (text.strip_suffix(" and a half"), text.strip_suffix(" and a quarter")) {
        (Some(whole), _) => (whole, 0.5),
        (_, Some(whole)) => (whole, 0.25),
        _ => (text, 0.0),
    };
    let mut total = 0.0;
    for word in text.split([' ', '-']).filter(|word| *word != "and") {
        if word == "hundred" {
            total *= 100.0;
        } else if let Some(ten) = TENS.iter().position(|ten| *ten == word) {
            total += (ten as f64 + 2.0) * 10.0;
        } else if matches!(word, "a" | "an") {
            total += 1.0;
        } else {
            total += UNITS.iter().position(|unit| *unit == word)? as f64;
        }
    }
    Some(total + rest)
}
