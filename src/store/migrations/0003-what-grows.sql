-- These tables grow with every morning, and each of these questions is asked for every picture or email of it: what is drawn on a server
-- now, which pictures are byte for byte the same, which closed slots nobody has been told of.
create index renders_drawing on renders (server) where state = 'drawing';
create index artifacts_same on artifacts (sha256);
create index slots_untold on slots (id) where state = 'closed' and summarized_at is null;
