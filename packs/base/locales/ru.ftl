pack-base-title = Основа
pack-base-description = Типы и справочники, на которых строятся пакеты регионов: муниципалитет, орган, объект, тревога, дело, задача.

## Типы

type-GeoPoint = Точка
type-Geometry = Геометрия
type-Municipality = Муниципальное образование
type-Body = Орган
type-Person = Человек
type-Post = Должность
type-Appointment = Назначение
type-Asset = Объект
type-Alert = Тревога
type-Case = Дело
type-Task = Задача

## Атрибуты

attr-name = Наименование
attr-code = Код ОКТМО
attr-boundary = Граница
attr-seat = Административный центр
attr-source = Источник данных
attr-territory = Территория
attr-subjects = Предметы ведения
attr-location = Местоположение
attr-deviceId = Номер устройства
attr-owner = Владелец
attr-simulated = Имитация
attr-kind = Вид
attr-severity = Степень опасности
attr-subject = Предмет ведения
attr-entity = Объект
attr-attribute = Показатель
attr-status = Состояние
attr-raisedAt = Время возникновения
attr-closedAt = Время закрытия
attr-offeredAt = Время предложения
attr-closing = Основание закрытия
attr-trigger = Условие
attr-decision = Таблица решений
attr-rule = Сработавшее правило
attr-inputs = Исходные данные решения
attr-case = Дело
attr-process = Процесс
attr-processVersion = Версия процесса
attr-state = Ход процесса
attr-alert = Тревога
attr-openedAt = Время открытия
attr-body = Ответственный орган
attr-step = Шаг процесса
attr-deadline = Срок исполнения
attr-takenBy = Исполнитель
attr-takenAt = Время принятия в работу
attr-completedAt = Время исполнения
attr-result = Результат
attr-birthDate = Дата рождения
attr-nationalId = СНИЛС или ИИН
attr-email = Электронная почта
attr-phone = Телефон
attr-role = Роль
attr-person = Человек
attr-post = Должность
attr-since = С какого времени
attr-until = До какого времени
attr-deputy = Исполняет обязанности
attr-ground = Основание

## Справочники

enum-Subject-air = Воздух
enum-Subject-roads = Дороги
enum-Subject-devices = Устройства
enum-Subject-water = Вода
enum-Subject-heat = Тепло
enum-AlertStatus-open = Открыта
enum-AlertStatus-closed = Закрыта
enum-Severity-warning = Предупреждение
enum-Severity-danger = Опасность
enum-TaskStatus-offered = Предложена
enum-TaskStatus-taken = В работе
enum-TaskStatus-done = Исполнена
enum-CaseStatus-open = Открыто
enum-CaseStatus-closed = Закрыто
enum-PostRole-official = Специалист
enum-PostRole-governor = Губернатор
enum-PostRole-administrator = Администратор
