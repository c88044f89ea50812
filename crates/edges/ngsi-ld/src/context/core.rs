//! The core context (ETSI GS CIM 009, annex B), as a table: its terms win over those of any other context
//! (clause 4.4), and what no context knows falls into the default vocabulary (clause 5.5.4).

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

/// Namespace of the standard's own terms.
pub const NGSI_LD: &str = "https://uri.etsi.org/ngsi-ld/";
/// Namespace of terms that no context defines.
pub const DEFAULT: &str = "https://uri.etsi.org/ngsi-ld/default-context/";
/// Where core contexts of every version are published.
pub const CORE_PREFIX: &str = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context";
/// The core context named in answers.
pub const CORE_URL: &str = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld";
/// Versions of the core context known here; their terms differ by additions only.
const VERSIONS: [&str; 10] = ["", "-v1.0", "-v1.1", "-v1.3", "-v1.4", "-v1.5", "-v1.6", "-v1.7", "-v1.8", "-v1.9"];

/// How the standard's table types a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A class, or a property without a type.
    Plain,
    /// `@type: @id`.
    Id,
    /// `@type: @vocab`.
    Vocab,
    /// `@type: DateTime`.
    DateTime,
    /// `@container: @list`.
    List,
    /// `@container: @language`.
    Language,
    /// `@type: @json`.
    Json,
}

use Kind::{DateTime, Id, Json, Language, List, Plain, Vocab};

/// Terms of the `ngsi-ld:` namespace whose local name differs from the term.
const RENAMED: &[(&str, &str, Kind)] = &[
    ("value", "hasValue", Plain),
    ("values", "hasValues", List),
    ("valueList", "hasValueList", List),
    ("valueLists", "hasValuesLists", List),
    ("object", "hasObject", Id),
    ("objects", "hasObjects", List),
    ("objectList", "hasObjectList", List),
    ("objectsLists", "hasObjectsLists", List),
    ("objectType", "hasObjectType", Vocab),
    ("valueType", "hasValueType", Vocab),
    ("languageMap", "hasLanguageMap", Language),
    ("languageMaps", "hasLanguageMaps", List),
    ("vocab", "hasVocab", Vocab),
    ("vocabs", "hasVocabs", List),
    ("json", "hasJSON", Json),
    ("jsons", "jsons", List),
    ("previousValue", "hasPreviousValue", Plain),
    ("previousObject", "hasPreviousObject", Id),
    ("previousLanguageMap", "hasPreviousLanguageMap", Language),
    ("previousValueList", "hasPreviousValueList", List),
    ("previousObjectList", "hasPreviousObjectList", List),
    ("previousVocab", "hasPreviousVocab", Vocab),
    ("previousJson", "hasPreviousJson", Json),
    ("attributes", "attributes", Vocab),
];

