## Пакет

pack-building-permit-title = Үй және шағын ғимарат салу
pack-building-permit-description = Құрылысқа рұқсат бес жұмыс күнінде, үй туралы хабарламаға жауап жеті күнде: құқықтарды жүйе біледі, органдар бір мезгілде тексереді, бас тарту – тек бап бойынша.

## Түрлер

type-LandParcel = Жер учаскесі
type-TownPlan = Учаскенің қала құрылысы жоспары
type-BuildingApplication = Құрылыс туралы өтініш
type-BuildingPermit = Құрылысқа рұқсат

## Атрибуттар

attr-cadastralNumber = Кадастрлық нөмір
attr-landAddress = Учаске мекенжайы
attr-landArea = Учаске ауданы
attr-landUse = Рұқсат етілген пайдалану
attr-landZones = Ерекше шарттары бар аймақтар
attr-landMunicipality = Муниципалдық құрылым
attr-planNumber = Қала құрылысы жоспарының нөмірі
attr-landParcel = Учаске
attr-planIssuedOn = Жоспар берілген күн
attr-planStoreys = Қабат саны көп дегенде
attr-planHeight = Биіктігі көп дегенде
attr-planShare = Құрылыс үлесі көп дегенде, %
attr-planSetback = Шекараға дейін кемінде
attr-buildingKind = Не салынады
attr-buildingStoreys = Жерүсті қабаттары
attr-buildingHeight = Ғимарат биіктігі
attr-buildingArea = Ғимарат ауданы
attr-buildingMonths = Құрылыс айлары
attr-buildingStatus = Өтініш күйі
attr-permitNumber = Рұқсат нөмірі
attr-permitKind = Рұқсат түрі
attr-permitSince = Басталуы
attr-permitUntil = Аяқталуы
attr-permitStatus = Рұқсат күйі
rule-building-permit-ends-later = Рұқсат басталғанынан кейін аяқталады

## Анықтамалықтар

enum-LandUse-housing = Жеке тұрғын үй құрылысы
enum-LandUse-gardening = Бағбандық
enum-LandUse-trade = Сауда, тамақтану, кеңселер
enum-LandUse-industry = Өндіріс және қоймалар
enum-LandUse-public = Ортақ пайдаланудағы жерлер
enum-ProtectionZone-sanitary = Санитариялық қорғау аймағы
enum-ProtectionZone-water = Су қорғау аймағы
enum-ProtectionZone-power = Электр желісінің күзет аймағы
enum-ProtectionZone-pipeline = Құбыржолдың күзет аймағы
enum-ProtectionZone-heritage = Ескерткіштің қорғау аймағы
enum-BuildingKind-house = Жеке тұрғын үй
enum-BuildingKind-garden-house = Бақ үйі
enum-BuildingKind-shop = Дүкен
enum-BuildingKind-cafe = Кафе, асхана
enum-BuildingKind-office = Кеңсе
enum-BuildingKind-workshop = Шеберхана, цех
enum-BuildingKind-storage = Қойма
enum-BuildingStatus-open = Қаралуда
enum-BuildingStatus-documents = Құжаттарды күтуде
enum-BuildingStatus-granted = Рұқсат берілді
enum-BuildingStatus-refused = Бас тартылды
enum-BuildingStatus-withdrawn = Кері қайтарылды
enum-PermitKind-permit = Құрылысқа рұқсат
enum-PermitKind-notice = Сәйкестік туралы хабарлама
enum-PermitStatus-valid = Қолданыста
enum-PermitStatus-ended = Тоқтатылды

## Қызметтер

