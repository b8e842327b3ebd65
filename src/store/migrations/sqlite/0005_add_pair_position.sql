-- Where a pair's answer begins in its conversation; pairs mined before this migration learn it when their conversation is mined again.
alter table pair add column position integer not null default 0;
