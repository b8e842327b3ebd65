-- Clusters that keep their ids, what people decided about them, and where every question lies.

alter table cluster add column version integer not null default 1;
alter table cluster add column snoozed_until integer;
alter table cluster add column dismissed_why text;
alter table cluster add column name text not null default '';
alter table cluster add column renamed boolean not null default false;
alter table cluster add column weeks text not null default '[]';
alter table cluster add column trend real not null default 0;
alter table cluster add column last_asked_at integer;
alter table cluster add column conflicting boolean not null default false;
alter table cluster add column coverage text;
update cluster set name = representative;

-- One row for every question that a rebuild or a person has seen; a pair without one is new. `cluster_id` is null for an outlier; `fixed` says that
-- people have put it there. The question itself is read from the pair, and goes with it.
create table cluster_question (
    pair_id blob not null primary key references pair (id) on delete cascade,
    desk text not null references desk (id),
    cluster_id blob references cluster (id) on delete cascade,
    similarity real not null,
    fixed boolean not null
) without rowid;

insert or ignore into cluster_question (pair_id, desk, cluster_id, similarity, fixed)
select m.pair_id, c.desk, m.cluster_id, m.similarity, false
from cluster_member m join cluster c on c.id = m.cluster_id join pair p on p.id = m.pair_id;

create index cluster_question_cluster on cluster_question (cluster_id);
create index cluster_question_desk on cluster_question (desk, pair_id) where cluster_id is null;

drop table cluster_member;

-- Grows with every change of a desk's clusters: what has been computed from an older one is not written.
create table cluster_revision (
    desk text not null primary key references desk (id),
    revision integer not null
) without rowid;

create table cluster_decision (
    id blob not null primary key,
    desk text not null references desk (id),
    kind text not null,
    clusters text not null,
    detail text not null,
    before text not null,
    actor text not null,
    created_at integer not null,
    undone_by blob
);

create index cluster_decision_desk on cluster_decision (desk, id);

create table cluster_decision_cluster (
    cluster_id blob not null,
    decision_id blob not null references cluster_decision (id) on delete cascade,
    primary key (cluster_id, decision_id)
) without rowid;
