## Задачи

tasks-title = Задачи
tasks-lead = Что нужно сделать на вашей территории. Сначала просроченные, затем те, у которых ближе срок.
tasks-locked = Задачи видят специалисты ответственных органов, глава региона и администраторы платформы, каждый на своей территории.
locked-personas = В демонстрации войдите под одним из этих имён:
locked-other = Войти под другим именем
tasks-count-overdue = Просрочено
tasks-count-offered = Ждут исполнителя
tasks-count-taken = В работе
tasks-count-mine = У меня в работе
tasks-found = { $n ->
    [one] { $n } задача
    [few] { $n } задачи
   *[other] { $n } задач
}
tasks-truncated = Задач очень много: просмотрены первые { $n } каждого статуса. Сузьте список фильтрами.
tasks-filter-status = Статус
tasks-filter-severity = Опасность
tasks-filter-body = Орган
tasks-status-open = Ещё не сделано
tasks-status-offered = Ждут исполнителя
tasks-status-taken = В работе
tasks-status-done = Выполнены
tasks-status-all = Все
tasks-severity-any = Любая
tasks-body-any = Все органы
tasks-body-mine = Только мой орган
tasks-overdue = Просрочено
tasks-taken-by = В работе: { $who }
tasks-empty-title = Делать нечего
tasks-empty-text = На вашей территории нет открытых задач. Новая появится здесь сама, как только её потребует правило.
tasks-nothing-title = Ничего не подошло
tasks-nothing-text = Измените фильтры, чтобы увидеть другие задачи.
tasks-csv = Скачать этот список (CSV)

csv-what = Что
csv-asset = Объект
csv-indicator = Показатель
csv-severity = Опасность
csv-status = Статус
csv-place = Место
csv-body = Ответственный орган
csv-deadline = Срок
csv-overdue = Просрочено
csv-taken-by = Исполнитель
csv-done-at = Выполнено
csv-result = Результат
csv-id = Идентификатор

## Одна задача

task-why = Почему возникла
task-ground = На чём основана
task-next = Что дальше
task-deadline = Срок
task-due = до
task-done-at = выполнено
task-no-deadline = без срока
task-asset = Объект
task-place = Место
task-coordinates = { $lat }° с. ш., { $lon }° в. д.
task-body = Ответственный орган
task-no-body = за это место и предмет не отвечает ни один орган
task-offered = Предложена
task-taken = Исполнитель
task-completed = Выполнена
task-result = Что сделано
task-result-hint = Своими словами, до 4000 знаков. Текст войдёт в журнал дела.
task-result-empty = Напишите, что сделано.
task-result-long = Текст длиннее 4000 знаков. Сократите его.
task-complete = Завершить
task-take = Взять в работу
task-release = Вернуть
task-case = Журнал дела
task-done-take = Задача у вас в работе
task-done-take-text = Когда работа будет сделана, напишите, что сделано, и завершите задачу.
task-done-release = Задача возвращена
task-done-release-text = Она снова ждёт исполнителя из ответственного органа.
task-done-complete = Задача завершена
task-done-complete-text = Результат записан в журнал дела.
task-conflict = Кто-то успел раньше
task-conflict-done = Задача уже выполнена. Ваше действие ничего не изменило.
task-conflict-mine = Вы уже взяли эту задачу, возможно, в другом окне.
task-conflict-taken = Задачу уже взял другой исполнитель: { $who }. Он завершит её или вернёт.
task-conflict-offered = Задача снова ждёт исполнителя. Сначала возьмите её в работу.
task-next-done = Больше ничего: задача выполнена. Тревога закончится сама, когда правило увидит, что повода больше нет.
task-next-mine = Вы работаете над задачей. Напишите, что сделано, и завершите её или верните, чтобы её мог взять другой.
task-next-taken = Исполнитель: { $who }. Результат появится здесь.
task-next-take = Возьмите задачу в работу, примите меры и напишите, что сделано. В журнале будет видно, кто что сделал.
task-next-others = Задача ждёт исполнителя из органа: { $body }.
task-next-nobody = За это место и предмет не отвечает ни один орган; задачу может взять специалист этой территории.
somebody = кто-то другой

