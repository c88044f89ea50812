## Пакет

pack-building-permit-title = Строительство дома и небольшого здания
pack-building-permit-description = Разрешение на строительство за пять рабочих дней и ответ на уведомление о доме за семь: права узнаёт система, органы проверяют одновременно, отказ – только по статье.

## Типы

type-LandParcel = Земельный участок
type-TownPlan = Градостроительный план участка
type-BuildingApplication = Заявление о строительстве
type-BuildingPermit = Разрешение на строительство

## Атрибуты

attr-cadastralNumber = Кадастровый номер
attr-landAddress = Адрес участка
attr-landArea = Площадь участка
attr-landUse = Разрешённое использование
attr-landZones = Зоны с особыми условиями
attr-landMunicipality = Муниципальное образование
attr-planNumber = Номер градостроительного плана
attr-landParcel = Участок
attr-planIssuedOn = План выдан
attr-planStoreys = Этажей не больше
attr-planHeight = Высота не больше
attr-planShare = Застройка не больше, %
attr-planSetback = До границы не меньше
attr-buildingKind = Что строится
attr-buildingStoreys = Надземных этажей
attr-buildingHeight = Высота здания
attr-buildingArea = Площадь здания
attr-buildingMonths = Месяцев строительства
attr-buildingStatus = Состояние заявления
attr-permitNumber = Номер разрешения
attr-permitKind = Вид разрешения
attr-permitSince = Действует с
attr-permitUntil = Действует по
attr-permitStatus = Состояние разрешения
rule-building-permit-ends-later = Разрешение кончается позже, чем начинается

## Справочники

enum-LandUse-housing = Индивидуальное жилищное строительство
enum-LandUse-gardening = Садоводство
enum-LandUse-trade = Торговля, питание, офисы
enum-LandUse-industry = Производство и склады
enum-LandUse-public = Земли общего пользования
enum-ProtectionZone-sanitary = Санитарно-защитная зона
enum-ProtectionZone-water = Водоохранная зона
enum-ProtectionZone-power = Охранная зона линии электропередачи
enum-ProtectionZone-pipeline = Охранная зона трубопровода
enum-ProtectionZone-heritage = Защитная зона памятника
enum-BuildingKind-house = Индивидуальный жилой дом
enum-BuildingKind-garden-house = Садовый дом
enum-BuildingKind-shop = Магазин
enum-BuildingKind-cafe = Кафе, столовая
enum-BuildingKind-office = Офис
enum-BuildingKind-workshop = Мастерская, цех
enum-BuildingKind-storage = Склад
enum-BuildingStatus-open = Рассматривается
enum-BuildingStatus-documents = Ждёт документов
enum-BuildingStatus-granted = Разрешено
enum-BuildingStatus-refused = Отказано
enum-BuildingStatus-withdrawn = Отозвано
enum-PermitKind-permit = Разрешение на строительство
enum-PermitKind-notice = Уведомление о соответствии
enum-PermitStatus-valid = Действует
enum-PermitStatus-ended = Прекращено

## Услуги

service-building-permit = Получить разрешение на строительство
service-building-permit-about = Магазин, кафе, офис, мастерская, склад. Нужны номер участка, проект и изыскания; остальное орган узнает сам. Бесплатно. Для дома подайте уведомление.
service-building-permit-result = Разрешение в реестре с номером и сроком или отказ с причинами по статьям.
service-house-notice = Уведомить о строительстве дома
service-house-notice-about = Жилой или садовый дом до трёх этажей и 20 метров. Разрешение не нужно.
service-house-notice-result = Уведомление о соответствии на десять лет или о несоответствии с причинами.
service-building-reply = Дослать документы или отозвать заявление о строительстве
service-building-reply-about = Если орган написал, чего не хватает, или вы передумали. Нужен номер дела.
service-building-reply-result = Документы в деле или заявление отозвано.
outcome-permit-granted = Разрешение выдано
outcome-permit-refused = В разрешении отказано
outcome-notice-conforms = Дом соответствует требованиям
outcome-notice-differs = Дом не соответствует требованиям
outcome-building-no-parcel = Участка нет в ЕГРН
outcome-building-duplicate = Такое заявление уже рассматривается
outcome-building-use-notice = Нужно уведомление, а не разрешение
outcome-building-use-permit = Нужно разрешение, а не уведомление
outcome-building-withdrawn = Заявление отозвано
outcome-building-documents-passed = Документы переданы
outcome-building-withdrawal-passed = Отзыв передан
outcome-building-reply-not-awaited = Ответа не ждут
outcome-building-objection-granted = Жалоба удовлетворена
outcome-building-objection-refused = Жалоба отклонена
pause-building-documents = ждём документы, о которых написали вам
pause-building-delivery = решение принято, бумажный экземпляр в пути
layer-land-parcels = Земельные участки
layer-building-permits = Разрешения на строительство

