-- The schema of src/store/migrations/sqlite, up to its number 10, in PostgreSQL's types.
-- Times are microseconds since the Unix epoch (UTC), ids are the 16 bytes of a UUID, lists and free-form values are JSON text. Texts are
-- compared byte by byte, whatever the locale of the database. Columns marked "sealed" hold ciphertext (see src/store/cipher.rs).

-- Data keys, wrapped by the master key. The oldest one also keys the blind indexes, so it is never deleted.
create table data_key (
    id bigint not null primary key,
    wrapped bytea not null,
    created_at bigint not null
);

-- Settings of the installation itself.
create table setting (
    name text collate "C" not null primary key,
    value text collate "C" not null
);

-- Numbers that only ever grow.
create table counter (
    name text collate "C" not null primary key,
    value bigint not null
);

insert into counter (name, value) values ('mining_mark', 0);

create table desk (
    id text collate "C" not null primary key,
    settings text collate "C" not null,
    created_at bigint not null
);

-- An archived conversation is one that is not live.
create table conversation (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    external_id text collate "C" not null,
    channel text collate "C",
    customer_id bytea,  -- sealed
    customer_key text collate "C",  -- keyed hash of customer_id
    customer_personal bytea,  -- sealed
    agent_id text collate "C",
    started_at bigint,
    tags text collate "C" not null,
    message_count bigint not null,
    draft_digest bytea not null,  -- keyed hash of the draft merged last: the same draft again is skipped at a glance
    mining_mark bigint,  -- null when nothing waits to be mined
    created_at bigint not null,
    updated_at bigint not null,
    live boolean not null default false,
    closed_at bigint,
    last_at bigint not null,  -- time of the last message, else of the beginning, else of the merge
    waiting_since bigint  -- first customer message that no agent has answered
);

create index conversation_desk on conversation (desk, message_count);
create index conversation_mining_mark on conversation (desk, mining_mark) where mining_mark is not null;
create index conversation_activity on conversation (desk, last_at desc, id desc);
create index conversation_live on conversation (desk, last_at desc, id desc) where live;
create index conversation_channel on conversation (desk, left(channel, 100), last_at desc, id desc);
create index conversation_customer on conversation (desk, customer_key, last_at desc, id desc);

create table message (
    conversation_id bytea not null references conversation (id) on delete cascade,
    id bytea not null,
    external_key text collate "C" not null,
    arrival bigint not null,
    position bigint not null,
    role text collate "C" not null,
    kind text collate "C" not null,
    text bytea not null,  -- sealed
    media_ref bytea,  -- sealed
    author bytea,  -- sealed
    sent_at bigint,
    primary key (conversation_id, id)
);

create table pair (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    conversation_id bytea not null references conversation (id) on delete cascade,
    kind text collate "C" not null,
    question text collate "C" not null,
    turn text collate "C" not null,
    previous text collate "C" not null,
    answer text collate "C" not null,
    answer_quality double precision not null,
    language text collate "C" not null,
    thanked boolean not null,
    repeated boolean not null,
    corrected boolean not null,
    agent_id text collate "C",
    answered_at bigint,
    answer_messages text collate "C" not null,
    content_hash bytea not null,  -- tells whether the index has to be written again
    position bigint not null  -- where the answer begins in its conversation
);

create index pair_conversation on pair (conversation_id);
create index pair_desk on pair (desk, id);
create index pair_desk_kind on pair (desk, kind, id);

create table entry (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    external_id text collate "C" not null,
    language text collate "C" not null,
    status text collate "C" not null,
    tags text collate "C" not null,
    valid_from bigint,
    valid_to bigint,
    owner text collate "C",
    questions text collate "C" not null,
    answer text collate "C" not null,
    updated_at bigint not null,
    provenance text collate "C" not null,
    version bigint not null,
    created_by text collate "C" not null,
    created_at bigint not null,
    updated_by text collate "C" not null
);

create index entry_desk on entry (desk, id);

-- The outbox of the search index. A subject waits at most once; queued again, it gets a new number.
create table index_task (
    sequence bigint generated always as identity primary key,
    desk text collate "C" not null,
    subject text collate "C" not null,
    subject_id bytea not null
);

