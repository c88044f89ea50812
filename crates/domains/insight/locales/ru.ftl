## Карта

map-title = Живая карта
map-lead = Всё, что стоит на карте, в таблицах: значения, доли нормы, тревоги и задачи.
map-territory = Территория
map-other-territory = Выбрать другую территорию
map-to-map = Показать на карте
map-to-list = Все объекты списком
map-all-of-them = Показать все
map-worst = Худший показатель
map-values = Сейчас
map-empty-title = На карте пока пусто
map-empty-text = Объекты появятся, когда будет опубликован пакет с ними.
map-as-of = Цифры на
map-newest = Последнее наблюдение
map-stat-alerts = Открытых тревог
map-stat-above = Объектов выше нормы
map-ended-title = Тревоги, завершённые за сутки
map-ended-none = За последние сутки ни одна тревога не завершилась.
map-legend = Что означают цвета
map-legend-ratio = Худшее отношение к норме, долей
map-legend-from = от { $value }
map-legend-words = «В норме» – меньше 0,8 нормы, «близко к норме» – от 0,8 до 1, «выше нормы» – от 1.
map-sources = Источники данных
map-replayed = Часть значений воспроизводится из архива наблюдений: возраст значения указан от времени наблюдения.

## Уровень

level-within = в норме
level-near = близко к норме
level-above = выше нормы
level-none = норма не задана
level-silent = нет данных
level-ratio = { $ratio } нормы

## Объект

object-name = Название
object-type = Тип
object-territory = Территория
object-level = Уровень
object-age = Обновлено
object-silent = Наблюдений ещё нет.
object-about = { $what }: { $where }
object-place = { $lat }° с. ш., { $lon }° в. д.
object-drawn = нарисовано на карте, точек: { $n }
object-yes = да
object-no = нет
object-document = Показать подробности

objects-title = Объекты
objects-every-type = Все типы
objects-search = Название или номер
objects-count = { $n ->
    [one] { $n } объект
    [few] { $n } объекта
   *[other] { $n } объектов
}
objects-none-title = Ничего не найдено
objects-none-text = Измените территорию, тип или слова поиска.
objects-csv = Скачать этот список (CSV, до 20 000 строк)

## Тревоги и задачи

alerts-what = Что случилось
alerts-severity = Степень
alerts-attribute = Показатель
alerts-raised = Началась
alerts-ended = Завершилась
alerts-open = продолжается
tasks-what = Что нужно сделать
tasks-status = Состояние
tasks-deadline = Срок

## Карточка

card-current = Текущие значения
card-attribute = Показатель
card-value = Значение
card-norm = Отношение к норме
card-norm-is = норма { $value }
card-more-values = Остальные показатели
card-history = История наблюдений
card-as-table = Показать числа таблицей
card-facts = Сведения
card-open = Открытые тревоги
card-ended = Прошлые тревоги
card-on-map = Показать на карте
card-journal = Журнал изменений
card-to-task = Открыть задачу
card-to-case = Открыть дело
card-whole-page = Вся карточка
chart-time = Время
chart-average = Среднее
chart-least = Наименьшее
chart-greatest = Наибольшее

## Единицы измерения (коды UCUM)

unit-mg-per-m3 = мг/м³
unit-ug-per-m3 = мкг/м³
unit-Cel = °C
unit-m-per-s = м/с
unit-km-per-h = км/ч
unit-percent = %
unit-deg = °
unit-mm-Hg = мм рт. ст.
unit-hPa = гПа
unit-Pa = Па
unit-m = м
unit-km = км
unit-cm = см
unit-mm = мм
unit-m2 = м²
unit-m3 = м³
unit-m3-per-h = м³/ч
unit-kg = кг
unit-g = г
unit-t = т
unit-s = с
unit-min = мин
unit-h = ч
unit-d = сут
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

vocabulary-title = Типы и атрибуты
vocabulary-lead = Что объявлено в пакетах и что используется, с числом объектов на территории.
vocabulary-declared = Где объявлено
vocabulary-undeclared = не объявлено
vocabulary-attributes = Атрибуты
vocabulary-entities = Объекты
vocabulary-name = Имя в программном интерфейсе
vocabulary-uri = Общий словарь
vocabulary-attribute = Атрибут
vocabulary-holds = Что хранит
vocabulary-unit = Единица
vocabulary-class = Кому виден
vocabulary-required = Обязателен
vocabulary-in-use = Есть у объектов
vocabulary-class-open = всем
vocabulary-class-internal = служащим
vocabulary-class-personal = самому человеку и тем, у кого есть основание
vocabulary-class-special = то же, особая категория (здоровье, убеждения)
vocabulary-class-secret = тайна: тем, кого называет пакет
vocabulary-holds-text = текст
vocabulary-holds-number = число
vocabulary-holds-switch = да или нет
vocabulary-holds-moment = дата и время
vocabulary-holds-place = место
vocabulary-holds-word = слово из списка { $list }
vocabulary-holds-link = ссылка: { $type }
vocabulary-holds-several = несколько: { $what }
vocabulary-none-title = Типов пока нет
vocabulary-none-text = Типы появятся, когда будет опубликован пакет, который их объявляет.
vocabulary-no-attributes-title = Атрибутов пока нет
vocabulary-no-attributes-text = Тип их не объявляет, и ни у одного объекта их нет.
objects-vocabulary = Типы и атрибуты
