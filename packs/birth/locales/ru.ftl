## Пакет

pack-birth-title = Рождение ребёнка
pack-birth-description = Больница выдаёт медицинское свидетельство, и родителям предлагают всё, что положено при рождении: запись акта, имя, гражданство, регистрацию по адресу, полис, пособие, место в очереди в детский сад. Родители принимают предложение и называют имя – это одно действие на телефоне. Люди решают там, где правила не дают ответа: отец не подтверждён, родители не согласны об имени, имя записать нельзя, родители живут раздельно, гражданство неясно, выплата не прошла, родитель умер. О рождении мёртвого ребёнка заявляет больница; семью ни о чём не просят.

## Типы

type-MedicalBirthCertificate = Медицинское свидетельство о рождении
type-PerinatalDeathCertificate = Документ о перинатальной смерти
type-Marriage = Брак
type-Citizenship = Гражданство
type-PaternityDeclaration = Заявление об отцовстве
type-BirthRecord = Запись акта о рождении
type-Death = Смерть
attr-diedOn = День смерти
attr-deathRecord = Номер записи акта о смерти
type-Kinship = Родство
type-InsurancePolicy = Полис ОМС
type-BenefitGrant = Назначенное пособие
type-KindergartenPlace = Место в детском саду

## Атрибуты

attr-certificateNumber = Серия и номер документа
attr-delivery = Номер родов
attr-childrenBorn = Сколько детей родилось
attr-orderOfBirth = Который по счёту
attr-sexOfChild = Пол ребёнка
attr-bornAt = Время рождения
attr-bornOn = День рождения
attr-birthplace = Место рождения
attr-stillborn = Родился мёртвым
attr-spouse = Супруг
attr-marriedOn = Брак заключён
attr-endedOn = Брак прекращён
attr-citizenOf = Государство
attr-citizenSince = Гражданство с
attr-citizenGround = Основание гражданства
attr-mother = Мать
attr-father = Отец
attr-medicalCertificate = Медицинское свидетельство
attr-declarationStatus = Состояние заявления
attr-recordNumber = Номер записи акта
attr-medicalDocument = Медицинский документ
attr-fatherBasis = Основание записи об отце
attr-fatherName = Имя и отчество отца со слов матери
attr-nameDocument = Решение об имени
attr-childName = Имя ребёнка
attr-relative = Родственник
attr-kinshipKind = Кем приходится
attr-birthRecord = Запись акта
attr-coveredBy = Страховая медицинская организация
attr-coveredSince = Застрахован с
attr-policyNumber = Номер полиса
attr-benefitChild = На какого ребёнка
attr-benefitKind = Вид пособия
attr-grantStatus = Состояние пособия
attr-wantedFrom = Нужно с
attr-queuedFor = По какому адресу
attr-placeStatus = Состояние очереди
rule-certificate-order = Порядковый номер ребёнка не больше числа родившихся

## Справочники

enum-SexOfChild-female = Девочка
enum-SexOfChild-male = Мальчик
enum-FatherBasis-husband = Брак родителей
enum-FatherBasis-joint = Совместное заявление родителей
enum-FatherBasis-word = Заявление матери
enum-FatherBasis-none = Сведения не внесены
enum-KinshipKind-mother = Мать
enum-KinshipKind-father = Отец
enum-DeclarationStatus-open = Ждёт отца
enum-DeclarationStatus-confirmed = Подтверждено
enum-DeclarationStatus-expired = Срок прошёл
enum-BenefitKind-birth = Единовременное пособие при рождении ребёнка
enum-GrantStatus-granted = Назначено
enum-GrantStatus-paid = Выплачено
enum-GrantStatus-unpaid = Ждёт обращения родителей
enum-PlaceStatus-queued = В очереди
enum-PlaceStatus-given = Место предоставлено

## Услуги

