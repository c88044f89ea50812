-- For whom the actor of an event acted, and by what mandate, as JSON; none for most events.
ALTER TABLE journal ADD COLUMN on_behalf TEXT;

CREATE INDEX account_person ON account (space, person);

-- How sure the outside provider was of who signs in, in its own words (acr); empty for what is proved here.
ALTER TABLE session ADD COLUMN assurance TEXT NOT NULL DEFAULT '';

-- By whom else an account is signed in to: issuer and subject of an outside OpenID provider.
CREATE TABLE outside_identity (
    space BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (space, issuer, subject)
);
CREATE INDEX outside_identity_account ON outside_identity (space, account);
