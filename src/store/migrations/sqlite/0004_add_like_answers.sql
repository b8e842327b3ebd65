-- Answers that are withheld with one that was reported outdated, because they said the same when it was offered.

-- Answer keys of the archived answers that a suggestion stood for beside its own, as a JSON list; null where it stood alone.
alter table suggestion add column like_keys text;

-- `answer_key` is withheld for as long as `retired_with` is.
create table retired_like (
    desk text not null references desk (id),
    answer_key text not null,
    retired_with text not null,
    primary key (desk, answer_key, retired_with)
) without rowid;

create index retired_like_with on retired_like (desk, retired_with);
