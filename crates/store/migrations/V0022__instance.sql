-- Process instances (docs/adr/0019-cases.md): where each case stands in its process, what it waits for, and the steps that led
-- there. They lie in the space of the case and move with it; the case itself is an entity.
ALTER TABLE space ADD COLUMN next_instance BIGINT NOT NULL DEFAULT 0;

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
    state TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX instance_urn ON instance (urn);
CREATE INDEX instance_process ON instance (space, process, status, id);

-- What an instance waits for: a moment (due), a message, a signal, the answer of a service (due: when it is asked next).
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
){clustered};
CREATE INDEX instance_wait_due ON instance_wait (due) WHERE due IS NOT NULL;
CREATE INDEX instance_wait_name ON instance_wait (kind, name, key, space, instance, wait);

-- What happened in an instance: the steps of each version, a JSON list.
CREATE TABLE instance_step (
    space BIGINT NOT NULL,
    instance BIGINT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (space, instance, version)
){clustered};

-- What people have begun to fill in and not sent yet. Of the installation, under whose name they are: the draft of somebody.
CREATE TABLE draft (
    space BIGINT NOT NULL,
    subject TEXT NOT NULL,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    modified BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (space, subject, form)
);
CREATE INDEX draft_modified ON draft (modified);
