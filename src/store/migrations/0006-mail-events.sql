-- What mail services and bounces tell about an email after it was handed over. The key makes telling the same twice harmless.
create table mail_events (
  id bigint generated always as identity primary key,
  key text not null unique check (key <> ''),
  delivery_id bigint not null references deliveries on delete cascade,
  kind text not null check (kind in ('taken', 'delivered', 'deferred', 'bounced', 'refused', 'dropped', 'complained', 'unsubscribed')),
  email text not null,
  words text not null default '',
  at timestamptz not null,
  seen_at timestamptz not null default now()
);
create index mail_events_of_delivery on mail_events (delivery_id);

create index deliveries_uncertain on deliveries (slot_id) where state = 'uncertain';

-- An email that waits to be sent again, by policy or by an operator, may turn out to have been taken the first time.
insert into moves (noun, source, target) values ('deliveries', 'composed', 'sent');
