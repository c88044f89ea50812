form-yes = Yes
form-no = No
form-optional = (optional)
form-not-given = Not given
form-back = Back
form-continue = Continue
form-save = Save and come back later
form-send = Send
form-sign-send = Sign and send
form-change = Change
form-add = Add another
form-remove = Remove
form-progress = Page { $page } of { $pages }
form-check-title = Check your answers before sending
form-signature-title = Signature
form-signature-text = When you send the form you sign it: you will be asked once more to show who you are.
form-source = From: { $source }
form-source-of = From: { $source }, as of { $date }
form-source-says = You say this is wrong. { $source } says: { $value }
form-dispute = This is wrong
form-keep = It is right after all
form-table = What is known so far
form-file-remove = Remove
form-files-full = No more files can be added here. Remove one to send another.
form-photo = Take a photograph or choose one that you have.
form-file-kinds = { $kinds }. Files at most: { $n }.
form-place-hint = Latitude and longitude, such as 55.3541, 86.0883.
form-place-here = Where I am
form-appeared-title = { $n ->
    [one] There is { $n } more question
   *[other] There are { $n } more questions
}
form-appeared = Your answers brought it up. Answer it and continue once more.
form-address-find-label = Street and house
form-address-find = Find
form-address-none = Nothing was found. Try the street alone, without abbreviations.
form-address-found = { $n ->
    [one] { $n } address. Choose yours.
   *[other] { $n } addresses. Choose yours.
}

form-error-required = Fill in “{ $label }”.
form-error-required-check = Tick “{ $label }”.
form-error-required-choice = Choose an answer to “{ $label }”.
form-error-required-choices = Choose at least one answer to “{ $label }”.
form-error-required-file = Add a file to “{ $label }”.
form-error-kind = “{ $label }” has a value of another kind.
form-error-number = “{ $label }” must be a number, such as 1234.5.
form-error-long-number = “{ $label }” may have at most { $n } digits.
form-error-integer = “{ $label }” must be a whole number.
form-error-digits = { $n ->
    [one] “{ $label }” may have at most { $n } digit after the point.
   *[other] “{ $label }” may have at most { $n } digits after the point.
}
form-error-step = “{ $label }” must be a multiple of { $n }.
form-error-min = “{ $label }” must be { $n } or more.
form-error-max = “{ $label }” must be { $n } or less.
form-error-min-length = { $n ->
    [one] “{ $label }” must have at least { $n } character.
   *[other] “{ $label }” must have at least { $n } characters.
}
form-error-max-length = { $n ->
    [one] “{ $label }” may have at most { $n } character.
   *[other] “{ $label }” may have at most { $n } characters.
}
form-error-pattern = “{ $label }” is not written in the form that is asked for.
form-error-said = { $label }: { $text }
form-error-email = “{ $label }” must be an e-mail address, such as name@example.org.
form-error-phone = “{ $label }” must be a telephone number with + and the country’s code, such as +7 384 212 34 56.
form-error-date = “{ $label }” must be a date, such as 31.12.1990.
form-error-time = “{ $label }” must be a time, such as 08:30.
form-error-datetime = “{ $label }” must be a date and a time, such as 31.12.2026 08:30.
form-error-past = “{ $label }” must be today or later.
form-error-interval = “{ $label }” must fall on a step of { $n } minutes.
form-error-choice = Choose “{ $label }” from the answers that are offered.
form-error-address = Choose “{ $label }” from the addresses that were found.
form-error-register-busy = The register of “{ $label }” is being prepared for searching. Try again in a minute, or write more words.
form-error-place = “{ $label }” must be latitude and longitude, such as 55.3541, 86.0883.
form-error-place-range = In “{ $label }” latitude must be from −90 to 90, longitude from −180 to 180.
form-error-files = { $n ->
    [one] “{ $label }” takes { $n } file.
   *[other] “{ $label }” takes at most { $n } files.
}
form-error-file-kind = { $file } is of another kind. “{ $label }” takes: { $kinds }
form-error-file-empty = { $file } is empty. Choose another file.
form-error-file-size = { $file } is larger than { $n } MB. Make it smaller.
form-error-file-content = { $file } is not taken: send a PDF, JPEG, PNG or WebP.
form-error-file-name = The content of { $file } is not what its name says. Send the right file, or give it the right name.
form-error-file-pixels = { $file } has more than 50 megapixels. Make it smaller.
form-error-file-broken = { $file } is damaged. Save or scan it anew.
form-error-file-active = { $file } runs something when it is opened, or carries other files. Print it into a new PDF and send that.
form-error-file-quota = { $n ->
    [one] You have sent as many files as one may within a day. Try again in { $n } hour.
   *[other] You have sent as many files as one may within a day. Try again in { $n } hours.
}
form-error-items-max = “{ $label }” takes at most { $n }.
