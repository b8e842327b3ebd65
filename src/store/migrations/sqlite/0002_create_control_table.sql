-- What editors have decided about single answers. Texts are masked.
create table control (
    id blob not null primary key,
    desk text not null references desk (id),
    answer_key text not null,
    kind text not null,
    points real,                   -- null unless a boost
    phrases text not null,
    answer text not null,
    pool text not null,
    source blob not null,
    note text,
    actor text not null,
    created_at integer not null,
    expires_at integer
);

create unique index control_answer on control (desk, answer_key, kind);
create index control_created on control (desk, created_at, id);
