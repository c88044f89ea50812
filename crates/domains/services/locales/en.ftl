## Tasks

tasks-title = Tasks
tasks-lead = What has to be done in your territory. The overdue come first, then those with the nearest deadline.
tasks-locked = Tasks are seen by the officials of the answerable bodies, by the head of the region and by the platform's administrators, each in their own territory.
locked-personas = In the demonstration, sign in as one of these:
locked-other = Sign in as somebody else
tasks-count-overdue = Overdue
tasks-count-offered = Waiting
tasks-count-taken = In progress
tasks-count-mine = Taken by me
tasks-found = { $n ->
    [one] { $n } task
   *[other] { $n } tasks
}
tasks-truncated = There are very many tasks: the first { $n } of each status were looked at. Narrow the list with the filters.
tasks-filter-status = Status
tasks-filter-severity = Severity
tasks-filter-body = Body
tasks-status-open = Not done yet
tasks-status-offered = Waiting for somebody
tasks-status-taken = In progress
tasks-status-done = Done
tasks-status-all = All
tasks-severity-any = Any
tasks-body-any = All bodies
tasks-body-mine = My body only
tasks-overdue = Overdue
tasks-taken-by = Taken by: { $who }
tasks-empty-title = Nothing to do
tasks-empty-text = There are no open tasks in your territory. A new one appears here by itself as soon as a rule calls for it.
tasks-nothing-title = Nothing fits
tasks-nothing-text = Change the filters to see other tasks.
tasks-csv = Download this list (CSV)

csv-what = What
csv-asset = Asset
csv-indicator = Indicator
csv-severity = Severity
csv-status = Status
csv-place = Place
csv-body = Answerable body
csv-deadline = Deadline
csv-overdue = Overdue
csv-taken-by = Taken by
csv-done-at = Done at
csv-result = Result
csv-id = Identifier

## One task

task-why = Why it arose
task-ground = What it rests on
task-next = What happens next
task-deadline = Deadline
task-due = by
task-done-at = done
task-no-deadline = no deadline
task-asset = Asset
task-place = Place
task-coordinates = { $lat }° N, { $lon }° E
task-body = Answerable body
task-no-body = no body answers for this place and subject
task-offered = Offered
task-taken = Taken by
task-completed = Done
task-result = What was done
task-result-hint = In your own words, up to 4,000 characters. It goes into the journal of the case.
task-result-empty = Write what was done.
task-result-long = The text is longer than 4,000 characters. Shorten it.
task-complete = Complete
task-take = Take the task
task-release = Give it back
task-case = Journal of the case
task-done-take = The task is yours
task-done-take-text = When the work is done, write what was done and complete the task.
task-done-release = The task has been given back
task-done-release-text = It waits for somebody of the answerable body again.
task-done-complete = The task is complete
task-done-complete-text = The result stands in the journal of the case.
task-conflict = Somebody was faster
task-conflict-done = The task is done already. Nothing of yours was changed.
task-conflict-mine = You have taken this task already, perhaps in another window.
task-conflict-taken = The task is in the hands of: { $who }. They complete it or give it back.
task-conflict-offered = The task waits for somebody again. Take it first.
task-next-done = Nothing more: the task is done. The alert ends by itself when the rule finds that its ground is gone.
task-next-mine = You work on it. Write what was done and complete the task, or give it back so that somebody else can take it.
task-next-taken = { $who } works on it. You will see the result here.
task-next-take = Take the task, act, and write what was done. Everybody entitled sees in the journal who did what.
task-next-others = It waits for somebody of this body: { $body }.
task-next-nobody = No body answers for this place and subject; an official of the territory can take it.
somebody = somebody

why-ratio = { $name }: { $value }. This is { $ratio } times the norm of { $norm }.
why-value = { $name }: { $value }.
why-silent = { $n ->
    [one] No readings have arrived for { $n } minute.
   *[other] No readings have arrived for { $n } minutes.
}
why-never = Not one reading has arrived yet.
why-still = { $n ->
    [one] It has not moved for { $n } minute.
   *[other] It has not moved for { $n } minutes.
}
why-observed = Observed
why-received = Received
why-decision = Decided by
why-rule = Matched rule
why-trigger = Trigger
why-raised = Alert raised
why-alert-status = Alert
why-hours = Time to act, by the rule
why-hours-n = { $n } h
why-inputs = All inputs of the decision
input-value = Value
input-norm = Norm
input-ratio = Value to norm
input-open = Alert open already
input-silentMinutes = Minutes without readings
input-stillMinutes = Minutes without moving

## A case

case-title = Case: { $about }
case-timeline = What happened
case-about = The case
case-tasks = Tasks of the case
case-opened = Opened
case-closed = Closed
case-process = Process

## The journal

journal-title = Journal
journal-lead = Who did what, when and on what ground. The newest comes first; nothing is ever removed.
journal-locked = The journal is read by officials, by the head of the region and by the platform's administrators, each in their own territory.
journal-entity = Identifier of an entity
journal-entity-bad = This is no identifier. It looks like urn:svod:task:17-0.
journal-action = Action
journal-action-any = Any
journal-space = Territory
journal-events = Events
journal-empty-title = No events
journal-empty-text = Nothing in the journal fits these filters.

