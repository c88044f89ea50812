//! `GET|POST /people`: somebody's data on a ground; `POST /people/attend`: acting for who is present.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_identity::IdentityError;
use svod_kernel::{Role, Timestamp};
use svod_portal::components::{self, ButtonKind, Choice, Field, PostButton};
use svod_portal::{CsrfForm, CsrfMultipart, Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::{Action, Ground};
use svod_trust::{Looking, Registered};

use crate::CabinetState;
use crate::pages::bodies::acting::day;
use crate::pages::files::{examined, links, scan_field, scan_refused};
use crate::pages::{ROWS, answer, matters, moment, name_of, of, shown, word};

/// What a mandate is entered by.
const BASES: [&str; 5] = ["parent", "guardian", "attorney", "head", "employee"];
/// Accesses of one's own that are shown.
const RECENT: usize = 20;

#[derive(Template)]
#[template(path = "people/people.html")]
struct PeoplePage<'a> {
    ctx: &'a PageContext,
    fields: Vec<Field>,
    errors: Vec<(String, String)>,
    attends: bool,
    code: Field,
    enters: Vec<Field>,
    matters: Html,
    mandates: Vec<Entered>,
    rows: Vec<Row>,
}

/// A mandate that was entered by its document.
struct Entered {
    person: String,
    delegate: String,
    basis: Html,
    document: String,
    scope: String,
    files: Html,
    since: Html,
    until: Html,
    button: Html,
}

struct Row {
    person: String,
    href: String,
    basis: Html,
    ground: String,
    until: Html,
}

#[derive(Default, Deserialize)]
pub struct Look {
    #[serde(default)]
    whom: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    reason: String,
}

/// Who may look at nobody is not here.
fn allowed(ctx: &PageContext, s: &CabinetState) -> Result<(), PageError> {
    let tree = s.registry.spaces();
    let may = |space: &svod_registry::SpaceInfo| {
        !space.open && s.registry.may(&ctx.actor, Action::Look, &s.registry.resource("Access", &space.path))
    };
    if tree.all().into_iter().any(may) { Ok(()) } else { Err(ctx.refusal()) }
}

async fn page(
    ctx: &PageContext,
    s: &CabinetState,
    form: &Look,
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    filled(ctx, s, (form, &Enter::default()), errors).await
}

async fn filled(
    ctx: &PageContext,
    s: &CabinetState,
    (form, entered): (&Look, &Enter),
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    let ground = |g: &Ground| Choice { value: g.as_str().into(), text: ctx.word("AccessGround", g.as_str()) };
    let fields = vec![
        Field::text("whom", ctx.t("people-whom"))
            .hint(ctx.t("people-whom-hint"))
            .value(&form.whom)
            .error(of(&errors, "whom"))
            .required(),
        Field::select("basis", ctx.t("cabinet-basis"), Ground::ALL.iter().map(ground).collect())
            .value(&form.basis)
            .error(of(&errors, "basis")),
        Field::text("reference", ctx.t("cabinet-ground"))
            .hint(ctx.t("people-ground-hint"))
            .value(&form.reference)
            .error(of(&errors, "ground")),
        Field::area("reason", ctx.t("cabinet-reason"))
            .hint(ctx.t("people-reason-hint"))
            .value(&form.reason)
            .error(of(&errors, "reason"))
            .required(),
    ];
    let opened = s.trust.opened_by(&ctx.actor, RECENT).await?;
    let mut rows = Vec::with_capacity(opened.len());
    for a in &opened {
        rows.push(Row {
            person: name_of(ctx, s, a.object("person")).await,
            href: a.object("person").map(|p| format!("/entities/{}", encoded(p.as_str()))).unwrap_or_default(),
            basis: word(ctx, a, "basis", "AccessGround", &[]),
            ground: a.text("ground").unwrap_or_default().to_owned(),
            until: moment(ctx, a, "until"),
        });
    }
    // `reference` carries the errors of the ground: the summary leads there.
    let errors: Vec<(String, String)> =
        errors.iter().map(|(n, t)| (if n == "ground" { "reference".into() } else { n.clone() }, t.clone())).collect();
    let page = PeoplePage {
        ctx,
        fields,
        attends: ctx.session.is_some() && ctx.actor.is(Role::Official),
        mandates: if enters(ctx) { mandates(ctx, s).await? } else { Vec::new() },
        enters: if enters(ctx) { mandate_fields(ctx, s, entered, &errors) } else { Vec::new() },
        matters: matters::boxes(ctx, s, &entered.scope, (&ctx.t("people-scope-hint"), &errors)),
        code: Field::text("code", ctx.t("people-code"))
            .hint(ctx.t("people-code-hint"))
            .error(of(&errors, "code"))
            .required()
            .autocomplete("one-time-code"),
        rows,
        errors,
    };
    Ok(answer(Page::new(ctx, ctx.t("people-title")).body(&page).island(Island::Forms), &page.errors))
}