service-building-permit = Құрылысқа рұқсат алу
service-building-permit-about = Дүкен, кафе, кеңсе, шеберхана, қойма. Учаске нөмірі, жоба және іздестіру керек; қалғанын орган өзі біледі. Тегін. Үй үшін хабарлама беріңіз.
service-building-permit-result = Реестрдегі нөмірі мен мерзімі бар рұқсат немесе баптар бойынша себептері бар бас тарту.
service-house-notice = Үй салу туралы хабарлау
service-house-notice-about = Үш қабатқа және 20 метрге дейінгі тұрғын немесе бақ үйі. Рұқсат керек емес.
service-house-notice-result = Он жылға сәйкестік туралы немесе себептері бар сәйкессіздік туралы хабарлама.
service-building-reply = Құжаттарды толықтыру немесе құрылыс туралы өтінішті қайтарып алу
service-building-reply-about = Орган ненің жетіспейтінін жазса немесе ойыңыз өзгерсе. Іс нөмірі керек.
service-building-reply-result = Құжаттар істе немесе өтініш қайтарылды.
outcome-permit-granted = Рұқсат берілді
outcome-permit-refused = Рұқсаттан бас тартылды
outcome-notice-conforms = Үй талаптарға сай
outcome-notice-differs = Үй талаптарға сай емес
outcome-building-no-parcel = Учаске ЕГРН-де жоқ
outcome-building-duplicate = Мұндай өтініш қаралып жатыр
outcome-building-use-notice = Рұқсат емес, хабарлама керек
outcome-building-use-permit = Хабарлама емес, рұқсат керек
outcome-building-withdrawn = Өтініш қайтарылды
outcome-building-documents-passed = Құжаттар берілді
outcome-building-withdrawal-passed = Қайтарып алу берілді
outcome-building-reply-not-awaited = Жауап күтілмейді
outcome-building-objection-granted = Шағым қанағаттандырылды
outcome-building-objection-refused = Шағым қабылданбады
pause-building-documents = сізге жазылған құжаттарды күтеміз
pause-building-delivery = шешім қабылданды, қағаз данасы жолда
layer-land-parcels = Жер учаскелері
layer-building-permits = Құрылысқа рұқсаттар

## Өтініш берушіге хабарлар

building-missing-title = Учаскеге құқық ЕГРН-де жазылмаған. Құқық туралы құжат керек. «Құжаттарды толықтыру» қызметі арқылы жіберіңіз, іс нөмірі { $number }, он жұмыс күні ішінде. Мерзім тоқтап тұр.
building-missing-plan = Учаскенің қолданыстағы қала құрылысы жоспары жоқ. Сәулет органынан алып, нөмірін жазыңыз. «Құжаттарды толықтыру» қызметі арқылы жіберіңіз, іс нөмірі { $number }, он жұмыс күні ішінде. Мерзім тоқтап тұр.
building-missing-survey = Инженерлік іздестіру нәтижелері жоқ. «Құжаттарды толықтыру» қызметі арқылы жіберіңіз, іс нөмірі { $number }, он жұмыс күні ішінде. Мерзім тоқтап тұр.
building-missing-expertise = Ғимарат екі қабаттан биік немесе 1500 м²-ден үлкен. Жоба сараптамасы қорытындысының нөмірі керек. «Құжаттарды толықтыру» қызметі арқылы жіберіңіз, іс нөмірі { $number }, он жұмыс күні ішінде. Мерзім тоқтап тұр.
building-missing-project = Жіберілген файлдар – осы учаскедегі осы ғимараттың жобасы емес. «Құжаттарды толықтыру» қызметі арқылы жіберіңіз, іс нөмірі { $number }, он жұмыс күні ішінде. Мерзім тоқтап тұр.
building-fee-cancelled = Қағаз данасы жеткізілмейді, есептеу алынып тасталды. Бұл шешімге әсер етпейді.
building-permit-granted = № { $number } құрылысқа рұқсат беріліп, реестрге енгізілді. { $until } дейін жарамды.
building-permit-refused = Рұқсаттан бас тартылды. { $reason } Түзетіп, қайта өтініш беріңіз немесе шешімге шағымданыңыз.
building-notice-conforms = Үйді салуға болады: № { $number } хабарлама реестрде, { $until } дейін жарамды.
building-notice-differs = Бұлай салуға болмайды. { $reason } Түзетіп, қайта хабарлаңыз немесе шешімге шағымданыңыз.
building-objection-permit = Шағым қанағаттандырылды. № { $number } реестрде, { $until } дейін жарамды.

## Нысандар

