-- Made by UPDATE_SCHEMA=1 cargo nextest run -p svod-store schema (as SQLite sees it).

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
    modified BIGINT NOT NULL, seen BIGINT,
    PRIMARY KEY (space, id)
);

CREATE UNIQUE INDEX account_login ON account (space, login);

CREATE INDEX account_person ON account (space, person);

CREATE TABLE attribute_count (
    space BIGINT NOT NULL,
    type TEXT NOT NULL,
    attribute TEXT NOT NULL,
    holds TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (space, type, attribute, holds)
) WITHOUT ROWID;

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

CREATE INDEX client_token_account ON client_token (space, account, client);

CREATE INDEX client_token_chain ON client_token (space, chain);

CREATE INDEX client_token_expires ON client_token (space, expires);

CREATE TABLE definition (
    space BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, kind, id)
);

CREATE INDEX definition_kind ON definition (kind, space, id);

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

CREATE TABLE draft (
    space BIGINT NOT NULL,
    subject TEXT NOT NULL,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL, page TEXT,
    PRIMARY KEY (space, subject, form)
);

CREATE INDEX draft_modified ON draft (modified);

CREATE TABLE "entity" (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    urn TEXT NOT NULL,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, id)
);

CREATE INDEX entity_type ON entity (space, type, id);

CREATE UNIQUE INDEX entity_urn ON entity (urn, space);

CREATE TABLE entity_cell (
    space BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    entity BIGINT NOT NULL, kind BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (space, attribute, cell, entity)
) WITHOUT ROWID;

CREATE TABLE entity_count (
    space BIGINT NOT NULL,
    type TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (space, type)
) WITHOUT ROWID;

CREATE TABLE entity_value (
    space BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    key BYTEA NOT NULL,
    entity BIGINT NOT NULL, kind BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (space, attribute, key, entity)
) WITHOUT ROWID;

CREATE TABLE evolution (
    space BIGINT NOT NULL,
    type TEXT NOT NULL,
    urn TEXT NOT NULL,
    PRIMARY KEY (space, type, urn)
) WITHOUT ROWID;

CREATE INDEX evolution_urn ON evolution (space, urn);

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

CREATE INDEX file_owner ON file (space, owner);

CREATE INDEX file_sender ON file (actor, created);

CREATE INDEX file_state ON file (state);

CREATE TABLE file_part (
    space BIGINT NOT NULL,
    file TEXT NOT NULL,
    n BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (space, file, n)
);

CREATE TABLE finding (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    trigger_id TEXT NOT NULL,
    urn TEXT NOT NULL,
    attribute TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, id)
);

CREATE INDEX finding_id ON finding (id);

CREATE TABLE form_reach (
    space BIGINT NOT NULL,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    page TEXT NOT NULL,
    reached BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    PRIMARY KEY (space, form, version, page)
) WITHOUT ROWID;

CREATE TABLE instance (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    urn TEXT NOT NULL,
    process TEXT NOT NULL,
    parent TEXT,
    business_key TEXT,
    status BIGINT NOT NULL,
    version BIGINT NOT NULL,
    started BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    state TEXT NOT NULL, person TEXT,
    PRIMARY KEY (space, id)
);

CREATE INDEX instance_person ON instance (person) WHERE person IS NOT NULL;

CREATE INDEX instance_process ON instance (space, process, status, id);

CREATE INDEX instance_standing ON instance (modified, space, id, process) WHERE status = 1;

CREATE INDEX instance_urn ON instance (urn);

CREATE TABLE instance_step (
    space BIGINT NOT NULL,
    instance BIGINT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (space, instance, version)
) WITHOUT ROWID;

CREATE TABLE instance_wait (
    space BIGINT NOT NULL,
    instance BIGINT NOT NULL,
    wait TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    due BIGINT,
    attempts BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, instance, wait)
) WITHOUT ROWID;

CREATE INDEX instance_wait_due ON instance_wait (due) WHERE due IS NOT NULL;

CREATE INDEX instance_wait_name ON instance_wait (kind, name, key, space, instance, wait);

CREATE TABLE "journal" (
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
    changes TEXT NOT NULL, on_behalf TEXT,
    PRIMARY KEY (space, seq)
);

