-- An event is longer than what a leaf of a clustered table takes (a quarter of a page of 2 KiB): each had a page of its own,
-- most of it empty. Rows in the order of writing stand close together.
CREATE TABLE journal_rows (
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
);
INSERT INTO journal_rows
SELECT space, seq, at, actor, actor_name, action, urn, type, version, ground, cause, changes FROM journal ORDER BY at, space, seq;
DROP TABLE journal;
ALTER TABLE journal_rows RENAME TO journal;
CREATE INDEX journal_urn ON journal (space, urn, seq);
CREATE INDEX journal_cause ON journal (space, cause, seq) WHERE cause IS NOT NULL;