## Сообщения заявителю

building-missing-title = Право на участок не записано в ЕГРН. Нужен документ о праве. Пришлите через услугу «Дослать документы», номер дела { $number }, в течение десяти рабочих дней. Срок пока стоит.
building-missing-plan = Действующего градостроительного плана участка нет. Получите его в органе архитектуры и напишите номер. Пришлите через услугу «Дослать документы», номер дела { $number }, в течение десяти рабочих дней. Срок пока стоит.
building-missing-survey = Нет результатов инженерных изысканий. Пришлите через услугу «Дослать документы», номер дела { $number }, в течение десяти рабочих дней. Срок пока стоит.
building-missing-expertise = Здание выше двух этажей или больше 1500 м². Нужен номер заключения экспертизы проекта. Пришлите через услугу «Дослать документы», номер дела { $number }, в течение десяти рабочих дней. Срок пока стоит.
building-missing-project = Присланные файлы – не проект этого здания на этом участке. Пришлите через услугу «Дослать документы», номер дела { $number }, в течение десяти рабочих дней. Срок пока стоит.
building-fee-cancelled = Бумажный экземпляр доставлять не будем, начисление снято. На решение это не влияет.
building-permit-granted = Разрешение на строительство № { $number } выдано и внесено в реестр. Действует до { $until }.
building-permit-refused = В разрешении отказано. { $reason } Исправьте это и подайте заявление снова или пожалуйтесь на решение.
building-notice-conforms = Дом можно строить: уведомление № { $number } в реестре, действует до { $until }.
building-notice-differs = Строить так нельзя. { $reason } Исправьте и подайте уведомление снова или пожалуйтесь на решение.
building-objection-permit = Жалоба удовлетворена. № { $number } в реестре, действует до { $until }.

## Формы

