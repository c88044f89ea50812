## Pack

pack-building-permit-title = Building a house or a small building
pack-building-permit-description = A building permit in five working days and an answer to a notice of a house in seven: the system asks for the rights, bodies check at one time, a refusal names its article.

## Types

type-LandParcel = Land parcel
type-TownPlan = Town-planning plan
type-BuildingApplication = Building application
type-BuildingPermit = Building permit

## Attributes

attr-cadastralNumber = Cadastral number
attr-landAddress = Address of the parcel
attr-landArea = Area of the parcel
attr-landUse = Permitted use
attr-landZones = Zones with special conditions
attr-landMunicipality = Municipality
attr-planNumber = Number of the plan
attr-landParcel = Parcel
attr-planIssuedOn = Plan issued
attr-planStoreys = Storeys at the most
attr-planHeight = Height at the most
attr-planShare = Built-up share at the most, %
attr-planSetback = Distance to the boundary at the least
attr-buildingKind = What is built
attr-buildingStoreys = Storeys above ground
attr-buildingHeight = Height of the building
attr-buildingArea = Floor area
attr-buildingMonths = Months of building
attr-buildingStatus = State of the application
attr-permitNumber = Number of the permit
attr-permitKind = Kind of permit
attr-permitSince = Valid from
attr-permitUntil = Valid until
attr-permitStatus = State of the permit
rule-building-permit-ends-later = A permit ends later than it begins

## Code lists

enum-LandUse-housing = Individual houses
enum-LandUse-gardening = Gardens
enum-LandUse-trade = Shops, cafés, offices
enum-LandUse-industry = Industry and storage
enum-LandUse-public = Land of common use
enum-ProtectionZone-sanitary = Sanitary protection zone
enum-ProtectionZone-water = Water protection zone
enum-ProtectionZone-power = Protected zone of a power line
enum-ProtectionZone-pipeline = Protected zone of a pipeline
enum-ProtectionZone-heritage = Protection zone of a monument
enum-BuildingKind-house = Individual house
enum-BuildingKind-garden-house = Garden house
enum-BuildingKind-shop = Shop
enum-BuildingKind-cafe = Café, canteen
enum-BuildingKind-office = Office building
enum-BuildingKind-workshop = Workshop
enum-BuildingKind-storage = Storehouse
enum-BuildingStatus-open = Under consideration
enum-BuildingStatus-documents = Waits for documents
enum-BuildingStatus-granted = Allowed
enum-BuildingStatus-refused = Refused
enum-BuildingStatus-withdrawn = Withdrawn
enum-PermitKind-permit = Building permit
enum-PermitKind-notice = Notice of conformity
enum-PermitStatus-valid = In force
enum-PermitStatus-ended = Ended

## Services

service-building-permit = Get a building permit
service-building-permit-about = A shop, café, office, workshop or storehouse. Give the number of the parcel, the project and surveys; the body finds out the rest. Free of charge. For a house give notice.
service-building-permit-result = A permit in the register with its number and term, or a refusal with its reasons by article.
service-house-notice = Give notice of a house
service-house-notice-about = A house or garden house of up to three storeys and 20 metres. No permit is needed.
service-house-notice-result = A notice of conformity for ten years, or of non-conformity with its reasons.
service-building-reply = Send documents or withdraw a building application
service-building-reply-about = When the body wrote what is missing, or you have changed your mind. You need the number of the case.
service-building-reply-result = The documents are in the case, or the application is withdrawn.
outcome-permit-granted = Permit given
outcome-permit-refused = Permit refused
outcome-notice-conforms = The house conforms
outcome-notice-differs = The house does not conform
outcome-building-no-parcel = No such parcel in the land register
outcome-building-duplicate = Such an application is under consideration
outcome-building-use-notice = A notice is needed, not a permit
outcome-building-use-permit = A permit is needed, not a notice
outcome-building-withdrawn = Application withdrawn
outcome-building-documents-passed = Documents passed on
outcome-building-withdrawal-passed = Withdrawal passed on
outcome-building-reply-not-awaited = No reply is awaited
outcome-building-objection-granted = Objection granted
outcome-building-objection-refused = Objection refused
pause-building-documents = waiting for the documents that we wrote to you about
pause-building-delivery = decided; the paper copy is on its way
layer-land-parcels = Land parcels
layer-building-permits = Building permits