service-birth = Рождение ребёнка
service-birth-about = Всё, что положено при рождении, одним действием: назовите имя – остальное сделает государство.
service-birth-result = Запись акта о рождении, гражданство, регистрация по месту жительства, полис, пособие, место в очереди в детский сад.
service-stillbirth = Запись о рождении мёртвого ребёнка
service-stillbirth-about = Запись составляется по документу медицинской организации. От семьи ничего не требуется.
service-stillbirth-result = Запись акта. По просьбе родителей – документ, который её подтверждает.
service-paternity = Подтверждение отцовства
service-paternity-about = Мать ребёнка назвала вас отцом и просит подать с ней совместное заявление. Приняв предложение, вы подтверждаете отцовство. Если вы не согласны, отклоните предложение.
service-paternity-result = Сведения об отце вносятся в запись о рождении.
service-death-notice = Сообщение о смерти по делам
service-death-notice-about = О записанной смерти узнают дела, в которых участвовал умерший. От близких ничего не требуется.
service-death-notice-result = Дела продолжаются с тем, кто представляет семью.
process-death-notice = Сообщение о смерти
step-birth-ask-payee = Получатель пособия умер: решить, кому платить
pause-hospital = Ждём документы из больницы
pause-father = Ждём ответа отца
outcome-birth-registered = Рождение зарегистрировано
outcome-birth-no-certificate = Медицинского свидетельства нет
outcome-birth-already-recorded = Рождение уже зарегистрировано
outcome-birth-not-parent = Заявитель – не родитель
outcome-name-refused = Имя записать нельзя
outcome-benefit-granted = Пособие назначено
outcome-benefit-refused = В пособии отказано
outcome-paternity-confirmed = Отцовство подтверждено
outcome-birth-objection-granted = Возражение удовлетворено
outcome-birth-objection-refused = Возражение отклонено
outcome-paternity-too-late = Предложение больше не действует

## Сообщения родителям

birth-name-missing = Назовите, пожалуйста, имя ребёнка. Без имени запись о рождении не составляется. Специалист ЗАГС свяжется с вами.
birth-name-count = Имён названо не столько, сколько родилось детей. Специалист ЗАГС свяжется с вами.
birth-name-signs = Это имя записать нельзя: в имени не бывает цифр и знаков, кроме дефиса (закон «Об актах гражданского состояния», статья 18). Специалист ЗАГС поможет выбрать другое.
birth-name-rank = Это имя записать нельзя: именем не может быть ранг, должность или титул (закон «Об актах гражданского состояния», статья 18). Специалист ЗАГС поможет выбрать другое.
birth-citizenship-foreign = По закону ребёнок получает гражданство государства родителей. Обратитесь в консульство этого государства. Если оно не предоставляет ребёнку гражданство, сообщите об этом: ребёнок, родившийся в России, может стать её гражданином.
birth-benefit-unpaid = Пособие назначено, но деньги пока не выплачены. Укажите счёт, и они будут перечислены: право на них сохраняется.
stillbirth-told = Примите наши соболезнования. Запись составлена по документу больницы, от вас ничего не нужно. Если вам понадобится документ, подтверждающий запись, напишите в этом деле или обратитесь в любой отдел ЗАГС.

## Форма родителей