building-page-you = Заявитель
building-page-land = Участок
building-page-building = Здание
building-page-house = Дом
building-page-papers = Документы
building-page-how = Как ответить
building-page-sign = Подпись
building-applicant = Застройщик
building-cadastral = Кадастровый номер участка
building-cadastral-hint = Как в выписке: 42:30:0301001:12.
building-cadastral-form = Напишите номер цифрами через двоеточия, например 42:30:0301001:12.
building-title = Документ о праве на участок
building-title-hint = Только если право не записано в ЕГРН. Что записано, узнаем сами.
building-house-title-hint = Только если право не записано в ЕГРН.
building-kind = Что строите
building-storeys = Надземных этажей
building-height = Высота
building-area = Общая площадь
building-footprint = Площадь застройки
building-setback = Наименьшее расстояние до границы участка
building-months = Месяцев строительства по проекту
building-expertise = Номер заключения экспертизы
building-expertise-hint = Из реестра заключений экспертизы.
building-papers-intro = Пришлите только то, чего у органов нет. Выписку из ЕГРН и градостроительный план не прикладывайте.
building-project = Проектная документация
building-project-hint = Пояснительная записка, схема планировочной организации участка, архитектурные и конструктивные решения, проект организации строительства.
building-survey = Результаты инженерных изысканий
building-if-missing = Если чего-то не хватает
building-if-missing-wait = Напишите мне и подождите: прошу остановить срок
building-if-missing-decide = Решайте в срок по тому, что есть
building-delivery = Как получить решение
building-delivery-electronic = Электронно, бесплатно
building-delivery-courier = Ещё и на бумаге с доставкой, 500 ₽ (пример)
building-delivery-place = Куда доставить: адрес из реестра
building-delivery-place-hint = Напишите город, улицу, дом и квартиру, нажмите «Найти» и выберите. Нет в реестре – впишите адрес ниже.
building-delivery-address = Куда доставить
building-delivery-address-hint = Только если в реестре не нашлось: город, улица, дом, квартира.
building-truth = Всё указано верно
building-case-number = Номер дела
building-case-number-hint = Восемь знаков со страницы дела; дефис и заглавные буквы не обязательны.
building-reply = Что вы хотите
building-reply-documents = Дослать документы
building-reply-withdraw = Отозвать заявление
building-reply-papers = Документы
building-reply-note = Пояснение, номер плана
building-land-intro = ЕГРН не ответил. Получите сведения и впишите, чьё право записано.
building-land-right = Право на участок
building-land-right-own = У заявителя
building-land-right-other = У другого лица
building-land-right-none = Не записано
building-land-right-unknown = Участка нет
building-land-reference = Номер выписки
building-documents-intro = Проверьте, закрывают ли присланные документы то, чего не хватало. Иного требовать нельзя (ст. 51 ч. 10).
building-documents-outcome = Документы
building-documents-outcome-complete = Теперь всё есть
building-documents-outcome-not = Это не те документы
building-documents-note = Что не так
building-project-intro = Сверьте проект с градостроительным планом и ограничениями участка (ст. 51 ч. 11 п. 2).
building-project-answer = Проект
building-project-answer-fits = Соответствует
building-project-answer-not-fits = Не соответствует
building-project-answer-wrong-files = Файлы от другого объекта или не читаются
building-note = Что именно, с пунктом нормы
building-fire-intro = Достаточны ли расстояния до соседних зданий (123-ФЗ, ст. 69)? Молчание дольше трёх рабочих дней не задержит решения.
building-sanitary-intro = Допустимо ли здание здесь по санитарным требованиям (52-ФЗ, ст. 12; постановление № 222)?
building-answer = Ответ
building-answer-fits = Замечаний нет
building-answer-violation = Требования нарушены
building-visit-intro = Осмотрите участок по адресу на карте, без встречи с владельцем. Снимите участок с разных сторон.
building-visit = На участке
building-visit-empty = Строительство не начато
building-visit-building = Уже строят
building-visit-no-access = Осмотреть не удалось
building-visit-photos = Снимки
building-visit-photos-hint = JPEG или PNG, до десяти.
building-visit-note = Что увидели
building-decision-intro = Решение предложено таблицей. Если решаете иначе, это будет записано. Молчание других органов – не основание для отказа (ст. 51 ч. 13).
building-decision = Решение
building-decision-grant = Разрешить
building-decision-refuse = Отказать
building-grounds = Основания отказа
building-decision-note = Пояснение для заявителя
building-grounds-right = Нет права на участок
building-grounds-documents = Не хватает документов
building-grounds-limits = Превышены предельные параметры
building-grounds-use = Использование участка не допускает
building-grounds-zone = Зона не допускает
building-grounds-project = Проект не соответствует
building-grounds-fire = Противопожарные расстояния
building-grounds-sanitary = Санитарные требования
building-grounds-built = Строительство уже начато
building-delivered = Экземпляр
building-delivered-handed = Вручён
building-delivered-not-found = Адресата нет, ждёт в МФЦ
building-delivered-note = Примечание
building-refund-note = Как возвращены деньги: документ, номер, дата
building-objection-intro = Напишите, с чем не согласны. Решение пересмотрит администрация, а не те, кто решал.
building-objection = Жалоба
building-review = Решение по жалобе
building-review-uphold = Оставить в силе
building-review-revise = Отменить отказ
building-review-reason = Почему
building-kind-house = Индивидуальный жилой дом
building-kind-garden-house = Садовый дом
building-kind-shop = Магазин
building-kind-cafe = Кафе, столовая
building-kind-office = Офис
building-kind-workshop = Мастерская, цех
building-kind-storage = Склад

## Задачи

