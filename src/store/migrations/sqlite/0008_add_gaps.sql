-- The gap ledger: groups of questions that got no good answer, what was decided about them, and which failures they are made of.

create table gap (
    id blob not null primary key,
    desk text not null references desk (id),
    body text not null,          -- what the last computation found, as JSON; masked
    state text,                  -- the last decision; null while there is none
    why text,
    entry_id blob,
    decided_by text,
    decided_at integer
);

create index gap_desk on gap (desk);

-- One row for every failure: a suggestion set or an archived pair.
create table gap_failure (
    desk text not null references desk (id),
    source blob not null,
    gap_id blob not null references gap (id) on delete cascade,
    primary key (desk, source)
) without rowid;

create index gap_failure_gap on gap_failure (gap_id);
