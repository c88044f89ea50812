# Built-in texts of the locale helpers.
relative-now = только что
relative-past-seconds = { $n ->
    [one] { $n } секунду назад
    [few] { $n } секунды назад
   *[other] { $n } секунд назад
}
relative-past-minutes = { $n ->
    [one] { $n } минуту назад
    [few] { $n } минуты назад
   *[other] { $n } минут назад
}
relative-past-hours = { $n ->
    [one] { $n } час назад
    [few] { $n } часа назад
   *[other] { $n } часов назад
}
relative-past-days = { $n ->
    [one] { $n } день назад
    [few] { $n } дня назад
   *[other] { $n } дней назад
}
relative-past-months = { $n ->
    [one] { $n } месяц назад
    [few] { $n } месяца назад
   *[other] { $n } месяцев назад
}
relative-past-years = { $n ->
    [one] { $n } год назад
    [few] { $n } года назад
   *[other] { $n } лет назад
}
relative-future-seconds = { $n ->
    [one] через { $n } секунду
    [few] через { $n } секунды
   *[other] через { $n } секунд
}
relative-future-minutes = { $n ->
    [one] через { $n } минуту
    [few] через { $n } минуты
   *[other] через { $n } минут
}
relative-future-hours = { $n ->
    [one] через { $n } час
    [few] через { $n } часа
   *[other] через { $n } часов
}
relative-future-days = { $n ->
    [one] через { $n } день
    [few] через { $n } дня
   *[other] через { $n } дней
}
relative-future-months = { $n ->
    [one] через { $n } месяц
    [few] через { $n } месяца
   *[other] через { $n } месяцев
}
relative-future-years = { $n ->
    [one] через { $n } год
    [few] через { $n } года
   *[other] через { $n } лет
}
date-long = { $day } { $month ->
    [1] января
    [2] февраля
    [3] марта
    [4] апреля
    [5] мая
    [6] июня
    [7] июля
    [8] августа
    [9] сентября
    [10] октября
    [11] ноября
   *[12] декабря
} { $year } г.
date-short = { $day2 }.{ $month2 }.{ $year }
datetime-short = { $day2 }.{ $month2 }.{ $year }, { $time }
