//! A pack: a folder of declarations, parsed and checked file by file.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use svod_kernel::{Lang, Role, SpacePath, Urn};

use crate::{Entity, Metamodel};

mod check;
mod devices;
mod entities;
mod exchange;
mod feeds;
mod layers;
mod manifest;
mod parse;
mod personas;
mod reader;
mod rules;
mod schema;
mod seed;
mod services;
mod simulation;
mod spaces;
mod starts;
mod test_files;
mod texts;
mod triggers;
mod yaml;

pub use check::check_pack;
pub use parse::{MAX_FILE, MAX_FILES, MAX_PACK, parse_pack, place_of};
pub use reader::Origins;
pub use rules::RULES;
pub use seed::{attribute_from_seed, entity_from_seed};

/// The files of a pack: path inside the folder (`model/air.yaml`) to bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackSource {
    /// By path, `/` as separator.
    pub files: BTreeMap<String, String>,
}

/// Where in a file; both count from 1, 0 when unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// One thing wrong with a pack: file, line, rule and fix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackError {
    /// Path inside the pack.
    pub file: String,
    /// Where.
    pub position: Position,
    /// Stable code of the rule that is broken.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub fix: String,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}] fix: {}", self.file, self.position.line, self.message, self.rule, self.fix)
    }
}

/// A parsed pack. Decisions, processes, policies, mappings and texts are kept as their files' text: the crates that
/// run them compile them.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    /// `pack.yaml`.
    pub manifest: Manifest,
    /// The files it was read from.
    pub source: PackSource,
    /// Types and code lists declared here, inheritance not yet resolved across packs.
    pub model: Metamodel,
    /// `spaces.yaml`.
    pub spaces: Vec<SpaceSpec>,
    /// `entities/*.yaml`.
    pub entities: Vec<Entity>,
    /// `devices/*.yaml`.
    pub devices: Vec<DeviceProfile>,
    /// `triggers/*.yaml`.
    pub triggers: Vec<TriggerSpec>,
    /// `services/*.yaml`.
    pub services: Vec<ServiceSpec>,
    /// `layers/*.yaml`.
    pub layers: Vec<LayerSpec>,
    /// `simulation/*.yaml`.
    pub simulations: Vec<SimulationSpec>,
    /// `feeds/*.yaml`.
    pub feeds: Vec<FeedSpec>,
    /// `imports/*.yaml`.
    pub imports: Vec<ImportSpec>,
    /// `exchange/*.yaml`.
    pub exchanges: Vec<ExchangeSpec>,
    /// `personas.yaml`.
    pub personas: Vec<PersonaSpec>,
    /// `decisions/*.dmn`: file name to XML.
    pub decisions: BTreeMap<String, String>,
    /// `processes/*.bpmn`: file name to XML.
    pub processes: BTreeMap<String, String>,
    /// `forms/*.form.json`: file name to JSON.
    pub forms: BTreeMap<String, String>,
    /// `calendars/*.yaml`: name to text.
    pub calendars: BTreeMap<String, String>,
    /// `policies/*.cedar`: file name to text.
    pub policies: BTreeMap<String, String>,
    /// `locales/*.ftl`: language to Fluent text.
    pub locales: BTreeMap<Lang, String>,
    /// `tests/*.yaml` as JSON: file name to its list of cases.
    pub tests: BTreeMap<String, Vec<Value>>,
    /// Where each declaration stands, for errors found later.
    pub origins: Origins,
}

/// `pack.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `[a-z][a-z0-9-]*`.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// Body answerable for it.
    pub owner: String,
    /// Packs it needs.
    #[serde(default)]
    pub depends: Vec<String>,
    /// Top-level space it applies to; none means every space.
    #[serde(default)]
    pub space: Option<String>,
    /// Files of `decisions/` that everybody may ask.
    #[serde(default)]
    pub open_decisions: Vec<String>,
}

/// A system of somebody else that processes ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeSpec {
    /// What processes call it.
    pub id: String,
    /// Pack that declares it.
    pub pack: String,
    /// What can be asked of it.
    pub operations: Vec<String>,
    /// Decision of the pack that answers where nobody has said how the system is reached, for demonstrations and tries:
    /// `file.dmn#Name`.
    pub sandbox: Option<String>,
}

/// A space the pack declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceSpec {
    /// Its path.
    pub path: SpacePath,
    /// Seconds by which its clocks are ahead of UTC; none: those of the space above it.
    pub clock: Option<i32>,
}

/// `devices/*.yaml`: how a payload becomes readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceProfile {
    /// Id of the profile, unique over all packs of a top-level space.
    pub id: String,
    /// The pack's id.
    pub pack: String,
    /// File it stands in.
    pub file: String,
    /// MQTT topic with `{device}` for the device's external id.
    pub topic: String,
    /// Type of the entities whose attributes the readings are.
    pub kind: String,
    /// jq program: payload to one or more `{at, values, simulated?}`.
    pub mapping: String,
    /// Observation times further in the future than this many seconds are quarantined.
    pub max_future_seconds: i64,
}