/// Who runs a territory, with an account of their own.
fn enters(ctx: &PageContext) -> bool {
    ctx.session.is_some() && ctx.actor.is(Role::Administrator)
}

fn mandate_fields(ctx: &PageContext, s: &CabinetState, form: &Enter, errors: &[(String, String)]) -> Vec<Field> {
    let choice = |value: &str| Choice { value: value.into(), text: ctx.word("MandateBasis", value) };
    vec![
        Field::text("represented", ctx.t("people-represented"))
            .hint(ctx.t("people-whom-hint"))
            .value(&form.represented)
            .error(of(errors, "represented"))
            .required(),
        Field::text("delegate", ctx.t("people-delegate"))
            .hint(ctx.t("my-mandate-delegate-hint"))
            .value(&form.delegate)
            .error(of(errors, "delegate"))
            .required(),
        Field::select("entitled", ctx.t("cabinet-basis"), BASES.map(choice).to_vec())
            .value(&form.entitled)
            .error(of(errors, "entitled")),
        Field::text("document", ctx.t("my-mandate-document"))
            .hint(ctx.t("people-document-hint"))
            .value(&form.document)
            .error(of(errors, "document"))
            .required(),
        Field::text("until", ctx.t("people-until-day"))
            .hint(ctx.t("people-until-hint"))
            .value(&form.until)
            .error(of(errors, "until")),
        scan_field(ctx, s, errors),
    ]
}

/// The mandates of the territory that were entered by their documents and hold.
async fn mandates(ctx: &PageContext, s: &CabinetState) -> Result<Vec<Entered>, PageError> {
    let all = s.trust.all(&ctx.actor, ("Mandate", &[]), 0..ROWS).await?;
    let entered = |m: &&std::sync::Arc<svod_model::Entity>| {
        m.text("basis").is_some_and(|b| BASES.contains(&b)) && m.time("until").is_none_or(|at| ctx.now < at)
    };
    let entered: Vec<_> = all.iter().filter(entered).collect();
    let mut rows = Vec::with_capacity(entered.len());
    for m in entered {
        let files = links(ctx, s, m).await?;
        let fields = [("id", m.id.as_str())];
        let spec = PostButton {
            action: "/people/mandates/end",
            text: ctx.t("people-mandate-end"),
            fields: &fields,
            kind: ButtonKind::Secondary,
            confirm: Some(ctx.t("my-mandate-withdraw-ask")),
        };
        let urn = |name: &str| m.object(name).map(ToString::to_string).unwrap_or_default();
        rows.push(Entered {
            person: urn("person"),
            delegate: urn("delegate"),
            basis: word(ctx, m, "basis", "MandateBasis", &[]),
            document: m.text("document").unwrap_or_default().to_owned(),
            scope: matters::named(ctx, m),
            files,
            since: moment(ctx, m, "since"),
            until: moment(ctx, m, "until"),
            button: components::post_button(ctx, &spec),
        });
    }
    Ok(rows)
}

#[derive(Deserialize)]
pub struct End {
    id: String,
}

/// `POST /people/mandates/end`
///
/// # Errors
/// Not who runs the territory with an account, or the store failed.
pub async fn end(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<End>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    if !enters(&ctx) {
        return Err(PageError::forbidden());
    }
    if let Some(elsewhere) = ctx.confirm_first("/people") {
        return Ok(elsewhere);
    }
    let id = form.id.parse().map_err(|_| PageError::not_found())?;
    s.trust.withdraw(&ctx.actor, &id).await?;
    Ok(Redirect::to("/people").into_response())
}

/// What the form of a mandate says.
#[derive(Default)]
struct Enter {
    represented: String,
    delegate: String,
    entitled: String,
    document: String,
    until: String,
    scope: Vec<String>,
}

