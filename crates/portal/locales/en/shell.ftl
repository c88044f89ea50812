product = Svod
product-motto = A territory on one map: data, decisions, deeds
skip-to-content = Skip to content
menu = Menu
menu-close = Close the menu
language = Language
nav-label = Sections
nav-map = Map
nav-tasks = Tasks
nav-journal = Journal
nav-packs = Packs
nav-quarantine = Quarantine
nav-accounts = Accounts
nav-clients = Sites
nav-api = API
sign-in = Sign in
sign-out = Sign out
signed-in-as = Signed in as
licence = Apache 2.0 licence
version = Version
demo-notice = Demo mode: the personas are invented and decisions have no force.
simulated = simulated
simulated-notice = Some of the data are simulated; they are marked as such.
to-front-page = To the front page
breadcrumbs = Path to this page

session-title = Sign in
session-lead = This is a demonstration. Choose whose eyes to look through: each has their own work and their own rights.
session-enter = Sign in
session-current = This is you now
session-none-title = Signing in is not possible yet
session-no-personas = The published packs declare no demo personas.
session-login = Login
session-password = Password
session-continue = Continue
session-by-passkey = With a passkey
session-by-passkey-text = The device knows you by a fingerprint, a face or its code. Nothing to type, nothing to steal.
session-passkey-button = Sign in with a passkey
session-passkey-without = This browser knows no passkeys, or JavaScript is off. Use a password and a code.
session-passkey-elsewhere = Passkeys are good at the platform’s own address only:
session-by-password = With a password and a code
session-no-account = No account? An invitation comes from the administrator of your territory.
session-demo = Demonstration
session-code-title = Code of the authenticator
session-code = Code
session-code-hint = Six digits that your authenticator shows now, or one of your recovery codes.
session-again = Begin again
session-method-passkey = Passkey
session-method-password = Password and code
session-method-recovery = Recovery code
session-method-invitation = Invitation

confirm-title = Is it still you?
confirm-lead = What comes next is weighty. Show once more who you are.
confirm-passkey-button = Confirm with a passkey
confirm-button = Confirm
confirm-nothing-title = Nothing to confirm with
confirm-nothing = You have neither a passkey nor a password. Ask for a new invitation.

invitation-title = You are invited
invitation-lead = With this page you get an account on the platform. Check that it is meant for you.
invitation-post = Post
invitation-until = Good until
invitation-accept = Make the account
invitation-hint = Next you choose how you will sign in: with a passkey, or with a password and a code.

account-title = My account
account-name = Name
account-bare-title = You cannot sign in again yet
account-bare = Add a passkey, or a password with a code, before you leave this page.
account-acting = In which post you act
account-acting-text = The powers of several posts do not mix: you act in one of them at a time, and the journal says in which.
account-acting-self = In my own affairs
account-acting-change = Act so
account-passkeys = Passkeys
account-passkeys-text = One for each device: a telephone, a laptop, a security key. Have two, so that a lost one locks nobody out.
account-passkeys-no-origin = Passkeys are not set up in this installation (identity.origin).
account-passkey-name = Name of the passkey
account-passkey-name-hint = So that you know it again: “work laptop”.
account-passkey-add = Add a passkey
account-passkey-remove-ask = Remove this passkey? Its device will no longer open your account.
account-added = Added
account-used = used
account-rename = Rename
account-remove = Remove
account-save = Save
account-cancel = Cancel
account-password = Password and code
account-password-set = There is a password with an authenticator.
account-codes-left = { $n ->
    [one] { $n } recovery code is left.
   *[other] { $n } recovery codes are left.
}
account-password-change = Change
account-password-remove = Remove
account-password-remove-ask = Remove the password, the authenticator and the recovery codes?
account-password-none = Where there is no passkey at hand, a password with a code from an authenticator does. A password alone does not.
account-password-add = Set a password
account-password-title = Password and authenticator
account-password-lead = The two go together: a password that only you know, and codes that only your telephone shows.
account-authenticator = Authenticator
account-authenticator-text = Read the picture with an authenticator, any that knows TOTP.
account-authenticator-typed = Or type:
account-authenticator-code = The code that it shows now
account-new-password = New password
account-new-password-hint = At least 10 characters. Several words are easier to keep than signs.
account-password-length = The password is too short or too long: take at least 10 characters.
account-password-common = Anybody would try this password first. Take another one.
account-code-code = The code is not right. Type the six digits that the authenticator shows now.
account-codes-title = Recovery codes
account-codes-lead = Without the authenticator each of these opens your account once, together with the password. They are shown only now: print them or write them down.
account-codes-kept = I have kept them
account-sessions = Where you are signed in
account-session-unknown = An unknown program
account-session-this = this one
account-session-began = since
account-session-end = Sign out there
account-sessions-end = Sign out everywhere else

pages-label = Pages of the list
pages-shown = { $n ->
    [one] { $n } record shown
   *[other] { $n } records shown
}
pages-first = Back to the start
pages-next = Next
filters = Filter
filters-apply = Show

api-title = The platform’s API
api-lead = All that the pages show is open to programs too: entities, observations, tasks, the journal, packs. Open an operation, fill in its fields and send the request.
api-document = The OpenAPI 3.1 document (JSON)
api-token-demo = A persona’s token is printed by
api-without-script = The form needs JavaScript. Without it any program sends the same requests:

error = Error
error-details = Technical details
error-code = Code
error-detail = What happened
error-summary-title = Check your answers
error-400-title = The request was not understood
error-400-text = Something is wrong with the address or the form. Go back and try again.
error-401-title = Please sign in
error-401-text = This page is open to those who have signed in.
error-403-title = Access denied
error-403-text = Your rights do not reach this far.
error-404-title = Page not found
error-404-text = The address may be mistyped, or the record was moved or removed.
error-409-title = The data have changed
error-409-text = Somebody else changed the record while you were looking. Open it again and repeat what you did.
error-500-title = A failure on our side
error-500-text = It has been logged. Try again in a minute.
error-503-title = Too many requests at the moment
error-503-text = Wait a little and try again.
problem-form-expired = The form is out of date. Open the page again and send the form once more.
problem-demo-only = Demo personas work in demo mode only.
problem-persona-unknown = There is no such persona in the published packs.
problem-sign-in-refused = That did not fit. Check the login, the password and the code.
problem-sign-in-too-many = Too many tries. Wait, or sign in with a passkey.
problem-sign-in-too-many-for = { $n ->
    [one] Too many tries. Wait { $n } second, or sign in with a passkey.
   *[other] Too many tries. Wait { $n } seconds, or sign in with a passkey.
}
problem-sign-in-over = This step has expired or was used already. Begin again.
problem-token-invalid = The link or the session is not one of this platform.
problem-account-last-way = This is the only way to sign in. Add another one first.
problem-passkeys-no-origin = Passkeys are not set up in this installation.