process-building-permit = Разрешение на строительство
process-house-notice = Уведомление о строительстве дома
process-building-reply = Ответ заявителя
process-building-objection = Жалоба на решение о строительстве
step-building-permit-land-by-hand = ЕГРН не ответил: проверить права на участок
step-house-notice-land-by-hand = ЕГРН не ответил: проверить права на участок
step-building-permit-check-documents = Проверить присланные документы
step-building-permit-project = Проверить проект
step-building-permit-fire = Проверить противопожарные расстояния
step-building-permit-sanitary = Проверить санитарные требования
step-building-permit-visit = Осмотреть участок
step-building-permit-decide = Решить о разрешении
step-house-notice-decide = Ответить на уведомление
step-building-permit-deliver = Доставить бумажный экземпляр
step-building-permit-refund-by-hand = Вернуть плату за доставку
step-building-permit-withdrawn-by-hand = Вернуть плату за доставку
step-building-permit-fee-by-hand = Вернуть плату за доставку
step-building-objection-review-decision = Рассмотреть жалобу
task-input-buildingCadastral = Участок
task-input-buildingApplicant = Заявитель
task-input-buildingAddress = Адрес
task-input-buildingKindAsked = Что строят
task-input-buildingLandUse = Использование участка
task-input-buildingZones = Зоны
task-input-buildingExceeded = Превышены пределы
task-input-buildingSizes = Размеры по заявлению
task-input-buildingPlan = Градостроительный план
task-input-buildingRight = Право по ЕГРН
task-input-buildingRivals = Других заявлений на участок
task-input-buildingMissing = Чего не хватает
task-input-buildingReply = Дело с документами
task-input-buildingReplyPapers = Прислано файлов
task-input-buildingReplyExpertise = Заключение экспертизы
task-input-buildingReplyNote = Пояснение
task-input-buildingProjectNote = Замечания к проекту
task-input-buildingFireSaid = Пожарный надзор
task-input-buildingFireNote = Замечания пожарного надзора
task-input-buildingSanitarySaid = Санитарный надзор
task-input-buildingSanitaryNote = Замечания санитарного надзора
task-input-buildingVisitSaid = Осмотр
task-input-buildingVisitNote = Что увидел инспектор
task-input-buildingPermitNumber = Разрешение
task-input-buildingDeliverTo = Куда
task-input-buildingFee = Плата, ₽
task-input-buildingDecision = Решение
task-input-buildingDecisionReason = Причина
task-input-buildingObjection = Жалоба
task-input-buildingFirstCase = Первое дело

## Персоны

persona-building-architect = Специалист комитета градостроительства Новокузнецка
persona-building-head = Председатель комитета градостроительства Новокузнецка
persona-building-regional = Специалист министерства строительства Кузбасса
persona-building-kemerovo = Специалист комитета строительного контроля Кемерова
persona-building-fire = Инспектор государственного пожарного надзора
persona-building-sanitary = Специалист Роспотребнадзора
persona-building-land = Инспектор муниципального земельного контроля
persona-building-centre = Работник МФЦ
persona-building-reviewer = Заместитель главы Новокузнецка по строительству

# Слова, которые показывают задания

task-input-buildingExceeded-storeys = Этажей больше предела
task-input-buildingExceeded-height = Высота больше предела
task-input-buildingExceeded-share = Застройка участка больше предела
task-input-buildingExceeded-setback = Ближе к границе, чем можно
task-input-buildingMissing-title = Документ о праве на участок
task-input-buildingMissing-plan = Действующий градостроительный план
task-input-buildingMissing-survey = Результаты изысканий
task-input-buildingMissing-expertise = Номер заключения экспертизы
task-input-buildingMissing-project = Проект
task-input-buildingSizes-storeys = Этажей
task-input-buildingSizes-height = Высота, м
task-input-buildingSizes-area = Площадь, м²
task-input-buildingSizes-footprint = Площадь застройки, м²
task-input-buildingSizes-setback = До границы, м
persona-builder = Андрей, застройщик
task-input-buildingFireSaid-silent = Не ответили в срок
task-input-buildingSanitarySaid-silent = Не ответили в срок
task-input-buildingVisitSaid-silent = Не ответили в срок

# Решения словами

building-told-no-parcel = Участка с таким кадастровым номером в ЕГРН нет. Проверьте номер и подайте заявление снова.
building-told-duplicate = Вы уже подали такое заявление на этот участок. Оно рассматривается.
building-told-use-notice = Для индивидуального или садового дома разрешение не нужно. Подайте уведомление о строительстве.
building-told-use-permit = Это не индивидуальный жилой и не садовый дом: не более трёх этажей и 20 метров. Нужно разрешение на строительство.
building-told-withdrawn = Заявление отозвано заявителем и оставлено без рассмотрения. Подать новое можно в любое время.
building-told-granted = Разрешение на строительство выдано: № { $number }, действует до { $until }.
building-told-conforms = Параметры и размещение дома соответствуют требованиям. Уведомление внесено в реестр: № { $number }, действует до { $until }.
building-told-passed = Документы переданы в дело. Срок пойдёт дальше, когда их примут.
building-told-taken-back = Заявление отозвано.
building-told-no-case = Дела с таким номером у вас нет. Номер стоит на странице дела.
building-told-not-awaited = По этому делу документов не ждут. Если хотите что-то сообщить, напишите на странице дела.