birth-page-name = Имя
birth-page-parents = Родители
birth-page-home = Где живёт ребёнок
birth-page-help = Пособие и детский сад
birth-name-intro = Поздравляем! Как зовут ребёнка? Если детей несколько, назовите их по старшинству.
birth-number = Серия и номер медицинского свидетельства
birth-number-hint = Две цифры, пробел, девять цифр. В предложении номер уже указан.
birth-number-form = Напишите две цифры, пробел и девять цифр, например 32 000000001.
birth-child = Ребёнок
birth-surname = Фамилия
birth-surname-hint = Фамилия одного из родителей или двойная через дефис.
birth-first-name = Имя
birth-patronymic = Отчество
birth-patronymic-hint = По имени отца. Если отчества по обычаю нет, оставьте пустым.
birth-letters = Только буквы и дефис.
birth-agreement = Второй родитель согласен с именем?
birth-agreement-agreed = Да, мы выбрали имя вместе
birth-agreement-disagreed = Нет, мы не договорились
birth-agreement-alone = Второго родителя нет
birth-parents-intro = Если вы состоите в браке, отцом записывается муж матери – ничего доказывать не нужно. Брак проверяется по реестру.
birth-father = Сведения об отце
birth-father-hint = Ничего не выбирайте, если вы в браке: он найдётся в реестре сам.
birth-father-married = Мы состоим в браке
birth-father-joint = Не в браке; отец подтвердит отцовство
birth-father-word = Не в браке; записать отца с моих слов
birth-father-none = Не в браке; сведения об отце не вносить
birth-father-snils = СНИЛС отца
birth-father-snils-hint = 11 цифр. Отец получит предложение подтвердить отцовство и ответит одним действием.
birth-snils-digits = Напишите 11 цифр без пробелов.
birth-father-name = Имя и отчество отца
birth-father-name-hint = Фамилия отца записывается по фамилии матери.
birth-live-with = С кем живёт ребёнок?
birth-live-with-hint = Ничего не выбирайте, если адрес у родителей один: он известен.
birth-live-with-mother = С матерью, в том числе вместе с отцом
birth-live-with-father = С отцом
birth-address-agreed = Родители живут раздельно и согласны с этим адресом
birth-benefit = Назначить единовременное пособие мне; второй родитель за ним не обращался
birth-account = Номер счёта
birth-account-hint = 20 цифр; есть в приложении вашего банка.
birth-account-digits = Напишите 20 цифр без пробелов.
birth-kindergarten = Поставить в очередь в детский сад
birth-kindergarten-from = С какого дня нужно место
birth-truth = Всё указано верно

## Задачи

process-birth = Рождение ребёнка
process-stillbirth = Запись о рождении мёртвого ребёнка
process-paternity = Подтверждение отцовства
process-birth-objection = Возражение на решение о рождении
step-birth-ask-hospital = Уточнить у больницы число детей
step-birth-ask-family = Установить сведения об отце
step-birth-ask-guardianship = Разрешить разногласие родителей об имени
step-birth-ask-name = Согласовать имя с родителями
step-birth-ask-citizenship = Определить гражданство ребёнка
step-birth-ask-home = Уточнить адрес ребёнка
step-birth-ask-insurer = Назначить страховую организацию
step-birth-ask-amount = Определить право и размер пособия
step-birth-ask-account = Выплата не прошла: уточнить счёт
step-birth-bereaved = Умер родитель: решить, кто представляет ребёнка
step-stillbirth-ask-hospital = Уточнить документ у больницы
step-birth-objection-review = Рассмотреть возражение
task-input-number = Медицинское свидетельство
task-input-certificateNumber = Медицинский документ
task-input-childrenBorn = Детей по документу
task-input-certificatesFound = Свидетельств получено
task-input-motherUrn = Мать
task-input-fatherUrn = Отец
task-input-fatherClaim = Указано об отце
task-input-fatherSaid = Ответ отца
task-input-namesOffered = Названные имена
task-input-nameFault = Почему нельзя записать
task-input-motherCountry = Гражданство матери
task-input-fatherCountry = Гражданство отца
task-input-motherAddress = Адрес матери
task-input-fatherAddress = Адрес отца
task-input-bornOn = День рождения
task-input-whyAsked = Почему решает человек
task-input-paymentFailure = Ответ банка
task-input-diedUrn = Умер
task-input-birthDecision = Решение
task-input-birthDecisionReason = Причина решения
task-input-birthObjection = Возражение
birth-hospital-answer = Что ответила больница
birth-hospital-answer-wait = Свидетельства ещё будут – ждать
birth-hospital-answer-complete = Других детей нет – регистрировать тех, кто есть
birth-family-intro = Свяжитесь с родителями и установите, на каком основании вносятся сведения об отце.
birth-family = Основание
birth-family-husband = Брак подтверждён документом
birth-family-joint = Совместное заявление подано в отделе
birth-family-word = По заявлению матери
birth-family-none = Сведения об отце не вносить
birth-family-document = Документы: название, номер, дата
birth-disagreement-intro = Если родители не договорились, имя определяет орган опеки и попечительства (Семейный кодекс, статья 58, пункт 4).
birth-name-document = Документ о согласии или решение органа опеки
birth-name-document-hint = Название, номер, дата.
birth-ask-name-intro = Названные имена записать нельзя. Объясните правило и запишите имя, о котором договорились.
birth-name-outcome = О чём договорились
birth-name-outcome-agreed = Родители назвали другое имя
birth-name-outcome-insist = Родители настаивают – отказать
birth-name-new = Новые имена
birth-citizenship-intro = Гражданство одного из родителей неизвестно или его нет.
birth-citizenship = Гражданство ребёнка
birth-citizenship-russian = Гражданин России по рождению
birth-citizenship-document = На основании каких документов
birth-home = Где живёт ребёнок
birth-home-mother = С матерью
birth-home-father = С отцом
birth-home-other = По другому адресу
birth-child-address = Адрес ребёнка
birth-mother-address = Адрес матери
birth-father-address = Адрес отца
birth-home-document = Документ или согласие родителей
birth-insurer-number = ОГРН страховой медицинской организации
birth-insurer-digits = Напишите 13 цифр.
birth-amount-outcome = Пособие
birth-amount-outcome-grant = Положено
birth-amount-outcome-refuse = Не положено
birth-amount = Размер на одного ребёнка
birth-amount-source = Основание
birth-amount-source-hint = Акт, номер, дата.
birth-account-outcome = Что делать
birth-account-outcome-again = Выплатить на другой счёт
birth-account-outcome-keep = Оставить до обращения родителей
birth-bereaved-intro = Свяжитесь с семьёй бережно. Пособие и дальнейшие сообщения получит тот, кто представляет ребёнка.
birth-recipient = СНИЛС второго родителя или опекуна
birth-recipient-document = Основание: документ, номер, дата
stillbirth-answer = Документ верен?
stillbirth-answer-right = Верен
stillbirth-answer-wrong = Выдан по ошибке
birth-objection-intro = Напишите, с чем вы не согласны. Решение пересмотрит человек.
birth-objection = Возражение
birth-review = Решение
birth-review-uphold = Оставить в силе
birth-review-revise = Пересмотреть
birth-review-reason = Почему

