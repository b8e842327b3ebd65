-- Figures over time read sets of a period with what agents did with their suggestions.
create index suggestion_set_created on suggestion_set (desk, created_at);
