//! What metrics are told apart by: closed lists of words, so that the number of series has a bound that no caller can move.

use crate::domain::{AbstainReason, FeedbackKind, JobKind, JobState};

/// A value of a label.
pub trait LabelValue: Copy {
    /// The label's name.
    const NAME: &'static str;
    /// Every value, as it is shown.
    const VALUES: &'static [&'static str];
    /// Its place in [`Self::VALUES`].
    fn place(self) -> usize;
    /// As it is shown.
    fn shown(self) -> &'static str {
        Self::VALUES[self.place()]
    }
}

/// Declares a label: an enum with one variant for each value.
macro_rules! label {
    ($(#[$doc:meta])* $name:ident = $label:literal { $($(#[$variant_doc:meta])* $variant:ident = $value:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl LabelValue for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [&'static str] = &[$($value),+];

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}

label! {
    /// How a request for suggestions ended.
    SuggestionOutcome = "outcome" {
        /// Replies were given.
        Shown = "shown",
        /// Silence: the customer's turn asks nothing.
        SmallTalk = "small_talk",
        /// Silence: nothing of the desk is about it.
        OutOfDomain = "out_of_domain",
        /// Silence: nothing was likely enough.
        NoMatch = "no_match",
        /// Silence: answers that contradict each other.
        Conflicting = "conflicting",
        /// Silence: there is nothing to answer.
        MovedOn = "moved_on",
        /// Refused: too many at a time, or the encoder's queue is full.
        Overloaded = "overloaded",
        /// Refused: the caller asks too often.
        RateLimited = "rate_limited",
        /// Refused: the request can't be served as it is.
        Invalid = "invalid",
        /// Store, index or encoder did not answer.
        Failed = "failed",
        /// The caller left, the deadline passed, or the conversation moved on meanwhile.
        Abandoned = "abandoned",
    }
}

impl SuggestionOutcome {
    /// Of an answer.
    #[must_use]
    pub const fn of_answer(abstained: Option<AbstainReason>) -> Self {
        match abstained {
            None => Self::Shown,
            Some(AbstainReason::SmallTalk) => Self::SmallTalk,
            Some(AbstainReason::OutOfDomain) => Self::OutOfDomain,
            Some(AbstainReason::NoMatch) => Self::NoMatch,
            Some(AbstainReason::Conflicting) => Self::Conflicting,
            Some(AbstainReason::MovedOn) => Self::MovedOn,
        }
    }

    /// Whether the caller got an answer, if only a reasoned silence.
    pub(super) const fn is_answer(self) -> bool {
        match self {
            Self::Shown | Self::SmallTalk | Self::OutOfDomain | Self::NoMatch | Self::Conflicting | Self::MovedOn => true,
            Self::Overloaded | Self::RateLimited | Self::Invalid | Self::Failed | Self::Abandoned => false,
        }
    }
}

label! {
    /// A part of computing suggestions, in the order in which they follow each other.
    Stage = "stage" {
        /// Cleaning, masking, and finding what the customer wants to know now.
        Moment = "moment",
        /// Embedding the query, waiting included; words are looked up meanwhile.
        Embed = "embed",
        /// Searching the index and reading the candidates.
        Search = "search",
        /// Ranking, grouping, calibrating, rendering.
        Rank = "rank",
        /// Keeping the set, so that feedback can name it.
        Record = "record",
    }
}

label! {
    /// Who waits for vectors.
    QueueLane = "lane" {
        /// Agents.
        Interactive = "interactive",
        /// Imports and evaluation.
        Bulk = "bulk",
    }
}

label! {
    /// How a vector was come by.
    VectorSource = "source" {
        /// Kept from before.
        Cache = "cache",
        /// Computed by the encoder, for this text or one that is the same and waited with it.
        Computed = "computed",
    }
}

label! {
    /// What a connection of the store is doing.
    ConnectionState = "state" {
        /// Works on a statement or a transaction.
        Used = "used",
        /// Waits for work.
        Idle = "idle",
    }
}

label! {
    /// What is asked when metrics are read.
    ScrapeSource = "source" {
        /// The store.
        Store = "store",
        /// The index.
        Index = "index",
        /// The operating system.
        Process = "process",
    }
}

label! {
    /// Method of an HTTP request.
    HttpMethod = "method" {
        /// GET.
        Get = "GET",
        /// POST.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
        /// DELETE.
        Delete = "DELETE",
        /// HEAD.
        Head = "HEAD",
        /// OPTIONS.
        Options = "OPTIONS",
        /// Any other: callers may invent methods.
        Other = "other",
    }
}

impl HttpMethod {
    /// By the method's name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }
}

label! {
    /// Class of an HTTP status.
    StatusClass = "status" {
        /// Informational.
        Informational = "1xx",
        /// Success.
        Success = "2xx",
        /// Redirection, or nothing new.
        Redirection = "3xx",
        /// The request is at fault, or came too early or too often.
        ClientError = "4xx",
        /// The service is at fault, overloaded or not ready.
        ServerError = "5xx",
    }
}

impl StatusClass {
    /// Of a status code.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            0..200 => Self::Informational,
            200..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

impl LabelValue for FeedbackKind {
    const NAME: &'static str = "action";
    const VALUES: &'static [&'static str] =
        &[Self::Shown.as_str(), Self::Accepted.as_str(), Self::Edited.as_str(), Self::Rejected.as_str(), Self::Sent.as_str()];

    fn place(self) -> usize {
        match self {
            Self::Shown => 0,
            Self::Accepted => 1,
            Self::Edited => 2,
            Self::Rejected => 3,
            Self::Sent => 4,
        }
    }
}

impl LabelValue for JobKind {
    const NAME: &'static str = "kind";
    const VALUES: &'static [&'static str] =
        &[Self::Import.as_str(), Self::RebuildClusters.as_str(), Self::Reindex.as_str(), Self::Adapt.as_str(), Self::FindGaps.as_str()];

    fn place(self) -> usize {
        match self {
            Self::Import => 0,
            Self::RebuildClusters => 1,
            Self::Reindex => 2,
            Self::Adapt => 3,
            Self::FindGaps => 4,
        }
    }
}

/// States of jobs that have not ended.
pub(super) const UNFINISHED: &[&str] = &[JobState::Queued.as_str(), JobState::Running.as_str()];

/// States in which jobs end.
pub(super) const ENDED: &[&str] = &[JobState::Succeeded.as_str(), JobState::Failed.as_str(), JobState::Cancelled.as_str()];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_domain_stand_in_their_places() {
        for kind in [JobKind::Import, JobKind::RebuildClusters, JobKind::Reindex, JobKind::Adapt, JobKind::FindGaps] {
            assert_eq!(JobKind::VALUES[kind.place()], kind.as_str());
        }
        for kind in [FeedbackKind::Shown, FeedbackKind::Accepted, FeedbackKind::Edited, FeedbackKind::Rejected, FeedbackKind::Sent] {
            assert_eq!(FeedbackKind::VALUES[kind.place()], kind.as_str());
        }
        for reason in [
            AbstainReason::SmallTalk,
            AbstainReason::OutOfDomain,
            AbstainReason::NoMatch,
            AbstainReason::Conflicting,
            AbstainReason::MovedOn,
        ] {
            let shown = SuggestionOutcome::VALUES[SuggestionOutcome::of_answer(Some(reason)).place()];
            assert_eq!(serde_json::to_value(reason).unwrap(), shown);
        }
    }
}
