use proptest::prelude::*;

use super::*;

/// Every case: a text, what must come out, and optionally known values of the customer.
#[derive(serde::Deserialize)]
struct Case {
    text: String,
    masked: String,
    #[serde(default)]
    known: Vec<String>,
}

fn cases() -> Vec<Case> {
    let files = [
        include_str!("../../../tests/cases/masking/numbers.jsonl"),
        include_str!("../../../tests/cases/masking/addresses.jsonl"),
        include_str!("../../../tests/cases/masking/names.jsonl"),
        include_str!("../../../tests/cases/masking/harmless.jsonl"),
    ];
    files
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn every_case_is_masked_as_written() {
    let cases = cases();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let masked = mask(&case.text, &case.known).text;
            (masked != case.masked).then(|| format!("{}\n  want {}\n  got  {}", case.text, case.masked, masked))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn masking_a_case_again_changes_nothing() {
    for case in cases() {
        let once = mask(&case.text, &case.known);
        let twice = mask(&once.text, &case.known);
        assert_eq!(twice.text, once.text);
        assert!(twice.found.is_empty());
    }
}

#[test]
fn a_name_given_away_in_one_message_is_masked_in_all() {
    let said = [
        "我叫贾嘉豪，订单到哪了",
        "订单在路上，贾嘉豪明天能收到",
        "It's Esperanza Vandermeer again",
        "the car of Esperanza Vandermeer",
        "嘉豪礼品",
    ];
    let expected = ["我叫[NAME]，订单到哪了", "订单在路上，[NAME]明天能收到", "It's [NAME] again", "the car of [NAME]", "嘉豪礼品"];
    assert_eq!(mask_conversation(&said, &[]), expected);
    assert_eq!(mask_conversation(&["在吗", "您好"], &["王晓梅".to_owned()]), ["在吗", "您好"]);
}

#[test]
fn addresses_found_in_parts_that_touch_are_one() {
    let part = |start: usize, value: &str| Found { kind: MaskKind::Address, value: value.to_owned(), start };
    let masked = Masked { text: "a[ADDRESS][ADDRESS][ADDRESS]b".to_owned(), found: vec![part(1, "x"), part(10, "y"), part(19, "z")] };
    let whole = masked.with_whole_addresses();
    assert_eq!((whole.text.as_str(), whole.found), ("a[ADDRESS]b", vec![part(1, "xyz")]));
}

#[test]
fn found_values_lead_back_to_the_text() {
    let masked = mask("我叫张伟，电话１３８-0013-8000，谢谢", &[]);
    assert_eq!(masked.text, "我叫[NAME]，电话[PHONE]，谢谢");
    let values: Vec<_> = masked.found.iter().map(|found| (found.kind, found.value.as_str(), found.start)).collect();
    assert_eq!(values, [(MaskKind::Name, "张伟", 2), (MaskKind::Phone, "１３８-0013-8000", 11)]);
}

#[test]
fn placeholders_are_found_in_order() {
    let found = placeholders("a[PHONE]b[ORDER_NO][XX]");
    assert_eq!(found, [(MaskKind::Phone, 1..8), (MaskKind::OrderNo, 9..19)]);
}

#[test]
fn contrived_long_texts_take_linear_time() {
    // No clock: a quadratic step would keep the test running for minutes.
    for unit in [
        "1",
        "1 ",
        "a",
        "路",
        "幸福路",
        "张",
        "A1-",
        "@",
        "0",
        "<",
        "13 8",
        "3栋",
        "省市区",
        "王总",
        "订单号",
        "Hi Bob ",
        "http://",
        "4-",
        "\u{1}",
        "(0",
        "我老公",
        "给张",
        "小满妈妈",
        "My Son ",
        "to Wei Zhang ",
        "Via ",
        "，Bob Ma 13800138000",
        "，张小，",
    ] {
        let text = unit.repeat(200_000 / unit.len());
        let _ = mask(&text, &[]);
    }
}

/// Pieces that are likely to meet in one message.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("13800138000".to_owned()),
        Just("我叫张伟".to_owned()),
        Just("订单号".to_owned()),
        Just("：".to_owned()),
        Just("浙江省杭州市西湖区文三路88号3栋502室".to_owned()),
        Just("幸福路".to_owned()),
        Just("[PHONE]".to_owned()),
        Just("[NAME".to_owned()),
        Just("]".to_owned()),
        Just("王女士".to_owned()),
        Just("Dear Laura,".to_owned()),
        Just("Best regards,\n".to_owned()),
        Just("12 High Street, London SW1A 1AA".to_owned()),
        Just("a@b.com".to_owned()),
        Just("http://x.cn/".to_owned()),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("浙A12345".to_owned()),
        Just("6222".to_owned()),
        Just("+86 ".to_owned()),
        Just("一三八".to_owned()),
        Just("室张三".to_owned()),
        Just("我老公".to_owned()),
        Just("顾承宇".to_owned()),
        Just("寄给".to_owned()),
        Just("小满妈妈".to_owned()),
        Just("不是".to_owned()),
        Just("——".to_owned()),
        Just("收，".to_owned()),
        Just("I'm Sofia Marchetti".to_owned()),
        Just(" not Sophie Mark".to_owned()),
        Just("Thanks, Emily 方".to_owned()),
        Just("my son ".to_owned()),
        Just("18 Rue des Tilleuls".to_owned()),
        Just("car KX24 HTV".to_owned()),
        "[0-9 -]{0,14}",
        "[A-Za-z0-9@.:/#-]{0,10}",
        "[一-龥]{0,4}",
        "[０-９（）＋\u{200B}\u{1}]{0,5}",
        "\\PC{0,4}",
    ]
}

/// 600 cases, more with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    ProptestConfig { cases: given.cases.max(600), ..given }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn masking_is_idempotent(pieces in proptest::collection::vec(piece(), 0..10)) {
        let text = pieces.concat();
        let once = mask(&text, &[]);
        let twice = mask(&once.text, &[]);
        prop_assert_eq!(&twice.text, &once.text);
        prop_assert!(twice.found.is_empty());
    }

    #[test]
    fn putting_the_values_back_gives_the_text(pieces in proptest::collection::vec(piece(), 0..10), known in "[a-z0-9张三]{0,6}") {
        let text = pieces.concat();
        let masked = mask(&text, &[known]);
        let mut chars: Vec<String> = masked.text.chars().map(String::from).collect();
        for found in masked.found.iter().rev() {
            let end = found.start + found.kind.placeholder().len();
            chars.splice(found.start..end, [found.value.clone()]);
        }
        prop_assert_eq!(chars.concat(), text);
    }

    #[test]
    fn a_mobile_number_never_leaks(before in "[一-龥，。 ]{0,8}", number in "1[3-9][0-9]{9}", after in "[一-龥，。 ]{0,8}") {
        let masked = mask(&format!("{before}{number}{after}"), &[]);
        prop_assert!(!masked.text.contains(&number));
    }

    #[test]
    fn never_panics(text in "\\PC*") {
        let _ = mask(&text, &[]);
    }
}