/// Terms of the `ngsi-ld:` namespace named as they are.
const SAME: &[(&str, Kind)] = &[
    ("Attribute", Plain),
    ("AttributeList", Plain),
    ("ContextSourceIdentity", Plain),
    ("ContextSourceNotification", Plain),
    ("ContextSourceRegistration", Plain),
    ("EntityMap", Plain),
    ("EntityType", Plain),
    ("EntityTypeInformation", Plain),
    ("EntityTypeList", Plain),
    ("ExecutionResultDetails", Plain),
    ("GeoProperty", Plain),
    ("JsonProperty", Plain),
    ("LanguageProperty", Plain),
    ("ListProperty", Plain),
    ("ListRelationship", Plain),
    ("Notification", Plain),
    ("OptionValue", Plain),
    ("Property", Plain),
    ("Relationship", Plain),
    ("Snapshot", Plain),
    ("Subscription", Plain),
    ("TimeInterval", Plain),
    ("VocabProperty", Plain),
    ("accept", Plain),
    ("aggrMethods", Plain),
    ("aggrPeriodDuration", Plain),
    ("attributeCount", Plain),
    ("attributeDetails", Plain),
    ("attributeList", Vocab),
    ("attributeName", Vocab),
    ("attributeNames", Vocab),
    ("attributeTypes", Vocab),
    ("attrs", Vocab),
    ("avg", List),
    ("cacheDuration", Plain),
    ("containedBy", Plain),
    ("contextSourceAlias", Plain),
    ("contextSourceExtras", Json),
    ("contextSourceInfo", Plain),
    ("contextSourceTimeAt", DateTime),
    ("contextSourceUptime", Plain),
    ("cooldown", Plain),
    ("createdAt", DateTime),
    ("csf", Plain),
    ("data", Plain),
    ("dataType", Plain),
    ("datasetId", Id),
    ("deletedAt", DateTime),
    ("distinctCount", List),
    ("doc", Plain),
    ("end", DateTime),
    ("endAt", DateTime),
    ("endTimeAt", DateTime),
    ("endpoint", Plain),
    ("entities", Plain),
    ("entity", Plain),
    ("entityCount", Plain),
    ("entityId", Id),
    ("entityList", List),
    ("entityMap", Plain),
    ("error", Plain),
    ("errors", Plain),
    ("expiresAt", DateTime),
    ("format", Plain),
    ("geoQ", Plain),
    ("geoproperty", Vocab),
    ("georel", Plain),
    ("idPattern", Plain),
    ("information", Plain),
    ("instanceId", Id),
    ("isActive", Plain),
    ("join", Plain),
    ("joinLevel", Plain),
    ("jsonKeys", Vocab),
    ("key", Plain),
    ("lang", Plain),
    ("lastFailure", DateTime),
    ("lastNotification", DateTime),
    ("lastSuccess", DateTime),
    ("linkedMaps", Plain),
    ("localOnly", Plain),
    ("location", Plain),
    ("management", Plain),
    ("managementInterval", Plain),
    ("max", List),
    ("min", List),
    ("mode", Plain),
    ("modifiedAt", DateTime),
    ("notification", Plain),
    ("notificationTrigger", Plain),
    ("notifiedAt", DateTime),
    ("notifierInfo", Plain),
    ("notUpdated", Plain),
    ("observationInterval", Plain),
    ("observationSpace", Plain),
    ("observedAt", DateTime),
    ("omit", Vocab),
    ("operationSpace", Plain),
    ("operations", Plain),
    ("orderBy", Plain),
    ("ordering", Plain),
    ("pick", Vocab),
    ("providedBy", Id),
    ("q", Plain),
    ("reason", Plain),
    ("receiverInfo", Plain),
    ("refreshRate", Plain),
    ("registrationId", Plain),
    ("registrationName", Plain),
    ("relationshipNames", Vocab),
    ("scope", Plain),
    ("scopeQ", Plain),
    ("showChanges", Plain),
    ("splitEntities", Plain),
    ("start", DateTime),
    ("startAt", DateTime),
    ("status", Plain),
    ("stddev", List),
    ("subscriptionId", Id),
    ("subscriptionName", Plain),
    ("success", Id),
    ("sum", List),
    ("sumsq", List),
    ("temporalQ", Plain),
    ("tenant", Plain),
    ("throttling", Plain),
    ("timeAt", DateTime),
    ("timeInterval", Plain),
    ("timeout", Plain),
    ("timeproperty", Vocab),
    ("timerel", Plain),
    ("timesFailed", Plain),
    ("timesSent", Plain),
    ("title", Plain),
    ("totalCount", List),
    ("triggerReason", Plain),
    ("typeList", Vocab),
    ("typeName", Vocab),
    ("typeNames", Vocab),
    ("unchanged", Plain),
    ("unitCode", Plain),
    ("updated", Plain),
    ("uri", Plain),
    ("values", List),
    ("watchedAttributes", Vocab),
];

