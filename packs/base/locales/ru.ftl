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
type-Party = Лицо
type-Organization = Организация
type-Mandate = Полномочие представителя
type-Access = Доступ к персональным данным
type-Objection = Возражение
type-Consent = Согласие
type-SecurityAlert = Событие безопасности

## Атрибуты

attr-name = Наименование
attr-code = Код ОКТМО
attr-boundary = Граница
attr-seat = Административный центр
attr-source = Источник данных
attr-territory = Территория
attr-subjects = Предметы ведения
attr-parent = Вышестоящий орган
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
attr-actor = Кто действует
attr-access = Доступ
attr-answer = Ответ
attr-basis = Вид основания
attr-consent = Согласие
attr-data = Данные
attr-delegate = Представитель
attr-document = Документ
attr-files = Файлы
attr-only = Только эти данные
attr-purpose = Цель
attr-reason = Причина
attr-recipient = Получатель
attr-registration = ОГРН или БИН
attr-review = Проверка
attr-reviewer = Кто проверил
attr-scope = В каких делах
attr-text = Текст

## Должности

# Наименование должности не склоняется: пометка стоит после него.
post-acting = { $post } (и. о.)

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
enum-PostRole-auditor = Офицер безопасности
enum-MandateBasis-parent = Родитель
enum-MandateBasis-guardian = Опекун или попечитель
enum-MandateBasis-attorney = Доверенность
enum-MandateBasis-head = Руководитель организации
enum-MandateBasis-employee = Сотрудник организации
enum-MandateBasis-present = Оператор, в присутствии лица
enum-AccessGround-law = Закон
enum-AccessGround-contract = Договор
enum-AccessGround-consent = Согласие
enum-AccessGround-emergency = Экстренный случай
enum-AccessGround-mandate = Действие от имени лица
enum-AccessGround-document = Чтение документа
enum-AccessReview-open = Не проверено
enum-AccessReview-confirmed = Подтверждено
enum-AccessReview-refused = Признано неправомерным
enum-SecurityKind-mass-reading = Массовый просмотр
enum-SecurityKind-probing = Перебор номеров
enum-SecurityKind-emergency = Экстренный доступ
enum-SecurityKind-sign-in-failures = Неудачные входы
enum-SecurityKind-device-failures = Отклонённые устройства
enum-SecurityKind-new-device = Новое устройство
enum-SecurityKind-far-away = Две сети одновременно
enum-SecurityKind-powers = Изменение полномочий
enum-SecurityKind-tampering = Реестр записей нарушен
enum-SecurityKind-malware = Вредоносный файл

## Правила между атрибутами

rule-access-ends-later = Доступ кончается позже, чем начинается
rule-open-alert = У открытой тревоги нет времени закрытия
rule-open-case = У открытого дела нет времени закрытия