## Персоны

persona-hospital-clerk = Регистратор родильного дома
persona-registrar = Специалист ЗАГС
persona-social-fund-officer = Специалист Социального фонда
persona-health-fund-officer = Специалист фонда ОМС
persona-kindergarten-officer = Специалист комитета образования
persona-mother = Анна, мать
persona-father = Павел, отец

# Слова, которые показывают задания

task-input-fatherSaid-refused = Не подтверждает
task-input-fatherSaid-silent = Не ответил
task-input-fatherSaid-unknown = Его не спрашивали
task-input-nameFault-disagreement = Родители не согласны
task-input-nameFault-missing = Имя не названо
task-input-nameFault-count = Имён не столько, сколько детей
task-input-nameFault-signs = В имени цифры или знаки
task-input-nameFault-rank = Вместо имени ранг, должность или титул
task-input-whyAsked-check = В реестре нет родителя – гражданина России
task-input-whyAsked-no-amount = На этот день в таблице нет размера
task-input-motherCountry-RUS = Россия
task-input-motherCountry-KAZ = Казахстан
task-input-motherCountry-XXA = Без гражданства
task-input-fatherCountry-RUS = Россия
task-input-fatherCountry-KAZ = Казахстан
task-input-fatherCountry-XXA = Без гражданства
data-birth-amountEach = Пособие на ребёнка, копеек

attr-benefitUnasked = Пособие назначается без заявления
service-birth-benefit = Единовременное пособие без заявления
service-birth-benefit-about = Если Социальный фонд уже платил матери, пособие при рождении приходит на тот же счёт без заявления.
service-birth-benefit-result = Деньги.
birth-told-benefit-unasked = Единовременное пособие при рождении ребёнка назначено по записи о рождении, без заявления: { $roubles } ₽. Оно придёт на счёт, на который вам уже платили.
birth-benefit-arrived = Единовременное пособие при рождении ребёнка выплачено на счёт, на который вам уже платили. От вас ничего не требуется.
data-birth-benefit-amountEach = Пособие, копеек
process-birth-benefit = Единовременное пособие без заявления
step-birth-benefit-ask-account = Выплата не прошла: уточнить счёт