## Messages to the applicant

building-missing-title = The right to the parcel is not in the land register. We need the document of the right. Send it by the service “Send documents”, case { $number }, within ten working days. The term stands still until then.
building-missing-plan = There is no valid town-planning plan. Get it from the planning body and write its number. Send it by the service “Send documents”, case { $number }, within ten working days. The term stands still until then.
building-missing-survey = The results of engineering surveys are missing. Send it by the service “Send documents”, case { $number }, within ten working days. The term stands still until then.
building-missing-expertise = The building has more than two storeys or 1,500 m². We need the number of the project’s expert conclusion. Send it by the service “Send documents”, case { $number }, within ten working days. The term stands still until then.
building-missing-project = The files that were sent are not the project of this building on this parcel. Send it by the service “Send documents”, case { $number }, within ten working days. The term stands still until then.
building-fee-cancelled = No paper copy will be brought, and nothing is owed. It does not change the decision.
building-permit-granted = Building permit No. { $number } is given and in the register. It holds until { $until }.
building-permit-refused = The permit is refused. { $reason } Put it right and apply again, or object to the decision.
building-notice-conforms = You may build the house: notice No. { $number } is in the register and holds until { $until }.
building-notice-differs = You may not build like this. { $reason } Put it right and give notice again, or object to the decision.
building-objection-permit = The objection is granted. No. { $number } is in the register and holds until { $until }.

## Forms