building-page-you = Өтініш беруші
building-page-land = Учаске
building-page-building = Ғимарат
building-page-house = Үй
building-page-papers = Құжаттар
building-page-how = Қалай жауап беру
building-page-sign = Қол қою
building-applicant = Құрылыс салушы
building-cadastral = Учаскенің кадастрлық нөмірі
building-cadastral-hint = Үзіндідегідей: 42:30:0301001:12.
building-cadastral-form = Нөмірді қос нүктемен жазыңыз, мысалы 42:30:0301001:12.
building-title = Учаскеге құқық туралы құжат
building-title-hint = Тек құқық ЕГРН-де жазылмаған болса. Жазылғанын өзіміз білеміз.
building-house-title-hint = Тек құқық ЕГРН-де жазылмаған болса.
building-kind = Не саласыз
building-storeys = Жерүсті қабаттары
building-height = Биіктігі
building-area = Жалпы ауданы
building-footprint = Құрылыс ауданы
building-setback = Учаске шекарасына дейінгі ең аз қашықтық
building-months = Жоба бойынша құрылыс айлары
building-expertise = Сараптама қорытындысының нөмірі
building-expertise-hint = Сараптама қорытындыларының реестрінен.
building-papers-intro = Органдарда жоқ нәрсені ғана жіберіңіз. ЕГРН үзіндісі мен қала құрылысы жоспарын қоспаңыз.
building-project = Жобалық құжаттама
building-project-hint = Түсіндірме жазба, учаскені ұйымдастыру сұлбасы, сәулет және конструкция шешімдері, құрылысты ұйымдастыру жобасы.
building-survey = Инженерлік іздестіру нәтижелері
building-if-missing = Бірдеңе жетіспесе
building-if-missing-wait = Маған жазып, күтіңіз: мерзімді тоқтатуды сұраймын
building-if-missing-decide = Бар нәрсе бойынша мерзімінде шешіңіз
building-delivery = Шешімді қалай алу
building-delivery-electronic = Электрондық, тегін
building-delivery-courier = Қағазда да жеткізумен, 500 ₽ (мысал)
building-delivery-place = Қайда жеткізу: тізілімдегі мекенжай
building-delivery-place-hint = Қаланы, көшені, үйді және пәтерді жазып, «Табу» түймесін басыңыз да, таңдаңыз. Тізілімде болмаса, мекенжайды төменде жазыңыз.
building-delivery-address = Қайда жеткізу
building-delivery-address-hint = Тек тізілімнен табылмаса: қала, көше, үй, пәтер.
building-truth = Бәрі дұрыс көрсетілген
building-case-number = Іс нөмірі
building-case-number-hint = Іс бетіндегі сегіз таңба; дефис пен бас әріптер міндетті емес.
building-reply = Не қалайсыз
building-reply-documents = Құжаттарды толықтыру
building-reply-withdraw = Өтінішті қайтарып алу
building-reply-papers = Құжаттар
building-reply-note = Түсініктеме, жоспар нөмірі
building-land-intro = ЕГРН жауап бермеді. Мәліметті алып, кімнің құқығы жазылғанын енгізіңіз.
building-land-right = Учаскеге құқық
building-land-right-own = Өтініш берушіде
building-land-right-other = Басқа тұлғада
building-land-right-none = Жазылмаған
building-land-right-unknown = Учаске жоқ
building-land-reference = Үзінді нөмірі
building-documents-intro = Жіберілген құжаттар жетіспегенді толықтыра ма, тексеріңіз. Басқасын талап етуге болмайды (51-бап 10-бөлік).
building-documents-outcome = Құжаттар
building-documents-outcome-complete = Енді бәрі бар
building-documents-outcome-not = Бұл басқа құжаттар
building-documents-note = Не дұрыс емес
building-project-intro = Жобаны учаскенің қала құрылысы жоспары мен шектеулерімен салыстырыңыз (51-бап 11-бөлік 2-т.).
building-project-answer = Жоба
building-project-answer-fits = Сәйкес
building-project-answer-not-fits = Сәйкес емес
building-project-answer-wrong-files = Файлдар басқа нысандікі немесе оқылмайды
building-note = Нақты не, норма тармағымен
building-fire-intro = Көрші ғимараттарға дейінгі қашықтық жеткілікті ме (123-ФЗ, 69-бап)? Үш жұмыс күнінен артық үнсіздік шешімді кешіктірмейді.
building-sanitary-intro = Ғимарат мұнда санитариялық талаптар бойынша бола ала ма (52-ФЗ, 12-бап; № 222 қаулы)?
building-answer = Жауап
building-answer-fits = Ескерту жоқ
building-answer-violation = Талаптар бұзылған
building-visit-intro = Картадағы мекенжай бойынша учаскені иесімен кездеспей қараңыз. Учаскені әр жағынан суретке түсіріңіз.
building-visit = Учаскеде
building-visit-empty = Құрылыс басталмаған
building-visit-building = Салынып жатыр
building-visit-no-access = Қарау мүмкін болмады
building-visit-photos = Суреттер
building-visit-photos-hint = JPEG немесе PNG, онға дейін.
building-visit-note = Не көрдіңіз
building-decision-intro = Шешімді кесте ұсынды. Басқаша шешсеңіз, ол жазылады. Басқа органдардың үнсіздігі – бас тартуға негіз емес (51-бап 13-бөлік).
building-decision = Шешім
building-decision-grant = Рұқсат беру
building-decision-refuse = Бас тарту
building-grounds = Бас тарту негіздері
building-decision-note = Өтініш берушіге түсініктеме
building-grounds-right = Учаскеге құқық жоқ
building-grounds-documents = Құжаттар жетіспейді
building-grounds-limits = Шекті параметрлерден асқан
building-grounds-use = Учаскені пайдалану жол бермейді
building-grounds-zone = Аймақ жол бермейді
building-grounds-project = Жоба сәйкес емес
building-grounds-fire = Өртке қарсы қашықтықтар
building-grounds-sanitary = Санитариялық талаптар
building-grounds-built = Құрылыс басталып кеткен
building-delivered = Дана
building-delivered-handed = Тапсырылды
building-delivered-not-found = Алушы жоқ, орталықта күтеді
building-delivered-note = Ескертпе
building-refund-note = Ақша қалай қайтарылды: құжат, нөмір, күн
building-objection-intro = Немен келіспейтініңізді жазыңыз. Шешімді шешкендер емес, әкімдік қайта қарайды.
building-objection = Шағым
building-review = Шағым бойынша шешім
building-review-uphold = Күшінде қалдыру
building-review-revise = Бас тартудың күшін жою
building-review-reason = Неліктен
building-kind-house = Жеке тұрғын үй
building-kind-garden-house = Бақ үйі
building-kind-shop = Дүкен
building-kind-cafe = Кафе, асхана
building-kind-office = Кеңсе
building-kind-workshop = Шеберхана, цех
building-kind-storage = Қойма

