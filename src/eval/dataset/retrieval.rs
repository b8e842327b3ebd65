//! BEIR folders: documents, queries and which document suits which query.

use std::collections::HashMap;
use std::path::Path;

use super::lines::{Lines, in_folder};
use super::{DatasetError, Problem};

/// One thing to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id in the set.
    pub id: String,
    /// Title, if it has one, and text.
    pub text: String,
}

/// What someone says about a document for a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The document, by its place in [`RetrievalSet::documents`].
    pub document: usize,
    /// Above 0: right, the higher the better; 0 or below: judged wrong.
    pub score: i32,
}

impl Judgement {
    /// Whether the document is right for the query.
    #[must_use]
    pub const fn is_right(self) -> bool {
        self.score > 0
    }
}

/// One query with its judgements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrievalQuery {
    /// Its id in the set.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// The judged documents, in the order of the table; never empty.
    pub judgements: Vec<Judgement>,
}

/// A BEIR folder, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrievalSet {
    /// The documents, in the order of the file.
    pub documents: Vec<Document>,
    /// The queries that have a judgement, in the order of the file; the others can't be scored and are left out.
    pub queries: Vec<RetrievalQuery>,
}

impl RetrievalSet {
    /// Whether documents were judged wrong: then judgements are incomplete and only judged documents may be ranked.
    #[must_use]
    pub fn has_judged_negatives(&self) -> bool {
        self.queries.iter().any(|query| query.judgements.iter().any(|judgement| !judgement.is_right()))
    }
}

/// Reads a folder that holds `corpus.jsonl`, `queries.jsonl` and `qrels.tsv` (or `qrels/test.tsv`), each plain or `.gz`. A heading
/// line of the table is passed over.
///
/// # Errors
/// When a file is missing or unreadable, a line isn't of the form, or a judgement names what isn't there.
pub fn read_retrieval_set(folder: &Path) -> Result<RetrievalSet, DatasetError> {
    let (documents, places) = read_texts(Lines::open_in(folder, "corpus.jsonl")?, "document")?;
    let (queries, query_places) = read_texts(Lines::open_in(folder, "queries.jsonl")?, "query")?;
    let mut queries: Vec<RetrievalQuery> =
        queries.into_iter().map(|query| RetrievalQuery { id: query.id, text: query.text, judgements: Vec::new() }).collect();

    let table = if in_folder(folder, "qrels.tsv").is_none() && in_folder(folder, "qrels/test.tsv").is_some() {
        "qrels/test.tsv"
    } else {
        "qrels.tsv"
    };
    let mut lines = Lines::open_in(folder, table)?;
    let mut is_first = true;
    while let Some(line) = lines.next_line()? {
        let is_heading = std::mem::take(&mut is_first) && line.split('\t').nth(2).is_some_and(|score| score.trim().parse::<i32>().is_err());
        if is_heading {
            continue;
        }
        let mut columns = line.split('\t');
        let (Some(query), Some(document), Some(score)) = (columns.next(), columns.next(), columns.next()) else {
            return Err(lines.wrong(Problem::Columns));
        };
        let score = score
            .trim()
            .parse()
            .map_err(|_not_a_number| lines.wrong(Problem::Field { field: "score".to_owned(), expected: "a whole number" }))?;
        let query = *query_places.get(query).ok_or_else(|| lines.wrong(Problem::Unknown { what: "query" }))?;
        let document = *places.get(document).ok_or_else(|| lines.wrong(Problem::Unknown { what: "document" }))?;
        let judgements = &mut queries[query].judgements;
        if judgements.iter().any(|judgement| judgement.document == document) {
            return Err(lines.wrong(Problem::Duplicate));
        }
        judgements.push(Judgement { document, score });
    }
    queries.retain(|query| !query.judgements.is_empty());
    if queries.is_empty() {
        return Err(DatasetError::Empty { path: lines.path().to_owned(), what: "judgement" });
    }
    Ok(RetrievalSet { documents, queries })
}

fn read_texts(mut lines: Lines, what: &'static str) -> Result<(Vec<Document>, HashMap<String, usize>), DatasetError> {
    let mut texts = Vec::new();
    let mut places = HashMap::new();
    while let Some(object) = lines.next_object()? {
        let read = || -> Result<(String, Option<String>, String), Problem> {
            Ok((object.id("_id")?, object.optional_text("title")?, object.text("text")?))
        };
        let (id, title, text) = read().map_err(|problem| lines.wrong(problem))?;
        if places.insert(id.clone(), texts.len()).is_some() {
            return Err(lines.wrong(Problem::Duplicate));
        }
        let text = match title {
            Some(title) if !title.trim().is_empty() => format!("{title}\n{text}"),
            Some(_) | None => text,
        };
        texts.push(Document { id, text });
    }
    if texts.is_empty() {
        return Err(DatasetError::Empty { path: lines.path().to_owned(), what });
    }
    Ok((texts, places))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{write, write_gz};
    use super::*;

    const CORPUS: &str = "{\"_id\":\"d0\",\"text\":\"甲\"}\n{\"_id\":1,\"title\":\"T\",\"text\":\"乙\"}\n";
    const QUERIES: &str = "{\"_id\":\"q0\",\"text\":\"a\"}\n{\"_id\":\"q1\",\"text\":\"b\"}\n{\"_id\":\"q2\",\"text\":\"c\"}\n";

    #[test]
    fn reads_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        write_gz(folder.path(), "corpus.jsonl.gz", CORPUS);
        write(folder.path(), "queries.jsonl", QUERIES);
        write(folder.path(), "qrels.tsv", "query-id\tcorpus-id\tscore\nq2\t1\t2\nq0\td0\t1\nq2\td0\t0\n");
        let set = read_retrieval_set(folder.path()).unwrap();
        assert_eq!(set.documents[1], Document { id: "1".to_owned(), text: "T\n乙".to_owned() });
        assert_eq!(set.queries.iter().map(|query| query.id.as_str()).collect::<Vec<_>>(), ["q0", "q2"]);
        assert_eq!(set.queries[1].judgements, [Judgement { document: 1, score: 2 }, Judgement { document: 0, score: 0 }]);
        assert!(set.has_judged_negatives());

        write(folder.path(), "qrels.tsv", "q0\td0\t1\n");
        let set = read_retrieval_set(folder.path()).unwrap();
        assert_eq!(set.queries.len(), 1, "a table without a heading loses no row");
        assert!(!set.has_judged_negatives());
    }

    #[test]
    fn faults_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = |folder: &Path| read_retrieval_set(folder).unwrap_err().to_string();
        assert!(message(folder.path()).ends_with("holds no corpus.jsonl (nor corpus.jsonl.gz)"));
        write(folder.path(), "corpus.jsonl", CORPUS);
        write(folder.path(), "queries.jsonl", QUERIES);
        let heading = "query-id\tcorpus-id\tscore\n";
        for (row, expected) in [
            ("q9\td0\t1", "qrels.tsv:2: names a query that the set does not hold"),
            ("q0\td9\t1", "qrels.tsv:2: names a document that the set does not hold"),
            ("q0\td0", "qrels.tsv:2: expected the columns query-id, corpus-id, score, parted by tabs"),
            ("q0\td0\tyes", "qrels.tsv:2: field \"score\" must be a whole number"),
            ("q0\td0\t1\nq0\td0\t0", "qrels.tsv:3: this id occurred before"),
            ("", "qrels.tsv holds no judgement"),
        ] {
            write(folder.path(), "qrels.tsv", &format!("{heading}{row}\n"));
            let got = message(folder.path());
            assert!(got.ends_with(expected), "{got}");
        }
    }
}