building-page-you = Applicant
building-page-land = Parcel
building-page-building = Building
building-page-house = House
building-page-papers = Documents
building-page-how = How to answer
building-page-sign = Signature
building-applicant = Developer
building-cadastral = Cadastral number of the parcel
building-cadastral-hint = As in the extract: 42:30:0301001:12.
building-cadastral-form = Write the number with colons, as 42:30:0301001:12.
building-title = Document of the right to the parcel
building-title-hint = Only when the right is not in the land register. What is there we find out.
building-house-title-hint = Only when the right is not in the land register.
building-kind = What you build
building-storeys = Storeys above ground
building-height = Height
building-area = Floor area
building-footprint = Footprint
building-setback = Least distance to the boundary
building-months = Months of building by the project
building-expertise = Number of the expert conclusion
building-expertise-hint = From the register of expert conclusions.
building-papers-intro = Send only what bodies do not have. Leave out the extract of the land register and the town-planning plan.
building-project = Project documents
building-project-hint = Explanatory note, layout of the parcel, architectural and structural solutions, organisation of building.
building-survey = Results of engineering surveys
building-if-missing = When something is missing
building-if-missing-wait = Write to me and wait: I ask that the term stand still
building-if-missing-decide = Decide in time by what is there
building-delivery = How to get the decision
building-delivery-electronic = Electronically, free of charge
building-delivery-courier = On paper as well, brought home, 500 ₽ (an example)
building-delivery-place = Where to: address in the register
building-delivery-place-hint = Write town, street, house and flat, press Find and choose. Not in the register: write the address below.
building-delivery-address = Where to
building-delivery-address-hint = Only where the register has none: town, street, house, flat.
building-truth = Everything is true
building-case-number = Number of the case
building-case-number-hint = Eight signs from the page of the case; hyphen and capitals are not needed.
building-reply = What you want
building-reply-documents = Send documents
building-reply-withdraw = Withdraw the application
building-reply-papers = Documents
building-reply-note = Note, number of the plan
building-land-intro = The land register did not answer. Get the extract and say whose right is in it.
building-land-right = Right to the parcel
building-land-right-own = The applicant’s
building-land-right-other = Somebody else’s
building-land-right-none = Not recorded
building-land-right-unknown = There is no such parcel
building-land-reference = Number of the extract
building-documents-intro = See whether what came is what was missing. Nothing else may be asked for (article 51 part 10).
building-documents-outcome = Documents
building-documents-outcome-complete = Everything is there
building-documents-outcome-not = These are not the documents
building-documents-note = What is wrong
building-project-intro = Compare the project with the plan and restrictions of the parcel (article 51 part 11 item 2).
building-project-answer = Project
building-project-answer-fits = Conforms
building-project-answer-not-fits = Does not conform
building-project-answer-wrong-files = Files of something else, or unreadable
building-note = What exactly, with the item of the norm
building-fire-intro = Are distances to neighbouring buildings enough (123-FZ article 69)? Silence for over three working days does not delay the decision.
building-sanitary-intro = May the building stand here by sanitary requirements (52-FZ article 12; decree No. 222)?
building-answer = Answer
building-answer-fits = No objections
building-answer-violation = Requirements are violated
building-visit-intro = Look at the parcel at its place on the map, without meeting the owner. Take pictures from several sides.
building-visit = On the parcel
building-visit-empty = Nothing is being built
building-visit-building = Somebody is building
building-visit-no-access = It could not be seen
building-visit-photos = Pictures
building-visit-photos-hint = JPEG or PNG, up to ten.
building-visit-note = What you saw
building-decision-intro = The decision is proposed by a table. If you decide otherwise, that is written down. Silence of other bodies is no ground of refusal (article 51 part 13).
building-decision = Decision
building-decision-grant = Allow
building-decision-refuse = Refuse
building-grounds = Grounds of the refusal
building-decision-note = Explanation for the applicant
building-grounds-right = No right to the parcel
building-grounds-documents = Documents are missing
building-grounds-limits = Limits are exceeded
building-grounds-use = The use of the parcel forbids it
building-grounds-zone = The zone forbids it
building-grounds-project = The project does not conform
building-grounds-fire = Fire distances
building-grounds-sanitary = Sanitary requirements
building-grounds-built = Building has begun
building-delivered = Copy
building-delivered-handed = Handed over
building-delivered-not-found = Nobody was there; it waits at the centre
building-delivered-note = Note
building-refund-note = How the money was given back: document, number, date
building-objection-intro = Write what you do not agree with. The administration will look at it, not those who decided.
building-objection = Objection
building-review = Decision on the objection
building-review-uphold = Uphold
building-review-revise = Revise
building-review-reason = Why
building-kind-house = Individual house
building-kind-garden-house = Garden house
building-kind-shop = Shop
building-kind-cafe = Café, canteen
building-kind-office = Office building
building-kind-workshop = Workshop
building-kind-storage = Storehouse

## Tasks

