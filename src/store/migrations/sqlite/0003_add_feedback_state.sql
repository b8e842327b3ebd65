-- Feedback that is counted by what agents had a chance to see, that teaches wordings, and that retires answers.

-- When this suggestion's showing was counted in answer_showing; null while it is not.
alter table suggestion add column counted_at integer;
-- Key of the edited wording that was offered; null for the answer's own words.
alter table suggestion add column wording text;
-- Key of the edited wording that was used or refused; null for the answer's own words.
alter table feedback add column wording text;
-- Personal values of the live conversation, so that an edit can be masked.
alter table suggestion_set add column live_values blob;   -- sealed

-- Tallies never look at showings: those are summed below.
drop index feedback_answer_key;
create index feedback_verdict on feedback (desk, answer_key) where kind <> 'shown';
create index feedback_wording on feedback (desk, answer_key) where wording is not null;

-- Decayed sum of the showings of each answer, each weighted by the probability that it was looked at; `weight` is as of `as_of`.
create table answer_showing (
    desk text not null references desk (id),
    answer_key text not null,
    weight real not null,
    as_of integer not null,
    primary key (desk, answer_key)
) without rowid;

-- Answers that were reported outdated.
create table retired_answer (
    desk text not null references desk (id),
    answer_key text not null,
    state text not null,
    text text not null,
    pool text not null,
    source blob not null,
    reports integer not null,
    reported_by text not null,
    reported_at integer not null,
    reviewed_by text,
    reviewed_at integer,
    primary key (desk, answer_key)
) without rowid;

create index retired_answer_reported on retired_answer (desk, reported_at, answer_key);

-- What was reported before this version is withheld and waits for review, too.
insert into retired_answer (desk, answer_key, state, text, pool, source, reports, reported_by, reported_at)
select f.desk, f.answer_key, 'reported', s.text, s.pool, s.source, count(distinct f.suggestion_id), f.actor, max(f.created_at)
from feedback f join suggestion s on s.id = f.suggestion_id
where f.kind = 'rejected' and f.reason = 'outdated'
group by f.desk, f.answer_key;