event-reading = { $name }: { $value }
event-alert-raise = Alert raised
event-alert-close = Alert ended
event-case-open = Case opened
event-case-advance = The case went one step further
event-case-close = Case closed
event-task-offer = Task offered
event-task-take = Task taken
event-task-release = Task given back
event-task-complete = Task done
event-create = Created: { $type }
event-update = Changed: { $type }
event-delete = Removed: { $type }
event-erased = Erased what was recorded: { $type }
event-publish = Pack published
event-other = { $type }: { $action }
event-about = About
event-cause = Case
event-ground = Ground
change-was = was
change-is = is now
change-removed = removed

verb-raise = alert raised
verb-open = case opened
verb-offer = task offered
verb-take = task taken
verb-release = task given back
verb-complete = task done
verb-advance = case went on
verb-close = alert ended
verb-create = created
verb-update = changed
verb-delete = removed
verb-erased = erased
verb-publish = pack published

actor-platform = The platform, by a declared rule
actor-platform-runtime = The platform, by a declared rule
actor-platform-packs = The platform, from a pack
ground-decision = decision “{ $name }” ({ $file }), pack “{ $pack }”, version { $version }
ground-pack = pack “{ $pack }”, version { $version }
ground-post-in = post in
ground-post = by post

value-yes = yes
value-no = no
value-none = none
value-place = place on the map

unit-mg-m3 = mg/m³
unit-percent = %
unit-mm-Hg = mmHg
unit-Cel = °C
unit-deg = °
unit-km-h = km/h
unit-m-s = m/s

## Receipts

event-receipt = Receipt
receipt-title = Receipt
receipt-lead = A receipt proves that an event was recorded and has not been changed since. It is verified by arithmetic, without trusting this site.
receipt-valid = The receipt is valid
receipt-valid-text = The event stands in the ledger exactly as below. Nobody can change it there unnoticed.
receipt-event = Event
receipt-when = When
receipt-who = Who
receipt-place = Place in the ledger
receipt-leaf-of = Leaf { $n } of { $size }, ledger { $log }
receipt-signed = Signed by
receipt-changes = What was recorded
receipt-hidden = Not shown to you: { $n }. Its fingerprint is part of the proof.
receipt-download = Download the receipt
receipt-pdf = Download as PDF
receipt-qr = Point a phone's camera here to open this receipt.
receipt-qr-alt = QR code with the address of this receipt
receipt-address = Address of the receipt
receipt-whole = The whole receipt
receipt-whole-text = The same text lies in this file as receipt.tlog-proof. Verify it on the page /receipt, or by a program: svod ledger receipt FILE --key KEY.
receipt-attached = The receipt, to be verified by a program
receipt-another = Verify a receipt
receipt-text = Receipt
receipt-text-hint = The whole text of a .tlog-proof file. It begins with c2sp.org/tlog-proof@v1.
receipt-keys = Keys of other ledgers and witnesses
receipt-keys-hint = If the receipt is not of this ledger, or if you want to see its witnesses: a key a line, as its keeper publishes it.
receipt-verify = Verify
receipt-own-key = The key of this ledger
receipt-bad-key = One of the keys is not written as name+number+key.
receipt-unreadable = This is not a whole receipt. Copy all of the file, from the first line to the last.
receipt-unsigned = Nobody whose key is known has signed this receipt, or a signature does not fit. Give the key of its ledger.
receipt-changed = The event in this receipt is not the one in the ledger: one of them was changed.
receipt-not-yet = The event becomes part of the ledger within a second. Load the page again.
receipt-erased = What this event held was erased by right. That there was an event is still proven.

services-title = Services
services-lead = You are not asked for what is known already.
services-drafts = Begun and not sent
services-none-title = Nothing was found
services-none = Change the words or the filters.
services-search = Words
services-situation = Life situation
services-every-situation = Any
services-audience = For whom
services-everybody = Everybody
services-person = People
services-organization = Organizations
service-begin = Begin
service-sign-in = Sign in and begin
service-term = How long it takes
service-term-days = { $days ->
    [one] { $days } working day
    *[other] { $days } working days
}
service-term-hours = { $hours ->
    [one] { $hours } hour
    *[other] { $hours } hours
}
service-term-minutes = { $minutes ->
    [one] { $minutes } minute
    *[other] { $minutes } minutes
}
service-fee = Fee
service-free = Free
service-for = For whom
service-start = How it begins
service-unasked = Also unasked, when the data say so
service-unasked-text = When it happens, you are offered it.
service-result-title = What you get
service-acts = Legal ground
service-source = From the register: { $register }
task-given = What the applicant says
task-fill = Fill in
not-given = not given
case-number = Number
case-outcome = Outcome
case-deadline = Decided by
case-sent = Your application is sent
case-sent-text = Here you see what becomes of it.
service-application = Application
task-answer = Answer
task-about = About the task
event-task-withdraw = The task was withdrawn
ground-application = Application
ground-process = A process of the pack “{ $pack }”, version { $version }
