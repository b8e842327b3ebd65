//! The text as the detectors see it: one form for digits, letters, dashes and blanks, with everything already masked blotted
//! out.
//!
//! Owns the mapping back to the original bytes. A masked stretch becomes a run of [`BLOT`], which no pattern matches and every
//! context check reads as a border; a placeholder that was in the text from the start is a single one. A view serves one round over a
//! text; what is found in it may stand in reach of what could not be seen for its length, so masking looks again at the masked text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::MaskKind;
use crate::text::language::is_chinese;

/// Stands where something is masked already.
pub(super) const BLOT: char = '\u{1}';

/// A stretch of the view and what it was found to be.
pub(super) type Hit = (Range<usize>, MaskKind);

#[derive(Debug, Clone, Copy)]
struct Claim {
    end: usize,
    kind: MaskKind,
    fresh: bool,
}

/// A stretch of view bytes that map to original bytes one to one, or a single replaced character.
#[derive(Debug, Clone, Copy)]
struct Piece {
    view: usize,
    original: usize,
    original_end: usize,
    copied: bool,
}

/// The normalised text with its claims; positions are byte offsets into [`View::text`] unless they say otherwise.
#[derive(Debug)]
pub(super) struct View {
    text: String,
    pieces: Vec<Piece>,
    claims: BTreeMap<usize, Claim>,
}

impl View {
    /// Normalises a text and blots out the placeholders it already holds.
    pub(super) fn new(original: &str) -> Self {
        let mut view = Self { text: String::with_capacity(original.len()), pieces: Vec::new(), claims: BTreeMap::new() };
        let mut at = 0;
        for (kind, range) in super::placeholders(original) {
            view.push_text(original, at..range.start);
            let start = view.text.len();
            view.push_piece(range.start, range.end, false);
            view.text.push(BLOT);
            view.claims.insert(start, Claim { end: start + 1, kind, fresh: false });
            at = range.end;
        }
        view.push_text(original, at..original.len());
        view
    }

    fn push_text(&mut self, original: &str, range: Range<usize>) {
        let base = range.start;
        let mut chars = original[range].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let start = base + offset;
            let end = start + c.len_utf8();
            let next = chars.peek().map_or(' ', |(_, next)| *next);
            match normalise(c, next) {
                None => {}
                Some(same) if same == c => {
                    let extends = self.pieces.last().is_some_and(|piece| piece.copied && piece.original_end == start);
                    if extends {
                        if let Some(piece) = self.pieces.last_mut() {
                            piece.original_end = end;
                        }
                    } else {
                        self.push_piece(start, end, true);
                    }
                    self.text.push(c);
                }
                Some(other) => {
                    self.push_piece(start, end, false);
                    self.text.push(other);
                }
            }
        }
    }

    fn push_piece(&mut self, original: usize, original_end: usize, copied: bool) {
        self.pieces.push(Piece { view: self.text.len(), original, original_end, copied });
    }

    /// The normalised text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Takes hits in, first come first served where they overlap.
    pub(super) fn claim(&mut self, hits: Vec<Hit>) {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        for (range, kind) in hits {
            let free = !range.is_empty() && range.end <= bytes.len() && !bytes[range.clone()].contains(&(BLOT as u8));
            if !free {
                continue;
            }
            bytes[range.clone()].fill(BLOT as u8);
            self.claims.insert(range.start, Claim { end: range.end, kind, fresh: true });
        }
        self.text = String::from_utf8(bytes).expect("hits start and end at characters, and whole characters were overwritten");
    }

    /// The claimed stretches of the kinds asked for, in order.
    pub(super) fn claimed(&self, kinds: &'static [MaskKind]) -> impl Iterator<Item = Range<usize>> + '_ {
        self.claims.iter().filter(|(_, claim)| kinds.contains(&claim.kind)).map(|(start, claim)| *start..claim.end)
    }

    /// What this masking found, as byte ranges of the original text, in order.
    pub(super) fn fresh(&self) -> impl Iterator<Item = (MaskKind, Range<usize>)> + '_ {
        self.claims
            .iter()
            .filter(|(_, claim)| claim.fresh)
            .map(|(start, claim)| (claim.kind, self.original_start(*start)..self.original_end(claim.end)))
    }

    fn piece_of(&self, position: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.view <= position);
        self.pieces.get(after.checked_sub(1)?)
    }

    fn original_start(&self, position: usize) -> usize {
        self.piece_of(position).map_or(0, |piece| if piece.copied { piece.original + (position - piece.view) } else { piece.original })
    }

    fn original_end(&self, position: usize) -> usize {
        let Some(last) = position.checked_sub(1) else { return 0 };
        self.piece_of(last).map_or(0, |piece| if piece.copied { piece.original + (position - piece.view) } else { piece.original_end })
    }
}

