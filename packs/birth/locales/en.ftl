## Pack

pack-birth-title = Birth of a child
pack-birth-description = The hospital issues a medical certificate and the parents are offered all that a birth entitles to: the record, the name, citizenship, registration at the address, insurance, the benefit, a place in the kindergarten queue. The parents accept the offer and give the name: one act on the phone. People decide where the rules have no answer: the father is not confirmed, the parents do not agree about the name, the name may not be entered, the parents live apart, citizenship is unclear, the money could not be paid, a parent has died. A stillbirth is declared by the hospital; the family is asked for nothing.

## Types

type-MedicalBirthCertificate = Medical certificate of birth
type-PerinatalDeathCertificate = Document of perinatal death
type-Marriage = Marriage
type-Citizenship = Citizenship
type-PaternityDeclaration = Declaration of paternity
type-BirthRecord = Record of birth
type-Death = Death
attr-diedOn = Day of death
attr-deathRecord = Number of the record of death
type-Kinship = Kinship
type-InsurancePolicy = Health insurance policy
type-BenefitGrant = Benefit granted
type-KindergartenPlace = Place in a kindergarten

## Attributes

attr-certificateNumber = Series and number of the document
attr-delivery = Number of the delivery
attr-childrenBorn = How many children were born
attr-orderOfBirth = Which of them
attr-sexOfChild = Sex of the child
attr-bornAt = Time of birth
attr-bornOn = Day of birth
attr-birthplace = Place of birth
attr-stillborn = Stillborn
attr-spouse = Spouse
attr-marriedOn = Married on
attr-endedOn = Marriage ended on
attr-citizenOf = State
attr-citizenSince = Citizen since
attr-citizenGround = Ground of citizenship
attr-mother = Mother
attr-father = Father
attr-medicalCertificate = Medical certificate
attr-declarationStatus = State of the declaration
attr-recordNumber = Number of the record
attr-medicalDocument = Medical document
attr-fatherBasis = Ground of the entry about the father
attr-fatherName = Father's name by the mother's word
attr-nameDocument = Decision about the name
attr-childName = Name of the child
attr-relative = Relative
attr-kinshipKind = Kind of kinship
attr-birthRecord = Record
attr-coveredBy = Insurance company
attr-coveredSince = Insured since
attr-policyNumber = Number of the policy
attr-benefitChild = For which child
attr-benefitKind = Kind of benefit
attr-grantStatus = State of the benefit
attr-wantedFrom = Wanted from
attr-queuedFor = For which address
attr-placeStatus = State of the place
rule-certificate-order = The order of the child is not above the number of children

## Code lists

enum-SexOfChild-female = Girl
enum-SexOfChild-male = Boy
enum-FatherBasis-husband = Marriage of the parents
enum-FatherBasis-joint = Joint declaration of the parents
enum-FatherBasis-word = The mother's word
enum-FatherBasis-none = No entry
enum-KinshipKind-mother = Mother
enum-KinshipKind-father = Father
enum-DeclarationStatus-open = Waits for the father
enum-DeclarationStatus-confirmed = Confirmed
enum-DeclarationStatus-expired = Expired
enum-BenefitKind-birth = Lump sum at birth
enum-GrantStatus-granted = Granted
enum-GrantStatus-paid = Paid
enum-GrantStatus-unpaid = Waits for the parents
enum-PlaceStatus-queued = In the queue
enum-PlaceStatus-given = Place given

## Services

service-birth = Birth of a child
service-birth-about = All that a birth entitles to by one act: give the name, the state does the rest.
service-birth-result = The record of birth, citizenship, registration at the address, insurance, the benefit, a place in the kindergarten queue.
service-stillbirth = Record of a stillbirth
service-stillbirth-about = The record is made by the document of the medical organization. Nothing is asked of the family.
service-stillbirth-result = The record. At the wish of the parents, a document that confirms it.
service-paternity = Confirmation of paternity
service-paternity-about = The child's mother has named you as the father and asks you to declare it with her. By accepting you confirm that you are the father. If you do not agree, decline.
service-paternity-result = The father is entered into the record of birth.
service-death-notice = Notice of a death to cases
service-death-notice-about = Cases of the person who has died hear of it. Nothing is asked of the family.
service-death-notice-result = Cases go on with whoever acts for the family.
process-death-notice = Notice of a death
step-birth-ask-payee = Who gets the benefit has died: decide whom to pay
pause-hospital = Documents of the hospital are awaited
pause-father = The answer of the father is awaited
outcome-birth-registered = The birth is registered
outcome-birth-no-certificate = There is no medical certificate
outcome-birth-already-recorded = The birth is registered already
outcome-birth-not-parent = The applicant is no parent
outcome-name-refused = The name may not be entered
outcome-benefit-granted = The benefit is granted
outcome-benefit-refused = The benefit is refused
outcome-paternity-confirmed = Paternity is confirmed
outcome-birth-objection-granted = The objection is granted
outcome-birth-objection-refused = The objection is refused
outcome-paternity-too-late = The offer is no longer open

