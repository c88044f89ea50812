-- The log of the journal that nobody can rewrite (crates/ledger). The salt of an event's leaf is empty once it was destroyed;
-- hashes of a tile stand one after another, those of entries at level -1. The tables without a space of their own are the
-- installation's (space 0).
CREATE TABLE ledger_leaf (
    space BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    leaf BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    PRIMARY KEY (space, seq)
){clustered};

CREATE TABLE ledger_tile (
    space BIGINT NOT NULL,
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (space, level, number)
);

-- The head of the own log (empty origin), and of those that this installation is a witness of.
CREATE TABLE ledger_head (
    space BIGINT NOT NULL,
    origin TEXT NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (space, origin)
){clustered};
