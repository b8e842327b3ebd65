//! The only way from a handler to data. Store, jobs, suggester and accounts are private here, and every method asks for a [`Grant`] or a
//! [`DeskAccess`]: a handler that has not checked its caller has nothing to call.
//!
//! What is not in the caller's scope is answered exactly as what does not exist. No business rule lives here besides that.

mod clusters;
mod knowledge;
mod live;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum_extra::extract::CookieJar;
use tokio::sync::{Semaphore, SemaphorePermit, broadcast};
use tokio_util::sync::CancellationToken;

use super::HttpSettings;
use super::middleware::access::SESSION_COOKIE;
use super::middleware::rate::RateLimiter;
use super::problem::{Code, Problem};
use crate::auth::grant::permission::{
    AdaptDesks, CancelJobs, ChangeDeskSettings, ControlAnswers, CreateDesks, DecideGaps, Explain, GiveFeedback, ManageAccess,
    ManageImports, ReadClusters, ReadControls, ReadConversations, ReadDesks, ReadJobs, ReadReports, ReadSmallClusters, RebuildClusters,
    ReviewAnswers, Suggest,
};
use crate::auth::{AuthError, Authenticator, DeskAccess, Grant, NewSession, Permission};
use crate::curation::Curator;
use crate::domain::{
    AccessRole, Account, ApiKey, ApiKeyId, Clock, Control, ControlId, Conversation, ConversationId, ConversationState, Desk, DeskId,
    DeskScope, DeskSettings, EntryId, Gap, GapCause, GapId, GapState, Job, JobId, Principal, RejectedRow, RetiredAnswer, SuggestionId,
    Timestamp,
};
use crate::embed::{EmbedError, Lane, ModelInfo};
use crate::eval::report::{KeptReport, KeptReports};
use crate::insight::Insight;
use crate::insight::conflicts::Conflict;
use crate::insight::overview::Overview;
use crate::insight::worklists::{Worklist, WorklistCounts, WorklistItem};
use crate::jobs::adapt::AdapterStatus;
use crate::jobs::indexing::Indexer;
use crate::jobs::{ImportParams, JobChange, Jobs};
use crate::knowledge::Knowledge;
use crate::live::{Live, ShownMessage};
use crate::store::{DeskCounts, Store};
use crate::suggest::{ControlCreate, FeedbackCreate, SuggestRequest, SuggestResponse, Suggester};
use crate::telemetry::metrics::SuggestionOutcome;

pub(super) use knowledge::Written;

/// Everything behind the API.
pub(super) struct Gate {
    pub(super) suggester: Suggester,
    pub(super) jobs: Jobs,
    pub(super) auth: Arc<Authenticator>,
    pub(super) store: Arc<dyn Store>,
    pub(super) knowledge: Knowledge,
    pub(super) indexer: Arc<Indexer>,
    pub(super) curator: Curator,
    pub(super) insight: Insight,
    pub(super) evaluations: KeptReports,
    pub(super) live: Live,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) model: ModelInfo,
    pub(super) settings: HttpSettings,
    pub(super) suggestion_rate: RateLimiter,
    pub(super) suggesting: Semaphore,
    pub(super) shutdown: CancellationToken,
}

/// The gate as handlers hold it: fields out of reach.
#[derive(Clone)]
pub(super) struct GateRef(Arc<Gate>);

impl GateRef {
    pub(super) fn new(gate: Gate) -> Self {
        Self(Arc::new(gate))
    }

    /// How the service is set up.
    pub(super) fn settings(&self) -> &HttpSettings {
        &self.0.settings
    }

    /// The encoder in use.
    pub(super) fn model(&self) -> &ModelInfo {
        &self.0.model
    }

    /// Ends when the service stops; endless answers end with it.
    pub(super) fn shutdown(&self) -> &CancellationToken {
        &self.0.shutdown
    }

    // ── sessions: the caller is not known yet, or leaves ──

    pub(super) async fn sign_in(&self, name: &str, password: &str) -> Result<NewSession, Problem> {
        Ok(self.0.auth.sign_in(name, password).await?)
    }

    pub(super) async fn sign_out(&self, jar: &CookieJar) -> Result<(), Problem> {
        if let Some(cookie) = jar.get(SESSION_COOKIE) {
            self.0.auth.sign_out(cookie.value()).await?;
        }
        Ok(())
    }

    // ── suggestions ──

    /// Takes one suggestion's worth from the caller's rate limit.
    pub(super) async fn admit_suggestion(&self, principal: &Principal) -> Result<(), Problem> {
        let now = self.0.clock.now();
        let taken = match self.0.store.counts_with_others() {
            Some(counts) => self.0.suggestion_rate.take_shared(counts, principal, now).await?,
            None => self.0.suggestion_rate.take(principal, now),
        };
        taken.map_err(|seconds| {
            self.0.suggester.metrics().refused(SuggestionOutcome::RateLimited);
            Problem::new(Code::RateLimited).retry_after(seconds)
        })
    }

