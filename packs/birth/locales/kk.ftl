## Пакет

pack-birth-title = Баланың туылуы
pack-birth-description = Аурухана медициналық куәлік береді, содан кейін ата-анаға бала туғанда тиесілінің бәрі ұсынылады: туу туралы жазба, есім, азаматтық, мекенжай бойынша тіркеу, сақтандыру полисі, жәрдемақы, балабақша кезегіндегі орын. Ата-ана ұсынысты қабылдап, есімін айтады – бұл телефондағы бір ғана әрекет. Ереже жауап бермейтін жерде адам шешеді: әке растамаған, ата-ана есім туралы келіспеген, есімді жазуға болмайды, ата-ана бөлек тұрады, азаматтығы анық емес, төлем өтпеген, ата-анасы қайтыс болған. Өлі туылған бала туралы аурухана мәлімдейді; отбасынан ештеңе сұралмайды.

## Түрлер

type-MedicalBirthCertificate = Туу туралы медициналық куәлік
type-PerinatalDeathCertificate = Перинаталдық өлім туралы құжат
type-Marriage = Неке
type-Citizenship = Азаматтық
type-PaternityDeclaration = Әке болу туралы өтініш
type-BirthRecord = Туу туралы акт жазбасы
type-Death = Қайтыс болу
attr-diedOn = Қайтыс болған күні
attr-deathRecord = Қайтыс болу туралы акт жазбасының нөмірі
type-Kinship = Туыстық
type-InsurancePolicy = Міндетті медициналық сақтандыру полисі
type-BenefitGrant = Тағайындалған жәрдемақы
type-KindergartenPlace = Балабақшадағы орын

## Атрибуттар

attr-certificateNumber = Құжаттың сериясы мен нөмірі
attr-delivery = Босану нөмірі
attr-childrenBorn = Қанша бала туылды
attr-orderOfBirth = Нешінші болып туылды
attr-sexOfChild = Баланың жынысы
attr-bornAt = Туған уақыты
attr-bornOn = Туған күні
attr-birthplace = Туған жері
attr-stillborn = Өлі туылған
attr-spouse = Жұбайы
attr-marriedOn = Неке қиылған күн
attr-endedOn = Неке тоқтатылған күн
attr-citizenOf = Мемлекет
attr-citizenSince = Азаматтық басталған күн
attr-citizenGround = Азаматтық негізі
attr-mother = Анасы
attr-father = Әкесі
attr-medicalCertificate = Медициналық куәлік
attr-declarationStatus = Өтініштің жай-күйі
attr-recordNumber = Акт жазбасының нөмірі
attr-medicalDocument = Медициналық құжат
attr-fatherBasis = Әкесі туралы жазбаның негізі
attr-fatherName = Анасының айтуы бойынша әкесінің аты-жөні
attr-nameDocument = Есім туралы шешім
attr-childName = Баланың есімі
attr-relative = Туысы
attr-kinshipKind = Кім болып келеді
attr-birthRecord = Акт жазбасы
attr-coveredBy = Медициналық сақтандыру ұйымы
attr-coveredSince = Сақтандырылған күні
attr-policyNumber = Полис нөмірі
attr-benefitChild = Қай балаға
attr-benefitKind = Жәрдемақы түрі
attr-grantStatus = Жәрдемақының жай-күйі
attr-wantedFrom = Қажет күні
attr-queuedFor = Қай мекенжай бойынша
attr-placeStatus = Кезектің жай-күйі
rule-certificate-order = Баланың реттік нөмірі туылғандар санынан аспайды

## Анықтамалықтар

