//! Errors of the use cases and ports → [`Problem`], by exhaustive matches: a new variant does not compile until it has a code.

use super::etag::mismatch;
use super::problem::{Code, FieldError, Problem};
use crate::auth::AuthError;
use crate::curation::CurationError;
use crate::embed::EmbedError;
use crate::index::IndexError;
use crate::ingest::IngestError;
use crate::insight::InsightError;
use crate::jobs::JobError;
use crate::knowledge::{ExchangeError, KnowledgeError};
use crate::live::LiveError;
use crate::store::StoreError;
use crate::suggest::SuggestError;

/// Seconds after which a client that met a full queue should come again.
const OVERLOAD_RETRY_SECONDS: u64 = 1;
/// Seconds after which a client that met another's change should come again.
const BUSY_RETRY_SECONDS: u64 = 1;
/// Seconds after which a client that met a stopped part should come again.
const UNAVAILABLE_RETRY_SECONDS: u64 = 5;

fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::new(Code::Unavailable).retry_after(UNAVAILABLE_RETRY_SECONDS).caused_by(cause)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unreachable() {
            return unavailable(error);
        }
        match error {
            StoreError::NotFound(what) => Self::new(Code::NotFound).with_detail(format!("no such {what}")),
            StoreError::Duplicate(what) => Self::new(Code::Conflict).with_detail(format!("{what} exists already")),
            StoreError::Stale { present, .. } => mismatch(present),
            StoreError::Overtaken(what) => {
                Self::new(Code::Busy).with_detail(format!("{what} changed meanwhile")).retry_after(BUSY_RETRY_SECONDS)
            }
            StoreError::Locked(_) | StoreError::InUse(_) | StoreError::Server(_) => unavailable(error),
            StoreError::LeaseLost
            | StoreError::Decrypt
            | StoreError::Key(_)
            | StoreError::NewerSchema { .. }
            | StoreError::Corrupt(_)
            | StoreError::Sql(_)
            | StoreError::Migrate(_)
            | StoreError::Io { .. } => Self::internal(error),
        }
    }
}

impl From<EmbedError> for Problem {
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::Overloaded => Self::new(Code::Overloaded).retry_after(OVERLOAD_RETRY_SECONDS),
            EmbedError::Stopped => unavailable(error),
            EmbedError::Model(_) => Self::internal(error),
        }
    }
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Locked(_)
            | IndexError::Mismatch { .. }
            | IndexError::Unreachable { .. }
            | IndexError::Server(_)
            | IndexError::Closed => unavailable(error),
            IndexError::Dimension { .. } | IndexError::Io { .. } | IndexError::Engine(_) => Self::internal(error),
        }
    }
}

impl From<SuggestError> for Problem {
    fn from(error: SuggestError) -> Self {
        match error {
            SuggestError::Invalid { pointer, detail } => Self::field(pointer, detail),
            SuggestError::UnknownDesk(_) => Self::new(Code::UnknownDesk),
            SuggestError::UnknownSuggestion(_) => Self::new(Code::UnknownSuggestion),
            SuggestError::UnknownControl(_) => Self::new(Code::UnknownControl),
            SuggestError::UnknownAnswer => Self::new(Code::UnknownAnswer),
            SuggestError::Embed(error) => error.into(),
            SuggestError::Index(error) => error.into(),
            SuggestError::Store(error) => error.into(),
        }
    }
}

impl From<CurationError> for Problem {
    fn from(error: CurationError) -> Self {
        match error {
            CurationError::UnknownCluster(_) => Self::new(Code::UnknownCluster),
            CurationError::UnknownDecision(_) => Self::new(Code::UnknownDecision),
            CurationError::VersionMismatch { present, .. } => mismatch(present),
            CurationError::NotLatest { later } => Self::new(Code::NotLatestDecision).with_detail(format!("decision {later} came after it")),
            CurationError::NotUndoable(_) => Self::new(Code::NotUndoable),
            CurationError::Invalid { field, detail } => Self::field(field.to_owned(), detail),
            CurationError::Busy => Self::new(Code::Busy).retry_after(BUSY_RETRY_SECONDS),
            CurationError::Work(error) => Self::internal(error),
            CurationError::Index(error) => error.into(),
            CurationError::Store(error) => error.into(),
        }
    }
}