## Messages to the parents

birth-name-missing = Please give the name of the child: without it no record of birth is made. The registry office will contact you.
birth-name-count = The number of names is not the number of children. The registry office will contact you.
birth-name-signs = This name may not be entered: a name has no digits and no signs but the hyphen (law on acts of civil status, article 18). The registry office will help you to choose another.
birth-name-rank = This name may not be entered: a rank, a post or a title is no name (law on acts of civil status, article 18). The registry office will help you to choose another.
birth-citizenship-foreign = By law the child has the citizenship of the parents' state. Turn to its consulate. If that state gives the child none, tell us: a child born in Russia may become its citizen.
birth-benefit-unpaid = The benefit is granted, the money is not yet paid. Give an account and it will be transferred: your right to it remains.
stillbirth-told = We are sorry for your loss. The record has been made by the document of the hospital; nothing is needed from you. Should you want a document that confirms the record, write in this case or turn to any registry office.

## The form of the parents

birth-page-name = The name
birth-page-parents = The parents
birth-page-home = Where the child lives
birth-page-help = Benefit and kindergarten
birth-name-intro = Congratulations! What is the name of the child? Of several children begin with the eldest.
birth-number = Series and number of the medical certificate
birth-number-hint = Two digits, a space, nine digits. In an offer it is filled in.
birth-number-form = Write two digits, a space and nine digits, such as 32 000000001.
birth-child = Child
birth-surname = Surname
birth-surname-hint = That of one of the parents, or both with a hyphen.
birth-first-name = First name
birth-patronymic = Patronymic
birth-patronymic-hint = By the father's name. Leave it empty where custom has none.
birth-letters = Letters and hyphens only.
birth-agreement = Does the other parent agree to the name?
birth-agreement-agreed = Yes, we have chosen it together
birth-agreement-disagreed = No, we do not agree
birth-agreement-alone = There is no other parent
birth-parents-intro = If you are married the mother's husband is entered as the father: nothing has to be proved. The register is asked about the marriage.
birth-father = About the father
birth-father-hint = Choose nothing if you are married: the register knows.
birth-father-married = We are married
birth-father-joint = Not married; the father will confirm
birth-father-word = Not married; enter the father by the mother's word
birth-father-none = Not married; no entry about the father
birth-father-snils = SNILS of the father
birth-father-snils-hint = 11 digits. The father is offered to confirm and answers with one act.
birth-snils-digits = Write 11 digits without spaces.
birth-father-name = Father's first name and patronymic
birth-father-name-hint = The father's surname is entered by that of the mother.
birth-live-with = With whom does the child live?
birth-live-with-hint = Choose nothing if both parents live at one address: it is known.
birth-live-with-mother = With the mother, also where both live together
birth-live-with-father = With the father
birth-address-agreed = The parents live apart and agree to this address
birth-benefit = Grant the lump sum to me; the other parent has not claimed it
birth-account = Account number
birth-account-hint = 20 digits; see your bank's application.
birth-account-digits = Write 20 digits without spaces.
birth-kindergarten = Join the kindergarten queue
birth-kindergarten-from = From which day
birth-truth = All of this is true

## Tasks

