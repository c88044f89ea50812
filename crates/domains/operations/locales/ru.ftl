## Пакеты

packs-title = Пакеты
packs-lead = Что платформа знает и как решает: типы, устройства, правила, процессы, слои карты, тексты. Опубликованный пакет действует сразу, без перезапуска.
packs-in-force = Действующие пакеты
packs-pack = Пакет
packs-version = Версия
packs-owner = Владелец
packs-space = Территория
packs-every-space = все территории
packs-depends = Опирается на
packs-none = нет
packs-types = Типы
packs-decisions = Файлы решений
packs-layers = Слои карты
packs-empty-title = Пакетов нет
packs-empty-text = Пока ничего не действует. Начните с публикации пакета.
packs-size = { $n } КиБ
packs-upload-title = Проверить или опубликовать пакет
packs-files-label = Папка пакета
packs-files-hint = Выберите папку, в которой лежит pack.yaml. Скрытые файлы пропускаются. Для публикации нужна версия, которой ещё не было.
packs-check = Только проверить
packs-publish = Опубликовать
packs-no-files = Выберите папку пакета.
packs-checked = В пакете нет ошибок
packs-checked-text = { $id } { $version }: { $n ->
    [one] { $n } файл
    [few] { $n } файла
   *[other] { $n } файлов
}, { $size }. Ничего не опубликовано.
packs-fault = { $file }, строка { $line }: { $message } [{ $rule }]. Как исправить: { $fix }
packs-fault-file = { $file }: { $message } [{ $rule }]. Как исправить: { $fix }
packs-faults-more = { $n ->
    [one] … и ещё { $n } ошибка.
    [few] … и ещё { $n } ошибки.
   *[other] … и ещё { $n } ошибок.
}
packs-version-taken = Версия { $version } пакета «{ $id }» уже опубликована с другим содержанием. Повысьте версию.
packs-seed-refused = Пакет действует, но один из его объектов не принят: { $detail }
packs-version-bad = Напишите версию, например 1.2.3.
packs-version-unset = Не удалось записать версию в pack.yaml: { $detail }
packs-owner-platform = Разработчики платформы
packs-actor-platform = Платформа при запуске
packs-published = Опубликован
packs-publications = Публикации
packs-when = Когда
packs-who = Кто
packs-state = Состояние
packs-active = Действует
packs-earlier = Прежняя
packs-roll-back = Вернуть { $version }
packs-roll-back-confirm = Опубликовать файлы версии { $version } заново, под новой версией?
packs-done-published = Действует версия { $version }
packs-done-unchanged = Версия { $version } уже действовала
packs-done-rolled-back = Прежние файлы действуют как версия { $version }
packs-done-entities = { $n ->
    [0] Объекты не изменились.
    [one] Создан или изменён { $n } объект.
    [few] Создано или изменено { $n } объекта.
   *[other] Создано или изменено { $n } объектов.
}
packs-done-files = Файлы, которые отличаются от прошлой публикации:
packs-file-added = добавлен
packs-file-changed = изменён
packs-file-removed = удалён
packs-declares = Что объявляет
packs-declares-types = Типы
packs-declares-enums = Справочники
packs-declares-profiles = Профили устройств
packs-declares-decisions = Решения
packs-declares-triggers = Условия
packs-declares-processes = Процессы
packs-declares-policies = Политики доступа
packs-declares-layers = Слои карты
packs-declares-spaces = Территории
packs-declares-simulations = Имитации
packs-declares-feeds = Воспроизводимые файлы
packs-declares-tests = Проверки
packs-declares-entities = Объекты
packs-files = Файлы
packs-files-count = { $n ->
    [one] { $n } файл
    [few] { $n } файла
   *[other] { $n } файлов
}
packs-file-lead = Файл пакета «{ $pack }». Прежде чем вступить в силу, он проверяется вместе со всеми пакетами.
packs-file-content = Содержание
packs-new-version = Новая версия
packs-new-version-hint = Сейчас действует { $version }
packs-file-publish = Проверить и опубликовать
packs-file-back = Назад к пакету
packs-file-unchanged = Файл не изменился. Сначала измените что-нибудь.

## Карантин