enum-SexOfChild-female = Қыз
enum-SexOfChild-male = Ұл
enum-FatherBasis-husband = Ата-ананың некесі
enum-FatherBasis-joint = Ата-ананың бірлескен өтініші
enum-FatherBasis-word = Анасының өтініші
enum-FatherBasis-none = Мәлімет енгізілмеген
enum-KinshipKind-mother = Анасы
enum-KinshipKind-father = Әкесі
enum-DeclarationStatus-open = Әкесін күтуде
enum-DeclarationStatus-confirmed = Расталды
enum-DeclarationStatus-expired = Мерзімі өтті
enum-BenefitKind-birth = Бала туғанда берілетін біржолғы жәрдемақы
enum-GrantStatus-granted = Тағайындалды
enum-GrantStatus-paid = Төленді
enum-GrantStatus-unpaid = Ата-ананың өтінішін күтуде
enum-PlaceStatus-queued = Кезекте
enum-PlaceStatus-given = Орын берілді

## Қызметтер

service-birth = Баланың туылуы
service-birth-about = Бала туғанда тиесілінің бәрі бір әрекетпен: есімін айтыңыз – қалғанын мемлекет жасайды.
service-birth-result = Туу туралы акт жазбасы, азаматтық, тұрғылықты жері бойынша тіркеу, полис, жәрдемақы, балабақша кезегіндегі орын.
service-stillbirth = Өлі туылған бала туралы жазба
service-stillbirth-about = Жазба медициналық ұйымның құжаты бойынша жасалады. Отбасынан ештеңе талап етілмейді.
service-stillbirth-result = Акт жазбасы. Ата-ананың өтініші бойынша – оны растайтын құжат.
service-paternity = Әке болуды растау
service-paternity-about = Баланың анасы сізді әкесі деп атады және бірлескен өтініш беруді сұрайды. Ұсынысты қабылдасаңыз, әке болуыңызды растайсыз. Келіспесеңіз, ұсынысты қабылдамаңыз.
service-paternity-result = Әкесі туралы мәлімет туу туралы жазбаға енгізіледі.
service-death-notice = Қайтыс болу туралы істерге хабарлау
service-death-notice-about = Жазылған қайтыс болу туралы марқұм қатысқан істер біледі. Жақындарынан ештеңе талап етілмейді.
service-death-notice-result = Істер отбасының өкілімен жалғасады.
process-death-notice = Қайтыс болу туралы хабар
step-birth-ask-payee = Жәрдемақы алушы қайтыс болды: кімге төлеуді шешу
pause-hospital = Ауруханадан құжат күтілуде
pause-father = Әкесінің жауабы күтілуде
outcome-birth-registered = Туу тіркелді
outcome-birth-no-certificate = Медициналық куәлік жоқ
outcome-birth-already-recorded = Туу бұрын тіркелген
outcome-birth-not-parent = Өтініш беруші ата-ана емес
outcome-name-refused = Есімді жазуға болмайды
outcome-benefit-granted = Жәрдемақы тағайындалды
outcome-benefit-refused = Жәрдемақыдан бас тартылды
outcome-paternity-confirmed = Әке болу расталды
outcome-birth-objection-granted = Қарсылық қанағаттандырылды
outcome-birth-objection-refused = Қарсылық қабылданбады
outcome-paternity-too-late = Ұсыныс енді жарамсыз

## Ата-анаға хабарламалар

birth-name-missing = Баланың есімін айтыңызшы. Есімсіз туу туралы жазба жасалмайды. АХАТ маманы сізбен хабарласады.
birth-name-count = Аталған есімдер саны туылған балалар санына сәйкес емес. АХАТ маманы сізбен хабарласады.
birth-name-signs = Бұл есімді жазуға болмайды: есімде дефистен басқа белгілер мен цифрлар болмайды («Азаматтық хал актілері туралы» заң, 18-бап). АХАТ маманы басқасын таңдауға көмектеседі.
birth-name-rank = Бұл есімді жазуға болмайды: дәреже, лауазым немесе титул есім бола алмайды («Азаматтық хал актілері туралы» заң, 18-бап). АХАТ маманы басқасын таңдауға көмектеседі.
birth-citizenship-foreign = Заң бойынша бала ата-анасының мемлекетінің азаматтығын алады. Сол мемлекеттің консулдығына жүгініңіз. Егер ол балаға азаматтық бермесе, бізге хабарлаңыз: Ресейде туылған бала оның азаматы бола алады.
birth-benefit-unpaid = Жәрдемақы тағайындалды, бірақ ақша әзірше төленген жоқ. Шотты көрсетсеңіз, ол аударылады: оған құқығыңыз сақталады.
stillbirth-told = Көңіл айтамыз. Жазба аурухана құжаты бойынша жасалды, сізден ештеңе қажет емес. Жазбаны растайтын құжат керек болса, осы іс бойынша жазыңыз немесе кез келген АХАТ бөліміне жүгініңіз.