    pub(super) async fn suggest(&self, grant: &Grant<Suggest>, request: &SuggestRequest) -> Result<SuggestResponse, Problem> {
        let access = grant.enter(&request.desk)?;
        if let Some(id) = access.principal().conversation.as_ref().and(request.conversation.id.as_ref()) {
            Self::within_credential(&access, ConversationId::derive(&[access.desk().as_str(), id]))?;
        }
        if request.explain {
            access.also::<Explain>()?;
        }
        let _place = self.place_to_suggest()?;
        Ok(self.0.suggester.suggest(request, access.actor(), Lane::Interactive).await?)
    }

    /// A place among the suggestions that are computed, or the advice to come back.
    fn place_to_suggest(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.0.suggesting.try_acquire().map_err(|_full| {
            self.0.suggester.metrics().refused(SuggestionOutcome::Overloaded);
            EmbedError::Overloaded.into()
        })
    }

    pub(super) async fn give_feedback(
        &self,
        grant: &Grant<GiveFeedback>,
        id: SuggestionId,
        feedback: &FeedbackCreate,
    ) -> Result<(), Problem> {
        let desk = self.0.suggester.desk_of_suggestion(id).await?;
        let access = grant.enter(&desk).map_err(|_outside| AuthError::SuggestionOutsideScope(id))?;
        Ok(self.0.suggester.give_feedback(access.desk(), id, feedback, access.actor()).await?)
    }

    /// Answers withheld as outdated.
    pub(super) async fn retired_answers(
        &self,
        access: &DeskAccess<ReviewAnswers>,
        after: Option<(Timestamp, String)>,
        limit: u32,
    ) -> Result<Vec<RetiredAnswer>, Problem> {
        Ok(self.0.suggester.retired_answers(access.desk(), after, limit).await?)
    }

    pub(super) async fn review_retired(
        &self,
        access: &DeskAccess<ReviewAnswers>,
        id: &str,
        restore: bool,
    ) -> Result<RetiredAnswer, Problem> {
        Ok(self.0.suggester.review_retired(access.desk(), id, restore, access.actor()).await?)
    }

    // ── controls ──

    pub(super) async fn controls(
        &self,
        access: &DeskAccess<ReadControls>,
        after: Option<(Timestamp, ControlId)>,
        limit: u32,
    ) -> Result<Vec<Control>, Problem> {
        Ok(self.0.suggester.controls(access.desk(), after, limit).await?)
    }

    /// Decides something about an answer; tells whether there was no such control before.
    pub(super) async fn set_control(&self, access: &DeskAccess<ControlAnswers>, new: &ControlCreate) -> Result<(Control, bool), Problem> {
        Ok(self.0.suggester.set_control(access.desk(), new, access.actor()).await?)
    }

    pub(super) async fn remove_control(&self, access: &DeskAccess<ControlAnswers>, id: ControlId) -> Result<(), Problem> {
        Ok(self.0.suggester.remove_control(access.desk(), id).await?)
    }

    // ── desks ──

    /// Takes a permission to a desk that exists.
    pub(super) async fn enter<P: Permission>(&self, grant: &Grant<P>, desk: &DeskId) -> Result<(DeskAccess<P>, Desk), Problem> {
        let access = grant.enter(desk)?;
        let desk = self.0.store.desk(access.desk()).await?.ok_or_else(|| Problem::new(Code::UnknownDesk))?;
        Ok((access, desk))
    }

    pub(super) async fn desks(&self, grant: &Grant<ReadDesks>) -> Result<Vec<Desk>, Problem> {
        let mut desks = self.0.store.desks().await?;
        desks.retain(|desk| grant.scope().contains(&desk.id));
        Ok(desks)
    }

    pub(super) async fn counts(&self, access: &DeskAccess<ReadDesks>) -> Result<DeskCounts, Problem> {
        Ok(self.0.store.counts(access.desk()).await?)
    }

    pub(super) async fn create_desk(&self, grant: &Grant<CreateDesks>, desk: &DeskId) -> Result<Desk, Problem> {
        let access = grant.enter(desk)?;
        if !self.0.store.ensure_desk(access.desk(), self.0.clock.now()).await? {
            return Err(Problem::new(Code::DeskExists));
        }
        self.0.store.desk(desk).await?.ok_or_else(|| Problem::new(Code::UnknownDesk))
    }