## Тапсырмалар

process-building-permit = Құрылысқа рұқсат
process-house-notice = Үй салу туралы хабарлама
process-building-reply = Өтініш берушінің жауабы
process-building-objection = Құрылыс туралы шешімге шағым
step-building-permit-land-by-hand = ЕГРН жауап бермеді: учаскеге құқықты тексеру
step-house-notice-land-by-hand = ЕГРН жауап бермеді: учаскеге құқықты тексеру
step-building-permit-check-documents = Жіберілген құжаттарды тексеру
step-building-permit-project = Жобаны тексеру
step-building-permit-fire = Өртке қарсы қашықтықтарды тексеру
step-building-permit-sanitary = Санитариялық талаптарды тексеру
step-building-permit-visit = Учаскені қарау
step-building-permit-decide = Рұқсат туралы шешу
step-house-notice-decide = Хабарламаға жауап беру
step-building-permit-deliver = Қағаз данасын жеткізу
step-building-permit-refund-by-hand = Жеткізу ақысын қайтару
step-building-permit-withdrawn-by-hand = Жеткізу ақысын қайтару
step-building-permit-fee-by-hand = Жеткізу ақысын қайтару
step-building-objection-review-decision = Шағымды қарау
task-input-buildingCadastral = Учаске
task-input-buildingApplicant = Өтініш беруші
task-input-buildingAddress = Мекенжай
task-input-buildingKindAsked = Не салынады
task-input-buildingLandUse = Учаскені пайдалану
task-input-buildingZones = Аймақтар
task-input-buildingExceeded = Асқан шектер
task-input-buildingSizes = Өтініш бойынша өлшемдер
task-input-buildingPlan = Қала құрылысы жоспары
task-input-buildingRight = ЕГРН бойынша құқық
task-input-buildingRivals = Учаскеге басқа өтініштер
task-input-buildingMissing = Не жетіспейді
task-input-buildingReply = Құжаттары бар іс
task-input-buildingReplyPapers = Жіберілген файлдар
task-input-buildingReplyExpertise = Сараптама қорытындысы
task-input-buildingReplyNote = Түсініктеме
task-input-buildingProjectNote = Жобаға ескертпелер
task-input-buildingFireSaid = Өрт қадағалау
task-input-buildingFireNote = Өрт қадағалау ескертпелері
task-input-buildingSanitarySaid = Санитариялық қадағалау
task-input-buildingSanitaryNote = Санитариялық қадағалау ескертпелері
task-input-buildingVisitSaid = Қарау
task-input-buildingVisitNote = Инспектор не көрді
task-input-buildingPermitNumber = Рұқсат
task-input-buildingDeliverTo = Қайда
task-input-buildingFee = Ақы, ₽
task-input-buildingDecision = Шешім
task-input-buildingDecisionReason = Себебі
task-input-buildingObjection = Шағым
task-input-buildingFirstCase = Бірінші іс

