INSERT INTO attribute_count (space, type, attribute, holds, count)
SELECT space, type, attribute, holds, count(*) FROM (
    SELECT e.space, k.value AS type, a.key AS attribute,
        CASE WHEN a.type = 'array' THEN json_extract(a.value, '$[0]') ELSE a.value END AS instance
    FROM entity e, json_each(json_insert(coalesce(json_extract(e.doc, '$.also'), '[]'), '$[#]', '', '$[#]', e.type)) k,
        json_each(e.doc, '$.attributes') a
) CROSS JOIN (
    SELECT 'value' AS member, 'Property' AS holds UNION ALL SELECT 'object', 'Relationship'
    UNION ALL SELECT 'objects', 'Relationship' UNION ALL SELECT 'geometry', 'GeoProperty'
    UNION ALL SELECT 'languages', 'LanguageProperty' UNION ALL SELECT 'vocab', 'VocabProperty'
    UNION ALL SELECT 'json', 'JsonProperty' UNION ALL SELECT 'list', 'ListProperty'
    UNION ALL SELECT 'objectList', 'ListRelationship'
) WHERE json_type(instance, '$.' || member) IS NOT NULL
GROUP BY space, type, attribute, holds;
