-- How far each projection has read the journal of each space.
CREATE TABLE projection (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (space, name)
);

-- Events that a projection could not take in, with the reason; it went on without them.
CREATE TABLE set_aside (
    space BIGINT NOT NULL,
    projection TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (space, projection, seq)
);
