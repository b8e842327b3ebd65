-- Work is lent: a running job and a queued change of the index belong to one process until a time that it keeps moving on. Old rows belong
-- to nobody. The generation counts how often a job has been lent, so that who had it before can be told from who has it now.
alter table job add column lease_owner bytea;
alter table job add column lease_until bigint not null default 0;
alter table job add column lease_generation bigint not null default 0;

alter table index_task add column claimed_by bytea;
alter table index_task add column claimed_until bigint not null default 0;
create index index_task_claimed on index_task (claimed_by) where claimed_by is not null;

-- What processes on one database count together. Not logged: after a crash of the server everybody begins anew.
create unlogged table rate_bucket (
    name text collate "C" not null primary key,
    tokens double precision not null,
    taken boolean not null,  -- whether the request counted last got its token
    at bigint not null
);

create unlogged table sign_in_attempt (
    name text collate "C" not null,
    at bigint not null
);

create index sign_in_attempt_name on sign_in_attempt (name, at);
create index sign_in_attempt_at on sign_in_attempt (at);

-- What processes tell each other: sent when the change is committed and only then, on a channel of the schema. A notice names what has changed
-- and who changed it (a process's sessions carry its name); whoever wants to know more reads it. No customer's word is in one.

create function riposte_job_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('riposte ' || md5(tg_table_schema), current_setting('application_name') || '|job ' || new.state || ' ' || encode(new.id, 'hex'));
    return null;
end
$$;

-- Not for leases, which are moved on every few seconds.
create trigger job_changed after insert or update of state, progress, error, cancel_requested on job
    for each row execute function riposte_job_changed();

create function riposte_conversation_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('riposte ' || md5(tg_table_schema),
        current_setting('application_name') || '|conversation ' || encode(new.id, 'hex') || ' ' || new.desk);
    return null;
end
$$;

-- An archive that is imported concerns nobody who watches.
create trigger conversation_changed after update of message_count, live on conversation
    for each row when ((old.live or new.live) and (old.message_count <> new.message_count or old.live <> new.live))
    execute function riposte_conversation_changed();

create function riposte_index_queued() returns trigger language plpgsql as $$
begin
    perform pg_notify('riposte ' || md5(tg_table_schema), current_setting('application_name') || '|queued');
    return null;
end
$$;

create trigger index_queued after insert on index_task for each statement execute function riposte_index_queued();

create function riposte_index_written() returns trigger language plpgsql as $$
begin
    perform pg_notify('riposte ' || md5(tg_table_schema),
        current_setting('application_name') || '|indexed ' || count(*) || ' ' || gone.desk) from gone group by gone.desk;
    return null;
end
$$;

create trigger index_written after delete on index_task referencing old table as gone
    for each statement execute function riposte_index_written();

create function riposte_adapter_switched() returns trigger language plpgsql as $$
begin
    perform pg_notify('riposte ' || md5(tg_table_schema), current_setting('application_name') || '|adapter ' || substr(new.name, 9));
    return null;
end
$$;

create trigger adapter_switched after insert or update on setting
    for each row when (new.name like 'adapter/%') execute function riposte_adapter_switched();
