-- Every version of a knowledge entry is kept: the whole content, who wrote it, when and why. Who wrote what was there before is not known.
alter table entry add column provenance text not null default '{"pairs":[]}';
alter table entry add column version integer not null default 1;
alter table entry add column created_by text not null default 'unknown';
alter table entry add column created_at integer not null default 0;
alter table entry add column updated_by text not null default 'unknown';

update entry set created_at = updated_at;

create table entry_version (
    entry blob not null references entry (id),
    version integer not null,
    language text not null,
    status text not null,
    tags text not null,
    valid_from integer,
    valid_to integer,
    owner text,
    questions text not null,
    answer text not null,
    provenance text not null,
    written_by text not null,
    written_at integer not null,
    note text,
    primary key (entry, version)
) without rowid;

insert into entry_version
select id, version, language, status, tags, valid_from, valid_to, owner, questions, answer, provenance, updated_by, updated_at, null from entry;

-- Entries are few and somebody waits for them: the index writer takes them before the pairs of a running import.
create index index_task_entry on index_task (sequence) where subject = 'entry';