impl From<KnowledgeError> for Problem {
    fn from(error: KnowledgeError) -> Self {
        match error {
            KnowledgeError::Invalid { field, reason, remedy } => {
                let field = if field == "id" { "external_id" } else { field };
                Self::field(format!("/{field}"), format!("{reason}: {remedy}"))
            }
            KnowledgeError::UnknownEntry(_) => Self::new(Code::UnknownEntry),
            KnowledgeError::UnknownVersion(_) => Self::new(Code::UnknownVersion),
            KnowledgeError::Exists(id) => Self::new(Code::EntryExists).with_detail(format!("the desk has this entry already: {id}")),
            KnowledgeError::Stale(present) => mismatch(present),
            KnowledgeError::Duplicates(near) => {
                let errors = near.iter().map(|near| FieldError {
                    pointer: Some(format!("/questions/{}", near.asked)),
                    parameter: None,
                    detail: format!("asked by entry {} already (similarity {:.2})", near.entry, near.similarity),
                });
                Self::new(Code::NearDuplicate).with_errors(errors.collect())
            }
            KnowledgeError::Exchange(error) => error.into(),
            KnowledgeError::Embed(error) => error.into(),
            KnowledgeError::Index(error) => error.into(),
            KnowledgeError::Store(error) => error.into(),
            KnowledgeError::Work(error) => Self::internal(error),
        }
    }
}

impl From<LiveError> for Problem {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Invalid { pointer, detail } => Self::field(pointer, detail),
            LiveError::UnknownConversation(_) => Self::new(Code::UnknownConversation),
            LiveError::Closed(_) => Self::new(Code::ConversationClosed),
            LiveError::Stopping => unavailable(error),
            LiveError::Store(error) => error.into(),
            LiveError::Work(error) => Self::internal(error),
        }
    }
}

impl From<InsightError> for Problem {
    fn from(error: InsightError) -> Self {
        match error {
            InsightError::UnknownGap => Self::new(Code::UnknownGap),
            InsightError::Invalid { field, detail } => Self::field(field.to_owned(), detail),
            InsightError::Store(error) => error.into(),
            InsightError::Index(error) => error.into(),
            InsightError::Embed(error) => error.into(),
            InsightError::Work(error) => Self::internal(error),
        }
    }
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Unusable(detail) => Self::new(Code::UnreadableFile).with_detail(detail),
            ExchangeError::Table(error) => table_problem(error),
            ExchangeError::File { .. } | ExchangeError::Csv(_) | ExchangeError::Workbook(_) => Self::internal(error),
        }
    }
}

