//! Frequent-question clusters: replaced as a whole, read in pages.

use async_trait::async_trait;

use super::statement::insert_rows;
use super::value::{self, from_json, to_json};
use super::{SqliteStore, not_found};
use crate::domain::{Cluster, ClusterId, ClusterMember, ClusterState, DeskId, PairId, Timestamp};
use crate::store::{ClusterStore, Result, StoreError};

const fn state_code(state: ClusterState) -> &'static str {
    match state {
        ClusterState::Open => "open",
    }
}

fn state_from_code(code: &str) -> Result<ClusterState> {
    match code {
        "open" => Ok(ClusterState::Open),
        _ => Err(StoreError::Corrupt("cluster.state")),
    }
}

#[derive(sqlx::FromRow)]
struct ClusterRow {
    id: Vec<u8>,
    desk: String,
    state: String,
    representative: String,
    keywords: String,
    language: String,
    size: u32,
    conversations: u32,
    customers: u32,
    share: f64,
    answers: String,
    updated_at: i64,
}

impl ClusterRow {
    fn into_cluster(self) -> Result<Cluster> {
        Ok(Cluster {
            id: ClusterId::from_uuid(value::uuid(&self.id, "cluster.id")?),
            desk: value::desk(&self.desk)?,
            state: state_from_code(&self.state)?,
            representative: self.representative,
            keywords: from_json(&self.keywords, "cluster.keywords")?,
            language: value::language(&self.language)?,
            size: self.size,
            conversations: self.conversations,
            customers: self.customers,
            share: self.share,
            answers: from_json(&self.answers, "cluster.answers")?,
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

const INSERT_CLUSTER: &str = "insert into cluster (id, desk, state, representative, keywords, language, size, conversations, customers, share, \
                              answers, updated_at) values";

#[async_trait]
impl ClusterStore for SqliteStore {
    async fn replace_clusters(&self, desk: &DeskId, clusters: &[(Cluster, Vec<ClusterMember>)]) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("delete from cluster where desk = $1").bind(desk.as_str()).execute(&mut *tx).await?;
        let rows: Vec<_> = clusters.iter().map(|(cluster, _)| (desk, cluster)).collect();
        insert_rows(&mut tx, INSERT_CLUSTER, 12, "", &rows, |query, (desk, cluster)| {
            query
                .bind(value::blob(cluster.id.as_uuid()))
                .bind(desk.as_str())
                .bind(state_code(cluster.state))
                .bind(cluster.representative.as_str())
                .bind(to_json(&cluster.keywords))
                .bind(cluster.language.as_str())
                .bind(cluster.size)
                .bind(cluster.conversations)
                .bind(cluster.customers)
                .bind(cluster.share)
                .bind(to_json(&cluster.answers))
                .bind(cluster.updated_at.as_micros())
        })
        .await
        .map_err(|error| not_found(error, "desk"))?;
        let members: Vec<_> = clusters
            .iter()
            .flat_map(|(cluster, members)| members.iter().enumerate().map(|(place, member)| (cluster.id, place as i64, member)))
            .collect();
        insert_rows(
            &mut tx,
            "insert into cluster_member (cluster_id, place, pair_id, question, similarity) values",
            5,
            "",
            &members,
            |query, (cluster, place, member)| {
                query
                    .bind(value::blob(cluster.as_uuid()))
                    .bind(*place)
                    .bind(value::blob(member.pair_id.as_uuid()))
                    .bind(member.question.as_str())
                    .bind(f64::from(member.similarity))
            },
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn clusters_page(&self, desk: &DeskId, min_customers: u32, after: Option<(u32, ClusterId)>, limit: u32) -> Result<Vec<Cluster>> {
        let query = match after {
            None => {
                sqlx::query_as::<_, ClusterRow>("select * from cluster where desk = $1 and customers >= $2 order by size desc, id limit $3")
                    .bind(desk.as_str())
                    .bind(min_customers)
                    .bind(limit)
            }
            Some((size, id)) => sqlx::query_as::<_, ClusterRow>(
                "select * from cluster where desk = $1 and customers >= $2 and (size < $4 or (size = $4 and id > $5)) \
                 order by size desc, id limit $3",
            )
            .bind(desk.as_str())
            .bind(min_customers)
            .bind(limit)
            .bind(size)
            .bind(value::blob(id.as_uuid())),
        };
        query.fetch_all(&self.readers).await?.into_iter().map(ClusterRow::into_cluster).collect()
    }

    async fn cluster(&self, desk: &DeskId, id: ClusterId) -> Result<Option<(Cluster, Vec<ClusterMember>)>> {
        // One transaction: a rebuild between the two statements must not mix two generations.
        let mut tx = self.readers.begin().await?;
        let row: Option<ClusterRow> = sqlx::query_as("select * from cluster where id = $1 and desk = $2")
            .bind(value::blob(id.as_uuid()))
            .bind(desk.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let members: Vec<(Vec<u8>, String, f64)> = sqlx::query_as(
            "select pair_id, question, similarity from cluster_member where cluster_id = $1 order by similarity desc, place",
        )
        .bind(value::blob(id.as_uuid()))
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let members = members
            .into_iter()
            .map(|(pair, question, similarity)| {
                let pair_id = PairId::from_uuid(value::uuid(&pair, "cluster_member.pair_id")?);
                Ok(ClusterMember { pair_id, question, similarity: similarity as f32 })
            })
            .collect::<Result<Vec<ClusterMember>>>()?;
        Ok(Some((row.into_cluster()?, members)))
    }
}
