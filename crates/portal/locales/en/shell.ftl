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
session-not-configured = Sign-in is not set up in this installation. Open data can be seen without it.
session-no-personas = The published packs declare no demo personas.

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
