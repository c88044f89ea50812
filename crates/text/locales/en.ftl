# Built-in texts of the locale helpers.
relative-now = just now
relative-past-seconds = { $n ->
    [one] { $n } second ago
   *[other] { $n } seconds ago
}
relative-past-minutes = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
relative-past-hours = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
relative-past-days = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
relative-past-months = { $n ->
    [one] { $n } month ago
   *[other] { $n } months ago
}
relative-past-years = { $n ->
    [one] { $n } year ago
   *[other] { $n } years ago
}
relative-future-seconds = { $n ->
    [one] in { $n } second
   *[other] in { $n } seconds
}
relative-future-minutes = { $n ->
    [one] in { $n } minute
   *[other] in { $n } minutes
}
relative-future-hours = { $n ->
    [one] in { $n } hour
   *[other] in { $n } hours
}
relative-future-days = { $n ->
    [one] in { $n } day
   *[other] in { $n } days
}
relative-future-months = { $n ->
    [one] in { $n } month
   *[other] in { $n } months
}
relative-future-years = { $n ->
    [one] in { $n } year
   *[other] in { $n } years
}
date-long = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
date-short = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }
datetime-short = { date-short }, { $time }