## Тұлғалар

persona-building-architect = Новокузнецк қала құрылысы комитетінің маманы
persona-building-head = Новокузнецк қала құрылысы комитетінің төрағасы
persona-building-regional = Кузбасс құрылыс министрлігінің маманы
persona-building-kemerovo = Кемерово құрылыс бақылауы комитетінің маманы
persona-building-fire = Мемлекеттік өрт қадағалау инспекторы
persona-building-sanitary = Роспотребнадзор маманы
persona-building-land = Муниципалдық жер бақылауы инспекторы
persona-building-centre = Көп функциялы орталық қызметкері
persona-building-reviewer = Новокузнецк басшысының құрылыс жөніндегі орынбасары

# Тапсырмалар көрсететін сөздер

task-input-buildingExceeded-storeys = Қабаттар шектен көп
task-input-buildingExceeded-height = Биіктігі шектен асады
task-input-buildingExceeded-share = Учаскенің құрылыс салынған бөлігі шектен асады
task-input-buildingExceeded-setback = Шекараға рұқсат етілгеннен жақын
task-input-buildingMissing-title = Учаскеге құқық туралы құжат
task-input-buildingMissing-plan = Қолданыстағы қала құрылысы жоспары
task-input-buildingMissing-survey = Ізденістер нәтижелері
task-input-buildingMissing-expertise = Сараптама қорытындысының нөмірі
task-input-buildingMissing-project = Жоба
task-input-buildingSizes-storeys = Қабаттар
task-input-buildingSizes-height = Биіктігі, м
task-input-buildingSizes-area = Ауданы, м²
task-input-buildingSizes-footprint = Құрылыс ауданы, м²
task-input-buildingSizes-setback = Шекараға дейін, м
persona-builder = Андрей, құрылыс салушы
task-input-buildingFireSaid-silent = Мерзімінде жауап бермеді
task-input-buildingSanitarySaid-silent = Мерзімінде жауап бермеді
task-input-buildingVisitSaid-silent = Мерзімінде жауап бермеді

# Шешімдер сөзбен

building-told-no-parcel = ЕГРН-де мұндай кадастрлық нөмірі бар учаске жоқ. Нөмірді тексеріп, өтінішті қайта беріңіз.
building-told-duplicate = Бұл учаскеге мұндай өтінішті сіз бергенсіз. Ол қаралып жатыр.
building-told-use-notice = Жеке тұрғын үй немесе бақ үйі үшін рұқсат қажет емес. Құрылыс туралы хабарлама беріңіз.
building-told-use-permit = Бұл жеке тұрғын үй де, бақ үйі де емес: үш қабат пен 20 метрден аспауы керек. Құрылысқа рұқсат қажет.
building-told-withdrawn = Өтінішті өтініш беруші қайтарып алды, ол қараусыз қалдырылды. Жаңасын кез келген уақытта беруге болады.
building-told-granted = Құрылысқа рұқсат берілді: № { $number }, { $until } дейін жарамды.
building-told-conforms = Үйдің параметрлері мен орналасуы талаптарға сай. Хабарлама реестрге енгізілді: № { $number }, { $until } дейін жарамды.
building-told-passed = Құжаттар іске тапсырылды. Олар қабылданғанда мерзім жалғасады.
building-told-taken-back = Өтініш қайтарып алынды.
building-told-no-case = Сізде мұндай нөмірі бар іс жоқ. Нөмір іс бетінде тұр.
building-told-not-awaited = Бұл іс бойынша құжат күтілмейді. Бірдеңе хабарлағыңыз келсе, іс бетінде жазыңыз.

# Процесс деректері

data-building-permit-landRight = ЕГРН бойынша құқық
data-building-permit-missing = Не жетіспейді
data-building-permit-missing-title = Учаскеге құқық туралы құжат
data-building-permit-missing-plan = Қолданыстағы қала құрылысы жоспары
data-building-permit-missing-survey = Іздестіру нәтижелері
data-building-permit-missing-expertise = Сараптама қорытындысының нөмірі
data-building-permit-missing-project = Жоба
data-building-permit-limits = Шектер асырылған
data-building-permit-limits-storeys = Қабат саны шектен көп
data-building-permit-limits-height = Биіктігі шектен көп
data-building-permit-limits-share = Учаскенің құрылысы шектен көп
data-building-permit-limits-setback = Шекараға рұқсат етілгеннен жақын
data-building-permit-permitOutcome-gone = Құрылыс салушы жоқ
data-building-permit-feeState = Жеткізу ақысы
data-building-permit-feeState-open = Төлемді күтуде
data-building-permit-feeState-paid = Төленді
data-building-permit-feeState-cancelled = Есептеу алынды
data-house-notice-limits = Шектер асырылған
data-house-notice-limits-storeys = Қабат саны шектен көп
data-house-notice-limits-height = Биіктігі шектен көп
data-house-notice-limits-share = Учаскенің құрылысы шектен көп
data-house-notice-limits-setback = Шекараға рұқсат етілгеннен жақын
data-house-notice-landRight = ЕГРН бойынша құқық
data-house-notice-permitOutcome-gone = Құрылыс салушы жоқ