process-building-permit = Building permit
process-house-notice = Notice of a house
process-building-reply = Reply of the applicant
process-building-objection = Objection to a building decision
step-building-permit-land-by-hand = The land register is silent: find out the right
step-house-notice-land-by-hand = The land register is silent: find out the right
step-building-permit-check-documents = Look at the documents that came
step-building-permit-project = Check the project
step-building-permit-fire = Check fire distances
step-building-permit-sanitary = Check sanitary requirements
step-building-permit-visit = Look at the parcel
step-building-permit-decide = Decide about the permit
step-house-notice-decide = Answer the notice
step-building-permit-deliver = Bring the paper copy
step-building-permit-refund-by-hand = Give the delivery fee back
step-building-permit-withdrawn-by-hand = Give the delivery fee back
step-building-permit-fee-by-hand = Give the delivery fee back
step-building-objection-review-decision = Look at the objection
task-input-buildingCadastral = Parcel
task-input-buildingApplicant = Applicant
task-input-buildingAddress = Address
task-input-buildingKindAsked = What is built
task-input-buildingLandUse = Use of the parcel
task-input-buildingZones = Zones
task-input-buildingExceeded = Limits exceeded
task-input-buildingSizes = Sizes as applied for
task-input-buildingPlan = Town-planning plan
task-input-buildingRight = Right by the register
task-input-buildingRivals = Other applications for the parcel
task-input-buildingMissing = What is missing
task-input-buildingReply = Case with the documents
task-input-buildingReplyPapers = Files sent
task-input-buildingReplyExpertise = Expert conclusion
task-input-buildingReplyNote = Note
task-input-buildingProjectNote = Remarks on the project
task-input-buildingFireSaid = Fire supervision
task-input-buildingFireNote = Remarks of fire supervision
task-input-buildingSanitarySaid = Sanitary supervision
task-input-buildingSanitaryNote = Remarks of sanitary supervision
task-input-buildingVisitSaid = Visit
task-input-buildingVisitNote = What the inspector saw
task-input-buildingPermitNumber = Permit
task-input-buildingDeliverTo = Where to
task-input-buildingFee = Fee, ₽
task-input-buildingDecision = Decision
task-input-buildingDecisionReason = Reason
task-input-buildingObjection = Objection
task-input-buildingFirstCase = First case

## Personas

persona-building-architect = Officer of the planning committee of Novokuznetsk
persona-building-head = Head of the planning committee of Novokuznetsk
persona-building-regional = Officer of the ministry of building of Kuzbass
persona-building-kemerovo = Officer of the building committee of Kemerovo
persona-building-fire = Inspector of fire supervision
persona-building-sanitary = Officer of sanitary supervision
persona-building-land = Inspector of municipal land control
persona-building-centre = Officer of the service centre
persona-building-reviewer = Deputy mayor of Novokuznetsk for building

# Words that tasks show

task-input-buildingExceeded-storeys = More storeys than allowed
task-input-buildingExceeded-height = Higher than allowed
task-input-buildingExceeded-share = More of the parcel is built on than allowed
task-input-buildingExceeded-setback = Nearer to the boundary than allowed
task-input-buildingMissing-title = Document of the right to the parcel
task-input-buildingMissing-plan = Town-planning plan in force
task-input-buildingMissing-survey = Results of surveys
task-input-buildingMissing-expertise = Number of the expert conclusion
task-input-buildingMissing-project = Project
task-input-buildingSizes-storeys = Storeys
task-input-buildingSizes-height = Height, m
task-input-buildingSizes-area = Area, m²
task-input-buildingSizes-footprint = Footprint, m²
task-input-buildingSizes-setback = To the boundary, m
persona-builder = Andrey, developer
task-input-buildingFireSaid-silent = No answer in time
task-input-buildingSanitarySaid-silent = No answer in time
task-input-buildingVisitSaid-silent = No answer in time

# Decisions in words

building-told-no-parcel = The register has no parcel of this cadastral number. Check the number and apply again.
building-told-duplicate = You have applied for this parcel before. That application is being considered.
building-told-use-notice = An individual house or a garden house needs no permit. Give notice of building instead.
building-told-use-permit = This is neither an individual house nor a garden house, which have three storeys and 20 metres at the most. A building permit is needed.
building-told-withdrawn = The applicant has withdrawn the application, and it was left without consideration. A new one can be made at any time.
building-told-granted = The building permit is given: No. { $number }, it holds until { $until }.
building-told-conforms = Parameters and place of the house meet the requirements. The notice is in the register: No. { $number }, it holds until { $until }.
building-told-passed = The documents are in the case. The term goes on when they are accepted.
building-told-taken-back = The application is withdrawn.
building-told-no-case = You have no case of this number. The number stands on the page of the case.
building-told-not-awaited = No documents are awaited in this case. Write on the page of the case if you want to say something.

# Data of the process