    pub(super) async fn set_desk_settings(&self, access: &DeskAccess<ChangeDeskSettings>, settings: &DeskSettings) -> Result<(), Problem> {
        Ok(self.0.store.set_desk_settings(access.desk(), settings).await?)
    }

    // ── archive (knowledge has a file of its own) ──

    /// A conversation as stored, and its messages as they are shown.
    pub(super) async fn conversation(
        &self,
        access: &DeskAccess<ReadConversations>,
        id: ConversationId,
    ) -> Result<(Arc<Conversation>, Vec<ShownMessage>, ConversationState), Problem> {
        Self::within_credential(access, id)?;
        let state = self.0.live.head(access.desk(), id).await?.state;
        let (conversation, messages) = self.0.live.shown(access.desk(), id).await?;
        Ok((conversation, messages, state))
    }

    // ── clusters ──

    /// The smallest number of customers this caller may ask for on this desk.
    pub(super) fn least_customers<P: Permission>(access: &DeskAccess<P>, desk: &Desk, asked: Option<u32>) -> Result<u32, Problem> {
        let minimum = desk.settings.least_customers();
        match asked {
            Some(asked) if asked < minimum => {
                access.also::<ReadSmallClusters>()?;
                Ok(asked)
            }
            Some(asked) => Ok(asked),
            None => Ok(minimum),
        }
    }

    pub(super) async fn rebuild_clusters(&self, access: &DeskAccess<RebuildClusters>) -> Result<Job, Problem> {
        Ok(self.0.jobs.start_cluster_rebuild(access.desk()).await?)
    }

    // ── what answers lack or get wrong ──

    pub(super) async fn gaps(
        &self,
        access: &DeskAccess<ReadClusters>,
        cause: Option<GapCause>,
        state: Option<GapState>,
        least_customers: u32,
    ) -> Result<Vec<Gap>, Problem> {
        Ok(self.0.insight.gaps(access.desk(), cause, state, least_customers).await?)
    }

    pub(super) async fn find_gaps(&self, access: &DeskAccess<RebuildClusters>) -> Result<Job, Problem> {
        Ok(self.0.jobs.start_find_gaps(access.desk()).await?)
    }

    /// Decides about a gap; one of fewer customers than the caller may see is as hidden here as in the list.
    pub(super) async fn decide_gap(
        &self,
        access: &DeskAccess<DecideGaps>,
        desk: &Desk,
        id: GapId,
        state: GapState,
        why: Option<String>,
        entry_id: Option<EntryId>,
    ) -> Result<Gap, Problem> {
        let least = if access.also::<ReadSmallClusters>().is_ok() { 1 } else { desk.settings.least_customers() };
        let decision = self.0.insight.decision(state, why, entry_id, access.actor());
        Ok(self.0.insight.decide_gap(access.desk(), id, least, decision).await?)
    }

    pub(super) async fn conflicts(&self, access: &DeskAccess<ReadClusters>, desk: &Desk) -> Result<Vec<Conflict>, Problem> {
        Ok(self.0.insight.conflicts(access.desk(), desk.settings.least_customers()).await?)
    }

    pub(super) async fn worklist_counts(&self, access: &DeskAccess<ReadClusters>, desk: &Desk) -> Result<WorklistCounts, Problem> {
        Ok(self.0.insight.worklist_counts(access.desk(), desk.settings.least_customers()).await?)
    }

    pub(super) async fn worklist(&self, access: &DeskAccess<ReadClusters>, list: Worklist) -> Result<Vec<WorklistItem>, Problem> {
        Ok(self.0.insight.worklist(access.desk(), list).await?)
    }

    pub(super) async fn overview(&self, access: &DeskAccess<ReadReports>, last: Option<Timestamp>, days: i64) -> Result<Overview, Problem> {
        Ok(self.0.insight.overview(access.desk(), last, days).await?)
    }

    pub(super) async fn evaluations(&self, _: &Grant<ReadReports>) -> Result<Vec<KeptReport>, Problem> {
        self.0.evaluations.list().await.map_err(Problem::internal)
    }

    // ── adapters ──

    pub(super) async fn adapter_status(&self, access: &DeskAccess<ReadDesks>) -> Result<AdapterStatus, Problem> {
        Ok(self.0.jobs.adapter_status(access.desk()).await?)
    }

    pub(super) async fn start_adapt(&self, access: &DeskAccess<AdaptDesks>) -> Result<Job, Problem> {
        Ok(self.0.jobs.start_adapt(access.desk()).await?)
    }

    pub(super) async fn switch_adapter_off(&self, access: &DeskAccess<AdaptDesks>) -> Result<(), Problem> {
        self.0.jobs.switch_adapter_off(access.desk()).await?;
        Ok(())
    }

    // ── jobs ──