/// `triggers/*.yaml`: when a decision is asked, and what it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerSpec {
    /// Id, unique in the pack.
    pub id: String,
    /// The pack's id.
    pub pack: String,
    /// The pack's version.
    pub version: String,
    /// Type of the entities judged.
    pub kind: String,
    /// When.
    pub on: TriggerOn,
    /// Which decision.
    pub decision: DecisionRef,
    /// What an alert of it is.
    pub alert: AlertSpec,
    /// BPMN process started with the alert.
    pub process: String,
}

/// When a trigger's decision is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TriggerOn {
    /// With each new current value of these attributes.
    Observation(Vec<String>),
    /// Every so many seconds for every entity of the type.
    Interval(i64),
}

/// A decision of a DMN file of the same pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRef {
    /// File name under `decisions/`.
    pub file: String,
    /// Name of the decision.
    pub name: String,
}

/// What kind of alert a trigger raises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSpec {
    /// Fluent `alert-<kind>`.
    pub kind: String,
    /// Value of the code list `Subject`: which body answers.
    pub subject: String,
}

/// `services/*.yaml`: what somebody may ask the authorities for, or is given unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Id, unique in the pack; Fluent `service-<id>`, `service-<id>-about`, `service-<id>-result`.
    pub id: String,
    /// The pack's id.
    pub pack: String,
    /// The pack's version.
    pub version: String,
    /// Value of the code list `LifeSituation`.
    pub situation: String,
    /// Who may have it.
    pub audience: Vec<Audience>,
    /// Value of the code list `Subject`: which body answers.
    pub subject: String,
    /// BPMN process of the pack.
    pub process: String,
    /// What starts it.
    pub start: Vec<StartSpec>,
    /// Variables of the process that the applicant sees on the page of the case.
    pub variables: Vec<String>,
    /// How long the authorities have.
    pub term: ServiceTerm,
    /// So many seconds before the end of the term those who work on it are warned.
    pub warn_seconds: Option<i64>,
    /// Act and article, in the language of the act.
    pub acts: Vec<String>,
    /// What it costs, in words of the act; none: nothing.
    pub fee: Option<String>,
    /// How its decisions are objected to; none: they are not, here.
    pub object: Option<ObjectSpec>,
    /// Reasons by which its term may stand still; Fluent `pause-<word>`.
    pub pause: Vec<String>,
    /// FEEL that names the thing or space where its cases lie; none: with the applicant.
    pub place: Option<String>,
    /// Spaces in which it is tried; empty: offered wherever its pack is.
    pub pilot: Vec<SpacePath>,
    /// Other processes that some applicants have instead, so that they can be compared.
    pub variants: Vec<VariantSpec>,
}

impl ServiceSpec {
    /// The process that an applicant has: the same one always, by a number made of their URN.
    pub fn process_for(&self, applicant: &str) -> &str {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a: it must be the same on every node and in every version
        for byte in format!("{}/{}:{applicant}", self.pack, self.id).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut drawn = (hash >> 32) % 100;
        for variant in &self.variants {
            match drawn.checked_sub(variant.share) {
                None => return &variant.process,
                Some(left) => drawn = left,
            }
        }
        &self.process
    }
}

/// Another process of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantSpec {
    /// BPMN process of the pack.
    pub process: String,
    /// How many of a hundred applicants have it.
    pub share: u64,
}

/// How decisions of a service are objected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSpec {
    /// BPMN process of the pack, which begins as a case of its own.
    pub process: String,
    /// So many days after a decision it may be objected to.
    pub days: i64,
    /// File of `forms/` that is filled in; none: nothing is.
    pub form: Option<String>,
    /// How long the authorities have for it; none: as long as for the service.
    pub term: Option<ServiceTerm>,
}

/// Who may have a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// People.
    Person,
    /// Organizations, by those who act for them.
    Organization,
}

/// What starts a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "a service has a few of them")]
pub enum StartSpec {
    /// Somebody fills in this form of `forms/`.
    Form(String),
    /// Something happens to an entity.
    #[serde(rename_all = "camelCase")]
    Event {
        /// Its type.
        kind: String,
        /// `create`, `update`, `delete` or `due`.
        action: String,
        /// Of `due`: when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<DueSpec>,
        /// FEEL over the entity; none: always.
        when: Option<String>,
        /// FEEL that gives the party concerned, or a list of parties.
        applicant: String,
        /// Asked first, or begun at once.
        mode: StartMode,
        /// FEEL over the entity: an offer stands as long as it is true; none: as long as the entity is there.
        #[serde(default, rename = "while", skip_serializing_if = "Option::is_none")]
        stands: Option<String>,
        /// FEEL over the entity: files of cases, by their identifiers, which whom the service is offered to sees with the offer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lend: Option<String>,
        /// Variables of the process, each with the FEEL that gives it.
        set: BTreeMap<String, String>,
    },
}

