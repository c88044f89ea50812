product = Свод
product-motto = Территория на одной карте: данные, решения, дела
skip-to-content = Перейти к содержанию
menu = Меню
menu-close = Закрыть меню
language = Язык
nav-label = Разделы
nav-map = Карта
nav-tasks = Задачи
nav-journal = Журнал
nav-packs = Пакеты
nav-quarantine = Карантин
nav-accounts = Учётные записи
nav-services = Услуги
nav-bodies = Органы
nav-my = Мой кабинет
nav-people = Люди
nav-oversight = Надзор
nav-clients = Сайты
nav-api = API
sign-in = Войти
sign-out = Выйти
signed-in-as = Вы вошли как
acts-for = действует за: { $name }
licence = Лицензия Apache 2.0
version = Версия
demo-notice = Демонстрационный режим: персонажи вымышлены, решения не имеют силы.
simulated = имитация
simulated-notice = Часть данных создана имитацией; такие данные отмечены.
to-front-page = На главную
breadcrumbs = Путь к странице

session-title = Вход
session-lead = Это демонстрация. Выберите, от чьего имени смотреть: у каждого своя работа и свои права.
session-enter = Войти
session-current = Вы сейчас здесь
session-none-title = Войти пока нельзя
session-no-personas = В опубликованных пакетах нет персонажей для демонстрации.
session-login = Логин
session-password = Пароль
session-continue = Продолжить
session-by-passkey = Ключом доступа
session-by-passkey-text = Устройство узнаёт вас по отпечатку, лицу или своему коду. Нечего набирать и нечего украсть.
session-passkey-button = Войти ключом доступа
session-passkey-without = Этот браузер не знает ключей доступа, или JavaScript выключен. Войдите паролем и кодом.
session-passkey-elsewhere = Ключи доступа действуют только на собственном адресе платформы:
session-by-password = Паролем и кодом
session-no-account = Нет учётной записи? Приглашение даёт администратор вашей территории.
session-demo = Демонстрация
session-code-title = Код из приложения
session-code = Код
session-code-hint = Шесть цифр, которые сейчас показывает приложение-аутентификатор, или один из запасных кодов.
session-again = Начать сначала
session-method-passkey = Ключ доступа
session-method-password = Пароль и код
session-method-recovery = Запасной код
session-method-invitation = Приглашение

confirm-title = Это всё ещё вы?
confirm-lead = Дальше важное действие. Подтвердите ещё раз, кто вы.
confirm-passkey-button = Подтвердить ключом доступа
confirm-button = Подтвердить
confirm-nothing-title = Подтвердить нечем
confirm-nothing = У вас нет ни ключа доступа, ни пароля. Попросите новое приглашение.

invitation-title = Вас приглашают
invitation-lead = На этой странице вы получите учётную запись на платформе. Проверьте, что приглашение ваше.
invitation-post = Должность
invitation-until = Действует до
invitation-accept = Завести учётную запись
invitation-hint = Затем вы выберете, чем входить: ключом доступа или паролем с кодом.

account-title = Моя учётная запись
account-name = Имя
account-bare-title = Войти ещё раз пока нечем
account-bare = Добавьте ключ доступа или пароль с кодом, прежде чем уйти с этой страницы.
account-acting = В какой должности вы действуете
account-acting-text = Полномочия нескольких должностей не смешиваются: вы действуете в одной из них, и журнал указывает, в какой.
account-acting-self = В своих личных делах
account-acting-for = За: { $name }
account-acting-change = Действовать так
account-passkeys = Ключи доступа
account-passkeys-text = По одному на устройство: телефон, ноутбук, аппаратный ключ. Заведите два, чтобы потеря одного не закрыла вам вход.
account-passkeys-no-origin = Ключи доступа в этой установке не настроены (identity.origin).
account-passkey-name = Название ключа
account-passkey-name-hint = Чтобы узнать его потом: «рабочий ноутбук».
account-passkey-add = Добавить ключ доступа
account-passkey-remove-ask = Удалить этот ключ? Его устройство больше не откроет вашу учётную запись.
account-added = Добавлен
account-used = использован
account-rename = Переименовать
account-remove = Удалить
account-save = Сохранить
account-cancel = Отмена
account-password = Пароль и код
account-password-set = Задан пароль с приложением-аутентификатором.
account-codes-left = { $n ->
    [one] Остался { $n } запасной код.
    [few] Осталось { $n } запасных кода.
   *[many] Осталось { $n } запасных кодов.
}
account-password-change = Сменить
account-password-remove = Удалить
account-password-remove-ask = Удалить пароль, аутентификатор и запасные коды?
account-password-none = Когда под рукой нет ключа доступа, годится пароль с кодом из приложения. Одного пароля мало.
account-password-add = Задать пароль
account-password-title = Пароль и аутентификатор
account-password-lead = Они идут вместе: пароль, который знаете только вы, и коды, которые показывает только ваш телефон.
account-authenticator = Аутентификатор
account-authenticator-text = Считайте картинку приложением-аутентификатором, любым, которое знает TOTP.
account-authenticator-typed = Или наберите:
account-authenticator-code = Код, который оно показывает сейчас
account-new-password = Новый пароль
account-new-password-hint = Не меньше 10 знаков. Несколько слов запомнить легче, чем знаки.
account-password-length = Пароль слишком короткий или длинный: возьмите не меньше 10 знаков.
account-password-common = Такой пароль пробуют первым. Возьмите другой.
account-code-code = Код не подошёл. Наберите шесть цифр, которые приложение показывает сейчас.
account-codes-title = Запасные коды
account-codes-lead = Без приложения каждый из них один раз откроет учётную запись вместе с паролем. Они показаны только сейчас: распечатайте или запишите.
account-codes-kept = Коды сохранены
account-sites = Сайты, которым вы разрешили
account-site-withdraw = Отозвать
account-sessions = Где вы вошли
account-session-unknown = Неизвестная программа
account-session-this = этот
account-session-began = с
account-session-end = Выйти там
account-sessions-end = Выйти везде, кроме этого браузера

