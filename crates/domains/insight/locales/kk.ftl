## Карта

map-title = Тірі карта
map-lead = Картадағының бәрі кестеде: мәндер, норма үлестері, дабылдар мен тапсырмалар.
map-territory = Аумақ
map-other-territory = Басқа аумақты таңдау
map-to-map = Картадан көрсету
map-to-list = Барлық нысандардың тізімі
map-all-of-them = Барлығын көрсету
map-worst = Ең нашар көрсеткіш
map-values = Қазір
map-empty-title = Картада әзірге ештеңе жоқ
map-empty-text = Нысандар олар енгізілген топтама жарияланғанда пайда болады.
map-as-of = Сандар мына уақытқа
map-newest = Соңғы бақылау
map-stat-alerts = Ашық дабылдар
map-stat-above = Нормадан жоғары нысандар
map-ended-title = Бір тәулікте аяқталған дабылдар
map-ended-none = Соңғы тәулікте бірде-бір дабыл аяқталған жоқ.
map-legend = Түстер нені білдіреді
map-legend-ratio = Нормаға ең нашар қатынасы, үлес
map-legend-from = { $value } және одан жоғары
map-legend-words = «Норма шегінде» – норманың 0,8 үлесінен аз, «нормаға жақын» – 0,8-ден 1-ге дейін, «нормадан жоғары» – 1 және одан көп.
map-sources = Деректер көздері
map-replayed = Мәндердің бір бөлігі бақылаулар мұрағатынан қайта ойнатылуда: мәннің жасы бақылау уақытынан саналады.

## Деңгей

level-within = норма шегінде
level-near = нормаға жақын
level-above = нормадан жоғары
level-none = норма белгіленбеген
level-silent = дерек жоқ
level-ratio = норманың { $ratio } үлесі

## Нысан

object-name = Атауы
object-type = Түрі
object-territory = Аумағы
object-level = Деңгейі
object-age = Жаңартылды
object-silent = Бақылаулар әлі жоқ.
object-about = { $what }: { $where }
object-place = { $lat }° с. е., { $lon }° ш. б.
object-drawn = картада сызылған, нүктелер саны: { $n }
object-yes = иә
object-no = жоқ
object-document = Толығырақ көрсету

objects-title = Нысандар
objects-every-type = Барлық түрлер
objects-search = Атауы немесе нөмірі
objects-count = { $n } нысан
objects-none-title = Ештеңе табылмады
objects-none-text = Аумақты, түрді немесе іздеу сөздерін өзгертіңіз.
objects-csv = Осы тізімді жүктеп алу (CSV, 20 000 жолға дейін)

## Дабылдар мен тапсырмалар

alerts-what = Не болды
alerts-severity = Дәрежесі
alerts-attribute = Көрсеткіш
alerts-raised = Басталды
alerts-ended = Аяқталды
alerts-open = жалғасуда
tasks-what = Не істеу керек
tasks-status = Күйі
tasks-deadline = Мерзімі

## Карточка

card-current = Ағымдағы мәндер
card-attribute = Көрсеткіш
card-value = Мәні
card-norm = Нормаға қатынасы
card-norm-is = норма { $value }
card-more-values = Қалған көрсеткіштер
card-history = Бақылаулар тарихы
card-as-table = Сандарды кесте түрінде көрсету
card-facts = Мәліметтер
card-open = Ашық дабылдар
card-ended = Бұрынғы дабылдар
card-on-map = Картадан көрсету
card-journal = Өзгерістер журналы
card-to-task = Тапсырманы ашу
card-to-case = Істі ашу
card-whole-page = Толық карточка
chart-time = Уақыты
chart-average = Орташа
chart-least = Ең азы
chart-greatest = Ең көбі

## Өлшем бірліктері (UCUM кодтары)

unit-mg-per-m3 = мг/м³
unit-ug-per-m3 = мкг/м³
unit-Cel = °C
unit-m-per-s = м/с
unit-km-per-h = км/сағ
unit-percent = %
unit-deg = °
unit-mm-Hg = мм сын. бағ.
unit-hPa = гПа
unit-Pa = Па
unit-m = м
unit-km = км
unit-cm = см
unit-mm = мм
unit-m2 = м²
unit-m3 = м³
unit-m3-per-h = м³/сағ
unit-kg = кг
unit-g = г
unit-t = т
unit-s = с
unit-min = мин
unit-h = сағ
unit-d = тәул
unit-L = л
unit-V = В
unit-A = А
unit-W = Вт
unit-kW = кВт
unit-MW = МВт
unit-Hz = Гц
unit-K = К
unit-ppm = млн⁻¹
unit-bar = бар

## Vocabulary

vocabulary-title = Типтер мен атрибуттар
vocabulary-lead = Пакеттерде не жарияланған және не қолданылады, аумақтағы нысандар санымен.
vocabulary-declared = Қайда жарияланған
vocabulary-undeclared = жарияланбаған
vocabulary-attributes = Атрибуттар
vocabulary-entities = Нысандар
vocabulary-name = Бағдарламалық интерфейстегі атауы
vocabulary-uri = Жалпы сөздік
vocabulary-attribute = Атрибут
vocabulary-holds = Не сақтайды
vocabulary-unit = Өлшем бірлігі
vocabulary-class = Кімге көрінеді
vocabulary-required = Міндетті
vocabulary-in-use = Қанша нысанда бар
vocabulary-class-open = барлығына
vocabulary-class-internal = қызметкерлерге
vocabulary-class-personal = адамның өзіне және негізі барларға
vocabulary-class-special = сол сияқты, ерекше санат (денсаулық, сенім)
vocabulary-class-secret = құпия: пакет атағандарға
vocabulary-holds-text = мәтін
vocabulary-holds-number = сан
vocabulary-holds-switch = иә немесе жоқ
vocabulary-holds-moment = күні мен уақыты
vocabulary-holds-place = орын
vocabulary-holds-word = { $list } тізіміндегі сөз
vocabulary-holds-link = сілтеме: { $type }
vocabulary-holds-several = бірнешеуі: { $what }
vocabulary-none-title = Әзірге типтер жоқ
vocabulary-none-text = Типтер оларды жариялайтын пакет шыққанда пайда болады.
vocabulary-no-attributes-title = Әзірге атрибуттар жоқ
vocabulary-no-attributes-text = Тип оларды жарияламайды және ешбір нысанда олар жоқ.
objects-vocabulary = Типтер мен атрибуттар
