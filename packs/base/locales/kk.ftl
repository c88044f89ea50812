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

## Атрибуттар

attr-name = Атауы
attr-code = ОКТМО коды
attr-boundary = Шекарасы
attr-seat = Әкімшілік орталығы
attr-source = Дерек көзі
attr-territory = Аумағы
attr-subjects = Жауапкершілік салалары
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
