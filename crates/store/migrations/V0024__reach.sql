-- Whose the case of an instance is, so that what is kept of a person can be found and destroyed.
ALTER TABLE instance ADD COLUMN person TEXT;
CREATE INDEX instance_person ON instance (person) WHERE person IS NOT NULL;

-- Those that stand still, for operators: a few of many.
CREATE INDEX instance_standing ON instance (modified, space, id, process) WHERE status = 1;

-- Files of an entity, whether it names them or not.
CREATE INDEX file_owner ON file (space, owner);

-- How far somebody came in a form of several pages; none where nobody counts its pages.
ALTER TABLE draft ADD COLUMN page TEXT;

-- How far people come in forms: of each version of a form how many came to a page, and how many went on from it. Counts only,
-- of nobody in particular. Of the installation.
CREATE TABLE form_reach (
    space BIGINT NOT NULL,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    page TEXT NOT NULL,
    reached BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    PRIMARY KEY (space, form, version, page)
){clustered};

-- When an account was used last: who uses none for long is kept out. Unknown for those of before.
ALTER TABLE account ADD COLUMN seen BIGINT;