create index index_task_desk on index_task (desk, sequence);
create index index_task_subject on index_task (subject_id);
create index index_task_entry on index_task (sequence) where subject = 'entry';

create table suggestion_set (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    conversation text collate "C",
    query text collate "C" not null,
    abstained text collate "C",
    actor text collate "C" not null,
    created_at bigint not null,
    live_values bytea  -- sealed: personal values of the live conversation, so that an edit can be masked
);

create index suggestion_set_created on suggestion_set (desk, created_at);

create table suggestion (
    id bytea not null primary key,
    set_id bytea not null references suggestion_set (id) on delete cascade,
    desk text collate "C" not null references desk (id),
    rank bigint not null,
    pool text collate "C" not null,
    source bytea not null,
    answer_key text collate "C" not null,
    text text collate "C" not null,
    score double precision not null,
    counted_at bigint,  -- when this suggestion's showing was counted in answer_showing
    wording text collate "C",  -- key of the edited wording that was offered; null for the answer's own words
    like_keys text collate "C"  -- JSON list: keys of the archived answers it stood for beside its own
);

create index suggestion_set_id on suggestion (set_id);

create table feedback (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    suggestion_id bytea not null references suggestion (id) on delete cascade,
    answer_key text collate "C" not null,
    kind text collate "C" not null,
    reason text collate "C",
    final_text text collate "C",
    actor text collate "C" not null,
    created_at bigint not null,
    wording text collate "C"  -- key of the edited wording that was used or refused; null for the answer's own words
);

create index feedback_suggestion on feedback (suggestion_id);
create index feedback_verdict on feedback (desk, answer_key) where kind <> 'shown';
create index feedback_wording on feedback (desk, answer_key) where wording is not null;

create table cluster (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    state text collate "C" not null,
    representative text collate "C" not null,
    keywords text collate "C" not null,
    language text collate "C" not null,
    size bigint not null,
    conversations bigint not null,
    customers bigint not null,
    share double precision not null,
    answers text collate "C" not null,
    updated_at bigint not null,
    version bigint not null,
    snoozed_until bigint,
    dismissed_why text collate "C",
    name text collate "C" not null,
    renamed boolean not null,
    weeks text collate "C" not null,
    trend double precision not null,
    last_asked_at bigint,
    conflicting boolean not null,
    coverage text collate "C"
);

create index cluster_desk_size on cluster (desk, size);

create table job (
    id bytea not null primary key,
    kind text collate "C" not null,
    desk text collate "C",
    state text collate "C" not null,
    progress text collate "C" not null,
    params text collate "C" not null,
    cursor text collate "C",
    result text collate "C",
    error text collate "C",
    cancel_requested boolean not null,
    created_at bigint not null,
    updated_at bigint not null
);

create index job_created on job (created_at, id);
create index job_state on job (state);

create table rejected_row (
    id bigint generated always as identity primary key,
    job_id bytea not null references job (id) on delete cascade,
    line bigint not null,
    field text collate "C",
    reason text collate "C" not null,
    remedy text collate "C" not null
);

create index rejected_row_job on rejected_row (job_id, line, id);

create table account (
    id bytea not null primary key,
    name text collate "C" not null unique,
    password_hash text collate "C" not null,
    role text collate "C" not null,
    desks text collate "C",  -- null: every desk
    created_at bigint not null
);

create table api_key (
    id bytea not null primary key,
    name text collate "C" not null,
    secret_sha256 bytea not null,
    role text collate "C" not null,
    desks text collate "C",  -- null: every desk
    created_at bigint not null,
    revoked_at bigint
);

create table session (
    token_sha256 bytea not null primary key,
    account_id bytea not null references account (id) on delete cascade,
    expires_at bigint not null
);

create index session_account on session (account_id);

-- What editors have decided about single answers. Texts are masked.
create table control (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    answer_key text collate "C" not null,
    kind text collate "C" not null,
    points double precision,  -- null unless a boost
    phrases text collate "C" not null,
    answer text collate "C" not null,
    pool text collate "C" not null,
    source bytea not null,
    note text collate "C",
    actor text collate "C" not null,
    created_at bigint not null,
    expires_at bigint
);

create unique index control_answer on control (desk, answer_key, kind);
create index control_created on control (desk, created_at, id);

