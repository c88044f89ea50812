-- Files that belong to entities (docs/adr/0018-files.md): what is known of each, and its bytes in parts of at most 256 KiB, so
-- that rows stay small for both engines, for copies and for whoever follows the write-ahead log. They lie in the space of the
-- entity and move with it.
CREATE TABLE file (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX file_id ON file (id);
CREATE INDEX file_state ON file (state);

CREATE TABLE file_part (
    space BIGINT NOT NULL,
    file TEXT NOT NULL,
    n BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (space, file, n)
);