pages-label = Страницы списка
pages-shown = { $n ->
    [one] Показана { $n } запись
    [few] Показаны { $n } записи
   *[other] Показано { $n } записей
}
pages-first = К началу
pages-next = Дальше
filters = Фильтр
filters-apply = Показать

api-title = API платформы
api-lead = Всё, что видно на страницах, доступно и программам: объекты, наблюдения, задачи, журнал, пакеты. Откройте операцию, заполните поля и отправьте запрос.
api-document = Описание OpenAPI 3.1 (JSON)
api-token-demo = Токен персонажа печатает команда
api-without-script = Форма для запросов требует JavaScript. Без него те же запросы отправляет любая программа:

error = Ошибка
error-details = Технические подробности
error-code = Код
error-detail = Что произошло
error-summary-title = Проверьте ответы
error-400-title = Запрос не понят
error-400-text = В адресе или в форме ошибка. Вернитесь назад и попробуйте ещё раз.
error-401-title = Нужно войти
error-401-text = Эта страница открыта тем, кто вошёл.
error-403-title = Доступ закрыт
error-403-text = Ваших прав для этого действия недостаточно.
error-404-title = Страница не найдена
error-404-text = Возможно, в адресе опечатка, или запись перенесли или удалили.
error-409-title = Данные уже изменились
error-409-text = Пока вы смотрели, запись изменил кто-то другой. Откройте её заново и повторите действие.
error-500-title = Сбой на нашей стороне
error-500-text = Мы уже записали этот случай. Попробуйте ещё раз через минуту.
error-503-title = Сейчас слишком много запросов
error-503-text = Подождите немного и попробуйте ещё раз.
problem-form-expired = Форма устарела. Откройте страницу заново и отправьте форму ещё раз.
problem-too-large = Отправлено слишком много. Уменьшите файл и отправьте форму ещё раз.
problem-file-waiting = Файл ещё проверяется на вредоносные программы. Попробуйте через минуту.
problem-file-infected = В файле найдена вредоносная программа. Он не выдаётся; офицер безопасности извещён.
problem-demo-only = Персонажи демонстрации работают только в демонстрационном режиме.
problem-persona-unknown = Такого персонажа нет в опубликованных пакетах.
problem-sign-in-refused = Не подошло. Проверьте логин, пароль и код.
problem-sign-in-too-many = Слишком много попыток. Подождите или войдите ключом доступа.
problem-sign-in-too-many-for = { $n ->
    [one] Слишком много попыток. Подождите { $n } секунду или войдите ключом доступа.
    [few] Слишком много попыток. Подождите { $n } секунды или войдите ключом доступа.
   *[many] Слишком много попыток. Подождите { $n } секунд или войдите ключом доступа.
}
problem-sign-in-over = Этот шаг устарел или уже использован. Начните сначала.
problem-token-invalid = Ссылка или сеанс не от этой платформы.
problem-account-last-way = Это единственный способ войти. Сначала добавьте другой.
problem-passkeys-no-origin = Ключи доступа в этой установке не настроены.
account-login-length = Возьмите от 3 до 100 знаков.
account-login-characters = Возьмите буквы, цифры и . - _ @ +
account-name-length = Напишите от 1 до 100 знаков.
account-space-choice = Выберите территорию, которой вы управляете.
problem-login-taken = Учётная запись с таким логином уже есть.
session-by-outside = Через другого поставщика
session-method-outside = Другой поставщик
account-outside = Другие поставщики входа
account-outside-text = Через них тоже можно войти на эту платформу.
account-outside-add = Связать { $name }
problem-outside-provider = Поставщик ответил не так, как должен. Повторите попытку или войдите иначе.
problem-outside-unknown = Здесь никто не известен под этой записью. Войдите иначе и свяжите её или попросите приглашение.