-- Decayed sum of the showings of each answer, each weighted by the probability that it was looked at; `weight` is as of `as_of`.
create table answer_showing (
    desk text collate "C" not null references desk (id),
    answer_key text collate "C" not null,
    weight double precision not null,
    as_of bigint not null,
    primary key (desk, answer_key)
);

-- Answers that were reported outdated.
create table retired_answer (
    desk text collate "C" not null references desk (id),
    answer_key text collate "C" not null,
    state text collate "C" not null,
    text text collate "C" not null,
    pool text collate "C" not null,
    source bytea not null,
    reports bigint not null,
    reported_by text collate "C" not null,
    reported_at bigint not null,
    reviewed_by text collate "C",
    reviewed_at bigint,
    primary key (desk, answer_key)
);

create index retired_answer_reported on retired_answer (desk, reported_at, answer_key);

-- `answer_key` is withheld for as long as `retired_with` is.
create table retired_like (
    desk text collate "C" not null references desk (id),
    answer_key text collate "C" not null,
    retired_with text collate "C" not null,
    primary key (desk, answer_key, retired_with)
);

create index retired_like_with on retired_like (desk, retired_with);

-- One row for every question that a rebuild or a person has seen; a pair without one is new. `cluster_id` is null for an outlier; `fixed`
-- says that people have put it there. The question itself is read from the pair, and goes with it.
create table cluster_question (
    pair_id bytea not null primary key references pair (id) on delete cascade,
    desk text collate "C" not null references desk (id),
    cluster_id bytea references cluster (id) on delete cascade,
    similarity double precision not null,
    fixed boolean not null
);

create index cluster_question_cluster on cluster_question (cluster_id);
create index cluster_question_desk on cluster_question (desk, pair_id) where cluster_id is null;

-- Grows with every change of a desk's clusters: what has been computed from an older one is not written.
create table cluster_revision (
    desk text collate "C" not null primary key references desk (id),
    revision bigint not null
);

create table cluster_decision (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    kind text collate "C" not null,
    clusters text collate "C" not null,
    detail text collate "C" not null,
    before text collate "C" not null,
    actor text collate "C" not null,
    created_at bigint not null,
    undone_by bytea
);

create index cluster_decision_desk on cluster_decision (desk, id);

create table cluster_decision_cluster (
    cluster_id bytea not null,
    decision_id bytea not null references cluster_decision (id) on delete cascade,
    primary key (cluster_id, decision_id)
);

-- Every version of a knowledge entry is kept: the whole content, who wrote it, when and why.
create table entry_version (
    entry bytea not null references entry (id),
    version bigint not null,
    language text collate "C" not null,
    status text collate "C" not null,
    tags text collate "C" not null,
    valid_from bigint,
    valid_to bigint,
    owner text collate "C",
    questions text collate "C" not null,
    answer text collate "C" not null,
    provenance text collate "C" not null,
    written_by text collate "C" not null,
    written_at bigint not null,
    note text collate "C",
    primary key (entry, version)
);

-- The gap ledger: groups of questions that got no good answer, what was decided about them, and which failures they are made of.
create table gap (
    id bytea not null primary key,
    desk text collate "C" not null references desk (id),
    body text collate "C" not null,  -- what the last computation found, as JSON; masked
    state text collate "C",  -- the last decision; null while there is none
    why text collate "C",
    entry_id bytea,
    decided_by text collate "C",
    decided_at bigint
);

create index gap_desk on gap (desk);

-- One row for every failure: a suggestion set or an archived pair.
create table gap_failure (
    desk text collate "C" not null references desk (id),
    source bytea not null,
    gap_id bytea not null references gap (id) on delete cascade,
    primary key (desk, source)
);

create index gap_failure_gap on gap_failure (gap_id);

-- Short-lived credentials that a host's server makes with its key for one agent's widget.
create table widget_token (
    token_sha256 bytea not null primary key,
    api_key_id bytea not null references api_key (id),
    desk text collate "C" not null,
    agent text collate "C" not null,
    conversation text collate "C",  -- external id of the only conversation it opens; null: every one of the desk
    created_at bigint not null,
    expires_at bigint not null
);

create index widget_token_expires on widget_token (expires_at);
