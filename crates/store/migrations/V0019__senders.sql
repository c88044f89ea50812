-- How much somebody has sent within a day is asked before every file (docs/adr/0018-files.md).
CREATE INDEX file_sender ON file (actor, created);