/// What a table that can't be read means; the file's path is the server's own and is not told.
fn table_problem(error: IngestError) -> Problem {
    match error {
        IngestError::WrongFormat { detail, .. } => Problem::new(Code::UnreadableFile).with_detail(detail),
        IngestError::Workbook { detail, .. } | IngestError::Headings { detail, .. } | IngestError::Mapping { detail, .. } => {
            Problem::new(Code::UnreadableFile).with_detail(detail)
        }
        IngestError::Read { line, .. } => Problem::new(Code::UnreadableFile).with_detail(format!("it can't be read from line {line} on")),
        IngestError::UnknownFormat(_) => Problem::new(Code::UnreadableFile),
        IngestError::Open { .. } => Problem::internal(error),
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Unknown(_) => Self::new(Code::UnknownJob),
            JobError::Ended(_) => Self::new(Code::JobEnded),
            JobError::Spool { .. } | JobError::Json(_) => Self::internal(error),
            JobError::Store(error) => error.into(),
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Missing => Self::new(Code::Unauthenticated),
            AuthError::BadCredentials => Self::new(Code::InvalidCredentials),
            AuthError::TooManyAttempts { retry_after_seconds } => Self::new(Code::TooManyAttempts).retry_after(retry_after_seconds),
            AuthError::Forbidden { .. } | AuthError::WrongCredential { .. } | AuthError::OwnAccount | AuthError::NoPassword(_) => {
                Self::new(Code::Forbidden).with_detail(error.to_string())
            }
            AuthError::OutsideScope(_) => Self::new(Code::UnknownDesk),
            AuthError::SuggestionOutsideScope(_) => Self::new(Code::UnknownSuggestion),
            AuthError::Invalid { pointer, detail } => Self::field(pointer, detail),
            AuthError::NameTaken => Self::new(Code::AccountExists),
            AuthError::UnknownAccount(_) => Self::new(Code::UnknownAccount),
            AuthError::UnknownKey(_) => Self::new(Code::UnknownApiKey),
            AuthError::Random(_) | AuthError::Hash(_) | AuthError::Worker(_) => Self::internal(error),
            AuthError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccessRole, ControlId, DeskId, JobId, SuggestionId};

    fn code(error: impl Into<Problem>) -> Code {
        error.into().code()
    }

    #[test]
    fn errors_meet_their_codes() {
        let desk: DeskId = "shop".parse().unwrap();
        assert_eq!(code(SuggestError::UnknownDesk(desk.clone())), Code::UnknownDesk);
        assert_eq!(code(SuggestError::UnknownSuggestion(SuggestionId::new())), Code::UnknownSuggestion);
        assert_eq!(code(SuggestError::UnknownControl(ControlId::new())), Code::UnknownControl);
        assert_eq!(code(SuggestError::UnknownAnswer), Code::UnknownAnswer);
        assert_eq!(code(SuggestError::Embed(EmbedError::Overloaded)), Code::Overloaded);
        assert_eq!(code(SuggestError::Embed(EmbedError::Stopped)), Code::Unavailable);
        assert_eq!(code(SuggestError::Index(IndexError::Closed)), Code::Unavailable);
        let away = || IndexError::Unreachable { server: "http://a:6334".to_owned(), source: "refused".into() };
        assert_eq!(code(away()), Code::Unavailable);
        assert_eq!(code(SuggestError::Index(away())), Code::Unavailable);
        assert_eq!(code(IndexError::Dimension { found: 1, expected: 2 }), Code::Internal);
        assert_eq!(code(JobError::Unknown(JobId::new())), Code::UnknownJob);
        assert_eq!(code(StoreError::Decrypt), Code::Internal);
        assert_eq!(code(StoreError::Locked("/x".into())), Code::Unavailable);
        assert_eq!(code(StoreError::from(sqlx::Error::PoolTimedOut)), Code::Unavailable);
        assert_eq!(code(StoreError::from(sqlx::Error::RowNotFound)), Code::Internal);
        assert_eq!(code(AuthError::OutsideScope(desk)), Code::UnknownDesk);
        assert_eq!(code(AuthError::Forbidden { role: AccessRole::Agent, action: crate::auth::Action::ManageAccess }), Code::Forbidden);
    }

    #[test]
    fn a_desk_outside_the_scope_reads_exactly_like_an_absent_one() {
        let desk: DeskId = "shop".parse().unwrap();
        let absent = Problem::from(SuggestError::UnknownDesk(desk.clone()));
        let outside = Problem::from(AuthError::OutsideScope(desk));
        assert_eq!(format!("{absent:?}"), format!("{outside:?}"));
        let id = SuggestionId::new();
        let absent = Problem::from(SuggestError::UnknownSuggestion(id));
        assert_eq!(format!("{absent:?}"), format!("{:?}", Problem::from(AuthError::SuggestionOutsideScope(id))));
    }

    #[tokio::test]
    async fn a_full_queue_says_when_to_come_again() {
        use axum::response::IntoResponse as _;
        let response = Problem::from(EmbedError::Overloaded).into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }

    #[test]
    fn an_invalid_request_names_its_field() {
        let error = SuggestError::Invalid { pointer: "/limit".to_owned(), detail: "use 1 to 20".to_owned() };
        let problem = Problem::from(error);
        assert_eq!(problem.code(), Code::InvalidField);
        assert_eq!(problem.errors()[0].pointer.as_deref(), Some("/limit"));
    }
}