process-birth = Birth of a child
process-stillbirth = Record of a stillbirth
process-paternity = Confirmation of paternity
process-birth-objection = Objection to a decision about a birth
step-birth-ask-hospital = Ask the hospital how many children there are
step-birth-ask-family = Establish the entry about the father
step-birth-ask-guardianship = Settle what the parents do not agree about
step-birth-ask-name = Agree on a name with the parents
step-birth-ask-citizenship = Establish the citizenship of the child
step-birth-ask-home = Establish the address of the child
step-birth-ask-insurer = Choose the insurance company
step-birth-ask-amount = Establish the right to the benefit and its amount
step-birth-ask-account = The money could not be paid: ask for an account
step-birth-bereaved = A parent has died: who acts for the child
step-stillbirth-ask-hospital = Ask the hospital about the document
step-birth-objection-review = Consider the objection
task-input-number = Medical certificate
task-input-certificateNumber = Medical document
task-input-childrenBorn = Children by the document
task-input-certificatesFound = Certificates received
task-input-motherUrn = Mother
task-input-fatherUrn = Father
task-input-fatherClaim = Said about the father
task-input-fatherSaid = Answer of the father
task-input-namesOffered = Names given
task-input-nameFault = Why they may not be entered
task-input-motherCountry = Citizenship of the mother
task-input-fatherCountry = Citizenship of the father
task-input-motherAddress = Address of the mother
task-input-fatherAddress = Address of the father
task-input-bornOn = Day of birth
task-input-whyAsked = Why a person decides
task-input-paymentFailure = Answer of the bank
task-input-diedUrn = Who has died
task-input-birthDecision = Decision
task-input-birthDecisionReason = Reason of the decision
task-input-birthObjection = Objection
birth-hospital-answer = What the hospital says
birth-hospital-answer-wait = More certificates will come: wait
birth-hospital-answer-complete = There are no more children: register those there are
birth-family-intro = Contact the parents and establish on what ground the father is entered.
birth-family = Ground
birth-family-husband = The marriage is shown by a document
birth-family-joint = The joint declaration was made at the office
birth-family-word = By the mother's word
birth-family-none = No entry about the father
birth-family-document = Documents: name, number, date
birth-disagreement-intro = Where the parents do not agree the guardianship authority decides (Family Code, article 58, item 4).
birth-name-document = Document of agreement, or decision of the guardianship authority
birth-name-document-hint = Name, number, date.
birth-ask-name-intro = The names may not be entered. Explain the rule and enter the name agreed upon.
birth-name-outcome = What was agreed
birth-name-outcome-agreed = The parents have given another name
birth-name-outcome-insist = The parents insist: refuse
birth-name-new = The new names
birth-citizenship-intro = The citizenship of a parent is not known, or there is none.
birth-citizenship = Citizenship of the child
birth-citizenship-russian = Citizen of Russia by birth
birth-citizenship-document = By which documents
birth-home = Where the child lives
birth-home-mother = With the mother
birth-home-father = With the father
birth-home-other = At another address
birth-child-address = Address of the child
birth-mother-address = Address of the mother
birth-father-address = Address of the father
birth-home-document = Document, or agreement of the parents
birth-insurer-number = OGRN of the insurance company
birth-insurer-digits = Write 13 digits.
birth-amount-outcome = The benefit
birth-amount-outcome-grant = Is due
birth-amount-outcome-refuse = Is not due
birth-amount = Amount for one child
birth-amount-source = Ground
birth-amount-source-hint = Act, number, date.
birth-account-outcome = What to do
birth-account-outcome-again = Pay to another account
birth-account-outcome-keep = Keep it until the parents turn to us
birth-bereaved-intro = Contact the family with care. The benefit and what follows go to whoever acts for the child.
birth-recipient = SNILS of the other parent or guardian
birth-recipient-document = Ground: document, number, date
stillbirth-answer = Is the document right?
stillbirth-answer-right = It is
stillbirth-answer-wrong = It was issued by mistake
birth-objection-intro = Say with what you do not agree. A person will look at the decision again.
birth-objection = Objection
birth-review = Decision
birth-review-uphold = Uphold it
birth-review-revise = Revise it
birth-review-reason = Why

## Personas

persona-hospital-clerk = Clerk of the maternity hospital
persona-registrar = Officer of the registry office
persona-social-fund-officer = Officer of the Social Fund
persona-health-fund-officer = Officer of the health insurance fund
persona-kindergarten-officer = Officer of the education committee
persona-mother = Anna, mother
persona-father = Pavel, father

# Words that tasks show

task-input-fatherSaid-refused = He does not confirm it
task-input-fatherSaid-silent = He has not answered
task-input-fatherSaid-unknown = He was not asked
task-input-nameFault-disagreement = The parents do not agree
task-input-nameFault-missing = No name is given
task-input-nameFault-count = The number of names is not the number of children
task-input-nameFault-signs = Digits or signs in the name
task-input-nameFault-rank = A rank, a post or a title instead of a name
task-input-whyAsked-check = The register knows of no parent who is a citizen of Russia
task-input-whyAsked-no-amount = The table has no amount for this day
task-input-motherCountry-RUS = Russia
task-input-motherCountry-KAZ = Kazakhstan
task-input-motherCountry-XXA = Without citizenship
task-input-fatherCountry-RUS = Russia
task-input-fatherCountry-KAZ = Kazakhstan
task-input-fatherCountry-XXA = Without citizenship
data-birth-amountEach = Benefit for each child, kopecks

attr-benefitUnasked = Benefit granted unasked
service-birth-benefit = Lump sum at birth, unasked
service-birth-benefit-about = Where the Social Fund has paid the mother before, the lump sum comes to the same account without an application.
service-birth-benefit-result = The money.
birth-told-benefit-unasked = The lump sum at the birth of a child is granted by the record of birth, without an application: { $roubles } ₽. It goes to the account that you were paid to before.
birth-benefit-arrived = The lump sum at the birth of the child has been paid to the account that you were paid to before. Nothing is asked of you.
data-birth-benefit-amountEach = Benefit, kopecks
process-birth-benefit = Lump sum at birth, unasked
step-birth-benefit-ask-account = The money could not be paid: ask for an account
