pack-base-title = Base
pack-base-description = Types and code lists that the regions' packs build upon: municipality, body, asset, alert, case, task.

## Types

type-GeoPoint = Point
type-Geometry = Geometry
type-Municipality = Municipality
type-Body = Body
type-Person = Person
type-Post = Post
type-Appointment = Appointment
type-Asset = Asset
type-Alert = Alert
type-Case = Case
type-Task = Task

## Attributes

attr-name = Name
attr-code = OKTMO code
attr-boundary = Boundary
attr-seat = Seat of administration
attr-source = Source
attr-territory = Territory
attr-subjects = Subjects
attr-location = Location
attr-deviceId = Device number
attr-owner = Owner
attr-simulated = Simulated
attr-kind = Kind
attr-severity = Severity
attr-subject = Subject
attr-entity = Asset
attr-attribute = Indicator
attr-status = Status
attr-raisedAt = Raised at
attr-closedAt = Closed at
attr-offeredAt = Offered at
attr-closing = Ground of closing
attr-trigger = Trigger
attr-decision = Decision table
attr-rule = Matched rule
attr-inputs = Inputs of the decision
attr-case = Case
attr-process = Process
attr-processVersion = Process version
attr-state = Progress of the process
attr-alert = Alert
attr-openedAt = Opened at
attr-body = Answerable body
attr-step = Step of the process
attr-deadline = Deadline
attr-takenBy = Taken by
attr-takenAt = Taken at
attr-completedAt = Completed at
attr-result = Result
attr-birthDate = Date of birth
attr-nationalId = SNILS or IIN
attr-email = E-mail
attr-phone = Telephone
attr-role = Role
attr-person = Person
attr-post = Post
attr-since = Since
attr-until = Until
attr-deputy = Stands in
attr-ground = Ground

## Code lists

enum-Subject-air = Air
enum-Subject-roads = Roads
enum-Subject-devices = Devices
enum-Subject-water = Water
enum-Subject-heat = Heat
enum-AlertStatus-open = Open
enum-AlertStatus-closed = Closed
enum-Severity-warning = Warning
enum-Severity-danger = Danger
enum-TaskStatus-offered = Offered
enum-TaskStatus-taken = In progress
enum-TaskStatus-done = Done
enum-CaseStatus-open = Open
enum-CaseStatus-closed = Closed
enum-PostRole-official = Official
enum-PostRole-governor = Governor
enum-PostRole-administrator = Administrator
