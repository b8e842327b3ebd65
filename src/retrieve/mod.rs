//! Hybrid search: what is asked and what is archived become vectors the same way; probes of every kind are answered by the index and
//! gathered into one list of candidates with all their scores. Ranking is not done here.

pub mod adapter;
pub mod encode;
pub mod kmeans;
pub mod lexical;
pub mod replies;
pub mod search;

pub use adapter::{Adapter, Adapters};
pub use encode::{
    DocumentText, EncodedDocument, EncodedQuery, History, QueryTerms, QueryText, encode_documents, encode_queries, encode_query,
};
pub use search::{Candidate, CandidateSearch, Probes, RetrieveError, WordHits, retrieve, search_words};