    /// Where an upload may be written.
    pub(super) fn upload_path<P: Permission>(&self, _grant: &Grant<P>) -> PathBuf {
        self.0.jobs.upload_path()
    }

    pub(super) async fn start_import(&self, access: &DeskAccess<ManageImports>, params: ImportParams) -> Result<Job, Problem> {
        Ok(self.0.jobs.start_import(access.desk(), params).await?)
    }

    /// Jobs of one desk, or of every desk in scope; newest first.
    pub(super) async fn jobs(
        &self,
        grant: &Grant<ReadJobs>,
        desk: Option<&DeskId>,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<Job>, Problem> {
        if let Some(desk) = desk {
            let (access, _) = self.enter(grant, desk).await?;
            return Ok(self.0.jobs.jobs(Some(access.desk()), after, limit).await?);
        }
        match grant.scope() {
            DeskScope::All => Ok(self.0.jobs.jobs(None, after, limit).await?),
            DeskScope::Only(desks) => {
                // A page of the union lies within the union of the pages.
                let mut newest_first = BTreeMap::new();
                for desk in desks {
                    for job in self.0.jobs.jobs(Some(desk), after, limit).await? {
                        newest_first.insert(std::cmp::Reverse(job.id), job);
                    }
                }
                Ok(newest_first.into_values().take(limit as usize).collect())
            }
        }
    }

    pub(super) async fn job<P: Permission>(&self, grant: &Grant<P>, id: JobId) -> Result<Job, Problem> {
        let job = self.0.jobs.job(id).await?;
        let visible = match &job.desk {
            Some(desk) => grant.scope().contains(desk),
            // Work over all desks concerns those who have all desks.
            None => *grant.scope() == DeskScope::All,
        };
        if visible { Ok(job) } else { Err(Problem::new(Code::UnknownJob)) }
    }

    pub(super) async fn rejected_rows(
        &self,
        grant: &Grant<ReadJobs>,
        id: JobId,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<RejectedRow>, Problem> {
        let job = self.job(grant, id).await?;
        Ok(self.0.jobs.rejected_rows(job.id, offset, limit).await?)
    }

    pub(super) async fn cancel_job(&self, grant: &Grant<CancelJobs>, id: JobId) -> Result<Job, Problem> {
        let job = self.job(grant, id).await?;
        if job.state.is_final() {
            return Err(Problem::new(Code::JobEnded));
        }
        self.0.jobs.cancel(job.id).await?;
        self.job(grant, id).await
    }

    /// Changes of all jobs; the caller keeps to those it has seen through [`Self::job`].
    pub(super) fn job_changes(&self, _grant: &Grant<ReadJobs>) -> broadcast::Receiver<JobChange> {
        self.0.jobs.subscribe()
    }

    // ── accounts and keys ──

    pub(super) async fn accounts(&self, _grant: &Grant<ManageAccess>) -> Result<Vec<Account>, Problem> {
        Ok(self.0.auth.accounts().await?)
    }

    pub(super) async fn add_account(
        &self,
        _grant: &Grant<ManageAccess>,
        name: &str,
        password: Option<String>,
        role: AccessRole,
        desks: DeskScope,
    ) -> Result<(Account, Option<String>), Problem> {
        Ok(self.0.auth.add_account(name, password, role, desks).await?)
    }

    pub(super) async fn reset_password(
        &self,
        _grant: &Grant<ManageAccess>,
        name: &str,
        password: Option<String>,
    ) -> Result<Option<String>, Problem> {
        Ok(self.0.auth.reset_password(name, password).await?)
    }

    pub(super) async fn remove_account(&self, grant: &Grant<ManageAccess>, name: &str) -> Result<(), Problem> {
        Ok(self.0.auth.remove_account(grant.principal(), name).await?)
    }

    pub(super) async fn change_password(&self, principal: &Principal, present: &str, new: &str) -> Result<NewSession, Problem> {
        Ok(self.0.auth.change_password(principal, present, new).await?)
    }

    pub(super) async fn api_keys(&self, _grant: &Grant<ManageAccess>) -> Result<Vec<ApiKey>, Problem> {
        Ok(self.0.auth.api_keys().await?)
    }

    pub(super) async fn add_api_key(
        &self,
        _grant: &Grant<ManageAccess>,
        name: &str,
        role: AccessRole,
        desks: DeskScope,
    ) -> Result<(ApiKey, String), Problem> {
        Ok(self.0.auth.add_api_key(name, role, desks).await?)
    }

    pub(super) async fn revoke_api_key(&self, _grant: &Grant<ManageAccess>, id: ApiKeyId) -> Result<(), Problem> {
        Ok(self.0.auth.revoke_api_key(id).await?)
    }
}
