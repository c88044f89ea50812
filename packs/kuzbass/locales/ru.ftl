## Пакет

pack-kuzbass-title = Кузбасс
pack-kuzbass-description = Воздух Новокузнецка и уборка снега в городах Кузбасса: станции, машины, тревоги и задачи по ним.

## Типы

type-AirQualityStation = Станция контроля воздуха
type-WeatherPost = Метеопост
type-SnowPlough = Снегоуборочная машина
type-Settlement = Населённый пункт

## Атрибуты

attr-nh3 = Аммиак
attr-dust = Взвешенные вещества
attr-no2 = Диоксид азота
attr-so2 = Диоксид серы
attr-o3 = Озон
attr-no = Оксид азота
attr-co = Оксид углерода
attr-h2s = Сероводород
attr-pm1 = Частицы PM1
attr-pm10 = Частицы PM10
attr-pm25 = Частицы PM2.5
attr-temperature = Температура воздуха
attr-windSpeed = Скорость ветра
attr-humidity = Относительная влажность
attr-pressure = Атмосферное давление
attr-windDirection = Направление ветра
attr-route = Маршрут
attr-position = Текущее положение
attr-speed = Скорость
attr-heading = Курс
attr-working = На линии
attr-population = Население

## Тревоги

alert-air-pollution = Загрязнение воздуха
alert-plough-standing = Снегоуборочная машина стоит
alert-station-silent = Станция не передаёт данные

## Процессы

process-alert-response = Реагирование на тревогу
step-alert-response-respond = Принять меры по тревоге

## Слои карты

layer-municipalities = Муниципальные образования
layer-settlements = Населённые пункты
layer-routes = Маршруты уборки
layer-weather = Погода
layer-air = Качество воздуха
layer-ploughs = Снегоуборочные машины
layer-alerts = Тревоги
layer-tasks = Задачи

## Роли для знакомства

persona-citizen = Житель
persona-official-municipal = Специалист комитета экологии Новокузнецка
persona-official-regional = Специалист министерства экологии Кузбасса
persona-governor = Губернатор
persona-administrator = Администратор платформы

## Пространства

space-kuzbass = Кемеровская область – Кузбасс
space-anzhero-sudzhensk = Анжеро-Судженский городской округ
space-belovo = Беловский городской округ
space-berezovsky = Березовский городской округ
space-kaltan = Калтанский городской округ
space-kemerovo = Кемеровский городской округ
space-kiselevsk = Киселевский городской округ
space-krasnobrodsky = Краснобродский городской округ
space-leninsk-kuznetsky = Ленинск-Кузнецкий городской округ
space-mezhdurechensk = Междуреченский городской округ
space-myski = Мысковский городской округ
space-novokuznetsk = Новокузнецкий городской округ
space-osinniki = Осинниковский городской округ
space-polysaevo = Полысаевский городской округ
space-prokopyevsk = Прокопьевский городской округ
space-taiga = Тайгинский городской округ
space-yurga = Юргинский городской округ
space-belovsky-district = Беловский район
space-chebulinsky-district = Чебулинский район
space-guryevsky-district = Гурьевский район
space-izhmorsky-district = Ижморский район
space-kemerovsky-district = Кемеровский район
space-krapivinsky-district = Крапивинский район
space-leninsk-kuznetsky-district = Ленинск-Кузнецкий район
space-mariinsky-district = Мариинский район
space-novokuznetsky-district = Новокузнецкий район
space-prokopyevsky-district = Прокопьевский район
space-promyshlennovsky-district = Промышленновский район
space-tashtagolsky-district = Таштагольский район
space-tisulsky-district = Тисульский район
space-topkinsky-district = Топкинский район
space-tyazhinsky-district = Тяжинский район
space-yashkinsky-district = Яшкинский район
space-yaysky-district = Яйский район
space-yurginsky-district = Юргинский район

## Правила решений и условия
rule-air-danger = Пятикратная норма и выше: принять меры за четыре часа
rule-air-warning = Норма достигнута: принять меры за сутки
rule-air-clear = Снова заметно ниже нормы: тревога окончена
rule-plough-danger = Три четверти часа без движения: послать другую машину в течение часа
rule-plough-warning = Десять минут без движения: выяснить причину за два часа
rule-plough-moves = Снова движется: тревога окончена
rule-plough-off-duty = Работы больше нет: тревога окончена
rule-silence-danger = Час без показаний: восстановить за восемь часов
rule-silence-warning = Четверть часа без показаний: разобраться за сутки
rule-silence-over = Показания снова идут: тревога окончена
decision-air-alert = Тревога о качестве воздуха
decision-plough-standing = Стоянка снегоуборочной машины
decision-station-silent = Молчание станции
trigger-air-above-norm = Воздух выше нормы
trigger-plough-standing = Машина стоит
trigger-station-silent = Станция молчит