CREATE INDEX journal_cause ON journal (space, cause, seq) WHERE cause IS NOT NULL;

CREATE INDEX journal_urn ON journal (space, urn, seq);

CREATE TABLE lease (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (space, name)
);

CREATE TABLE ledger_head (
    space BIGINT NOT NULL,
    origin TEXT NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (space, origin)
) WITHOUT ROWID;

CREATE TABLE ledger_leaf (
    space BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    leaf BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    PRIMARY KEY (space, seq)
) WITHOUT ROWID;

CREATE TABLE ledger_tile (
    space BIGINT NOT NULL,
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (space, level, number)
);

CREATE TABLE meta (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (space, name)
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
) WITHOUT ROWID;

CREATE TABLE outbox (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);

CREATE INDEX outbox_next ON outbox (next_at);

CREATE TABLE outside_identity (
    space BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (space, issuer, subject)
);

CREATE INDEX outside_identity_account ON outside_identity (space, account);

CREATE TABLE pack (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    published BIGINT NOT NULL,
    actor TEXT NOT NULL,
    active BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (space, id, published)
);

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

CREATE TABLE payment_notice (
    space BIGINT NOT NULL,
    provider TEXT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    payment TEXT,
    reason TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (space, provider, reference, state)
) WITHOUT ROWID;

CREATE TABLE posting (
    space BIGINT NOT NULL,
    txn TEXT NOT NULL,
    line BIGINT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (space, txn, line)
) WITHOUT ROWID;

CREATE INDEX posting_account ON posting (space, account, currency);

CREATE INDEX posting_what ON posting (what);

CREATE TABLE projection (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (space, name)
);

CREATE TABLE quarantine (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    source TEXT NOT NULL,
    profile TEXT,
    device TEXT,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BYTEA NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (space, id)
);

CREATE INDEX quarantine_at ON quarantine (status, at);

CREATE INDEX quarantine_id ON quarantine (id);

CREATE INDEX quarantine_reason ON quarantine (space, status, reason, id);

CREATE TABLE receipt (
    space BIGINT NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, actor, key)
) WITHOUT ROWID;

CREATE INDEX receipt_at ON receipt (space, at);

CREATE TABLE series (
    space BIGINT NOT NULL,
    id BIGINT NOT NULL,
    urn TEXT NOT NULL,
    attribute TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (space, id),
    UNIQUE (space, urn, attribute, device)
);

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
    address TEXT NOT NULL, assurance TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (space, token)
);

CREATE INDEX session_account ON session (space, account);

CREATE INDEX session_expires ON session (space, expires);

CREATE TABLE set_aside (
    space BIGINT NOT NULL,
    projection TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (space, projection, seq)
);

CREATE TABLE signing_key (
    space BIGINT NOT NULL,
    id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (space, id)
);

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

CREATE INDEX site_session_due ON site_session (space, due);

CREATE INDEX site_session_session ON site_session (space, session);

CREATE TABLE space (
    id BIGINT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    open BIGINT NOT NULL,
    seq BIGINT NOT NULL DEFAULT 0,
    next_entity BIGINT NOT NULL DEFAULT 0,
    next_outbox BIGINT NOT NULL DEFAULT 0,
    next_finding BIGINT NOT NULL DEFAULT 0,
    next_quarantine BIGINT NOT NULL DEFAULT 0,
    next_series BIGINT NOT NULL DEFAULT 0
, epoch BIGINT NOT NULL DEFAULT 0, next_instance BIGINT NOT NULL DEFAULT 0);

CREATE TABLE tombstone (
    space BIGINT NOT NULL,
    urn TEXT NOT NULL,
    version BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    doc TEXT NOT NULL, type TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (space, urn)
);

CREATE INDEX tombstone_merged ON tombstone (space, (CASE WHEN doc LIKE '{%' THEN json_extract(doc, '$.mergedInto') END)) WHERE (CASE WHEN doc LIKE '{%' THEN json_extract(doc, '$.mergedInto') END) IS NOT NULL;

CREATE INDEX tombstone_type ON tombstone (space, type, urn);

CREATE TABLE value_index (
    space BIGINT NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    ready BIGINT NOT NULL,
    at_space BIGINT NOT NULL,
    at_entity BIGINT NOT NULL,
    PRIMARY KEY (space, name)
);

