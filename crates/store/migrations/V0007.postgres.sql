INSERT INTO attribute_count (space, type, attribute, holds, count)
SELECT space, type, attribute, holds, count(*) FROM (
    SELECT e.space, k.type, a.key AS attribute,
        CASE WHEN jsonb_typeof(a.value) = 'array' THEN a.value -> 0 ELSE a.value END AS instance
    FROM entity e
    CROSS JOIN LATERAL (
        SELECT '' AS type UNION ALL SELECT e.type
        UNION ALL SELECT jsonb_array_elements_text(coalesce(e.doc::jsonb -> 'also', '[]'::jsonb))
    ) k
    CROSS JOIN LATERAL jsonb_each(e.doc::jsonb -> 'attributes') a
) given CROSS JOIN (VALUES ('value', 'Property'), ('object', 'Relationship'), ('objects', 'Relationship'),
    ('geometry', 'GeoProperty'), ('languages', 'LanguageProperty'), ('vocab', 'VocabProperty'), ('json', 'JsonProperty'),
    ('list', 'ListProperty'), ('objectList', 'ListRelationship')) AS kinds (member, holds)
WHERE instance ? member
GROUP BY space, type, attribute, holds;
