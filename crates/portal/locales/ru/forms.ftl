form-yes = Да
form-no = Нет
form-optional = (необязательно)
form-not-given = Не указано
form-back = Назад
form-continue = Продолжить
form-save = Сохранить и вернуться позже
form-send = Отправить
form-sign-send = Подписать и отправить
form-change = Изменить
form-add = Добавить ещё
form-remove = Удалить
form-progress = Страница { $page } из { $pages }
form-check-title = Проверьте ответы перед отправкой
form-signature-title = Подпись
form-signature-text = Отправляя форму, вы подписываете её: платформа ещё раз попросит подтвердить, что это вы.
form-source = Источник: { $source }
form-source-of = Источник: { $source }, по состоянию на { $date }
form-source-says = Вы сообщаете об ошибке. { $source } содержит: { $value }
form-dispute = Это неверно
form-keep = Всё-таки верно
form-table = Что уже известно
form-file-remove = Удалить
form-files-full = Больше файлов сюда добавить нельзя. Удалите один, чтобы отправить другой.
form-photo = Сделайте снимок или выберите готовый.
form-file-kinds = { $kinds }. Файлов не больше: { $n }.
form-place-hint = Широта и долгота, например 55,3541 86,0883.
form-place-here = Где я сейчас
form-appeared-title = { $n ->
    [one] Появился ещё { $n } вопрос
    [few] Появилось ещё { $n } вопроса
   *[other] Появилось ещё { $n } вопросов
}
form-appeared = Его принесли ваши ответы. Ответьте и нажмите «Продолжить» ещё раз.
form-address-find-label = Улица и дом
form-address-find = Найти
form-address-none = Ничего не найдено. Попробуйте только улицу, без сокращений.
form-address-found = { $n ->
    [one] Найден { $n } адрес. Выберите свой.
    [few] Найдено { $n } адреса. Выберите свой.
   *[other] Найдено { $n } адресов. Выберите свой.
}

form-error-required = Заполните поле «{ $label }».
form-error-required-check = Отметьте «{ $label }».
form-error-required-choice = Выберите ответ: «{ $label }».
form-error-required-choices = Выберите хотя бы один ответ: «{ $label }».
form-error-required-file = Добавьте файл: «{ $label }».
form-error-kind = В поле «{ $label }» значение другого вида.
form-error-number = В поле «{ $label }» должно быть число, например 1234,5.
form-error-long-number = { $n ->
    [one] В поле «{ $label }» может быть не больше { $n } цифры.
   *[other] В поле «{ $label }» может быть не больше { $n } цифр.
}
form-error-integer = В поле «{ $label }» должно быть целое число.
form-error-digits = { $n ->
    [one] В поле «{ $label }» может быть не больше { $n } знака после запятой.
   *[other] В поле «{ $label }» может быть не больше { $n } знаков после запятой.
}
form-error-step = Число в поле «{ $label }» должно быть кратно { $n }.
form-error-min = Число в поле «{ $label }» должно быть не меньше { $n }.
form-error-max = Число в поле «{ $label }» должно быть не больше { $n }.
form-error-min-length = { $n ->
    [one] В поле «{ $label }» должно быть не меньше { $n } символа.
   *[other] В поле «{ $label }» должно быть не меньше { $n } символов.
}
form-error-max-length = { $n ->
    [one] В поле «{ $label }» может быть не больше { $n } символа.
   *[other] В поле «{ $label }» может быть не больше { $n } символов.
}
form-error-pattern = Поле «{ $label }» заполнено не в том виде, который требуется.
form-error-said = { $label }: { $text }
form-error-email = В поле «{ $label }» должен быть адрес электронной почты, например name@example.org.
form-error-phone = В поле «{ $label }» должен быть номер телефона с + и кодом страны, например +7 384 212 34 56.
form-error-date = В поле «{ $label }» должна быть дата, например 31.12.1990.
form-error-time = В поле «{ $label }» должно быть время, например 08:30.
form-error-datetime = В поле «{ $label }» должны быть дата и время, например 31.12.2026 08:30.
form-error-past = Дата в поле «{ $label }» должна быть не раньше сегодняшней.
form-error-interval = { $n ->
    [one] Время в поле «{ $label }» должно быть кратно { $n } минуте.
   *[other] Время в поле «{ $label }» должно быть кратно { $n } минутам.
}
form-error-choice = Выберите «{ $label }» из предложенных ответов.
form-error-address = Выберите «{ $label }» из найденных адресов.
form-error-register-busy = Реестр для «{ $label }» готовится к поиску. Повторите через минуту или напишите больше слов.
form-error-place = В поле «{ $label }» должны быть широта и долгота, например 55,3541 86,0883.
form-error-place-range = В поле «{ $label }» широта должна быть от −90 до 90, долгота от −180 до 180.
form-error-files = { $n ->
    [one] В поле «{ $label }» можно добавить не больше { $n } файла.
   *[other] В поле «{ $label }» можно добавить не больше { $n } файлов.
}
form-error-file-kind = Файл { $file } другого вида. Для поля «{ $label }» подходят: { $kinds }
form-error-file-empty = Файл { $file } пустой. Выберите другой.
form-error-file-size = Файл { $file } больше { $n } МБ. Уменьшите его.
form-error-file-content = Файл { $file } не подходит: принимаются PDF, JPEG, PNG и WebP.
form-error-file-name = Содержимое файла { $file } не соответствует имени. Отправьте нужный файл или назовите его верно.
form-error-file-pixels = В изображении { $file } больше 50 мегапикселей. Уменьшите его.
form-error-file-broken = Файл { $file } повреждён. Сохраните или отсканируйте его заново.
form-error-file-active = PDF { $file } что-то выполняет при открытии или содержит другие файлы. Напечатайте его в новый PDF и отправьте тот.
form-error-file-quota = { $n ->
    [one] Вы отправили столько файлов, сколько можно за сутки. Повторите через { $n } час.
    [few] Вы отправили столько файлов, сколько можно за сутки. Повторите через { $n } часа.
   *[other] Вы отправили столько файлов, сколько можно за сутки. Повторите через { $n } часов.
}
form-error-items-max = Больше нельзя: «{ $label }» — не больше { $n }.
