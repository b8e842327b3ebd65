-- Times are microseconds since the Unix epoch (UTC), ids are the 16 bytes of a UUID, lists and free-form values are JSON text.
-- Columns marked "sealed" hold ciphertext (see src/store/cipher.rs).

-- Data keys, wrapped by the master key. The oldest one also keys the blind indexes, so it is never deleted.
create table data_key (
    id integer not null primary key,
    wrapped blob not null,
    created_at integer not null
);

-- Settings of the installation itself.
create table setting (
    name text not null primary key,
    value text not null
);

-- Numbers that only ever grow.
create table counter (
    name text not null primary key,
    value integer not null
);

insert into counter (name, value) values ('mining_mark', 0);

create table desk (
    id text not null primary key,
    settings text not null,
    created_at integer not null
);

create table conversation (
    id blob not null primary key,
    desk text not null references desk (id),
    external_id text not null,
    channel text,
    customer_id blob,              -- sealed
    customer_key text,             -- keyed hash of customer_id
    customer_personal blob,        -- sealed
    agent_id text,
    started_at integer,
    tags text not null,
    message_count integer not null,
    draft_digest blob not null,    -- keyed hash of the draft merged last: the same draft again is skipped at a glance
    mining_mark integer,           -- null when nothing waits to be mined
    created_at integer not null,
    updated_at integer not null
);

create index conversation_desk on conversation (desk, message_count);
create index conversation_mining_mark on conversation (desk, mining_mark) where mining_mark is not null;

-- Read a conversation at a time, so stored in that order.
create table message (
    conversation_id blob not null references conversation (id) on delete cascade,
    id blob not null,
    external_key text not null,
    arrival integer not null,
    position integer not null,
    role text not null,
    kind text not null,
    text blob not null,            -- sealed
    media_ref blob,                -- sealed
    author blob,                   -- sealed
    sent_at integer,
    primary key (conversation_id, id)
) without rowid;

create table pair (
    id blob not null primary key,
    desk text not null references desk (id),
    conversation_id blob not null references conversation (id) on delete cascade,
    kind text not null,
    question text not null,
    turn text not null,
    previous text not null,
    answer text not null,
    answer_quality real not null,
    language text not null,
    thanked boolean not null,
    repeated boolean not null,
    corrected boolean not null,
    agent_id text,
    answered_at integer,
    answer_messages text not null,
    content_hash blob not null     -- tells whether the index has to be written again
);

create index pair_conversation on pair (conversation_id);
create index pair_desk on pair (desk, id);
create index pair_desk_kind on pair (desk, kind, id);

create table entry (
    id blob not null primary key,
    desk text not null references desk (id),
    external_id text not null,
    language text not null,
    status text not null,
    tags text not null,
    valid_from integer,
    valid_to integer,
    owner text,
    questions text not null,
    answer text not null,
    updated_at integer not null
);

create index entry_desk on entry (desk, id);

-- The outbox of the search index. A subject waits at most once; queued again, it gets a new number.
create table index_task (
    sequence integer not null primary key autoincrement,
    desk text not null,
    subject text not null,
    subject_id blob not null
);

create index index_task_desk on index_task (desk, sequence);
create index index_task_subject on index_task (subject_id);

create table suggestion_set (
    id blob not null primary key,
    desk text not null references desk (id),
    conversation text,
    query text not null,
    abstained text,
    actor text not null,
    created_at integer not null
);

create table suggestion (
    id blob not null primary key,
    set_id blob not null references suggestion_set (id) on delete cascade,
    desk text not null references desk (id),
    rank integer not null,
    pool text not null,
    source blob not null,
    answer_key text not null,
    text text not null,
    score real not null
);

create index suggestion_set_id on suggestion (set_id);

create table feedback (
    id blob not null primary key,
    desk text not null references desk (id),
    suggestion_id blob not null references suggestion (id) on delete cascade,
    answer_key text not null,
    kind text not null,
    reason text,
    final_text text,
    actor text not null,
    created_at integer not null
);

create index feedback_answer_key on feedback (desk, answer_key);
create index feedback_suggestion on feedback (suggestion_id);

create table cluster (
    id blob not null primary key,
    desk text not null references desk (id),
    state text not null,
    representative text not null,
    keywords text not null,
    language text not null,
    size integer not null,
    conversations integer not null,
    customers integer not null,
    share real not null,
    answers text not null,
    updated_at integer not null
);

create index cluster_desk_size on cluster (desk, size);

create table cluster_member (
    cluster_id blob not null references cluster (id) on delete cascade,
    place integer not null,
    pair_id blob not null,
    question text not null,
    similarity real not null,
    primary key (cluster_id, place)
) without rowid;

create table job (
    id blob not null primary key,
    kind text not null,
    desk text,
    state text not null,
    progress text not null,
    params text not null,
    cursor text,
    result text,
    error text,
    cancel_requested boolean not null,
    created_at integer not null,
    updated_at integer not null
);

create index job_created on job (created_at, id);
create index job_state on job (state);

create table rejected_row (
    id integer not null primary key autoincrement,
    job_id blob not null references job (id) on delete cascade,
    line integer not null,
    field text,
    reason text not null,
    remedy text not null
);

create index rejected_row_job on rejected_row (job_id, line, id);

create table account (
    id blob not null primary key,
    name text not null unique,
    password_hash text not null,
    role text not null,
    desks text,                    -- null: every desk
    created_at integer not null
);

create table api_key (
    id blob not null primary key,
    name text not null,
    secret_sha256 blob not null,
    role text not null,
    desks text,                    -- null: every desk
    created_at integer not null,
    revoked_at integer
);

create table session (
    token_sha256 blob not null primary key,
    account_id blob not null references account (id) on delete cascade,
    expires_at integer not null
);

create index session_account on session (account_id);
