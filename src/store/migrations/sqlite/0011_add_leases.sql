-- Work is lent: a running job and a queued change of the index belong to one process until a time that it keeps moving on. Old rows belong
-- to nobody. The generation counts how often a job has been lent, so that who had it before can be told from who has it now.
alter table job add column lease_owner blob;
alter table job add column lease_until integer not null default 0;
alter table job add column lease_generation integer not null default 0;

alter table index_task add column claimed_by blob;
alter table index_task add column claimed_until integer not null default 0;
create index index_task_claimed on index_task (claimed_by) where claimed_by is not null;