quarantine-title = Карантин
quarantine-lead = Показания, которые не приняты. Ни одно не потеряно: исправьте причину и примите их.
quarantine-by-reason = Задержано, по причинам
quarantine-reason = Причина
quarantine-reason-any = Любая
quarantine-count = Сообщения
quarantine-what-to-do = Что делать
quarantine-act = Действие
quarantine-replay-reason = Принять все заново
quarantine-status = Статус
quarantine-status-held = Задержано
quarantine-status-replayed = Принято
quarantine-status-discarded = Отброшено
quarantine-status-all = Все
quarantine-messages = Сообщения
quarantine-message = Сообщение
quarantine-number = Сообщение { $id }
quarantine-choose = Выбрать сообщение { $id }
quarantine-when = Получено
quarantine-from = Откуда
quarantine-device = Устройство
quarantine-profile = Профиль устройства
quarantine-source = Вход и топик
quarantine-space = Территория
quarantine-detail = Что именно
quarantine-unknown = неизвестно
quarantine-payload = Содержание
quarantine-replay-chosen = Принять выбранные заново
quarantine-discard-chosen = Отбросить выбранные
quarantine-discard-confirm = Отбросить? Сообщения останутся в записях, но приниматься больше не будут.
quarantine-replay-one = Принять это сообщение заново
quarantine-discard-one = Отбросить
quarantine-empty-title = Сообщений нет
quarantine-empty-text = Нет непринятых сообщений, подходящих под эти фильтры.
quarantine-nothing = Ничего не выбрано
quarantine-nothing-text = Отметьте хотя бы одно сообщение.
quarantine-done-replayed = Принято заново
quarantine-done-corrected = Исправленное преобразование действует: пакет { $pack }, версия { $version }
quarantine-done-discarded = Отброшено
quarantine-done-discarded-n = { $n ->
    [one] { $n } сообщение.
    [few] { $n } сообщения.
   *[other] { $n } сообщений.
}
quarantine-report = Просмотрено сообщений: { $examined }. Принято: { $replayed }. Всё ещё задержано: { $held }. Новых показаний: { $stored }; уже были: { $duplicates }.
quarantine-mapping-title = Исправить преобразование
quarantine-mapping-lead = Преобразование профиля устройства { $profile }. Измените его, испытайте на этом сообщении и введите в действие.
quarantine-mapping = Преобразование (jq)
quarantine-mapping-hint = Из содержания сообщения в объект с полями at и values.
quarantine-try = Испытать на этом сообщении
quarantine-correct = Опубликовать и принять заново
quarantine-mapping-fault = Строка { $line }, столбец { $column }: { $message }. Как исправить: { $fix }
quarantine-no-profile = Ни один профиль устройства не подходит к этому сообщению. Сначала опубликуйте профиль с его топиком, затем примите заново.
quarantine-not-edited = Файл профиля не изменён: { $detail }
quarantine-try-good = Сообщение было бы принято
quarantine-try-good-text = Все значения подходят. Ничего не сохранено.
quarantine-try-faults = Всё ещё неверно
quarantine-try-readings = Показания, которые были бы сохранены
quarantine-entity = Объект
quarantine-attribute = Показатель
quarantine-value = Значение
quarantine-observed = Измерено
quarantine-yes = да
quarantine-no = нет

reason-malformed-payload = Не читается
reason-malformed-payload-text = Содержание не является JSON или больше допустимого.
reason-malformed-payload-fix = Проверьте устройство: сообщение оборвано или в другом формате.
reason-mapping-error = Преобразование не сработало
reason-mapping-error-text = Преобразование профиля нельзя применить к этому содержанию.
reason-mapping-error-fix = Исправьте преобразование и примите заново.
reason-bad-shape = Преобразование дало не то
reason-bad-shape-text = Преобразование не дало объекта с полями at и values или не дало ни одного значения.
reason-bad-shape-fix = Исправьте преобразование и примите заново.
reason-unknown-topic = Неизвестный топик
reason-unknown-topic-text = Ни у одного профиля устройства нет такого топика или имени.
reason-unknown-topic-fix = Опубликуйте профиль с этим топиком или исправьте адрес в устройстве.
reason-unknown-device = Неизвестное устройство
reason-unknown-device-text = Ни у одного объекта нет такого номера устройства.
reason-unknown-device-fix = Укажите номер устройства у его объекта и примите заново.
reason-unknown-attribute = Неизвестный показатель
reason-unknown-attribute-text = У типа объекта не объявлено такое наблюдение.
reason-unknown-attribute-fix = Объявите его в модели пакета или уберите в преобразовании, затем примите заново.
reason-wrong-type = Значение не того вида
reason-wrong-type-text = Текст там, где объявлено число, или наоборот.
reason-wrong-type-fix = Приведите значение в преобразовании и примите заново.
reason-wrong-unit = Не та единица
reason-wrong-unit-text = Единицу нельзя пересчитать в объявленную.
reason-wrong-unit-fix = Укажите верную единицу в преобразовании или настройте устройство.
reason-out-of-range = Вне пределов
reason-out-of-range-text = Значение за пределами физически возможного по модели.
reason-out-of-range-fix = Проверьте датчик. Если значение верно, расширьте пределы в модели.
reason-not-finite = Не конечное число
reason-not-finite-text = Значение бесконечно или не является числом.
reason-not-finite-fix = Проверьте датчик; пропускайте такие значения в преобразовании.
reason-future = Из будущего
reason-future-text = Момент измерения дальше впереди, чем разрешает профиль.
reason-future-fix = Настройте часы устройства или часовой пояс в преобразовании, затем примите заново.