/// The character before a position; a line break at the start of the text.
pub(super) fn char_before(text: &str, position: usize) -> char {
    text[..position].chars().next_back().unwrap_or('\n')
}

/// The character at a position; a line break at the end of the text.
pub(super) fn char_after(text: &str, position: usize) -> char {
    text[position..].chars().next().unwrap_or('\n')
}

/// Maps a character to the form the patterns are written for; `None` drops it.
fn normalise(c: char, next: char) -> Option<char> {
    Some(match c {
        '．' if next.is_alphanumeric() && !is_chinese(next) => '.',
        // Sentence punctuation stays apart from its ASCII twin, which may be part of a number.
        ' '..='~' | '！' | '，' | '？' | '；' | '［' | '］' | '．' => c,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}'
        | '\u{00AD}'
        | '\u{FE0E}'
        | '\u{FE0F}'
        | '\u{20E3}' => {
            return None;
        }
        '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\t' | BLOT => ' ',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' => '-',
        '’' => '\'',
        _ => simplified(c),
    })
}

/// Patterns are written in simplified characters; a few hundred traditional ones occur in labels, addresses and surnames.
fn simplified(c: char) -> char {
    if !('\u{4E00}'..='\u{9FFF}').contains(&c) {
        return c;
    }
    TRADITIONAL.binary_search_by_key(&c, |(traditional, _)| *traditional).map_or(c, |at| TRADITIONAL[at].1)
}

