-- All documents of a kind in every space are asked for again and again.
CREATE INDEX definition_kind ON definition (kind, space, id);