## Учётные записи

accounts-title = Учётные записи
accounts-lead = Кто может войти. Учётная запись появляется по приглашению; что её владельцу можно, определяет его должность.
accounts-empty-title = Учётных записей ещё нет
accounts-empty = Пригласите кого-нибудь ниже.
accounts-since = С какого времени
accounts-state = Состояние
accounts-act = Действие
accounts-active = может войти
accounts-blocked = вход закрыт
accounts-block = Закрыть вход
accounts-block-ask = Закрыть вход? Все сеансы этой учётной записи прекратятся сразу.
accounts-unblock = Открыть вход
accounts-invite = Пригласить
accounts-invite-text = Приглашение — это адрес, который действует один раз и три дня. Передайте его надёжным способом.
accounts-invite-button = Создать приглашение
accounts-invited = Приглашение готово
accounts-invited-text = Оно показано только сейчас. Учётную запись получит тот, кто откроет его первым.
accounts-login-hint = Например, адрес электронной почты.
accounts-no-post = без должности
accounts-space = Территория должности

## Сайты

clients-title = Сайты
clients-lead = Другие сайты и программы, чьи посетители входят через платформу (OpenID Connect). Каждый узнаёт о человеке только то, что он разрешил.
clients-empty-title = Сайтов ещё нет
clients-empty = Сайт регистрируется запросом, появляется здесь и ждёт вашего решения.
clients-pending = ждёт
clients-active = действует
clients-blocked = закрыт
clients-approve = Допустить
clients-block = Закрыть
clients-id = Идентификатор
clients-scope = запрашивает
clients-came = появился
clients-hint = Сайты регистрируются (RFC 7591) по адресу

# устройства с собственными секретами
devices-title = Устройства
devices-lead = Устройства и шлюзы, которые передают показания со своим секретом. Каждое передаёт только за свою территорию, а если так выбрано — только по одному профилю и за одно устройство.
devices-search = Название, идентификатор, территория или профиль
devices-empty-title = Устройств нет
devices-empty = Допустите первое ниже.
devices-none = По этим словам ничего не найдено.
devices-name = Название
devices-space = Территория
devices-space-hint = Устройство передаёт за эту территорию и те, что внутри неё.
devices-profile = Профиль
devices-any-profile = любой профиль
devices-device = Идентификатор устройства
devices-device-hint = Как его называют показания. Оставьте пустым для шлюза, который передаёт за многие устройства.
devices-limits = Передаёт
devices-seen = Последний раз было на связи
devices-never = никогда
devices-state = Состояние
devices-active = допущено
devices-revoked = Отозвано
devices-created = Допущено с
devices-by = Кем допущено
devices-user = Идентификатор, имя пользователя у брокера
devices-secret = Секрет: пароль у брокера и токен API
devices-add = Допустить устройство
devices-add-text = Секрет показывается один раз. Кто его знает, передаёт от имени этого устройства.
devices-add-button = Создать секрет
devices-added = Устройство допущено
devices-added-text = Секрет показан только сейчас и нигде не хранится: введите его в устройство.
devices-revoke = Отозвать
devices-revoke-ask = Отозвать это устройство?
devices-revoke-text = Оно больше не будет допущено, его соединения прекратятся в течение секунды. Отменить это нельзя: чтобы передавать снова, устройство получает новый секрет. Переданные показания остаются.
devices-name-needed = Укажите, как называется устройство
devices-name-text = Не более 100 знаков, в одной строке
devices-name-used = Эта форма уже допустила устройство: найдите его в списке. Отправляйте её снова, только если нужно ещё одно.
devices-profile-text = Не более 100 знаков, в одной строке
devices-device-text = Не более 100 знаков, в одной строке
devices-space-choice = Выберите территорию, которой вы управляете
devices-profile-choice = Выберите профиль из действующих пакетов
accounts-open = Открытые приглашения
accounts-open-text = Ими ещё никто не воспользовался. Приглашение, которое его автор уже не мог бы создать, не действует и здесь не показано; не показаны и созданные в командной строке.
accounts-open-by = Кто создал
accounts-open-until = Действует до
accounts-open-end = Отозвать
accounts-open-ask = Отозвать приглашение? Его адрес больше ничего не откроет.

