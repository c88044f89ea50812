-- For whom the actor of an event acted, and by what mandate, as JSON; none for most events.
ALTER TABLE journal ADD COLUMN on_behalf TEXT;

CREATE INDEX account_person ON account (space, person);
