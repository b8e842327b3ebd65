//! Traditional to simplified Chinese, so that both scripts meet in one form when texts are compared.
//!
//! Owns the converter, built once. Must not be used on text that is shown or stored: it is for matching only.

use std::borrow::Cow;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

static CONVERTER: LazyLock<OpenCC> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).expect("the built-in table is compiled into the binary"));

/// Turns traditional characters into simplified ones; text without Chinese characters is handed back as it is.
#[must_use]
pub fn to_simplified(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(CONVERTER.convert(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_traditional_and_leaves_the_rest() {
        assert_eq!(to_simplified("訂單號"), "订单号");
        assert_eq!(to_simplified("订单号 abc"), "订单号 abc");
        assert_eq!(to_simplified("order"), "order");
    }
}