# конструктор пакетов
design-title = Конструктор: { $pack }
design-crumb = Конструктор
design-open = Открыть в конструкторе
design-lead = Ваша рабочая копия, начатая с версии { $version }. Её видите только вы; в силу она вступит, когда вы её опубликуете.
design-check = Проверить
design-compare = Сравнить с опубликованным
design-run-tests = Прогнать проверочные ситуации
design-files = Файлы
design-file = Файл
design-state = Изменение
design-faults = Ошибок
design-add-title = Новый файл
design-add = Создать файл
design-new-path = Путь
design-new-path-hint = Папка и имя, например processes/birth.bpmn, decisions/fee.dmn, forms/birth.form.json, tests/birth.yaml.
design-bad-path = Напишите путь без точек в начале, «..» и знаков \ : * ? " < > |, например processes/birth.bpmn.
design-path-taken = Такой файл уже есть: откройте его в списке.
design-too-large = Файл не больше 4 МиБ, все изменённые вместе не больше 16 МиБ. Сделайте его меньше.
design-publish-title = Публикация
design-publish = Опубликовать
design-discard = Отбросить все изменения
design-discard-ask = Отбросить все изменения рабочей копии? Вернуть их будет нельзя.
design-done-added = Файл создан
design-done-removed = Файл убран из рабочей копии
design-done-undone = Файл снова такой, как опубликован
design-done-discarded = Изменения отброшены
design-done-carried = Изменения перенесены на версию в силе
design-sound = Ошибок нет
design-sound-text = Пакет вместе с действующими пакетами собирается целиком.
design-found = Найдено ошибок: { $n }
design-faults-first = Пакет не опубликован: сначала исправьте ошибки, они названы ниже.
design-unchanged = Публиковать нечего: ни один файл не изменён.
design-moved = Опубликованная версия изменилась
design-moved-text = Вы начали с версии { $base }, а в силе уже { $version }. Перенесите на неё свои изменения, прежде чем публиковать.
design-moved-first = Пока вы работали, вступила в силу версия { $version }. Сначала перенесите на неё изменения.
design-clashes = Эти файлы изменили и вы, и новая версия. Останется ваш текст: сравните его потом с опубликованным.
design-carry-over = Перенести на версию { $version }
design-tests = Проверочные ситуации
design-test = Ситуация
design-outcome = Итог
design-passed = прошла
design-failed = не прошла
design-tests-passed = Все ситуации прошли: { $n }
design-tests-failed = Не прошли { $failed } из { $n }
design-tests-none = Ситуации не прогнаны
design-tests-empty = В пакете нет ситуаций.
design-file-lead = Файл вашей рабочей копии пакета «{ $pack }». Сохранение ничего не публикует.
design-content = Текст файла
design-save = Сохранить
design-saved = Сохранено в рабочей копии
design-saved-text = Проверьте пакет, прежде чем публиковать.
design-undo = Вернуть опубликованное
design-undo-ask = Заменить файл опубликованным? Ваши изменения в нём пропадут.
design-remove = Убрать файл
design-remove-ask = Убрать файл из рабочей копии?
design-back = К файлам пакета
design-file-removed = Этот файл вы убрали
design-file-removed-text = Верните опубликованное или сохраните новый текст.
design-compare-title = Что изменено
design-compare-lead = Рабочая копия рядом с версией { $version }.
design-compare-none = Отличий нет.
design-compare-more = Отличаются ещё файлы: { $n }. Откройте их по одному из списка файлов.
design-elements = Элементы процесса
design-element = Элемент
design-element-name = Название
design-elements-none = Элементы процесса те же: изменилась запись или рисунок.
design-line-before = Было
design-line-after = Стало
design-line-what = Изменение
design-line-text = Строка
design-line-gone = убрана
design-line-new = добавлена
design-lines-same = Строк без изменений: { $n }
design-lines-of = Строки файла { $path }
design-lines-more = Показаны первые 2000 строк.
