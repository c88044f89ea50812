-- Entities found by value and place; identifiers are unique inside a tree of spaces (a top-level space and those under it),
-- which whoever writes makes sure of under the exclusive lock. The keys are built again in the background.
CREATE TABLE entity_next (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    urn TEXT NOT NULL,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
INSERT INTO entity_next (space, id, urn, type, version, created, modified, doc)
    SELECT space, id, urn, type, version, created, modified, doc FROM entity;
DROP TABLE entity;
ALTER TABLE entity_next RENAME TO entity;
CREATE UNIQUE INDEX entity_urn ON entity (urn, space);
CREATE INDEX entity_type ON entity (space, type, id);

-- `attribute` is a hash of its name, `key` the value in an order of bytes (svod-query's keys).
DROP TABLE entity_value;
CREATE TABLE entity_value (
    space BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    key BYTEA NOT NULL,
    entity BIGINT NOT NULL,
    PRIMARY KEY (space, attribute, key, entity)
){clustered};

-- Geometries by the cells that cover them (svod-query's cells).
CREATE TABLE entity_cell (
    space BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    PRIMARY KEY (space, attribute, cell, entity)
){clustered};

-- How many entities of each type, further types included.
CREATE TABLE entity_count (
    space BIGINT NOT NULL,
    type TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (space, type)
){clustered};

-- What removed entities were, until somebody needs the identifier again.
CREATE TABLE tombstone (
    space BIGINT NOT NULL,
    urn TEXT NOT NULL,
    version BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, urn)
);

-- Which attributes have keys: `space` is the top of a tree, or 0 for all of them; `at_space` and `at_entity` tell how far
-- the entities that were there before have been read.
CREATE TABLE value_index (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    ready BIGINT NOT NULL,
    at_space BIGINT NOT NULL,
    at_entity BIGINT NOT NULL,
    PRIMARY KEY (space, name)
);

-- One more whenever writers must know something anew (which attributes have keys, which packs are in force).
ALTER TABLE space ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