data-building-permit-landRight = Right by the register
data-building-permit-missing = What is missing
data-building-permit-missing-title = Document on the right to the parcel
data-building-permit-missing-plan = A town-planning plan in force
data-building-permit-missing-survey = Results of surveys
data-building-permit-missing-expertise = Number of the expert conclusion
data-building-permit-missing-project = Project
data-building-permit-limits = Limits exceeded
data-building-permit-limits-storeys = More storeys than allowed
data-building-permit-limits-height = Higher than allowed
data-building-permit-limits-share = More of the parcel is built up than allowed
data-building-permit-limits-setback = Closer to the boundary than allowed
data-building-permit-permitOutcome-gone = The developer is not there any more
data-building-permit-feeState = Fee for delivery
data-building-permit-feeState-open = Awaits payment
data-building-permit-feeState-paid = Paid
data-building-permit-feeState-cancelled = Cancelled
data-house-notice-limits = Limits exceeded
data-house-notice-limits-storeys = More storeys than allowed
data-house-notice-limits-height = Higher than allowed
data-house-notice-limits-share = More of the parcel is built up than allowed
data-house-notice-limits-setback = Closer to the boundary than allowed
data-house-notice-landRight = Right by the register
data-house-notice-permitOutcome-gone = The developer is not there any more

# Prolongation

service-permit-prolongation = Prolongation of a building permit
service-permit-prolongation-about = A permit that runs out in thirty days: say how far the building is and for how many months it is to go on.
service-permit-prolongation-result = A new last day in the register of permits.
outcome-permit-prolonged = The permit is prolonged
outcome-prolongation-refused = The permit is not prolonged
outcome-prolongation-not-considered = Not considered
building-prolong-number = Number of the permit
building-prolong-works = Building works
building-prolong-works-begun = They have begun
building-prolong-works-none = They have not begun
building-prolong-months = For how many months
building-prolong-why = Why it takes longer
building-prolong-outcome = Decision
building-prolong-grant = Prolong
building-prolong-refuse = Refuse
building-prolong-ground = Ground of the refusal
building-prolong-ground-none = Works have not begun
building-prolong-ground-late = Less than ten working days before the end
building-objection-prolonged = The objection is granted. Building permit No. { $number } is prolonged: it holds until { $until }.
building-objection-over = The objection is granted, but the permit holds no more: there is nothing to prolong. A new permit is needed.
building-objection-since = The objection is granted. Since the refusal the term of building permit No. { $number } has been changed already: it holds until { $until } and is not prolonged a second time.
building-told-prolonged = Building permit No. { $number } is prolonged: it holds until { $until }.
building-told-prolongation-none = The permit is not prolonged: building works have not begun.
building-told-prolongation-late = The permit is not prolonged: the application came later than ten working days before its end. A new permit is needed.
building-told-prolongation-unknown = No valid building permit of yours has this number. A notice of conformity of a house is not prolonged: it holds for ten years.
task-input-permitUntil = Last day of the permit
task-input-worksBegun-begun = Begun
task-input-worksBegun-none = Not begun
step-permit-prolongation-decide = Decide on the prolongation of a permit
data-permit-prolongation-permitNumber = Number of the permit
data-permit-prolongation-prolongOutcome = Decision
process-permit-prolongation = Prolongation of a building permit

## Exchange

exchange-land-registry = State register of real estate
exchange-land-registry-person = who you are (identifier)
exchange-land-registry-known = whether the parcel stands in your name here

building-parcel = Your parcel
building-parcel-hint = Parcels that are yours by the register of real estate.
building-parcel-other = Another parcel
building-case-only = Case **{ $buildingCaseNumber }**: your answer goes there.
building-case-choose = In which case
building-prolong-none = By the register you have no building permit: there is nothing to prolong.
building-prolong-number-hint = Your permits by the register, each with its last day. One whose last day is over is not prolonged: a new one is needed.
