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
type-Party = Participant
type-Organization = Organization
type-Mandate = Mandate
type-Access = Access to personal data
type-Objection = Objection
type-Consent = Consent
type-SecurityAlert = Security alert

## Attributes

attr-name = Name
attr-code = OKTMO code
attr-boundary = Boundary
attr-seat = Seat of administration
attr-source = Source
attr-territory = Territory
attr-subjects = Subjects
attr-parent = Superior body
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
attr-actor = Who acts
attr-access = Access
attr-answer = Answer
attr-basis = Kind of ground
attr-consent = Consent
attr-data = Data
attr-delegate = Representative
attr-document = Document
attr-files = Files
attr-only = Only these data
attr-purpose = Purpose
attr-reason = Reason
attr-recipient = Recipient
attr-registration = OGRN or BIN
attr-review = Review
attr-reviewer = Reviewed by
attr-scope = In which matters
attr-text = Text

## Posts

# The name of the post is not declined: the mark stands after it.
post-acting = { $post } (acting)

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
enum-PostRole-auditor = Security officer
enum-MandateBasis-parent = Parent
enum-MandateBasis-guardian = Guardian
enum-MandateBasis-attorney = Power of attorney
enum-MandateBasis-head = Head of the organization
enum-MandateBasis-employee = Employee of the organization
enum-MandateBasis-present = Operator, in presence
enum-AccessGround-law = Law
enum-AccessGround-contract = Contract
enum-AccessGround-consent = Consent
enum-AccessGround-emergency = Emergency
enum-AccessGround-mandate = Acting for the person
enum-AccessGround-document = Document read
enum-AccessReview-open = Not reviewed
enum-AccessReview-confirmed = Confirmed
enum-AccessReview-refused = Found wrong
enum-SecurityKind-mass-reading = Mass reading
enum-SecurityKind-probing = Numbers tried
enum-SecurityKind-emergency = Emergency access
enum-SecurityKind-sign-in-failures = Failed sign-ins
enum-SecurityKind-device-failures = Devices refused
enum-SecurityKind-new-device = New device
enum-SecurityKind-far-away = Two networks at a time
enum-SecurityKind-powers = Powers changed
enum-SecurityKind-tampering = Ledger does not fit
enum-SecurityKind-malware = Malware in a file

## Rules between attributes

rule-access-ends-later = An access ends after it has begun
rule-open-alert = An alert that is open has no moment of closing
rule-open-case = A case that is open has no moment of closing