/// A moment of an entity that counts as an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueSpec {
    /// Attribute that holds a moment or a day.
    pub on: String,
    /// Before it; else after it.
    pub before: bool,
    /// So long, ISO 8601: `P30D`, `P18Y`.
    pub span: String,
}

/// What an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartMode {
    /// The party is offered the service and agrees with one act.
    Offer,
    /// The party is offered the service, and fills in its form to have it: what is known stands there already.
    Fill,
    /// It runs: the law says so.
    Run,
}

/// How long the authorities have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceTerm {
    /// Working days of a calendar.
    #[serde(rename_all = "camelCase")]
    WorkingDays {
        /// How many.
        days: i64,
        /// Name of a file of `calendars/` of this pack or one it depends on.
        calendar: String,
    },
    /// Seconds on the clock.
    Seconds(i64),
}

/// `layers/*.yaml`: what stands on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerSpec {
    /// Fluent `layer-<id>`.
    pub id: String,
    /// Type of the entities shown.
    #[serde(rename = "type")]
    pub kind: String,
    /// Attribute that holds the geometry.
    pub geometry: String,
    /// Drawn later when larger.
    pub order: i64,
    /// Shown at first.
    pub visible: bool,
    /// How it looks.
    pub style: LayerStyle,
}

/// How a layer looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerStyle {
    /// `circle`, `line`, `fill`, `vehicle` or `pin`.
    pub kind: String,
    /// Attribute (or `worstRatio`, `status` …) that gives the colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour_by: Option<String>,
    /// From this value on, this colour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<(f64, String)>,
    /// A fading trace is drawn behind it.
    #[serde(default)]
    pub trail: bool,
}

/// `simulation/*.yaml`; `spec` is read by the simulation crate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulationSpec {
    /// Id, unique in the pack.
    pub id: String,
    /// Device profile whose payloads it makes.
    pub profile: String,
    /// Seconds between payloads of one device.
    pub interval_seconds: f64,
    /// Type of the entities that have such a device.
    pub kind: String,
    /// The whole file as JSON.
    pub spec: Value,
}

/// `feeds/*.yaml`: a real file replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSpec {
    /// Id, unique in the pack.
    pub id: String,
    /// Path below the data folder; `.csv` or `.csv.gz`.
    pub file: String,
    /// Device profile that maps the payload.
    pub profile: String,
    /// jq over the row (object of texts): external id of the device.
    pub device: String,
    /// jq over the row: payload as the device would send it.
    pub payload: String,
    /// jq over the row: RFC 3339 time by which rows are ordered.
    pub time: String,
    /// Shown wherever the data are.
    pub attribution: String,
}

/// `imports/*.yaml`: entities and attributes taken from a file below the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSpec {
    /// Id, unique in the pack.
    pub id: String,
    /// Path below the data folder; `.gz` allowed.
    pub file: String,
    /// How its records are written.
    pub format: ImportFormat,
    /// Type of an entity that does not exist yet.
    pub kind: String,
    /// jq over a record: URN of the entity, or nothing to pass the record over.
    pub matches: String,
    /// jq over a record: space of an entity that does not exist yet.
    pub space: String,
    /// By attribute: jq over a record; its answer has the form of a seed entity's attribute
    /// ([`crate::attribute_from_seed`]), nothing leaves the attribute as it is.
    pub set: BTreeMap<String, String>,
    /// Shown wherever the data are.
    pub attribution: String,
}

/// What a record of an imported file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportFormat {
    /// A feature of a GeoJSON FeatureCollection (RFC 7946).
    Geojson,
    /// A row, as an object of texts named by the header line.
    Csv,
}

/// `personas.yaml`: somebody to try the demo as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonaSpec {
    /// Id used by `svod demo token`.
    pub id: String,
    /// Name shown; Fluent `persona-<id>`.
    pub roles: Vec<Role>,
    /// Where the roles hold.
    pub spaces: Vec<SpacePath>,
    /// The body whose post they hold.
    #[serde(default)]
    pub body: Option<Urn>,
    /// Whom they are in the graph: attributes of a `Person` that the demonstration makes for them in the first of their spaces.
    #[serde(default)]
    pub person: Option<BTreeMap<String, String>>,
}

impl PersonaSpec {
    /// The identifier of their person; none for who is only a post.
    pub fn person_urn(&self) -> Option<Urn> {
        self.person.as_ref().and_then(|_| Urn::svod("person", &format!("demo-{}", self.id)).ok())
    }
}