# Ұзарту

service-permit-prolongation = Құрылысқа рұқсатты ұзарту
service-permit-prolongation-about = Рұқсат отыз күннен кейін аяқталады: жұмыс басталды ма, мерзімді неше айға ұзарту керек екенін айтыңыз.
service-permit-prolongation-result = Рұқсаттар тізіліміндегі жаңа соңғы күн.
outcome-permit-prolonged = Рұқсат ұзартылды
outcome-prolongation-refused = Ұзартудан бас тартылды
outcome-prolongation-not-considered = Қаралмайды
building-prolong-number = Рұқсаттың нөмірі
building-prolong-works = Құрылыс жұмыстары
building-prolong-works-begun = Басталды
building-prolong-works-none = Басталған жоқ
building-prolong-months = Неше айға
building-prolong-why = Неге көбірек уақыт керек
building-prolong-outcome = Шешім
building-prolong-grant = Ұзарту
building-prolong-refuse = Бас тарту
building-prolong-ground = Бас тарту негізі
building-prolong-ground-none = Жұмыс басталған жоқ
building-prolong-ground-late = Мерзімнің аяғына он жұмыс күнінен аз қалды
building-objection-prolonged = Шағым қанағаттандырылды. Құрылысқа № { $number } рұқсат ұзартылды: { $until } дейін жарамды.
building-objection-over = Шағым қанағаттандырылды, бірақ рұқсат енді жарамсыз: ұзартатын ештеңе жоқ. Жаңа рұқсат керек.
building-objection-since = Шағым қанағаттандырылды. Бас тартудан кейін № { $number } құрылыс рұқсатының мерзімі өзгертілген: ол { $until } дейін жарамды және екінші рет ұзартылмайды.
building-told-prolonged = Құрылысқа № { $number } рұқсат ұзартылды: { $until } дейін жарамды.
building-told-prolongation-none = Рұқсат ұзартылмады: құрылыс жұмыстары басталған жоқ.
building-told-prolongation-late = Рұқсат ұзартылмады: өтініш мерзім аяқталуына он жұмыс күнінен аз қалғанда берілді. Жаңа рұқсат керек.
building-told-prolongation-unknown = Сізде мұндай нөмірлі жарамды құрылыс рұқсаты жоқ. Үйдің сәйкестігі туралы хабарлама ұзартылмайды: ол он жыл жарамды.
task-input-permitUntil = Рұқсаттың соңғы күні
task-input-worksBegun-begun = Басталды
task-input-worksBegun-none = Басталған жоқ
step-permit-prolongation-decide = Рұқсатты ұзарту туралы шешу
data-permit-prolongation-permitNumber = Рұқсаттың нөмірі
data-permit-prolongation-prolongOutcome = Шешім
process-permit-prolongation = Құрылысқа рұқсатты ұзарту

## Алмасу

exchange-land-registry = Жылжымайтын мүлік тізілімі
exchange-land-registry-person = кім екеніңіз (идентификатор)
exchange-land-registry-known = учаске мұнда сіздің атыңызда ма

building-parcel = Сіздің учаскеңіз
building-parcel-hint = Жылжымайтын мүлік тізілімі бойынша сізге тиесілі учаскелер.
building-parcel-other = Басқа учаске
building-case-only = **{ $buildingCaseNumber }** ісі: жауап соған жіберіледі.
building-case-choose = Қай іс бойынша
building-prolong-none = Тізілім бойынша сізде құрылыс рұқсаты жоқ: ұзартатын ештеңе жоқ.
building-prolong-number-hint = Тізілім бойынша рұқсаттарыңыз, әрқайсысының соңғы күнімен. Соңғы күні өткен рұқсат ұзартылмайды: жаңасы қажет.