/// Terms of other vocabularies.
const OTHER: &[(&str, &str)] = &[
    ("title", "http://purl.org/dc/terms/title"),
    ("description", "http://purl.org/dc/terms/description"),
    ("Date", "https://uri.etsi.org/ngsi-ld/Date"),
    ("DateTime", "https://uri.etsi.org/ngsi-ld/DateTime"),
    ("Time", "https://uri.etsi.org/ngsi-ld/Time"),
    ("Feature", "https://purl.org/geojson/vocab#Feature"),
    ("FeatureCollection", "https://purl.org/geojson/vocab#FeatureCollection"),
    ("GeometryCollection", "https://purl.org/geojson/vocab#GeometryCollection"),
    ("LineString", "https://purl.org/geojson/vocab#LineString"),
    ("MultiLineString", "https://purl.org/geojson/vocab#MultiLineString"),
    ("MultiPoint", "https://purl.org/geojson/vocab#MultiPoint"),
    ("MultiPolygon", "https://purl.org/geojson/vocab#MultiPolygon"),
    ("Point", "https://purl.org/geojson/vocab#Point"),
    ("Polygon", "https://purl.org/geojson/vocab#Polygon"),
    ("bbox", "https://purl.org/geojson/vocab#bbox"),
    ("coordinates", "https://purl.org/geojson/vocab#coordinates"),
    ("features", "https://purl.org/geojson/vocab#features"),
    ("geometry", "https://purl.org/geojson/vocab#geometry"),
    ("properties", "https://purl.org/geojson/vocab#properties"),
    ("ngsi-ld", NGSI_LD),
    ("geojson", "https://purl.org/geojson/vocab#"),
];

struct Tables {
    iris: HashMap<&'static str, (String, Kind)>,
    terms: HashMap<String, &'static str>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let renamed = RENAMED.iter().map(|(t, n, k)| (*t, (format!("{NGSI_LD}{n}"), *k)));
        let same = SAME.iter().map(|(t, k)| (*t, (format!("{NGSI_LD}{t}"), *k)));
        let other = OTHER.iter().map(|(t, iri)| (*t, ((*iri).to_owned(), Plain)));
        let iris: HashMap<_, _> = same.chain(renamed).chain(other).collect();
        let terms = iris.iter().map(|(t, (iri, _))| (iri.clone(), *t)).collect();
        Tables { iris, terms }
    })
}

/// IRI of a term of the core context.
pub fn iri(term: &str) -> Option<&'static str> {
    tables().iris.get(term).map(|(iri, _)| iri.as_str())
}

/// The term of the core context for that IRI.
pub fn term(iri: &str) -> Option<&'static str> {
    tables().terms.get(iri).copied()
}

/// True for the address of a published core context, whichever its version.
pub fn is_core(url: &str) -> bool {
    url.strip_prefix(CORE_PREFIX).and_then(|v| v.strip_suffix(".jsonld")).is_some_and(|v| VERSIONS.contains(&v))
}

/// The core context as a JSON-LD document.
pub fn document() -> Value {
    let mut terms = Map::new();
    terms.insert("@version".into(), json!(1.1));
    terms.insert("@protected".into(), json!(true));
    for keyword in ["id", "type"] {
        terms.insert(keyword.into(), json!(format!("@{keyword}")));
    }
    let all: BTreeMap<_, _> = tables().iris.iter().collect();
    for (term, (iri, kind)) in all {
        let typed = match kind {
            Plain => json!(iri),
            Id => json!({"@id": iri, "@type": "@id"}),
            Vocab => json!({"@id": iri, "@type": "@vocab"}),
            DateTime => json!({"@id": iri, "@type": format!("{NGSI_LD}DateTime")}),
            List => json!({"@id": iri, "@container": "@list"}),
            Language => json!({"@id": iri, "@container": "@language"}),
            Json => json!({"@id": iri, "@type": "@json"}),
        };
        terms.insert((*term).to_owned(), typed);
    }
    terms.insert("@vocab".into(), json!(DEFAULT));
    json!({ "@context": terms })
}