# Данные процесса

data-building-permit-landRight = Право по ЕГРН
data-building-permit-missing = Чего не хватает
data-building-permit-missing-title = Документ о праве на участок
data-building-permit-missing-plan = Действующий градостроительный план
data-building-permit-missing-survey = Результаты изысканий
data-building-permit-missing-expertise = Номер заключения экспертизы
data-building-permit-missing-project = Проект
data-building-permit-limits = Превышены пределы
data-building-permit-limits-storeys = Этажей больше предела
data-building-permit-limits-height = Высота больше предела
data-building-permit-limits-share = Застройка участка больше предела
data-building-permit-limits-setback = Ближе к границе, чем можно
data-building-permit-permitOutcome-gone = Застройщика нет
data-building-permit-feeState = Плата за доставку
data-building-permit-feeState-open = Ждёт оплаты
data-building-permit-feeState-paid = Оплачена
data-building-permit-feeState-cancelled = Начисление снято
data-house-notice-limits = Превышены пределы
data-house-notice-limits-storeys = Этажей больше предела
data-house-notice-limits-height = Высота больше предела
data-house-notice-limits-share = Застройка участка больше предела
data-house-notice-limits-setback = Ближе к границе, чем можно
data-house-notice-landRight = Право по ЕГРН
data-house-notice-permitOutcome-gone = Застройщика нет

# Продление

service-permit-prolongation = Продление разрешения на строительство
service-permit-prolongation-about = Разрешение кончается через тридцать дней: скажите, начаты ли работы и на сколько месяцев продлить срок.
service-permit-prolongation-result = Новый последний день в реестре разрешений.
outcome-permit-prolonged = Разрешение продлено
outcome-prolongation-refused = В продлении отказано
outcome-prolongation-not-considered = Не рассматривается
building-prolong-number = Номер разрешения
building-prolong-works = Работы
building-prolong-works-begun = Начаты
building-prolong-works-none = Не начаты
building-prolong-months = На сколько месяцев
building-prolong-why = Почему нужно больше времени
building-prolong-outcome = Решение
building-prolong-grant = Продлить
building-prolong-refuse = Отказать
building-prolong-ground = Основание отказа
building-prolong-ground-none = Работы не начаты
building-prolong-ground-late = До конца срока меньше десяти рабочих дней
building-objection-prolonged = Жалоба удовлетворена. Разрешение на строительство № { $number } продлено: действует до { $until }.
building-objection-over = Жалоба удовлетворена, но разрешение больше не действует: продлевать нечего. Нужно новое разрешение.
building-objection-since = Жалоба удовлетворена. После отказа срок разрешения на строительство № { $number } уже изменён: оно действует до { $until } и второй раз не продлевается.
building-told-prolonged = Разрешение на строительство № { $number } продлено: действует до { $until }.
building-told-prolongation-none = Разрешение не продлено: работы не начаты.
building-told-prolongation-late = Разрешение не продлено: заявление подано позже чем за десять рабочих дней до конца срока. Нужно новое разрешение.
building-told-prolongation-unknown = Действующего разрешения на строительство с таким номером у вас нет. Уведомление о соответствии дома не продлевают: оно действует десять лет.
task-input-permitUntil = Последний день разрешения
task-input-worksBegun-begun = Начаты
task-input-worksBegun-none = Не начаты
step-permit-prolongation-decide = Решить о продлении разрешения
data-permit-prolongation-permitNumber = Номер разрешения
data-permit-prolongation-prolongOutcome = Решение
process-permit-prolongation = Продление разрешения на строительство

## Обмен

exchange-land-registry = ЕГРН
exchange-land-registry-person = кто вы (идентификатор)
exchange-land-registry-known = записан ли участок здесь за вами

building-parcel = Ваш участок
building-parcel-hint = Участки, которые числятся за вами по реестру недвижимости.
building-parcel-other = Другой участок
building-case-only = Дело **{ $buildingCaseNumber }**: ответ уйдёт в него.
building-case-choose = По какому делу
building-prolong-none = По реестру у вас нет разрешения на строительство: продлевать нечего.
building-prolong-number-hint = Ваши разрешения по реестру, у каждого его последний день. Если он прошёл, разрешение не продлевают: нужно новое.