## Ата-ана формасы

birth-page-name = Есімі
birth-page-parents = Ата-анасы
birth-page-home = Бала қайда тұрады
birth-page-help = Жәрдемақы және балабақша
birth-name-intro = Құттықтаймыз! Баланың есімі кім? Бала бірнешеу болса, туылу ретімен атаңыз.
birth-number = Медициналық куәліктің сериясы мен нөмірі
birth-number-hint = Екі цифр, бос орын, тоғыз цифр. Ұсыныста нөмір көрсетілген.
birth-number-form = Екі цифр, бос орын және тоғыз цифр жазыңыз, мысалы 32 000000001.
birth-child = Бала
birth-surname = Тегі
birth-surname-hint = Ата-ананың бірінің тегі немесе дефис арқылы қосарлы тек.
birth-first-name = Есімі
birth-patronymic = Әкесінің аты
birth-patronymic-hint = Әкесінің аты бойынша. Дәстүр бойынша болмаса, бос қалдырыңыз.
birth-letters = Тек әріптер мен дефис.
birth-agreement = Екінші ата-ана есіммен келісе ме?
birth-agreement-agreed = Иә, есімді бірге таңдадық
birth-agreement-disagreed = Жоқ, келісе алмадық
birth-agreement-alone = Екінші ата-ана жоқ
birth-parents-intro = Некеде болсаңыз, әкесі ретінде анасының күйеуі жазылады – ештеңе дәлелдеудің қажеті жоқ. Неке тізілім бойынша тексеріледі.
birth-father = Әкесі туралы мәлімет
birth-father-hint = Некеде болсаңыз, ештеңе таңдамаңыз: ол тізілімнен өзі табылады.
birth-father-married = Біз некедеміз
birth-father-joint = Некеде емеспіз; әкесі растайды
birth-father-word = Некеде емеспін; әкесін менің айтуым бойынша жазу
birth-father-none = Некеде емеспін; әкесі туралы мәлімет енгізілмесін
birth-father-snils = Әкесінің СНИЛС нөмірі
birth-father-snils-hint = 11 цифр. Әкесі ұсыныс алып, бір әрекетпен жауап береді.
birth-snils-digits = Бос орынсыз 11 цифр жазыңыз.
birth-father-name = Әкесінің есімі мен әкесінің аты
birth-father-name-hint = Әкесінің тегі анасының тегі бойынша жазылады.
birth-live-with = Бала кіммен тұрады?
birth-live-with-hint = Ата-ананың мекенжайы бір болса, ештеңе таңдамаңыз: ол белгілі.
birth-live-with-mother = Анасымен, оның ішінде әкесімен бірге
birth-live-with-father = Әкесімен
birth-address-agreed = Ата-ана бөлек тұрады және осы мекенжаймен келіседі
birth-benefit = Біржолғы жәрдемақыны маған тағайындау; екінші ата-ана өтініш бермеген
birth-account = Шот нөмірі
birth-account-hint = 20 цифр; банкіңіздің қосымшасында бар.
birth-account-digits = Бос орынсыз 20 цифр жазыңыз.
birth-kindergarten = Балабақша кезегіне қою
birth-kindergarten-from = Орын қай күннен қажет
birth-truth = Бәрі дұрыс көрсетілген

## Тапсырмалар

