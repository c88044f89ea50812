-- The first form of everything the platform keeps but observations. Every key begins with the space; times are
-- microseconds since the Unix epoch, UTC; {clustered} keeps a table in its primary key's order where the engine can.

-- Spaces, and in the same row the counters that hand out numbers inside one: locked with the row, so never ahead of a commit.
CREATE TABLE space (
    id BIGINT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    open BIGINT NOT NULL,
    seq BIGINT NOT NULL DEFAULT 0,
    next_entity BIGINT NOT NULL DEFAULT 0,
    next_outbox BIGINT NOT NULL DEFAULT 0,
    next_finding BIGINT NOT NULL DEFAULT 0,
    next_quarantine BIGINT NOT NULL DEFAULT 0,
    next_series BIGINT NOT NULL DEFAULT 0
);
INSERT INTO space (id, path, open) VALUES (0, 'installation', 0);

-- Current state. `indexed` repeats the pairs kept in entity_value, so that a change removes the old ones without an index of its own.
CREATE TABLE entity (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    urn TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL,
    indexed TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX entity_type ON entity (space, type, id);

CREATE TABLE entity_value (
    space BIGINT NOT NULL,
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    entity BIGINT NOT NULL,
    PRIMARY KEY (space, attribute, value, entity)
){clustered};

CREATE TABLE journal (
    space BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    urn TEXT NOT NULL,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    ground TEXT NOT NULL,
    cause TEXT,
    changes TEXT NOT NULL,
    PRIMARY KEY (space, seq)
){clustered};
CREATE INDEX journal_urn ON journal (space, urn, seq);
CREATE INDEX journal_cause ON journal (space, cause, seq) WHERE cause IS NOT NULL;

CREATE TABLE outbox (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX outbox_next ON outbox (next_at);

CREATE TABLE lease (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (space, name)
);

-- Numbers of findings and of refused messages come from the installation's row, so that one number names one of them anywhere.
CREATE TABLE finding (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    trigger_id TEXT NOT NULL,
    urn TEXT NOT NULL,
    attribute TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX finding_id ON finding (id);

CREATE TABLE quarantine (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    source TEXT NOT NULL,
    profile TEXT,
    device TEXT,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BYTEA NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX quarantine_id ON quarantine (id);
CREATE INDEX quarantine_reason ON quarantine (space, status, reason, id);

CREATE TABLE pack (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    published BIGINT NOT NULL,
    actor TEXT NOT NULL,
    active BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (space, id, published)
);

CREATE TABLE meta (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (space, name)
);
