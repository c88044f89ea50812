-- The books (docs/adr/0020-money.md): lines of double entry, written with the change that moved the money and never changed after.
-- They lie in the space of what moved it. Amounts are in the smallest unit of the currency; the lines of a transaction add up to nothing.
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
){clustered};
CREATE INDEX posting_account ON posting (space, account, currency);
CREATE INDEX posting_what ON posting (what);

-- What payment providers have said that fits nothing here: an unknown reference, more than is owed. Of the installation; kept until
-- somebody has looked into it.
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
){clustered};
