-- What edges are told to keep: contexts, subscriptions, registrations. One JSON document each, by kind and identifier.
CREATE TABLE definition (
    space BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, kind, id)
);
