//! Check digits and the shapes of dates inside numbers.
//!
//! Pure arithmetic on ASCII digits; what a number means is decided by the callers.

/// Whether the digits satisfy the Luhn formula (bank cards).
pub(super) fn luhn(digits: &str) -> bool {
    if digits.is_empty() {
        return false;
    }
    let mut sum = 0;
    for (place, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        };
    }
    sum % 10 == 0
}

/// Whether 18 characters are a mainland identity number by GB 11643: region, birth date and check character.
pub(super) fn id_card_valid(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";
    if !id_card_plausible(number) {
        return false;
    }
    let bytes = number.as_bytes();
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    CHECK[(sum % 11) as usize] == bytes[17].to_ascii_uppercase()
}

/// Whether 18 characters have the region and birth date of an identity number, whatever the check character says.
pub(super) fn id_card_plausible(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == 18
        && bytes[..17].iter().all(u8::is_ascii_digit)
        && (bytes[17].is_ascii_digit() || matches!(bytes[17], b'x' | b'X'))
        && is_region(number)
        && is_date(&number[6..14])
        && matches!(&number[6..8], "19" | "20")
}

/// Whether 15 digits are an identity number of the first generation.
pub(super) fn old_id_card_plausible(number: &str) -> bool {
    number.len() == 15 && number.bytes().all(|b| b.is_ascii_digit()) && is_region(number) && is_month_and_day(&number[8..12])
}

fn is_region(number: &str) -> bool {
    let province = number[..2].parse::<u8>().unwrap_or(0);
    matches!(province, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

/// Whether a letter and nine digits are a Taiwan identity number with a correct check digit.
pub(super) fn taiwan_id_valid(number: &str) -> bool {
    const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let bytes = number.as_bytes();
    if bytes.len() != 10 || !matches!(bytes[1], b'1' | b'2' | b'8' | b'9') || !bytes[1..].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let Some(place) = LETTERS.find(char::from(bytes[0].to_ascii_uppercase())) else { return false };
    let code = place as u32 + 10;
    let mut sum = code / 10 + code % 10 * 9;
    for (byte, weight) in bytes[1..9].iter().zip((1..=8).rev()) {
        sum += u32::from(byte - b'0') * weight;
    }
    (sum + u32::from(bytes[9] - b'0')).is_multiple_of(10)
}

/// Whether eight digits read as a date between 1900 and 2099.
pub(super) fn is_date(digits: &str) -> bool {
    digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) && matches!(&digits[..2], "19" | "20") && is_month_and_day(&digits[4..])
}

/// Whether 12 or 14 digits read as a date with a time.
pub(super) fn is_date_time(digits: &str) -> bool {
    if !matches!(digits.len(), 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) || !is_date(&digits[..8]) {
        return false;
    }
    let part = |at: usize| digits[at..at + 2].parse::<u8>().unwrap_or(99);
    part(8) < 24 && part(10) < 60 && (digits.len() == 12 || part(12) < 60)
}

fn is_month_and_day(digits: &str) -> bool {
    let month = digits[..2].parse::<u8>().unwrap_or(0);
    let day = digits[2..4].parse::<u8>().unwrap_or(0);
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_accepts_test_numbers_and_no_others() {
        assert!(luhn("4111111111111111"));
        assert!(luhn("378282246310005"));
        assert!(!luhn("4111111111111112"));
        assert!(!luhn(""));
        assert!(!luhn("41x1"));
    }

    #[test]
    fn identity_numbers() {
        assert!(id_card_valid("11010519491231002X"));
        assert!(id_card_valid("11010519491231002x"));
        assert!(!id_card_valid("110105194912310021"));
        assert!(id_card_plausible("110105194912310021"));
        assert!(!id_card_plausible("110105194913310021"));
        assert!(!id_card_plausible("990105194912310021"));
        assert!(old_id_card_plausible("110105491231002"));
        assert!(!old_id_card_plausible("860105491231002"));
        assert!(taiwan_id_valid("A123456789"));
        assert!(!taiwan_id_valid("A123456788"));
    }

    #[test]
    fn dates() {
        assert!(is_date("20260815"));
        assert!(!is_date("20261315"));
        assert!(is_date_time("20260815235959"));
        assert!(is_date_time("202608152359"));
        assert!(!is_date_time("20260815246060"));
    }
}
