## Map

map-title = Live map
map-lead = Everything on the map as tables: values, shares of the norm, alerts and tasks.
map-territory = Territory
map-other-territory = Choose another territory
map-to-map = Show on the map
map-to-list = All objects as a list
map-all-of-them = Show all
map-worst = Worst reading
map-values = Now
map-empty-title = Nothing on the map yet
map-empty-text = Objects appear when a pack that brings them is published.
map-as-of = Figures as of
map-newest = Latest observation
map-stat-alerts = Open alerts
map-stat-above = Objects above the norm
map-ended-title = Alerts that ended in the last day
map-ended-none = No alert ended in the last day.
map-legend = What the colours mean
map-legend-ratio = Worst ratio to the norm
map-legend-from = { $value } and more
map-legend-words = “Within the norm” is below 0.8 of it, “near the norm” from 0.8 to 1, “above the norm” from 1.
map-sources = Sources of the data
map-replayed = Some values are replayed from an archive of observations: their age is counted from the time of observation.

## Level

level-within = within the norm
level-near = near the norm
level-above = above the norm
level-none = no norm set
level-silent = no data
level-ratio = { $ratio } of the norm

## Object

object-name = Name
object-type = Type
object-territory = Territory
object-level = Level
object-age = Updated
object-silent = No observations yet.
object-about = { $what }: { $where }
object-place = { $lat }° N, { $lon }° E
object-drawn = drawn on the map, points: { $n }
object-yes = yes
object-no = no
object-document = Show details

objects-title = Objects
objects-every-type = Every type
objects-search = Name or number
objects-count = { $n ->
    [one] { $n } object
   *[other] { $n } objects
}
objects-none-title = Nothing found
objects-none-text = Change the territory, the type or the words searched for.
objects-csv = Download this list (CSV, up to 20,000 rows)

## Alerts and tasks

alerts-what = What happened
alerts-severity = Severity
alerts-attribute = Reading
alerts-raised = Began
alerts-ended = Ended
alerts-open = going on
tasks-what = What is to be done
tasks-status = Status
tasks-deadline = Deadline

## Card

card-current = Current values
card-attribute = Reading
card-value = Value
card-norm = Ratio to the norm
card-norm-is = norm { $value }
card-more-values = Other readings
card-history = History of observations
card-as-table = Show the numbers as a table
card-facts = Facts
card-open = Open alerts
card-ended = Past alerts
card-on-map = Show on the map
card-journal = Journal of changes
card-to-task = Open the task
card-to-case = Open the case
card-whole-page = The whole card
chart-time = Time
chart-average = Average
chart-least = Smallest
chart-greatest = Largest

## Units (UCUM codes)

unit-mg-per-m3 = mg/m³
unit-ug-per-m3 = µg/m³
unit-Cel = °C
unit-m-per-s = m/s
unit-km-per-h = km/h
unit-percent = %
unit-deg = °
unit-mm-Hg = mmHg
unit-hPa = hPa
unit-Pa = Pa
unit-m = m
unit-km = km
unit-cm = cm
unit-mm = mm
unit-m2 = m²
unit-m3 = m³
unit-m3-per-h = m³/h
unit-kg = kg
unit-g = g
unit-t = t
unit-s = s
unit-min = min
unit-h = h
unit-d = d
unit-L = L
unit-V = V
unit-A = A
unit-W = W
unit-kW = kW
unit-MW = MW
unit-Hz = Hz
unit-K = K
unit-ppm = ppm
unit-bar = bar

## Vocabulary

vocabulary-title = Types and attributes
vocabulary-lead = What the packs declare and what is in use, with the number of objects in the territory.
vocabulary-declared = Declared by
vocabulary-undeclared = not declared
vocabulary-attributes = Attributes
vocabulary-entities = Objects
vocabulary-name = Name in the interface
vocabulary-uri = Public vocabulary
vocabulary-attribute = Attribute
vocabulary-holds = Holds
vocabulary-unit = Unit
vocabulary-class = Who may see it
vocabulary-required = Required
vocabulary-in-use = Objects that have it
vocabulary-class-open = everybody
vocabulary-class-internal = those in office
vocabulary-class-personal = the person concerned and those with a ground
vocabulary-class-special = the same, special category (health, beliefs)
vocabulary-class-secret = secret: whom a pack names
vocabulary-holds-text = text
vocabulary-holds-number = number
vocabulary-holds-switch = yes or no
vocabulary-holds-moment = date and time
vocabulary-holds-place = place
vocabulary-holds-word = word of the list { $list }
vocabulary-holds-link = link to: { $type }
vocabulary-holds-several = several: { $what }
vocabulary-none-title = No type yet
vocabulary-none-text = Types appear when a pack that declares them is published.
vocabulary-no-attributes-title = No attribute yet
vocabulary-no-attributes-text = The type declares none, and no object has any.
objects-vocabulary = Types and attributes