why-ratio = { $name }: { $value } при норме { $norm }, отношение к норме — { $ratio }.
why-value = { $name }: { $value }.
why-silent = { $n ->
    [one] Показаний нет уже { $n } минуту.
    [few] Показаний нет уже { $n } минуты.
   *[other] Показаний нет уже { $n } минут.
}
why-never = Не пришло ещё ни одного показания.
why-still = { $n ->
    [one] Стоит на месте уже { $n } минуту.
    [few] Стоит на месте уже { $n } минуты.
   *[other] Стоит на месте уже { $n } минут.
}
why-observed = Измерено
why-received = Получено
why-decision = Решение
why-rule = Сработавшее правило
why-trigger = Условие
why-raised = Тревога поднята
why-alert-status = Тревога
why-hours = Времени на меры, по правилу
why-hours-n = { $n } ч
why-inputs = Все исходные данные решения
input-value = Значение
input-norm = Норма
input-ratio = Отношение к норме
input-open = Тревога уже открыта
input-silentMinutes = Минут без показаний
input-stillMinutes = Минут без движения

## Дело

case-title = Дело: { $about }
case-timeline = Что происходило
case-about = О деле
case-tasks = Задачи дела
case-opened = Открыто
case-closed = Закрыто
case-process = Процесс

## Журнал

journal-title = Журнал
journal-lead = Кто, что, когда и на каком основании сделал. Сначала новое; ничего никогда не удаляется.
journal-locked = Журнал читают специалисты органов, глава региона и администраторы платформы, каждый на своей территории.
journal-entity = Идентификатор объекта
journal-entity-bad = Это не идентификатор. Он выглядит так: urn:svod:task:17-0.
journal-action = Действие
journal-action-any = Любое
journal-space = Территория
journal-events = События
journal-empty-title = Событий нет
journal-empty-text = В журнале нет ничего, что подходит под эти фильтры.

event-reading = { $name }: { $value }
event-alert-raise = Поднята тревога
event-alert-close = Тревога закончилась
event-case-open = Открыто дело
event-case-advance = Дело продвинулось на шаг
event-case-close = Дело закрыто
event-task-offer = Предложена задача
event-task-take = Задача взята в работу
event-task-release = Задача возвращена
event-task-complete = Задача выполнена
event-create = Создано: { $type }
event-update = Изменено: { $type }
event-delete = Удалено: { $type }
event-erased = Стёрты сведения: { $type }
event-publish = Опубликован пакет
event-other = { $type }: { $action }
event-about = О чём
event-cause = Дело
event-ground = Основание
change-was = было
change-is = стало
change-removed = убрано

verb-raise = поднята тревога
verb-open = открыто дело
verb-offer = предложена задача
verb-take = задача взята в работу
verb-release = задача возвращена
verb-complete = задача выполнена
verb-advance = дело продвинулось
verb-close = тревога закончилась
verb-create = создание
verb-update = изменение
verb-delete = удаление
verb-erased = стирание сведений
verb-publish = публикация пакета

actor-platform = Платформа, по объявленному правилу
actor-platform-runtime = Платформа, по объявленному правилу
actor-platform-packs = Платформа, из пакета
ground-decision = решение «{ $name }» ({ $file }), пакет «{ $pack }», версия { $version }
ground-pack = пакет «{ $pack }», версия { $version }
ground-post-in = должность в органе
ground-post = по должности

value-yes = да
value-no = нет
value-none = нет данных
value-place = место на карте

unit-mg-m3 = мг/м³
unit-percent = %
unit-mm-Hg = мм рт. ст.
unit-Cel = °C
unit-deg = °
unit-km-h = км/ч
unit-m-s = м/с

## Квитанции

