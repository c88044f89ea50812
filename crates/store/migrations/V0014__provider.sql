-- Other sites whose people sign in here (OpenID Connect). Secrets and tokens are kept as hashes, signing keys sealed with the
-- installation's key. All of it is the installation's (space 0).
CREATE TABLE client (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    secret BYTEA NOT NULL,
    doc TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);

CREATE TABLE client_consent (
    space BIGINT NOT NULL,
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (space, account, client)
);

-- Tokens of one sign-in share its chain: a refresh token that comes twice ends them all.
CREATE TABLE client_token (
    space BIGINT NOT NULL,
    token BYTEA NOT NULL,
    kind TEXT NOT NULL,
    chain TEXT NOT NULL,
    client TEXT NOT NULL,
    account TEXT,
    scope TEXT NOT NULL,
    doc TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT,
    PRIMARY KEY (space, token)
);
CREATE INDEX client_token_chain ON client_token (space, chain);
CREATE INDEX client_token_expires ON client_token (space, expires);
CREATE INDEX client_token_account ON client_token (space, account, client);

CREATE TABLE signing_key (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);
