-- Entities of which nothing is known but a history that was given; what was when is read from the journal (svod-temporal).
CREATE TABLE evolution (
    space BIGINT NOT NULL,
    type TEXT NOT NULL,
    urn TEXT NOT NULL,
    PRIMARY KEY (space, type, urn)
){clustered};
CREATE INDEX evolution_urn ON evolution (space, urn);

-- Removed entities are asked for by type when the past is.
ALTER TABLE tombstone ADD COLUMN type TEXT NOT NULL DEFAULT '';
CREATE INDEX tombstone_type ON tombstone (space, type, urn);
