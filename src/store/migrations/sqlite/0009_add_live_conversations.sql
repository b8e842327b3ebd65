-- What a desk's list of conversations shows and is ordered by. An archived conversation is one that is not live.
alter table conversation add column live boolean not null default 0;
alter table conversation add column closed_at integer;
alter table conversation add column last_at integer not null default 0;   -- time of the last message, else of the beginning, else of the merge
alter table conversation add column waiting_since integer;                -- first customer message that no agent has answered

update conversation set last_at = coalesce(
    (select max(sent_at) from message where conversation_id = conversation.id), started_at, created_at
);

create index conversation_activity on conversation (desk, last_at desc, id desc);
create index conversation_live on conversation (desk, last_at desc, id desc) where live = 1;
create index conversation_channel on conversation (desk, channel, last_at desc, id desc);
create index conversation_customer on conversation (desk, customer_key, last_at desc, id desc);

-- Short-lived credentials that a host's server makes with its key for one agent's widget.
create table widget_token (
    token_sha256 blob not null primary key,
    api_key_id blob not null references api_key (id),
    desk text not null,
    agent text not null,
    conversation text,             -- external id of the only conversation it opens; null: every one of the desk
    created_at integer not null,
    expires_at integer not null
) without rowid;

create index widget_token_expires on widget_token (expires_at);
