pack-base-title = Негіз
pack-base-description = Өңірлердің топтамалары сүйенетін түрлер мен анықтамалықтар: муниципалитет, орган, нысан, дабыл, іс, тапсырма.

## Түрлер

type-GeoPoint = Нүкте
type-Geometry = Геометрия
type-Municipality = Муниципалдық құрылым
type-Body = Орган
type-Person = Адам
type-Post = Лауазым
type-Appointment = Тағайындау
type-Asset = Нысан
type-Alert = Дабыл
type-Case = Іс
type-Task = Тапсырма
type-Party = Тұлға
type-Organization = Ұйым
type-Mandate = Өкілдік
type-Access = Дербес деректерге қол жеткізу
type-Objection = Қарсылық
type-Consent = Келісім
type-SecurityAlert = Қауіпсіздік оқиғасы

## Атрибуттар

attr-name = Атауы
attr-code = ОКТМО коды
attr-boundary = Шекарасы
attr-seat = Әкімшілік орталығы
attr-source = Дерек көзі
attr-territory = Аумағы
attr-subjects = Жауапкершілік салалары
attr-parent = Жоғары тұрған орган
attr-location = Орналасқан жері
attr-deviceId = Құрылғы нөмірі
attr-owner = Иесі
attr-simulated = Имитация
attr-kind = Түрі
attr-severity = Қауіп дәрежесі
attr-subject = Жауапкершілік саласы
attr-entity = Нысан
attr-attribute = Көрсеткіш
attr-status = Күйі
attr-raisedAt = Туындаған уақыты
attr-closedAt = Жабылған уақыты
attr-offeredAt = Ұсынылған уақыты
attr-closing = Жабылу негізі
attr-trigger = Шарт
attr-decision = Шешімдер кестесі
attr-rule = Қолданылған ереже
attr-inputs = Шешімнің бастапқы деректері
attr-case = Іс
attr-process = Үдеріс
attr-processVersion = Үдеріс нұсқасы
attr-state = Үдерістің барысы
attr-alert = Дабыл
attr-openedAt = Ашылған уақыты
attr-body = Жауапты орган
attr-step = Үдеріс қадамы
attr-deadline = Орындау мерзімі
attr-takenBy = Орындаушы
attr-takenAt = Жұмысқа алынған уақыты
attr-completedAt = Орындалған уақыты
attr-result = Нәтижесі
attr-birthDate = Туған күні
attr-nationalId = СНИЛС немесе ЖСН
attr-email = Электрондық пошта
attr-phone = Телефон
attr-role = Рөлі
attr-person = Адам
attr-post = Лауазымы
attr-since = Қашаннан бастап
attr-until = Қашанға дейін
attr-deputy = Міндетін атқарады
attr-ground = Негізі
attr-actor = Кім әрекет етеді
attr-access = Қол жеткізу
attr-answer = Жауап
attr-basis = Негіз түрі
attr-consent = Келісім
attr-data = Деректер
attr-delegate = Өкіл
attr-document = Құжат
attr-files = Файлдар
attr-only = Тек осы деректер
attr-purpose = Мақсат
attr-reason = Себеп
attr-recipient = Алушы
attr-registration = ОГРН немесе БСН
attr-review = Тексеру
attr-reviewer = Кім тексерді
attr-scope = Қандай істерде
attr-text = Мәтін

## Лауазымдар

# Лауазым атауы септелмейді: белгі одан кейін тұрады.
post-acting = { $post } (м. а.)

## Анықтамалықтар

enum-Subject-air = Ауа
enum-Subject-roads = Жолдар
enum-Subject-devices = Құрылғылар
enum-Subject-water = Су
enum-Subject-heat = Жылу
enum-AlertStatus-open = Ашық
enum-AlertStatus-closed = Жабық
enum-Severity-warning = Ескерту
enum-Severity-danger = Қауіп
enum-TaskStatus-offered = Ұсынылды
enum-TaskStatus-taken = Жұмыста
enum-TaskStatus-done = Орындалды
enum-CaseStatus-open = Ашық
enum-CaseStatus-closed = Жабық
enum-PostRole-official = Маман
enum-PostRole-governor = Губернатор
enum-PostRole-administrator = Әкімші
enum-PostRole-auditor = Қауіпсіздік офицері
enum-MandateBasis-parent = Ата-ана
enum-MandateBasis-guardian = Қамқоршы
enum-MandateBasis-attorney = Сенімхат
enum-MandateBasis-head = Ұйым басшысы
enum-MandateBasis-employee = Ұйым қызметкері
enum-MandateBasis-present = Оператор, адамның қатысуымен
enum-AccessGround-law = Заң
enum-AccessGround-contract = Шарт
enum-AccessGround-consent = Келісім
enum-AccessGround-emergency = Төтенше жағдай
enum-AccessGround-mandate = Адам атынан әрекет ету
enum-AccessGround-document = Құжатты оқу
enum-AccessReview-open = Тексерілмеген
enum-AccessReview-confirmed = Расталды
enum-AccessReview-refused = Заңсыз деп танылды
enum-SecurityKind-mass-reading = Жаппай қарау
enum-SecurityKind-probing = Нөмірлерді іріктеу
enum-SecurityKind-emergency = Төтенше қол жеткізу
enum-SecurityKind-sign-in-failures = Сәтсіз кірулер
enum-SecurityKind-device-failures = Қабылданбаған құрылғылар
enum-SecurityKind-new-device = Жаңа құрылғы
enum-SecurityKind-far-away = Бір мезгілде екі желі
enum-SecurityKind-powers = Өкілеттік өзгеруі
enum-SecurityKind-tampering = Жазбалар тізілімі бұзылған
enum-SecurityKind-malware = Зиянды файл

## Атрибуттар арасындағы ережелер

rule-access-ends-later = Қолжетімділік басталғаннан кейін аяқталады
rule-open-alert = Ашық дабылдың жабылу уақыты болмайды
rule-open-case = Ашық істің жабылу уақыты болмайды