event-receipt = Квитанция
receipt-title = Квитанция
receipt-lead = Квитанция доказывает, что событие записано и с тех пор не изменялось. Она проверяется вычислением, доверять этому сайту не нужно.
receipt-valid = Квитанция верна
receipt-valid-text = Событие стоит в реестре ровно так, как показано ниже. Незаметно изменить его там никто не может.
receipt-event = Событие
receipt-when = Когда
receipt-who = Кто
receipt-place = Место в реестре
receipt-leaf-of = Лист { $n } из { $size }, реестр { $log }
receipt-signed = Подписали
receipt-changes = Что записано
receipt-hidden = Вам не показано: { $n }. Отпечаток скрытого входит в доказательство.
receipt-download = Скачать квитанцию
receipt-pdf = Скачать в PDF
receipt-qr = Наведите камеру телефона, и откроется эта квитанция.
receipt-qr-alt = QR-код с адресом этой квитанции
receipt-address = Адрес квитанции
receipt-whole = Квитанция целиком
receipt-whole-text = Этот же текст вложен в файл под именем receipt.tlog-proof. Проверить его можно на странице /receipt или программой: svod ledger receipt ФАЙЛ --key КЛЮЧ.
receipt-attached = Квитанция для проверки программой
receipt-another = Проверить квитанцию
receipt-text = Квитанция
receipt-text-hint = Весь текст файла .tlog-proof. Он начинается с c2sp.org/tlog-proof@v1.
receipt-keys = Ключи других реестров и свидетелей
receipt-keys-hint = Если квитанция не этого реестра или если нужны подписи свидетелей: по ключу в строке, как их публикует владелец.
receipt-verify = Проверить
receipt-own-key = Ключ этого реестра
receipt-bad-key = Один из ключей записан не в виде имя+номер+ключ.
receipt-unreadable = Это не целая квитанция. Скопируйте весь файл, от первой строки до последней.
receipt-unsigned = Никто из тех, чей ключ известен, эту квитанцию не подписал, или подпись не подходит. Укажите ключ её реестра.
receipt-changed = Событие в квитанции не то, что в реестре: одно из них изменено.
receipt-not-yet = Событие войдёт в реестр в течение секунды. Обновите страницу.
receipt-erased = Содержание этого события стёрто по праву. То, что событие было, по-прежнему доказано.

services-title = Услуги
services-lead = То, что государство уже знает, спрашивать не будут.
services-drafts = Начатое и не отправленное
services-none-title = Ничего не нашлось
services-none = Измените слова или фильтры.
services-search = Слова
services-situation = Жизненная ситуация
services-every-situation = Любая
services-audience = Для кого
services-everybody = Для всех
services-person = Людям
services-organization = Организациям
service-begin = Начать
service-sign-in = Войти и начать
service-term = Срок
service-term-days = { $days ->
    [one] { $days } рабочий день
    [few] { $days } рабочих дня
    *[other] { $days } рабочих дней
}
service-term-hours = { $hours ->
    [one] { $hours } час
    [few] { $hours } часа
    *[other] { $hours } часов
}
service-term-minutes = { $minutes ->
    [one] { $minutes } минута
    [few] { $minutes } минуты
    *[other] { $minutes } минут
}
service-fee = Плата
service-free = Бесплатно
service-for = Кому
service-start = Начинается
service-unasked = И без заявления, по событию в данных
service-unasked-text = Когда событие произойдёт, предложение придёт само.
service-result-title = Что вы получите
service-acts = Основание
service-source = Из реестра: { $register }
task-given = Что указал заявитель
task-fill = Заполнить
not-given = не указано
case-number = Номер
case-outcome = Исход
case-deadline = Решат не позднее
case-sent = Заявление отправлено
case-sent-text = Здесь видно, что с ним происходит.
service-application = Заявление
task-answer = Ответ
task-about = О задаче
event-task-withdraw = Задача отозвана
ground-application = Заявление
ground-process = Процесс пакета «{ $pack }», версия { $version }
