//! Frequent-question clusters: changed through one door, read in pages.

use super::dialect::{Connection, Transaction};
use super::statement::{LIST_LIMIT, insert_rows, last_of_each, padded, rows_by_id, with_list};
use super::value::{self, from_json, from_optional_json, micros, timestamp, to_json};
use super::{SqlStore, not_found};
use crate::domain::{
    Cluster, ClusterDecision, ClusterDecisionId, ClusterId, ClusterMember, ClusterState, DecisionKind, DeskId, PairId, PairKind, Timestamp,
};
use crate::store::{ClusterChange, ClusterMemory, ClusterQuery, ClusterSort, ClusterStore, Placement, Result, StoreError};
use async_trait::async_trait;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct ClusterRow {
    id: Vec<u8>,
    desk: String,
    version: i64,
    state: String,
    snoozed_until: Option<i64>,
    dismissed_why: Option<String>,
    name: String,
    renamed: bool,
    representative: String,
    keywords: String,
    language: String,
    size: i64,
    conversations: i64,
    customers: i64,
    share: f64,
    weeks: String,
    trend: f64,
    last_asked_at: Option<i64>,
    answers: String,
    coverage: Option<String>,
    updated_at: i64,
}

impl ClusterRow {
    fn into_cluster(self) -> Result<Cluster> {
        Ok(Cluster {
            id: cluster_id(&self.id)?,
            desk: value::desk(&self.desk)?,
            version: u64::try_from(self.version).map_err(|_| StoreError::Corrupt("cluster.version"))?,
            state: ClusterState::from_code(&self.state).ok_or(StoreError::Corrupt("cluster.state"))?,
            snoozed_until: timestamp(self.snoozed_until),
            dismissed_why: self.dismissed_why,
            name: self.name,
            renamed: self.renamed,
            representative: self.representative,
            keywords: from_json(&self.keywords, "cluster.keywords")?,
            language: value::language(&self.language)?,
            size: value::count(self.size, "cluster.size")?,
            conversations: value::count(self.conversations, "cluster.conversations")?,
            customers: value::count(self.customers, "cluster.customers")?,
            share: self.share,
            weeks: from_json(&self.weeks, "cluster.weeks")?,
            trend: self.trend,
            last_asked_at: timestamp(self.last_asked_at),
            answers: from_json(&self.answers, "cluster.answers")?,
            coverage: from_optional_json(self.coverage.as_deref(), "cluster.coverage")?,
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

#[derive(sqlx::FromRow)]
struct PlacementRow {
    pair_id: Vec<u8>,
    cluster_id: Option<Vec<u8>>,
    similarity: f64,
    fixed: bool,
}

impl PlacementRow {
    fn into_placement(self) -> Result<Placement> {
        Ok(Placement {
            pair: pair_id(&self.pair_id)?,
            cluster: self.cluster_id.as_deref().map(cluster_id).transpose()?,
            similarity: self.similarity as f32,
            fixed: self.fixed,
        })
    }
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    pair_id: Vec<u8>,
    question: String,
    similarity: f64,
    fixed: bool,
}

impl MemberRow {
    fn into_member(self) -> Result<ClusterMember> {
        Ok(ClusterMember {
            pair_id: pair_id(&self.pair_id)?,
            question: self.question,
            similarity: self.similarity as f32,
            fixed: self.fixed,
        })
    }
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    id: Vec<u8>,
    kind: String,
    clusters: String,
    detail: String,
    before: String,
    actor: String,
    created_at: i64,
    undone_by: Option<Vec<u8>>,
}

impl DecisionRow {
    fn into_decision(self) -> Result<(ClusterDecision, serde_json::Value)> {
        let before = from_json(&self.before, "cluster_decision.before")?;
        let decision = ClusterDecision {
            id: decision_id(&self.id)?,
            kind: DecisionKind::from_code(&self.kind).ok_or(StoreError::Corrupt("cluster_decision.kind"))?,
            clusters: from_json(&self.clusters, "cluster_decision.clusters")?,
            detail: from_json(&self.detail, "cluster_decision.detail")?,
            actor: self.actor,
            at: Timestamp::from_micros(self.created_at),
            undone_by: self.undone_by.as_deref().map(decision_id).transpose()?,
        };
        Ok((decision, before))
    }
}

fn cluster_id(bytes: &[u8]) -> Result<ClusterId> {
    Ok(ClusterId::from_uuid(value::uuid(bytes, "cluster.id")?))
}

fn pair_id(bytes: &[u8]) -> Result<PairId> {
    Ok(PairId::from_uuid(value::uuid(bytes, "cluster_question.pair_id")?))
}

fn decision_id(bytes: &[u8]) -> Result<ClusterDecisionId> {
    Ok(ClusterDecisionId::from_uuid(value::uuid(bytes, "cluster_decision.id")?))
}

const UPSERT_CLUSTER: &str = "insert into cluster (id, desk, version, state, snoozed_until, dismissed_why, name, renamed, representative, keywords, \
                              language, size, conversations, customers, share, weeks, trend, last_asked_at, answers, conflicting, coverage, updated_at) \
                              values";
const ON_CLUSTER: &str = "on conflict (id) do update set version = excluded.version, state = excluded.state, snoozed_until = excluded.snoozed_until, \
                          dismissed_why = excluded.dismissed_why, name = excluded.name, renamed = excluded.renamed, \
                          representative = excluded.representative, keywords = excluded.keywords, language = excluded.language, \
                          size = excluded.size, conversations = excluded.conversations, customers = excluded.customers, \
                          share = excluded.share, weeks = excluded.weeks, trend = excluded.trend, last_asked_at = excluded.last_asked_at, \
                          answers = excluded.answers, conflicting = excluded.conflicting, coverage = excluded.coverage, \
                          updated_at = excluded.updated_at where cluster.desk = excluded.desk";

const PLACE_QUESTIONS: &str = "insert into cluster_question (pair_id, desk, cluster_id, similarity, fixed) values";
const ON_QUESTION: &str = "on conflict (pair_id) do update set cluster_id = excluded.cluster_id, similarity = excluded.similarity, \
                           fixed = excluded.fixed where cluster_question.desk = excluded.desk";

/// The effective state: a snooze that is over at `$2` is none. A macro, because statements are constant texts.
macro_rules! list_clusters {
    ($value:expr) => {
        concat!(
            "select * from (select *, case when state = 'snoozed' and snoozed_until <= $2 then 'open' else state end as present, cast(",
            $value,
            " as double precision) as place from cluster where desk = $1) as listed where customers >= $3 and ($4 is null or present = $4) ",
            "and ($5 is null or language = $5) and ($6 is null or ",
            contains!("lower(name || ' ' || representative || ' ' || keywords)", "$6"),
            ") and ($7 is null or conflicting = $7) and ($8 is null or ",
            is_covered!(),
            " = $8) and ($9 is null or place < $9 or (place = $9 and id > $10)) order by place desc, id limit $11"
        )
    };
}

#[async_trait]
impl ClusterStore for SqlStore {
    async fn cluster_revision(&self, desk: &DeskId) -> Result<u64> {
        revision(&mut *self.readers.acquire().await?, desk).await
    }

    async fn cluster_memory(&self, desk: &DeskId) -> Result<ClusterMemory> {
        let mut tx = self.snapshot().await?;
        let revision = revision(&mut tx, desk).await?;
        let clusters: Vec<ClusterRow> =
            sqlx::query_as("select * from cluster where desk = $1 order by id").bind(desk.as_str()).fetch_all(&mut *tx).await?;
        let placements: Vec<PlacementRow> =
            sqlx::query_as("select pair_id, cluster_id, similarity, fixed from cluster_question where desk = $1 order by pair_id")
                .bind(desk.as_str())
                .fetch_all(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(ClusterMemory {
            revision,
            clusters: clusters.into_iter().map(ClusterRow::into_cluster).collect::<Result<_>>()?,
            placements: placements.into_iter().map(PlacementRow::into_placement).collect::<Result<_>>()?,
        })
    }

    async fn change_clusters(&self, desk: &DeskId, change: &ClusterChange) -> Result<()> {
        if change.clusters.iter().any(|cluster| cluster.desk != *desk) {
            return Err(StoreError::NotFound("cluster"));
        }
        let mut tx = self.begin().await?;
        if revision(&mut tx, desk).await? != change.revision {
            return Err(StoreError::Overtaken("clusters"));
        }
        sqlx::query(
            "insert into cluster_revision (desk, revision) values ($1, 1) on conflict (desk) do update set revision = cluster_revision.revision + 1",
        )
        .bind(desk.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|error| not_found(error, "desk"))?;
        let clusters = last_of_each(&change.clusters, |cluster| cluster.id);
        insert_rows(&mut tx, UPSERT_CLUSTER, 22, ON_CLUSTER, &clusters, |query, cluster| {
            query
                .bind(value::blob(cluster.id.as_uuid()))
                .bind(cluster.desk.as_str())
                .bind(cluster.version as i64)
                .bind(cluster.state.as_str())
                .bind(micros(cluster.snoozed_until))
                .bind(cluster.dismissed_why.as_deref())
                .bind(cluster.name.as_str())
                .bind(cluster.renamed)
                .bind(cluster.representative.as_str())
                .bind(to_json(&cluster.keywords))
                .bind(cluster.language.as_str())
                .bind(i64::from(cluster.size))
                .bind(i64::from(cluster.conversations))
                .bind(i64::from(cluster.customers))
                .bind(cluster.share)
                .bind(to_json(&cluster.weeks))
                .bind(cluster.trend)
                .bind(micros(cluster.last_asked_at))
                .bind(to_json(&cluster.answers))
                .bind(cluster.conflicting())
                .bind(cluster.coverage.as_ref().map(to_json))
                .bind(cluster.updated_at.as_micros())
        })
        .await?;
        place(&mut tx, desk, &change.placements).await?;
        // Last, so that the questions of a cluster that ends are in their new one and do not go with it.
        for id in &change.removed {
            sqlx::query("delete from cluster where id = $1 and desk = $2")
                .bind(value::blob(id.as_uuid()))
                .bind(desk.as_str())
                .execute(&mut *tx)
                .await?;
        }
        if let Some((decision, before)) = &change.decision {
            record(&mut tx, desk, decision, before).await?;
            if let Some(undone) = change.undone {
                let done = sqlx::query("update cluster_decision set undone_by = $3 where id = $1 and desk = $2 and undone_by is null")
                    .bind(value::blob(undone.as_uuid()))
                    .bind(desk.as_str())
                    .bind(value::blob(decision.id.as_uuid()))
                    .execute(&mut *tx)
                    .await?;
                if done.rows_affected() == 0 {
                    return Err(StoreError::Overtaken("the decision"));
                }
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn clusters_page(&self, desk: &DeskId, query: &ClusterQuery, now: Timestamp) -> Result<Vec<Cluster>> {
        let sql = match query.sort {
            ClusterSort::Size => list_clusters!("size"),
            ClusterSort::Customers => list_clusters!("customers"),
            ClusterSort::Trend => list_clusters!("trend"),
            ClusterSort::Recent => list_clusters!("coalesce(last_asked_at, 0)"),
            ClusterSort::Impact => {
                list_clusters!(concat!("case when state = 'dismissed' or ", is_covered!(), " then 0 else customers end"))
            }
        };
        let rows: Vec<ClusterRow> = sqlx::query_as(sql)
            .bind(desk.as_str())
            .bind(now.as_micros())
            .bind(i64::from(query.min_customers))
            .bind(query.state.map(ClusterState::as_str))
            .bind(query.language.map(crate::domain::Language::as_str))
            .bind(query.text.as_deref().map(str::to_ascii_lowercase))
            .bind(query.conflicting)
            .bind(query.covered)
            .bind(query.after.map(|(place, _)| place))
            .bind(query.after.map(|(_, id)| value::blob(id.as_uuid())))
            .bind(i64::from(query.limit))
            .fetch_all(&self.readers)
            .await?;
        rows.into_iter().map(ClusterRow::into_cluster).collect()
    }

    async fn cluster(&self, desk: &DeskId, id: ClusterId) -> Result<Option<(Cluster, Vec<ClusterMember>)>> {
        // One transaction: a change between the two statements must not mix two states.
        let mut tx = self.snapshot().await?;
        let row: Option<ClusterRow> = sqlx::query_as("select * from cluster where id = $1 and desk = $2")
            .bind(value::blob(id.as_uuid()))
            .bind(desk.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let members: Vec<MemberRow> = sqlx::query_as(
            "select q.pair_id, p.question, q.similarity, q.fixed from cluster_question q join pair p on p.id = q.pair_id \
             where q.cluster_id = $1 order by q.similarity desc, q.pair_id",
        )
        .bind(value::blob(id.as_uuid()))
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some((row.into_cluster()?, members.into_iter().map(MemberRow::into_member).collect::<Result<_>>()?)))
    }

    async fn central_questions(&self, desk: &DeskId) -> Result<Vec<(ClusterId, PairId)>> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "select cluster_id, pair_id from (select q.cluster_id, q.pair_id, \
             row_number() over (partition by q.cluster_id order by q.similarity desc, q.pair_id) as place \
             from cluster c join cluster_question q on q.cluster_id = c.id where c.desk = $1) as ranked where place = 1",
        )
        .bind(desk.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(cluster, pair)| {
                let cluster = ClusterId::from_uuid(value::uuid(&cluster, "cluster_question.cluster_id")?);
                Ok((cluster, PairId::from_uuid(value::uuid(&pair, "cluster_question.pair_id")?)))
            })
            .collect()
    }

    async fn placements(&self, desk: &DeskId, pairs: &[PairId]) -> Result<Vec<Placement>> {
        let sql = "select pair_id, cluster_id, similarity, fixed from cluster_question where desk = $1 and pair_id in ({list})";
        let pairs: Vec<Uuid> = pairs.iter().map(|id| id.as_uuid()).collect();
        rows_by_id(&self.readers, sql, desk, &pairs).await?.into_iter().map(PlacementRow::into_placement).collect()
    }

    async fn outliers_page(&self, desk: &DeskId, after: Option<PairId>, limit: u32) -> Result<Vec<ClusterMember>> {
        let rows: Vec<MemberRow> = sqlx::query_as(
            "select q.pair_id, p.question, q.similarity, q.fixed from cluster_question q join pair p on p.id = q.pair_id \
             where q.desk = $1 and q.cluster_id is null and q.pair_id > $2 order by q.pair_id limit $3",
        )
        .bind(desk.as_str())
        .bind(after.map(|id| value::blob(id.as_uuid())).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(MemberRow::into_member).collect()
    }

    async fn unplaced_questions(&self, desk: &DeskId, after: Option<PairId>, limit: u32) -> Result<Vec<PairId>> {
        let ids: Vec<Vec<u8>> = sqlx::query_scalar(
            "select p.id from pair p where p.desk = $1 and p.kind = $2 and p.id > $3 \
             and not exists (select 1 from cluster_question q where q.pair_id = p.id) order by p.id limit $4",
        )
        .bind(desk.as_str())
        .bind(PairKind::Question.as_str())
        .bind(after.map(|id| value::blob(id.as_uuid())).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        ids.iter().map(|id| pair_id(id)).collect()
    }

    async fn cluster_decisions(
        &self,
        desk: &DeskId,
        cluster: Option<ClusterId>,
        after: Option<ClusterDecisionId>,
        limit: u32,
    ) -> Result<Vec<ClusterDecision>> {
        let rows: Vec<DecisionRow> = sqlx::query_as(
            "select * from cluster_decision d where d.desk = $1 and ($2 is null or d.id < $2) and ($3 is null or exists \
             (select 1 from cluster_decision_cluster c where c.cluster_id = $3 and c.decision_id = d.id)) order by d.id desc limit $4",
        )
        .bind(desk.as_str())
        .bind(after.map(|id| value::blob(id.as_uuid())))
        .bind(cluster.map(|id| value::blob(id.as_uuid())))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(|row| Ok(row.into_decision()?.0)).collect()
    }

    async fn cluster_decision(
        &self,
        desk: &DeskId,
        id: ClusterDecisionId,
    ) -> Result<Option<(ClusterDecision, serde_json::Value, Option<ClusterDecisionId>)>> {
        let mut tx = self.snapshot().await?;
        let row: Option<DecisionRow> = sqlx::query_as("select * from cluster_decision where id = $1 and desk = $2")
            .bind(value::blob(id.as_uuid()))
            .bind(desk.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let later: Option<Vec<u8>> = sqlx::query_scalar(
            "select d.id from cluster_decision d join cluster_decision_cluster c on c.decision_id = d.id where d.id > $1 and d.undone_by is null \
             and d.kind <> 'undo' and c.cluster_id in (select cluster_id from cluster_decision_cluster where decision_id = $1) \
             order by d.id limit 1",
        )
        .bind(value::blob(id.as_uuid()))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let (decision, before) = row.into_decision()?;
        Ok(Some((decision, before, later.as_deref().map(decision_id).transpose()?)))
    }
}

async fn revision(connection: &mut Connection, desk: &DeskId) -> Result<u64> {
    let revision: Option<i64> =
        sqlx::query_scalar("select revision from cluster_revision where desk = $1").bind(desk.as_str()).fetch_optional(connection).await?;
    u64::try_from(revision.unwrap_or(0)).map_err(|_| StoreError::Corrupt("cluster_revision.revision"))
}

/// Writes placements of pairs that are still there.
async fn place(tx: &mut Transaction, desk: &DeskId, placements: &[Placement]) -> Result<()> {
    for chunk in last_of_each(placements, |placement| placement.pair).chunks(LIST_LIMIT) {
        let ids: Vec<PairId> = chunk.iter().map(|placement| placement.pair).collect();
        let mut query = sqlx::query_scalar::<_, Vec<u8>>(with_list("select id from pair where desk = $1 and id in ({list})", 2, ids.len()))
            .bind(desk.as_str());
        for id in padded(&ids) {
            query = query.bind(value::blob(id.as_uuid()));
        }
        let present: std::collections::HashSet<Vec<u8>> = query.fetch_all(&mut **tx).await?.into_iter().collect();
        let rows: Vec<(&DeskId, Placement)> = chunk
            .iter()
            .filter(|placement| present.contains(&value::blob(placement.pair.as_uuid())))
            .map(|placement| (desk, **placement))
            .collect();
        insert_rows(tx, PLACE_QUESTIONS, 5, ON_QUESTION, &rows, |query, (desk, placement)| {
            query
                .bind(value::blob(placement.pair.as_uuid()))
                .bind(desk.as_str())
                .bind(placement.cluster.map(|id| value::blob(id.as_uuid())))
                .bind(f64::from(placement.similarity))
                .bind(placement.fixed)
        })
        .await
        .map_err(|error| not_found(error, "cluster"))?;
    }
    Ok(())
}

async fn record(tx: &mut Transaction, desk: &DeskId, decision: &ClusterDecision, before: &serde_json::Value) -> Result<()> {
    sqlx::query(
        "insert into cluster_decision (id, desk, kind, clusters, detail, before, actor, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(value::blob(decision.id.as_uuid()))
    .bind(desk.as_str())
    .bind(decision.kind.as_str())
    .bind(to_json(&decision.clusters))
    .bind(to_json(&decision.detail))
    .bind(to_json(before))
    .bind(decision.actor.as_str())
    .bind(decision.at.as_micros())
    .execute(&mut **tx)
    .await?;
    for cluster in &decision.clusters {
        sqlx::query("insert into cluster_decision_cluster (cluster_id, decision_id) values ($1, $2) on conflict do nothing")
            .bind(value::blob(cluster.as_uuid()))
            .bind(value::blob(decision.id.as_uuid()))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
