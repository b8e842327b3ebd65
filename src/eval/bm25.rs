//! The floor that every other system has to clear: plain BM25 in memory, over words and character bigrams.
//!
//! Knows nothing of the product's own sparse search and shares no code with it, so that the two can be compared.

use std::collections::HashMap;

/// Saturation of a term's frequency.
const K1: f32 = 1.2;
/// How much a document's length matters.
const B: f32 = 0.75;

/// An index of documents given as terms.
///
/// Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with `k1` 1.2, `b` 0.75 and
/// `idf = ln(1 + (N − df + ½) / (df + ½))`, which is never negative. A term that the query holds twice counts twice.
#[derive(Debug, Clone)]
pub struct Bm25 {
    /// By term, in document order.
    postings: HashMap<String, Vec<Posting>>,
    documents: usize,
}

/// One document that holds a term, and how much that adds to its score before the idf.
#[derive(Debug, Clone, Copy)]
struct Posting {
    document: u32,
    weight: f32,
}

impl Bm25 {
    /// Indexes `documents`; a document is named by its place.
    #[must_use]
    pub fn new(documents: &[Vec<String>]) -> Self {
        let total: usize = documents.iter().map(Vec::len).sum();
        let mean_length = (total as f32 / documents.len().max(1) as f32).max(f32::MIN_POSITIVE);
        let mut postings: HashMap<String, Vec<Posting>> = HashMap::new();
        for (document, terms) in documents.iter().enumerate() {
            let mut frequencies: HashMap<&str, u32> = HashMap::new();
            for term in terms {
                *frequencies.entry(term).or_default() += 1;
            }
            let length_factor = K1 * (1.0 - B + B * terms.len() as f32 / mean_length);
            for (term, frequency) in frequencies {
                let frequency = frequency as f32;
                let weight = frequency * (K1 + 1.0) / (frequency + length_factor);
                postings.entry(term.to_owned()).or_default().push(Posting { document: document as u32, weight });
            }
        }
        Self { postings, documents: documents.len() }
    }

    /// The score of every document, in their order; 0 for those that share no term with the query.
    #[must_use]
    pub fn scores(&self, query: &[String]) -> Vec<f32> {
        let mut scores = vec![0.0; self.documents];
        for term in query {
            let Some(postings) = self.postings.get(term) else { continue };
            let idf = self.idf(postings);
            for posting in postings {
                scores[posting.document as usize] += idf * posting.weight;
            }
        }
        scores
    }

    /// The score of one document; 0 when it shares no term with the query.
    #[must_use]
    pub fn score(&self, query: &[String], document: usize) -> f32 {
        let of_term = |term: &String| {
            let postings = self.postings.get(term)?;
            let place = postings.binary_search_by_key(&(document as u32), |posting| posting.document).ok()?;
            Some(self.idf(postings) * postings[place].weight)
        };
        query.iter().filter_map(of_term).sum()
    }

    fn idf(&self, postings: &[Posting]) -> f32 {
        let holding = postings.len() as f32;
        (1.0 + (self.documents as f32 - holding + 0.5) / (holding + 0.5)).ln()
    }

    /// The `limit` best documents that share a term with the query, with their scores, best first; equal scores in document order.
    #[must_use]
    pub fn search(&self, query: &[String], limit: usize) -> Vec<(usize, f32)> {
        let mut hits: Vec<(usize, f32)> = self.scores(query).into_iter().enumerate().filter(|(_, score)| *score > 0.0).collect();
        hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hits.truncate(limit);
        hits
    }
}

/// Cuts a text into the floor's terms: lower-cased words, and pairs of neighbouring characters in Chinese (a character that stands
/// alone is a term itself). Everything but letters and digits parts.
#[must_use]
pub fn baseline_terms(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let mut terms = Vec::new();
    for run in characters.chunk_by(|&a, &b| kind(a) == kind(b)) {
        match run.first().map(|&first| kind(first)) {
            Some(CharacterKind::Han) if run.len() > 1 => terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>())),
            Some(CharacterKind::Han | CharacterKind::Word) => terms.push(run.iter().collect()),
            Some(CharacterKind::Other) | None => {}
        }
    }
    terms
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CharacterKind {
    Han,
    Word,
    Other,
}

fn kind(character: char) -> CharacterKind {
    match character {
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}' => CharacterKind::Han,
        other if other.is_alphanumeric() || other == '_' => CharacterKind::Word,
        _ => CharacterKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_and_character_pairs() {
        assert_eq!(baseline_terms("退货要Email吗? Don't"), ["退货", "货要", "email", "吗", "don", "t"]);
        assert_eq!(baseline_terms("第3天，发货"), ["第", "3", "天", "发货"]);
        assert!(baseline_terms(" ，。! ").is_empty());
    }

    #[test]
    fn hand_computed_score() {
        let index = Bm25::new(&[terms("a b"), terms("a a c d"), terms("e f g")]);
        // N = 3, mean length 3. "b": df 1, idf ln(1 + 2.5 / 1.5); frequency 1 in a document of 2.
        let expected = (1.0_f32 + 2.5 / 1.5).ln() * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 2.0 / 3.0));
        let hits = index.search(&terms("b"), 10);
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].0, 0);
        assert!((hits[0].1 - expected).abs() < 1e-6);
        // "a": df 2, idf ln(1 + 1.5 / 2.5); twice in a document of 4.
        let expected = (1.0_f32 + 1.5 / 2.5).ln() * (2.0 * 2.2) / (2.0 + 1.2 * (0.25 + 0.75 * 4.0 / 3.0));
        assert!((index.scores(&terms("a"))[1] - expected).abs() < 1e-6);
        // A term asked twice counts twice.
        assert!((index.scores(&terms("a a"))[1] - 2.0 * expected).abs() < 1e-6);
        // One document's score is that of the list.
        for query in ["a a g z", "e c", "z", ""] {
            let scores = index.scores(&terms(query));
            assert_eq!((0..3).map(|document| index.score(&terms(query), document)).collect::<Vec<_>>(), scores, "{query}");
        }
    }

    #[test]
    fn equal_scores_come_in_document_order_and_strangers_not_at_all() {
        let index = Bm25::new(&[terms("x"), terms("y"), terms("x"), terms("x")]);
        let places: Vec<usize> = index.search(&terms("x"), 2).into_iter().map(|hit| hit.0).collect();
        assert_eq!(places, [0, 2]);
        assert!(index.search(&terms("z"), 5).is_empty());
        assert_eq!(index.scores(&terms("z")), [0.0; 4]);
        assert!(index.search(&[], 5).is_empty());
    }

    #[test]
    fn empty_documents_do_no_harm() {
        assert!(Bm25::new(&[]).search(&terms("x"), 3).is_empty());
        assert_eq!(Bm25::new(&[vec![], vec![]]).scores(&terms("x")), [0.0, 0.0]);
    }
}
