-- Backups: a row before each act and its outcome after it. The catalogue of archives can be rebuilt from the bucket's manifests;
-- runs, parts and drills can't, and no archive depends on them.

-- A schedule is known from the moment it was first seen, as those of reports are: nothing is owed from before.
create table backup_schedules (
  backup text not null,
  act text not null check (act in ('backup', 'drill')),
  schedule text not null,
  zone text not null,
  known_since timestamptz not null,
  primary key (backup, act)
);

create table backup_runs (
  id bigint generated always as identity primary key,
  backup text not null check (backup <> ''),
  nominal timestamptz not null,
  due timestamptz not null,
  date date not null,
  zone text not null,
  asked_by text,
  state text not null default 'due'
    check (state in ('due', 'producing', 'uploading', 'verifying', 'done', 'failed', 'skipped')),
  reason text,
  not_before timestamptz,
  n integer not null default 0,
  owner text,
  lease_until timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  produce_ms bigint,
  upload_ms bigint,
  verify_ms bigint,
  words text,
  source jsonb check (jsonb_typeof(source) = 'object'),
  place text,
  key text,
  upload_id text,
  part_bytes bigint,
  unique (backup, nominal),
  check ((owner is null) = (lease_until is null)),
  check (state not in ('failed', 'skipped') or reason is not null),
  check (state <> 'done' or (key is not null and place is not null))
);
comment on column backup_runs.date is 'The slot''s calendar date in the backup''s zone, fixed when the run is recorded.';
comment on column backup_runs.asked_by is 'Null: its schedule. Otherwise the operator who asked for it.';
comment on column backup_runs.words is 'The tail of what the producer wrote to its standard error.';
comment on column backup_runs.source is 'The file that is uploaded, and what tells whether it still is the same.';
-- Two daemons never make one backup twice, and no run begins while another one of the same backup is under way.
create unique index backup_runs_open on backup_runs (backup) where state in ('due', 'producing', 'uploading', 'verifying');
create index backup_runs_uploads on backup_runs (upload_id) where upload_id is not null;

create table backup_parts (
  run_id bigint not null references backup_runs on delete cascade,
  upload_id text not null,
  n integer not null check (n between 1 and 10000),
  etag text not null,
  bytes bigint not null check (bytes >= 0),
  sha256 text not null,
  primary key (run_id, upload_id, n)
);

create table archives (
  id bigint generated always as identity primary key,
  backup text not null check (backup <> ''),
  place text not null check (place <> ''),
  key text not null check (key <> ''),
  date date not null,
  made_at timestamptz not null,
  state text not null check (state in ('made', 'verified', 'suspect', 'broken', 'missing', 'removed')),
  reason text,
  verified_at timestamptz,
  last_seen_at timestamptz,
  last_read_at timestamptz,
  removed_at timestamptz,
  removing text,
  was text check (was in ('made', 'verified', 'suspect', 'broken')),
  bytes bigint not null check (bytes >= 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  pin text check (pin <> ''),
  locked_until timestamptz,
  run_id bigint references backup_runs on delete set null,
  unique (place, key),
  check (state <> 'missing' or was is not null),
  check (state <> 'verified' or verified_at is not null),
  check (state not in ('suspect', 'broken', 'removed') or reason is not null),
  check ((state = 'removed') = (removed_at is not null))
);
comment on column archives.place is 'Where it lies, in words: a backup that moves to another bucket begins anew there.';
comment on column archives.removing is 'Written before its bytes are removed, with why: after a crash, bytes that are gone were not lost.';
comment on column archives.was is 'What a missing archive was before, and is again when it is found.';
comment on column archives.reason is 'Why it is suspect, broken or removed, or why an operator accepted it.';
create index archives_of_backup on archives (backup, place, date desc) where state <> 'removed';

create table drills (
  id bigint generated always as identity primary key,
  backup text not null,
  archive_id bigint references archives on delete set null,
  key text not null,
  nominal timestamptz,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text check (outcome in ('passed', 'failed')),
  duration_ms bigint,
  bytes bigint,
  words text,
  check ((finished_at is null) = (outcome is null)),
  check (outcome is distinct from 'failed' or words is not null)
);
comment on column drills.nominal is 'Null: an operator asked for it.';
comment on column drills.outcome is 'Null: under way, or its process ended.';
create index drills_of_backup on drills (backup, id desc);

create table backup_policies (
  backup text not null,
  place text not null,
  retention jsonb not null check (jsonb_typeof(retention) = 'object'),
  approved_at timestamptz not null,
  approved_by text,
  primary key (backup, place)
);
comment on table backup_policies is 'By which retention archives were last allowed to be removed; a shorter one has to be confirmed.';
comment on column backup_policies.approved_by is 'Null: nobody had to be asked, since it removed nothing that the one before kept.';

insert into moves (noun, source, target) values
  ('backup_runs', 'due', 'producing'), ('backup_runs', 'due', 'failed'), ('backup_runs', 'due', 'skipped'),
  ('backup_runs', 'producing', 'uploading'), ('backup_runs', 'producing', 'failed'), ('backup_runs', 'producing', 'due'),
  ('backup_runs', 'uploading', 'verifying'), ('backup_runs', 'uploading', 'producing'), ('backup_runs', 'uploading', 'failed'),
  ('backup_runs', 'uploading', 'due'),
  ('backup_runs', 'verifying', 'done'), ('backup_runs', 'verifying', 'uploading'), ('backup_runs', 'verifying', 'producing'),
  ('backup_runs', 'verifying', 'failed'), ('backup_runs', 'verifying', 'due'),
  ('backup_runs', 'failed', 'due'), ('backup_runs', 'failed', 'verifying');
-- What is removed stays so, unless the object itself has come back: somebody restored an older version of it.
insert into moves (noun, source, target) values
  ('archives', 'made', 'verified'), ('archives', 'made', 'suspect'), ('archives', 'made', 'broken'),
  ('archives', 'verified', 'suspect'), ('archives', 'verified', 'broken'), ('archives', 'verified', 'made'),
  ('archives', 'suspect', 'made'), ('archives', 'suspect', 'verified'), ('archives', 'suspect', 'broken'),
  ('archives', 'broken', 'made'), ('archives', 'broken', 'verified'), ('archives', 'broken', 'suspect'),
  ('archives', 'missing', 'made'), ('archives', 'missing', 'verified'), ('archives', 'missing', 'suspect'), ('archives', 'missing', 'broken'),
  ('archives', 'removed', 'made'), ('archives', 'removed', 'verified'), ('archives', 'removed', 'suspect');
insert into moves (noun, source, target)
  select 'archives', source, target
  from unnest(array['made', 'verified', 'suspect', 'broken']) source, unnest(array['missing', 'removed']) target;
insert into moves (noun, source, target) values ('archives', 'missing', 'removed');

create trigger legal_moves before update of state on backup_runs for each row execute function refuse_illegal_move();
create trigger legal_moves before update of state on archives for each row execute function refuse_illegal_move();
