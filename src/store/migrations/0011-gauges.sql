-- Whoever watches asks every few seconds what was drawn and what came back within a day, and these grow with the years.
create index renders_finished on renders (finished_at) where state in ('ready', 'faulted');
create index mail_events_seen on mail_events (seen_at);
