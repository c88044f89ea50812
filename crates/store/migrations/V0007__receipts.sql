-- What commands with a key of their client have done, so that a repeated one does it once.
CREATE TABLE receipt (
    space BIGINT NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, actor, key)
){clustered};
CREATE INDEX receipt_at ON receipt (space, at);

-- How many entities of a type have an attribute, and what it holds there.
CREATE TABLE attribute_count (
    space BIGINT NOT NULL,
    type TEXT NOT NULL,
    attribute TEXT NOT NULL,
    holds TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (space, type, attribute, holds)
){clustered};
{attributes of before}
