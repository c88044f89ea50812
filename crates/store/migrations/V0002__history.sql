-- Observations in their first form: one row each, clustered by series and time. Their SQL lives in crates/history.
CREATE TABLE series (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    urn TEXT NOT NULL,
    attribute TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (space, id),
    UNIQUE (space, urn, attribute, device)
);

CREATE TABLE observation (
    space BIGINT NOT NULL,
    series BIGINT NOT NULL,
    at BIGINT NOT NULL,
    num DOUBLE PRECISION,
    num2 DOUBLE PRECISION,
    txt TEXT,
    flags BIGINT NOT NULL,
    received BIGINT NOT NULL,
    PRIMARY KEY (space, series, at)
){clustered};
