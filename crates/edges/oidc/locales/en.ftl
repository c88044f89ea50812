consent-title = A site asks about you
consent-asks = wants to learn:
consent-scope-openid = who you are: a number that stays the same
consent-scope-profile = your name and login
consent-scope-email = your e-mail address
consent-scope-posts = the posts that you hold
consent-scope-offline_access = all this also while you are away, until you take it back
consent-allow = Allow
consent-deny = Do not allow
consent-hint = You can take it back at any time on the page of your account.
consent-refused-title = The other site has made a mistake
consent-refused = Its request to sign you in cannot be carried out. Tell its owners what stands here.
leave-title = Sign out here as well?
leave-asks = has signed you out and asks whether you want to leave the platform too.
leave-asks-somebody = A site has signed you out and asks whether you want to leave the platform too.
leave-yes = Sign out
leave-no = Stay signed in
leave-hint = Signing out ends your session at every site that you entered through it.
leave-done-title = You are signed out
leave-done = You have no session here.
consent-lasts = How long it lasts
consent-lasts-token = { $n ->
    [one] A token with which the site learns this is good for one minute.
   *[other] A token with which the site learns this is good for { $n } minutes.
}
consent-lasts-renewed = It is renewed without you until you take it back; it ends when the site has not used it for { $unused } days, and { $last } days after you have signed in at the latest.
consent-lasts-remembered = Your answer is remembered until you take it back.
consent-lasts-once = Your answer holds this once: this program asks each time.
consent-what = What you allow
consent-what-hint = Take the tick off what the site shall not learn. Who you are goes with everything.
