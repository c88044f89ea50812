## Топтама

pack-kuzbass-title = Кузбасс
pack-kuzbass-description = Новокузнецк ауасы және Кузбасс қалаларындағы қар тазалау: бекеттер, көліктер, дабылдар және олар бойынша тапсырмалар.

## Түрлер

type-AirQualityStation = Ауа сапасын бақылау бекеті
type-WeatherPost = Метеобекет
type-SnowPlough = Қар тазалағыш көлік
type-Settlement = Елді мекен

## Атрибуттар

attr-nh3 = Аммиак
attr-dust = Қалқыма заттар
attr-no2 = Азот диоксиді
attr-so2 = Күкірт диоксиді
attr-o3 = Озон
attr-no = Азот оксиді
attr-co = Көміртегі оксиді
attr-h2s = Күкіртсутек
attr-pm1 = PM1 бөлшектері
attr-pm10 = PM10 бөлшектері
attr-pm25 = PM2.5 бөлшектері
attr-temperature = Ауа температурасы
attr-windSpeed = Жел жылдамдығы
attr-humidity = Салыстырмалы ылғалдылық
attr-pressure = Атмосфералық қысым
attr-windDirection = Жел бағыты
attr-route = Маршрут
attr-position = Ағымдағы орны
attr-speed = Жылдамдығы
attr-heading = Қозғалыс бағыты
attr-working = Желіде
attr-population = Халық саны

## Дабылдар

alert-air-pollution = Ауаның ластануы
alert-plough-standing = Қар тазалағыш көлік тұрып қалды
alert-station-silent = Бекет деректер жібермейді

## Үдерістер

process-alert-response = Дабылға ден қою
step-alert-response-respond = Дабыл бойынша шара қолдану

## Карта қабаттары

layer-municipalities = Муниципалдық құрылымдар
layer-settlements = Елді мекендер
layer-routes = Тазалау маршруттары
layer-weather = Ауа райы
layer-air = Ауа сапасы
layer-ploughs = Қар тазалағыш көліктер
layer-alerts = Дабылдар
layer-tasks = Тапсырмалар

## Танысуға арналған рөлдер

persona-citizen = Тұрғын
persona-official-municipal = Новокузнецк экология комитетінің маманы
persona-official-regional = Кузбасс экология министрлігінің маманы
persona-governor = Губернатор
persona-administrator = Платформа әкімшісі

## Кеңістіктер

space-kuzbass = Кемерово облысы – Кузбасс
space-anzhero-sudzhensk = Анжеро-Судженск қалалық округі
space-belovo = Белово қалалық округі
space-berezovsky = Березовский қалалық округі
space-kaltan = Калтан қалалық округі
space-kemerovo = Кемерово қалалық округі
space-kiselevsk = Киселевск қалалық округі
space-krasnobrodsky = Краснобродский қалалық округі
space-leninsk-kuznetsky = Ленинск-Кузнецкий қалалық округі
space-mezhdurechensk = Междуреченск қалалық округі
space-myski = Мыски қалалық округі
space-novokuznetsk = Новокузнецк қалалық округі
space-osinniki = Осинники қалалық округі
space-polysaevo = Полысаево қалалық округі
space-prokopyevsk = Прокопьевск қалалық округі
space-taiga = Тайга қалалық округі
space-yurga = Юрга қалалық округі
space-belovsky-district = Беловский ауданы
space-chebulinsky-district = Чебулинский ауданы
space-guryevsky-district = Гурьевский ауданы
space-izhmorsky-district = Ижморский ауданы
space-kemerovsky-district = Кемеровский ауданы
space-krapivinsky-district = Крапивинский ауданы
space-leninsk-kuznetsky-district = Ленинск-Кузнецкий ауданы
space-mariinsky-district = Мариинский ауданы
space-novokuznetsky-district = Новокузнецкий ауданы
space-prokopyevsky-district = Прокопьевский ауданы
space-promyshlennovsky-district = Промышленновский ауданы
space-tashtagolsky-district = Таштагольский ауданы
space-tisulsky-district = Тисульский ауданы
space-topkinsky-district = Топкинский ауданы
space-tyazhinsky-district = Тяжинский ауданы
space-yashkinsky-district = Яшкинский ауданы
space-yaysky-district = Яйский ауданы
space-yurginsky-district = Юргинский ауданы

## Шешім ережелері мен шарттар
rule-air-danger = Нормадан бес есе және одан жоғары: төрт сағат ішінде шара қолдану
rule-air-warning = Нормаға жетті: бір тәулік ішінде шара қолдану
rule-air-clear = Қайтадан нормадан едәуір төмен: дабыл аяқталды
rule-plough-danger = Қырық бес минут қозғалыссыз: бір сағат ішінде басқа машина жіберу
rule-plough-warning = Он минут қозғалыссыз: екі сағат ішінде себебін анықтау
rule-plough-moves = Қайтадан қозғалды: дабыл аяқталды
rule-plough-off-duty = Жұмыс қалмады: дабыл аяқталды
rule-silence-danger = Бір сағат көрсеткіш жоқ: сегіз сағат ішінде қалпына келтіру
rule-silence-warning = Он бес минут көрсеткіш жоқ: бір тәулік ішінде анықтау
rule-silence-over = Көрсеткіштер қайта келді: дабыл аяқталды
decision-air-alert = Ауа сапасы туралы дабыл
decision-plough-standing = Қар тазалағыш көліктің тұрып қалуы
decision-station-silent = Бекеттің үнсіздігі
trigger-air-above-norm = Ауа нормадан жоғары
trigger-plough-standing = Машина тұрып қалды
trigger-station-silent = Бекет үнсіз
