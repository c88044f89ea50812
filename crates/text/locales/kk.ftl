# Built-in texts of the locale helpers. A noun after a numeral keeps the singular in Kazakh.
relative-now = жаңа ғана
relative-past-seconds = { $n } секунд бұрын
relative-past-minutes = { $n } минут бұрын
relative-past-hours = { $n } сағат бұрын
relative-past-days = { $n } күн бұрын
relative-past-months = { $n } ай бұрын
relative-past-years = { $n } жыл бұрын
relative-future-seconds = { $n } секундтан кейін
relative-future-minutes = { $n } минуттан кейін
relative-future-hours = { $n } сағаттан кейін
relative-future-days = { $n } күннен кейін
relative-future-months = { $n } айдан кейін
relative-future-years = { $n } жылдан кейін
date-long = { $year } ж. { $day } { $month ->
    [1] қаңтар
    [2] ақпан
    [3] наурыз
    [4] сәуір
    [5] мамыр
    [6] маусым
    [7] шілде
    [8] тамыз
    [9] қыркүйек
    [10] қазан
    [11] қараша
   *[12] желтоқсан
}
date-short = { $day2 }.{ $month2 }.{ $year }
datetime-short = { $day2 }.{ $month2 }.{ $year }, { $time }
