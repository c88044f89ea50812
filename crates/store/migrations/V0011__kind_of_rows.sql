-- Who asks for a type and a value, or a type and a place, need not look at every entity that has the value. 0: the entity has
-- several types, or the row was written before there was this column; then the entity is looked at.
ALTER TABLE entity_value ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entity_cell ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
