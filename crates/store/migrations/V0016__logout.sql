-- Which sites came of a session: told when it ends (OpenID Connect Back-Channel Logout). `due` is when they are to be told
-- (again), none while the session lasts.
CREATE TABLE site_session (
    space BIGINT NOT NULL,
    chain TEXT NOT NULL,
    session BYTEA NOT NULL,
    client TEXT NOT NULL,
    subject TEXT NOT NULL,
    due BIGINT,
    tries BIGINT NOT NULL,
    PRIMARY KEY (space, chain)
);
CREATE INDEX site_session_session ON site_session (space, session);
CREATE INDEX site_session_due ON site_session (space, due);