process-birth = Баланың туылуы
process-stillbirth = Өлі туылған бала туралы жазба
process-paternity = Әке болуды растау
process-birth-objection = Туу туралы шешімге қарсылық
step-birth-ask-hospital = Балалар санын ауруханадан нақтылау
step-birth-ask-family = Әкесі туралы мәліметті анықтау
step-birth-ask-guardianship = Ата-ананың есім туралы келіспеушілігін шешу
step-birth-ask-name = Есімді ата-анамен келісу
step-birth-ask-citizenship = Баланың азаматтығын анықтау
step-birth-ask-home = Баланың мекенжайын нақтылау
step-birth-ask-insurer = Сақтандыру ұйымын тағайындау
step-birth-ask-amount = Жәрдемақы құқығы мен мөлшерін анықтау
step-birth-ask-account = Төлем өтпеді: шотты нақтылау
step-birth-bereaved = Ата-анасы қайтыс болды: баланың өкілін анықтау
step-stillbirth-ask-hospital = Құжатты ауруханадан нақтылау
step-birth-objection-review = Қарсылықты қарау
task-input-number = Медициналық куәлік
task-input-certificateNumber = Медициналық құжат
task-input-childrenBorn = Құжат бойынша балалар
task-input-certificatesFound = Алынған куәліктер
task-input-motherUrn = Анасы
task-input-fatherUrn = Әкесі
task-input-fatherClaim = Әкесі туралы көрсетілген
task-input-fatherSaid = Әкесінің жауабы
task-input-namesOffered = Аталған есімдер
task-input-nameFault = Неге жазуға болмайды
task-input-motherCountry = Анасының азаматтығы
task-input-fatherCountry = Әкесінің азаматтығы
task-input-motherAddress = Анасының мекенжайы
task-input-fatherAddress = Әкесінің мекенжайы
task-input-bornOn = Туған күні
task-input-whyAsked = Неге адам шешеді
task-input-paymentFailure = Банктің жауабы
task-input-diedUrn = Қайтыс болған
task-input-birthDecision = Шешім
task-input-birthDecisionReason = Шешімнің себебі
task-input-birthObjection = Қарсылық
birth-hospital-answer = Аурухана не деп жауап берді
birth-hospital-answer-wait = Куәліктер әлі келеді – күту
birth-hospital-answer-complete = Басқа бала жоқ – барын тіркеу
birth-family-intro = Ата-анамен хабарласып, әкесі туралы мәлімет қандай негізде енгізілетінін анықтаңыз.
birth-family = Негізі
birth-family-husband = Неке құжатпен расталды
birth-family-joint = Бірлескен өтініш бөлімде берілді
birth-family-word = Анасының өтініші бойынша
birth-family-none = Әкесі туралы мәлімет енгізілмесін
birth-family-document = Құжаттар: атауы, нөмірі, күні
birth-disagreement-intro = Ата-ана келісе алмаса, есімді қорғаншылық және қамқоршылық органы белгілейді (Отбасы кодексі, 58-бап, 4-тармақ).
birth-name-document = Келісім құжаты немесе қорғаншылық органының шешімі
birth-name-document-hint = Атауы, нөмірі, күні.
birth-ask-name-intro = Аталған есімдерді жазуға болмайды. Ережені түсіндіріп, келісілген есімді жазыңыз.
birth-name-outcome = Қандай келісімге келді
birth-name-outcome-agreed = Ата-ана басқа есім атады
birth-name-outcome-insist = Ата-ана талабынан қайтпайды – бас тарту
birth-name-new = Жаңа есімдер
birth-citizenship-intro = Ата-ананың бірінің азаматтығы белгісіз немесе жоқ.
birth-citizenship = Баланың азаматтығы
birth-citizenship-russian = Туу бойынша Ресей азаматы
birth-citizenship-document = Қандай құжаттар негізінде
birth-home = Бала қайда тұрады
birth-home-mother = Анасымен
birth-home-father = Әкесімен
birth-home-other = Басқа мекенжайда
birth-child-address = Баланың мекенжайы
birth-mother-address = Анасының мекенжайы
birth-father-address = Әкесінің мекенжайы
birth-home-document = Құжат немесе ата-ананың келісімі
birth-insurer-number = Медициналық сақтандыру ұйымының ОГРН нөмірі
birth-insurer-digits = 13 цифр жазыңыз.
birth-amount-outcome = Жәрдемақы
birth-amount-outcome-grant = Тиесілі
birth-amount-outcome-refuse = Тиесілі емес
birth-amount = Бір балаға мөлшері
birth-amount-source = Негізі
birth-amount-source-hint = Акт, нөмірі, күні.
birth-account-outcome = Не істеу керек
birth-account-outcome-again = Басқа шотқа төлеу
birth-account-outcome-keep = Ата-ананың өтінішіне дейін қалдыру
birth-bereaved-intro = Отбасымен ілтипатпен хабарласыңыз. Жәрдемақы мен кейінгі хабарламаларды баланың өкілі алады.
birth-recipient = Екінші ата-ананың немесе қорғаншының СНИЛС нөмірі
birth-recipient-document = Негізі: құжат, нөмірі, күні
stillbirth-answer = Құжат дұрыс па?
stillbirth-answer-right = Дұрыс
stillbirth-answer-wrong = Қате берілген
birth-objection-intro = Немен келіспейтініңізді жазыңыз. Шешімді адам қайта қарайды.
birth-objection = Қарсылық
birth-review = Шешім
birth-review-uphold = Күшінде қалдыру
birth-review-revise = Қайта қарау
birth-review-reason = Себебі

