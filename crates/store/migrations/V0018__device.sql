-- Credentials of devices (ASVS V13.2.1): who may deliver readings, for which space, profile and device. The secret is kept as
-- a hash. All of it is the installation's (space 0): credentials do not move with a space to another installation.
CREATE TABLE device (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    words TEXT NOT NULL,
    home TEXT NOT NULL,
    profile TEXT,
    device TEXT,
    secret BYTEA NOT NULL,
    actor TEXT NOT NULL,
    created BIGINT NOT NULL,
    seen BIGINT,
    revoked BIGINT,
    PRIMARY KEY (space, id)
);
CREATE INDEX device_created ON device (space, created);
CREATE INDEX device_revoked ON device (space, revoked);
