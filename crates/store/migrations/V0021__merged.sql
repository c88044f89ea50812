-- What was merged into something is found without a look at all that was ever removed.
CREATE INDEX tombstone_merged ON tombstone (space, {merged into}) WHERE {merged into} IS NOT NULL;