/// Sorted by the traditional character.
const TRADITIONAL: &[(char, char)] = &[
    ('來', '来'),
    ('個', '个'),
    ('們', '们'),
    ('倫', '伦'),
    ('偉', '伟'),
    ('傑', '杰'),
    ('劉', '刘'),
    ('區', '区'),
    ('吳', '吴'),
    ('員', '员'),
    ('問', '问'),
    ('喬', '乔'),
    ('單', '单'),
    ('嚴', '严'),
    ('國', '国'),
    ('園', '园'),
    ('場', '场'),
    ('婭', '娅'),
    ('媽', '妈'),
    ('孫', '孙'),
    ('學', '学'),
    ('寶', '宝'),
    ('專', '专'),
    ('對', '对'),
    ('層', '层'),
    ('嶺', '岭'),
    ('師', '师'),
    ('帳', '账'),
    ('廈', '厦'),
    ('廣', '广'),
    ('張', '张'),
    ('強', '强'),
    ('後', '后'),
    ('從', '从'),
    ('慶', '庆'),
    ('憶', '忆'),
    ('應', '应'),
    ('戶', '户'),
    ('換', '换'),
    ('時', '时'),
    ('會', '会'),
    ('東', '东'),
    ('棟', '栋'),
    ('楊', '杨'),
    ('業', '业'),
    ('樂', '乐'),
    ('樓', '楼'),
    ('樣', '样'),
    ('橋', '桥'),
    ('機', '机'),
    ('歐', '欧'),
    ('沒', '没'),
    ('湯', '汤'),
    ('溝', '沟'),
    ('濟', '济'),
    ('濤', '涛'),
    ('灣', '湾'),
    ('為', '为'),
    ('無', '无'),
    ('燦', '灿'),
    ('爺', '爷'),
    ('爾', '尔'),
    ('現', '现'),
    ('瑩', '莹'),
    ('環', '环'),
    ('產', '产'),
    ('發', '发'),
    ('盧', '卢'),
    ('碼', '码'),
    ('穎', '颖'),
    ('範', '范'),
    ('簡', '简'),
    ('紀', '纪'),
    ('約', '约'),
    ('紅', '红'),
    ('絡', '络'),
    ('給', '给'),
    ('絲', '丝'),
    ('經', '经'),
    ('線', '线'),
    ('編', '编'),
    ('縣', '县'),
    ('縱', '纵'),
    ('總', '总'),
    ('繫', '系'),
    ('羅', '罗'),
    ('聯', '联'),
    ('聲', '声'),
    ('聶', '聂'),
    ('臺', '台'),
    ('與', '与'),
    ('莊', '庄'),
    ('華', '华'),
    ('萬', '万'),
    ('葉', '叶'),
    ('蓋', '盖'),
    ('蔣', '蒋'),
    ('蕭', '萧'),
    ('藝', '艺'),
    ('蘆', '芦'),
    ('蘇', '苏'),
    ('蘭', '兰'),
    ('處', '处'),
    ('號', '号'),
    ('術', '术'),
    ('衛', '卫'),
    ('裡', '里'),
    ('親', '亲'),
    ('訂', '订'),
    ('許', '许'),
    ('話', '话'),
    ('該', '该'),
    ('認', '认'),
    ('說', '说'),
    ('請', '请'),
    ('諸', '诸'),
    ('謝', '谢'),
    ('證', '证'),
    ('譚', '谭'),
    ('護', '护'),
    ('讓', '让'),
    ('貨', '货'),
    ('買', '买'),
    ('費', '费'),
    ('賀', '贺'),
    ('賈', '贾'),
    ('賢', '贤'),
    ('賣', '卖'),
    ('賬', '账'),
    ('賴', '赖'),
    ('趙', '赵'),
    ('蹤', '踪'),
    ('車', '车'),
    ('軍', '军'),
    ('這', '这'),
    ('連', '连'),
    ('運', '运'),
    ('達', '达'),
    ('遞', '递'),
    ('遠', '远'),
    ('還', '还'),
    ('邊', '边'),
    ('鄉', '乡'),
    ('鄒', '邹'),
    ('鄧', '邓'),
    ('鄭', '郑'),
    ('鄰', '邻'),
    ('醫', '医'),
    ('銀', '银'),
    ('銘', '铭'),
    ('鋒', '锋'),
    ('錄', '录'),
    ('錢', '钱'),
    ('鍾', '钟'),
    ('鎮', '镇'),
    ('鐵', '铁'),
    ('門', '门'),
    ('開', '开'),
    ('閻', '阎'),
    ('關', '关'),
    ('陳', '陈'),
    ('陸', '陆'),
    ('陽', '阳'),
    ('險', '险'),
    ('電', '电'),
    ('靜', '静'),
    ('韓', '韩'),
    ('預', '预'),
    ('頭', '头'),
    ('題', '题'),
    ('顏', '颜'),
    ('顧', '顾'),
    ('顯', '显'),
    ('飛', '飞'),
    ('餘', '余'),
    ('馬', '马'),
    ('馮', '冯'),
    ('駱', '骆'),
    ('騰', '腾'),
    ('體', '体'),
    ('鵬', '鹏'),
    ('麗', '丽'),
    ('黃', '黄'),
    ('點', '点'),
    ('齊', '齐'),
    ('龍', '龙'),
    ('龔', '龚'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TRADITIONAL.is_sorted_by_key(|(traditional, _)| *traditional));
    }

    #[test]
    fn positions_lead_back_to_the_original() {
        let original = "电话：１３８\u{200B}0x 號";
        let mut view = View::new(original);
        assert_eq!(view.text(), "电话:1380x 号");
        let at = view.text().find("1380").expect("the digits");
        view.claim(vec![(at..at + 4, MaskKind::Phone)]);
        let fresh: Vec<_> = view.fresh().collect();
        assert_eq!(&original[fresh[0].1.clone()], "１３８\u{200B}0");
        assert_eq!(view.claimed(&[MaskKind::Phone]).collect::<Vec<_>>(), vec![Range { start: at, end: at + 4 }]);
    }

    #[test]
    fn existing_placeholders_are_blotted_out() {
        let view = View::new("a[PHONE]b");
        assert_eq!(view.text(), "a\u{1}b");
        assert_eq!(view.claimed(&[MaskKind::Phone]).collect::<Vec<_>>(), vec![Range { start: 1, end: 2 }]);
        assert_eq!(view.fresh().count(), 0);
    }
}
