-- Whose the case of an instance is, so that what is kept of a person can be found and destroyed.
ALTER TABLE instance ADD COLUMN person TEXT;
CREATE INDEX instance_person ON instance (person) WHERE person IS NOT NULL;

-- Those that stand still, for operators: a few of many.
CREATE INDEX instance_standing ON instance (modified, space, id, process) WHERE status = 1;

-- Files of an entity, whether it names them or not.
CREATE INDEX file_owner ON file (space, owner);
