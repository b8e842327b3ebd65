//! A table for the terminal: aligned by what a character takes on the screen, where a Chinese one takes two columns.

/// Lays out `rows` under their headings: the first column to the left, the others to the right.
pub(super) fn lay_out(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - width(cell));
            if column == 0 {
                line.push_str(cell);
                line.push_str(&padding);
            } else {
                line.push_str("  ");
                line.push_str(&padding);
                line.push_str(cell);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Columns that `text` takes on a terminal.
fn width(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { usize::from(!character.is_control()) }).sum()
}

/// East Asian Wide and Fullwidth, by blocks (Unicode Standard Annex 11).
const fn is_wide(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1f64f}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("退货 a"), 6);
        assert_eq!(width("，"), 2);
        let rows = [vec!["退货".to_owned(), "x".to_owned()], vec!["abc".to_owned(), "12".to_owned()]];
        assert_eq!(lay_out(&rows), "退货   x\nabc   12\n");
    }

    #[test]
    fn ragged_rows_and_no_rows() {
        assert_eq!(lay_out(&[]), "");
        assert_eq!(lay_out(&[vec!["a".to_owned()], vec!["b".to_owned(), "1".to_owned()]]), "a\nb  1\n");
    }
}
