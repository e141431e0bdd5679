-- Of two pictures that are the same although they should differ, the second one is found out when the first may be written already.
insert into moves (noun, source, target) values
  ('deliveries', 'proven', 'quarantined'), ('deliveries', 'composed', 'quarantined');