## Тұлғалар

persona-hospital-clerk = Перзентхана тіркеушісі
persona-registrar = АХАТ маманы
persona-social-fund-officer = Әлеуметтік қор маманы
persona-health-fund-officer = Медициналық сақтандыру қорының маманы
persona-kindergarten-officer = Білім комитетінің маманы
persona-mother = Анна, анасы
persona-father = Павел, әкесі

# Тапсырмалар көрсететін сөздер

task-input-fatherSaid-refused = Растамайды
task-input-fatherSaid-silent = Жауап бермеді
task-input-fatherSaid-unknown = Одан сұралмады
task-input-nameFault-disagreement = Ата-анасы келіспейді
task-input-nameFault-missing = Ат берілмеген
task-input-nameFault-count = Аттардың саны балалардың санына тең емес
task-input-nameFault-signs = Атта цифрлар немесе белгілер бар
task-input-nameFault-rank = Аттың орнына шен, лауазым немесе атақ
task-input-whyAsked-check = Тізілімде Ресей азаматы болып табылатын ата-ана жоқ
task-input-whyAsked-no-amount = Бұл күнге кестеде мөлшер жоқ
task-input-motherCountry-RUS = Ресей
task-input-motherCountry-KAZ = Қазақстан
task-input-motherCountry-XXA = Азаматтығы жоқ
task-input-fatherCountry-RUS = Ресей
task-input-fatherCountry-KAZ = Қазақстан
task-input-fatherCountry-XXA = Азаматтығы жоқ
data-birth-amountEach = Бір балаға жәрдемақы, тиын

attr-benefitUnasked = Жәрдемақы өтінішсіз тағайындалады
service-birth-benefit = Өтінішсіз біржолғы жәрдемақы
service-birth-benefit-about = Әлеуметтік қор анаға бұрын төлеген болса, бала туғандағы жәрдемақы сол шотқа өтінішсіз келеді.
service-birth-benefit-result = Ақша.
birth-told-benefit-unasked = Бала туғандағы біржолғы жәрдемақы туу туралы жазба бойынша өтінішсіз тағайындалды: { $roubles } ₽. Ол бұрын төленген шотыңызға түседі.
birth-benefit-arrived = Бала туғандағы біржолғы жәрдемақы бұрын төленген шотыңызға төленді. Сізден ештеңе талап етілмейді.
data-birth-benefit-amountEach = Жәрдемақы, тиын
process-birth-benefit = Өтінішсіз біржолғы жәрдемақы
step-birth-benefit-ask-account = Төлем өтпеді: шотты нақтылау
