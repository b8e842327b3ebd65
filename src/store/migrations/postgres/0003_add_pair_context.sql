-- What a pair's conversation had been about: ascending term ids, four bytes each, the lowest first. Pairs mined before this migration learn it
-- when their conversation is mined again.
alter table pair add column context_terms bytea not null default '';
