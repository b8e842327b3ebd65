//! Invented customers and what identifies them: every value is drawn from a seed, belongs to one person, and can be found again in a text
//! however it is grouped or written.

use std::collections::BTreeSet;

use crate::domain::Language;
use crate::domain::random::SplitMix64;
use crate::text::mask::MaskKind;
use crate::text::normalise::fold;

/// What values are called in the templates of [`super::talks`], and what they are.
pub(super) const FIELDS: [(&str, MaskKind); 13] = [
    ("name", MaskKind::Name),
    ("phone", MaskKind::Phone),
    ("order", MaskKind::OrderNo),
    ("tracking", MaskKind::OrderNo),
    ("address", MaskKind::Address),
    ("email", MaskKind::Email),
    ("id_card", MaskKind::IdCard),
    ("bank_card", MaskKind::BankCard),
    ("plate", MaskKind::Plate),
    ("account", MaskKind::Account),
    ("passport", MaskKind::Passport),
    ("link", MaskKind::Url),
    ("amount", MaskKind::Amount),
];

/// Something of a value that nobody else's texts hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Found in a text without anything but letters and figures ([`compact`]).
    Compact(String),
    /// Found in a folded text as a word of its own.
    Word(String),
}

/// One value of one person.
#[derive(Debug, Clone)]
pub(super) struct MarkedValue {
    /// Its name in the templates.
    pub(super) field: &'static str,
    /// As it is written.
    pub(super) written: String,
    /// What gives it away.
    pub(super) marks: Vec<Mark>,
}

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The language of their talk.
    pub(super) language: Language,
    /// One for each of [`FIELDS`], in their order.
    pub(super) values: Vec<MarkedValue>,
}

impl Person {
    /// What is written for a field of a template.
    pub(super) fn written(&self, field: &str) -> Option<&str> {
        self.values.iter().find(|value| value.field == field).map(|value| value.written.as_str())
    }
}

/// A folded text without anything but letters and figures: separators and grouping do not matter in it.
pub(super) fn compact(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Draws customers no two of which share a mark.
#[derive(Debug)]
pub(super) struct Population {
    random: SplitMix64,
    taken: BTreeSet<Mark>,
    drawn: usize,
}

const FAMILY_ZH: [&str; 40] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "林", "郭", "罗", "梁", "宋", "郑", "谢", "韩",
    "唐", "冯", "董", "曹", "袁", "邓", "许", "傅", "沈", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "魏", "薛",
];
const GIVEN_ZH: [&str; 42] = [
    "雅琴", "文博", "思源", "若兰", "建国", "晓峰", "丽娟", "志强", "婉清", "子涵", "宇轩", "梦洁", "海涛", "佳怡", "俊辉", "欣妍", "国栋",
    "秀英", "振华", "玉梅", "嘉豪", "诗涵", "天佑", "静怡", "浩然", "雪莹", "明哲", "美玲", "少华", "春燕", "伟民", "晓彤", "润泽", "红霞",
    "家伟", "慧敏", "芳", "磊", "倩", "鹏", "娟", "勇",
];
const FIRST_EN: [&str; 44] = [
    "Imogen",
    "Callum",
    "Priya",
    "Rowan",
    "Saskia",
    "Desmond",
    "Leonie",
    "Barnaby",
    "Anneliese",
    "Theodore",
    "Marisol",
    "Quentin",
    "Beatrix",
    "Fergus",
    "Odette",
    "Lachlan",
    "Rosalind",
    "Ambrose",
    "Clementine",
    "Rupert",
    "Philippa",
    "Gideon",
    "Tabitha",
    "Edmund",
    "Winifred",
    "Lucinda",
    "Magnus",
    "Henrietta",
    "Cedric",
    "Ottilie",
    "Alistair",
    "Cordelia",
    "Dmitri",
    "Esperanza",
    "Giovanni",
    "Ingrid",
    "Joaquin",
    "Katarina",
    "Leopold",
    "Mireille",
    "Nikolai",
    "Oswald",
    "Penelope",
    "Reginald",
];
const LAST_EN: [&str; 44] = [
    "Okonkwo",
    "Whitlock",
    "Marchetti",
    "Abernathy",
    "Lindqvist",
    "Castellano",
    "Dunmore",
    "Fairweather",
    "Galbraith",
    "Hawthorne",
    "Ibarra",
    "Jankowski",
    "Kowalczyk",
    "Lombardi",
    "McAllister",
    "Nakamura",
    "Oyelaran",
    "Pemberton",
    "Quintero",
    "Rasmussen",
    "Sutherland",
    "Tremblay",
    "Underhill",
    "Vandermeer",
    "Wexford",
    "Yamashita",
    "Zielinski",
    "Ashworth",
    "Bancroft",
    "Cavendish",
    "Delacroix",
    "Eastwood",
    "Fitzgerald",
    "Grimshaw",
    "Holloway",
    "Ironside",
    "Jefferson",
    "Kensington",
    "Langford",
    "Montgomery",
    "Northcote",
    "Osborne",
    "Prescott",
    "Ravenscroft",
];
const PLACES_ZH: [(&str, &str); 6] = [
    ("浙江省宁波市鄞州区", "百丈东路"),
    ("江苏省苏州市吴中区", "东吴北路"),
    ("广东省佛山市顺德区", "云良路"),
    ("山东省青岛市崂山区", "海尔路"),
    ("四川省成都市武侯区", "科华北路"),
    ("湖北省武汉市洪山区", "珞喻路"),
];
const STREETS_EN: [(&str, &str, &str); 6] = [
    ("Larkspur Lane", "Bristol", "BS6 5T"),
    ("Harrowgate Road", "Leeds", "LS8 2Q"),
    ("Juniper Street", "Cardiff", "CF10 3N"),
    ("Wellington Avenue", "Oxford", "OX4 1P"),
    ("Thornbury Close", "Norwich", "NR2 4D"),
    ("Maple Crescent", "Exeter", "EX1 2J"),
];

