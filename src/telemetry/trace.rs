//! The trace that a caller belongs to, by the W3C's header `traceparent`.

/// The header.
pub const TRACEPARENT: &str = "traceparent";

/// Id of a trace: 32 hex digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId<'a>(&'a str);

impl<'a> TraceId<'a> {
    /// Reads the header's value, `VERSION-TRACE-PARENT-FLAGS`; `None` for one that the standard says to ignore. A later version may have more
    /// parts.
    #[must_use]
    pub fn parse(header: &'a str) -> Option<Self> {
        let hex = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        let mut parts = header.trim().split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        let is_sound = hex(trace, 32) && !zero(trace) && hex(parent, 16) && !zero(parent) && hex(flags, 2);
        (is_known && is_sound).then_some(Self(trace))
    }

    /// The digits.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_standard_says_to_ignore_is_ignored() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        let sound = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(TraceId::parse(&sound).map(TraceId::as_str), Some(TRACE));
        assert_eq!(TraceId::parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01-later")).map(TraceId::as_str), Some(TRACE));
        for ignored in [
            String::new(),
            "13800138000".to_owned(),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", &TRACE[1..]),
            format!("00-{}-00f067aa0ba902b7-01", "张".repeat(32)),
        ] {
            assert_eq!(TraceId::parse(&ignored), None, "{ignored}");
        }
    }
}