impl Enter {
    fn of(pairs: &[(String, String)]) -> Self {
        let one = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
        Self {
            represented: one("represented"),
            delegate: one("delegate"),
            entitled: one("entitled"),
            document: one("document"),
            until: one("until"),
            scope: pairs.iter().filter(|(n, v)| n == "scope" && !v.is_empty()).map(|(_, v)| v.clone()).collect(),
        }
    }

    /// The end of the last day; none where no day is given.
    fn ends(&self, ctx: &PageContext) -> Result<Option<Timestamp>, (String, String)> {
        if self.until.trim().is_empty() {
            return Ok(None);
        }
        let day = day(&self.until, ctx.offset_hours).ok_or_else(|| ("until".to_owned(), ctx.t("bodies-day")))?;
        Ok(Some(day.plus_seconds(86_400)))
    }
}

/// `POST /people/mandates`: a mandate is entered by its document.
///
/// # Errors
/// Not who runs a territory with an account, or the store failed.
pub async fn enter(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfMultipart { form, file }: CsrfMultipart<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let Some(session) = ctx.session.clone().filter(|_| enters(&ctx)) else { return Err(PageError::forbidden()) };
    if let Some(elsewhere) = ctx.confirm_first("/people") {
        return Ok(elsewhere);
    }
    let form = Enter::of(&form);
    let again = async |error| filled(&ctx, &s, (&Look::default(), &form), vec![error]).await;
    let scan = match examined(&ctx, &s, file).await {
        Ok(scan) => scan,
        Err(e) => return again(scan_refused(&ctx, &s, e)?).await,
    };
    let until = match form.ends(&ctx) {
        Ok(until) => until,
        Err(error) => return again(error).await,
    };
    let Some(delegate) = s.identity.person_of(&session, &form.delegate).await? else {
        return again(("delegate".to_owned(), ctx.t("cabinet-delegate-unknown"))).await;
    };
    let (whom, basis) = (form.represented.clone(), form.entitled.clone());
    let new = Registered { whom, delegate, basis, document: form.document.clone(), scope: form.scope.clone(), until };
    match s.trust.register(&ctx.actor, &new).await {
        Ok(mandate) => {
            if let Some(scan) = scan {
                s.files.keep(&ctx.actor, &mandate, scan).await?;
            }
            Ok(Redirect::to("/people").into_response())
        }
        Err(e) => {
            let (field, text) = shown(&ctx, e)?;
            let field = match field.as_str() {
                "whom" => "represented".to_owned(),
                "basis" => "entitled".to_owned(),
                _ => field,
            };
            again((field, text)).await
        }
    }
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn show(ctx: PageContext, State(s): State<CabinetState>) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    page(&ctx, &s, &Look::default(), Vec::new()).await
}

/// `POST /people`: the data are open for a while, and the person will see that.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn look(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Look>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let Some(ground) = Ground::named(&form.basis) else {
        return page(&ctx, &s, &form, vec![("basis".into(), ctx.t("cabinet-basis-choice"))]).await;
    };
    if ground == Ground::Emergency
        && let Some(elsewhere) = ctx.confirm_first("/people")
    {
        return Ok(elsewhere);
    }
    let looking =
        Looking { whom: form.whom.clone(), ground, reference: form.reference.clone(), reason: form.reason.clone() };
    match s.trust.look(&ctx.actor, &looking).await {
        Ok(opened) => Ok(Redirect::to(&format!("/entities/{}", encoded(opened.person.as_str()))).into_response()),
        Err(e) => page(&ctx, &s, &form, vec![shown(&ctx, e)?]).await,
    }
}

#[derive(Deserialize)]
pub struct Attend {
    code: String,
}

/// `POST /people/attend`: the person present has told their code.
///
/// # Errors
/// Not an official with an account, or the store failed.
pub async fn attend(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Attend>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let Some(session) = ctx.session.clone().filter(|_| ctx.actor.is(Role::Official)) else {
        return Err(PageError::forbidden());
    };
    match s.identity.present(&session, &form.code).await {
        Ok(person) => {
            let operator = ctx.actor.id.parse().map_err(|_| PageError::forbidden())?;
            let mandate = s.trust.attend(&person, &operator).await?;
            s.identity.act_as(&session, mandate.as_str()).await?;
            Ok(Redirect::to("/my").into_response())
        }
        Err(IdentityError::Over | IdentityError::Refused) => {
            let error = ("code".to_owned(), ctx.t("people-code-wrong"));
            page(&ctx, &s, &Look::default(), vec![error]).await
        }
        Err(e) => Err(e.into()),
    }
}
