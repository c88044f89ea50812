-- Who can sign in, and how. Nothing of it is readable back: passwords and tokens are hashes, the secret of one-time codes is
-- sealed with the installation's key. All of it is the installation's (space 0).
CREATE TABLE account (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    person TEXT,
    state TEXT NOT NULL,
    password TEXT,
    totp BYTEA NOT NULL,
    totp_step BIGINT NOT NULL,
    recovery TEXT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE UNIQUE INDEX account_login ON account (space, login);

CREATE TABLE passkey (
    space BIGINT NOT NULL,
    credential BYTEA NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    doc TEXT NOT NULL,
    created BIGINT NOT NULL,
    used BIGINT,
    PRIMARY KEY (space, credential)
);
CREATE INDEX passkey_account ON passkey (space, account);

-- A session's key is the SHA-256 of its token.
CREATE TABLE session (
    space BIGINT NOT NULL,
    token BYTEA NOT NULL,
    account TEXT NOT NULL,
    method TEXT NOT NULL,
    acting TEXT,
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (space, token)
);
CREATE INDEX session_account ON session (space, account);
CREATE INDEX session_expires ON session (space, expires);

-- What was begun and waits for its second half: ceremonies of passkeys, second factors, invitations. Each is taken once.
CREATE TABLE challenge (
    space BIGINT NOT NULL,
    token BYTEA NOT NULL,
    kind TEXT NOT NULL,
    account TEXT,
    state TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (space, token)
);
CREATE INDEX challenge_expires ON challenge (space, expires);
