-- Instances of a process by status. Not by space first: PostgreSQL without statistics (a database just made) took that index for
-- instances by their numbers too, and read the whole space for each.
DROP INDEX instance_process;
CREATE INDEX instance_process ON instance (process, status, space, id);