impl Population {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: SplitMix64::new(seed), taken: BTreeSet::new(), drawn: 0 }
    }

    /// The next customer: two of three speak Chinese.
    pub(super) fn person(&mut self) -> Person {
        let language = if self.drawn % 3 == 2 { Language::En } else { Language::Zh };
        let values = FIELDS.map(|(field, _)| self.value(field, language));
        self.drawn += 1;
        Person { language, values: values.into() }
    }

    fn value(&mut self, field: &'static str, language: Language) -> MarkedValue {
        loop {
            let (written, marks) = self.draw(field, language);
            // A mark within another one could not be told from it.
            let clashes = |mark: &Mark| {
                self.taken.iter().any(|other| match (mark, other) {
                    (Mark::Compact(a), Mark::Compact(b)) => a.contains(b.as_str()) || b.contains(a.as_str()),
                    (Mark::Word(a), Mark::Word(b)) => a == b,
                    (Mark::Word(_), Mark::Compact(_)) | (Mark::Compact(_), Mark::Word(_)) => false,
                })
            };
            if !marks.iter().any(clashes) {
                self.taken.extend(marks.iter().cloned());
                return MarkedValue { field, written, marks };
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random.next_u64() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }

    /// A value as written, and its marks.
    fn draw(&mut self, field: &str, language: Language) -> (String, Vec<Mark>) {
        let chinese = language == Language::Zh;
        let written = match field {
            "name" => return self.name(chinese),
            "address" => return self.address(chinese),
            "phone" => self.phone(chinese),
            "order" => self.order(chinese),
            "tracking" if chinese => [self.pick(&["SF", "YT", "JDV", "STO"]), &self.digits(13)].concat(),
            "tracking" => format!("1Z{}{}", self.letters(3).to_uppercase(), self.digits(13)),
            "email" => {
                let local = [self.letters(5), self.digits(4)].concat();
                let host = self.pick(if chinese { &["163.com", "qq.com"] } else { &["example.com", "mail.example.org"] });
                return (format!("{local}@{host}"), vec![Mark::Compact(local)]);
            }
            "id_card" if chinese => self.id_card(),
            // A national insurance number.
            "id_card" => format!("AB {} {} {} C", self.digits(2), self.digits(2), self.digits(2)),
            "bank_card" => self.bank_card(),
            "plate" if chinese => [
                self.pick(&["浙B", "苏E", "粤E", "鲁B", "川A"]).to_owned(),
                self.letters(1).replace(['i', 'o'], "k").to_uppercase(),
                self.digits(4),
            ]
            .concat(),
            "plate" => format!("K{}{} {}", self.pick(&["X", "Y", "V"]), self.pick(&["24", "21", "73"]), self.letters(3).to_uppercase()),
            "account" => [self.letters(3), self.digits(6)].concat(),
            "passport" => format!("E{}", self.digits(8)),
            "link" => format!("https://{}/t?token={}{}", self.pick(&["s.example.cn", "my.example.com"]), self.letters(6), self.digits(6)),
            _ => return self.amount(chinese),
        };
        let mark = if field == "link" { written.rsplit('=').next().unwrap_or(&written).to_owned() } else { compact(&written) };
        (written, vec![Mark::Compact(mark)])
    }

    fn name(&mut self, chinese: bool) -> (String, Vec<Mark>) {
        if chinese {
            let name = [self.pick(&FAMILY_ZH), self.pick(&GIVEN_ZH)].concat();
            return (name.clone(), vec![Mark::Compact(name)]);
        }
        let (first, last) = (self.pick(&FIRST_EN), self.pick(&LAST_EN));
        (format!("{first} {last}"), vec![Mark::Word(first.to_lowercase()), Mark::Word(last.to_lowercase())])
    }

    fn phone(&mut self, chinese: bool) -> String {
        let rest = self.digits(8);
        if chinese {
            let number = [self.pick(&["138", "139", "150", "177", "186"]), &rest].concat();
            return match self.below(4) {
                0 => format!("{} {} {}", &number[..3], &number[3..7], &number[7..]),
                1 => format!("{}-{}-{}", &number[..3], &number[3..7], &number[7..]),
                _ => number,
            };
        }
        match self.below(3) {
            0 => format!("({}) 555-{}", self.pick(&["415", "212", "617"]), &rest[..4]),
            1 => format!("+44 7700 9{}", &rest[..5]),
            _ => format!("07{} {}", &rest[..3], self.digits(6)),
        }
    }

    fn order(&mut self, chinese: bool) -> String {
        let number = self.digits(9);
        match (chinese, self.below(2)) {
            (true, 0) => format!("20260{}{number}", 1 + self.below(9)),
            (true, _) => format!("DD{number}{}", self.digits(3)),
            (false, 0) => format!("W{number}"),
            (false, _) => format!("SO-{number}"),
        }
    }

    fn address(&mut self, chinese: bool) -> (String, Vec<Mark>) {
        let (number, door) = (100 + self.below(900), 1000 + self.below(9000));
        if chinese {
            let (place, road) = self.pick(&PLACES_ZH);
            let (street, room) = (format!("{road}{number}号"), format!("{}栋{door}室", 1 + self.below(20)));
            return (format!("{place}{street}{room}"), vec![Mark::Compact(street), Mark::Compact(room)]);
        }
        let (street, city, area) = self.pick(&STREETS_EN);
        let street = format!("{number} {street}");
        let code = format!("{area}{}", self.pick(&["A", "B", "D", "H", "N", "W"]));
        // The postcode is a street's, so several people may share it.
        (format!("{street}, {city} {code}"), vec![Mark::Compact(compact(&street))])
    }

    /// With a sound check digit (GB 11643-1999, after ISO 7064 MOD 11-2).
    fn id_card(&mut self) -> String {
        const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let body = format!("330212{}{:02}{:02}{}", 1960 + self.below(45), 1 + self.below(12), 1 + self.below(28), self.digits(3));
        let sum: usize = body.bytes().zip(WEIGHTS).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
        format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
    }

    /// With a sound check digit (Luhn).
    fn bank_card(&mut self) -> String {
        let body = format!("6217{}", self.digits(14));
        let doubled = |(place, digit): (usize, u8)| {
            let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        };
        let sum: u32 = body.bytes().rev().enumerate().map(doubled).sum();
        format!("{body}{}", (10 - sum % 10) % 10)
    }

    fn amount(&mut self, chinese: bool) -> (String, Vec<Mark>) {
        let figure = format!("{}.{}{}", 100 + self.below(4900), self.below(10), 1 + self.below(8));
        let written = if chinese { format!("{figure}元") } else { format!("${figure}") };
        (written, vec![Mark::Word(figure)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::mask::mask;

    #[test]
    fn people_share_nothing_and_a_seed_gives_the_same_ones() {
        let people = |seed: u64| {
            let mut population = Population::new(seed);
            (0..40).map(|_| population.person()).collect::<Vec<_>>()
        };
        let written = |people: &[Person]| people.iter().flat_map(|one| &one.values).map(|value| value.written.clone()).collect::<Vec<_>>();
        let (first, again, other) = (people(1), people(1), people(2));
        assert_eq!(written(&first), written(&again));
        assert_ne!(written(&first), written(&other));
        let marks: Vec<&Mark> = first.iter().flat_map(|one| &one.values).flat_map(|value| &value.marks).collect();
        assert_eq!(marks.iter().collect::<BTreeSet<_>>().len(), marks.len());
        for (language, least) in [(Language::Zh, 20), (Language::En, 10)] {
            assert!(first.iter().filter(|one| one.language == language).count() >= least);
        }
    }

    #[test]
    fn check_digits_are_sound() {
        let mut population = Population::new(3);
        for _ in 0..20 {
            let (id_card, bank_card) = (population.id_card(), population.bank_card());
            let kind = |text: &str| mask(text, &[]).found.first().map(|found| found.kind);
            assert_eq!(kind(&id_card), Some(MaskKind::IdCard), "{id_card}");
            assert_eq!(kind(&bank_card), Some(MaskKind::BankCard), "{bank_card}");
        }
    }
}
