-- A try at which the mailer took nothing from anybody says nothing about its email, and mustn't use up the tries that an email has.
alter table attempts drop constraint attempts_outcome_check;
alter table attempts add constraint attempts_outcome_check
  check (outcome in ('sent', 'refused', 'temporary', 'unknown', 'dead-owner', 'away'));
