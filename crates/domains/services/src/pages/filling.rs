//! A form that somebody fills in, page by page, kept as a draft until it is done: of a service, or of a task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};
use svod_forms::{
    Action, Around, Chapter, Choice, Draft, FieldError, FieldView, Filled, Finished, Form, Lists, Prefill, Refused,
    Sent, Wanted,
};
use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Tone};
use svod_portal::{FormOverview, FormPage, Html, Island, Page, PageContext, PageError, SentForm, encoded};
use svod_query::{Filter, Query, Types, words};
use svod_registry::{Find, QueryError};
use svod_runtime::{Going, Kept, plain};

use crate::ServicesState;
use crate::pages::enclosed;

/// Addresses that a search shows.
const FOUND: usize = 20;
/// Things of a register among which a search chooses them: so many at once, and so often at the most.
const LOOKED: usize = 1_000;
const PAGES: usize = 10;
/// The page behind the last: every answer before the form is sent.
pub const CHECK: &str = "check";

/// A form with all that it is shown and read with.
pub struct Desk {
    /// What it is kept under.
    pub key: String,
    /// Version of its pack.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// What the page is, behind its crumbs.
    pub here: String,
    /// Where it is posted.
    pub action: String,
    /// Where one goes who keeps it for later.
    pub back: String,
    /// Where it stands among the pages: text and address.
    pub crumbs: Vec<(String, String)>,
    /// The form.
    pub form: Arc<Form>,
    /// What the graph holds.
    pub prefill: Prefill,
    /// What is filled in.
    pub draft: Draft,
    /// Values beside the answers.
    pub inputs: Map<String, Value>,
    /// Whose registers are searched.
    pub space: SpacePath,
    /// The case that its files are held for; none while there are none.
    pub owner: Option<Urn>,
    /// Fields that stood on pages that were sent.
    pub asked: BTreeSet<String>,
    /// What is decided on with it, shown beside; empty where nothing is.
    pub beside: Html,
}

/// What came of a page that was sent.
pub enum Filling {
    /// On with this answer.
    Answer(Response),
    /// The form is whole.
    Done(Finished),
}

impl Desk {
    /// With what was kept of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resumed(mut self, ctx: &PageContext, s: &ServicesState) -> Result<Self, PageError> {
        self.inputs.extend(svod_runtime::own(&s.registry, &ctx.actor, &self.form, &self.space).await?);
        if let Some(Kept { draft, owner, asked }) = s.applications.kept(&ctx.actor, &self.key).await? {
            let bare = self.draft.data.as_object().is_none_or(Map::is_empty);
            let none = Lists::default();
            self.draft = if bare { draft } else { self.form.resume(&self.draft, draft, &self.around(ctx, &none)) };
            self.owner = self.owner.or(owner);
            self.asked = asked;
        }
        Ok(self)
    }

    fn around<'a>(&'a self, ctx: &'a PageContext, lists: &'a Lists) -> Around<'a> {
        Around {
            lang: ctx.lang,
            texts: &ctx.texts,
            now: ctx.now,
            offset_hours: ctx.offset_hours,
            prefill: &self.prefill,
            lists,
            inputs: &self.inputs,
        }
    }

    /// What the registers have for it, and the fields whose registers cannot be searched just now.
    async fn lists(
        &self,
        ctx: &PageContext,
        s: &ServicesState,
        typed: &BTreeMap<String, Vec<String>>,
    ) -> Result<(Lists, Vec<String>), PageError> {
        let none = Lists::default();
        let wanted = self.form.wanted(&self.draft, typed, &self.around(ctx, &none));
        look_up(ctx, s, &self.space, &wanted).await
    }

    /// Keeps it; from which page somebody went to which is counted of a service.
    async fn keep(&self, ctx: &PageContext, s: &ServicesState, (at, to): (&str, &str)) -> Result<(), PageError> {
        let kept = Kept { draft: self.draft.clone(), owner: self.owner.clone(), asked: self.asked.clone() };
        let going = s.applications.service(&self.key).is_ok().then(|| self.going(at, to));
        Ok(s.applications.keep_form(&ctx.actor, (&self.key, &self.version), kept, going).await?)
    }

    fn going(&self, at: &str, to: &str) -> Going {
        // A form of one page has one without a name.
        let mut pages = self.form.page_names();
        if pages.is_empty() {
            pages.push("");
        }
        let order: Vec<String> = pages.into_iter().chain([CHECK]).map(str::to_owned).collect();
        let known = |page: &str| order.iter().find(|p| *p == page).cloned();
        // What no page is called is the first one, as it is shown.
        let at = known(at).or_else(|| order.first().cloned()).unwrap_or_default();
        Going { to: known(to).unwrap_or_else(|| at.clone()), at, order }
    }

    fn at(&self, page: &str) -> String {
        if page.is_empty() { self.action.clone() } else { format!("{}?page={}", self.action, encoded(page)) }
    }

    /// A page of the form by its name, or all answers before it is sent.
    ///
    /// # Errors
    /// When a register cannot be read.
    pub async fn show(&self, ctx: &PageContext, s: &ServicesState, page: Option<&str>) -> Result<Response, PageError> {
        let (lists, _) = self.lists(ctx, s, &BTreeMap::new()).await?;
        if page == Some(CHECK) {
            return Ok(self.overview(ctx, &lists, &[]));
        }
        Ok(self.page(ctx, &lists, page, None))
    }

    fn page(&self, ctx: &PageContext, lists: &Lists, name: Option<&str>, refused: Option<&Refused>) -> Response {
        let view = self.form.view(&self.draft, name, &self.around(ctx, lists), refused);
        let html = FormPage { view: &view, action: &self.action, title: &self.title }.html(ctx);
        // Questions that nobody has seen are no errors.
        let wrong = refused.is_some_and(|r| !r.errors.is_empty());
        let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        self.shell(ctx, html, status)
    }

    fn overview(&self, ctx: &PageContext, lists: &Lists, errors: &[FieldError]) -> Response {
        let around = self.around(ctx, lists);
        let chapters = self.form.overview(&self.draft, &around);
        let view = self.form.view(&self.draft, None, &around, None);
        let page = FormOverview {
            chapters: &chapters,
            action: &self.action,
            title: &self.title,
            errors,
            send: view.send.as_deref(),
            signature: self.form.is_signed(),
        };
        let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        // What hinders is said first, and once.
        let unseen = if errors.is_empty() { self.unseen(ctx, &chapters) } else { Html::default() };
        self.shell(ctx, Html::join([unseen, page.html(ctx)]), status)
    }

    /// Questions that stand on pages that were sent without them: a later answer, or a register, has brought them up since. Nobody
    /// signs what leaves out a question that they have not seen.
    fn unseen(&self, ctx: &PageContext, chapters: &[Chapter]) -> Html {
        let link = |page: &str, f: &FieldView| {
            let label = if f.within.is_empty() { f.label.clone() } else { format!("{}: {}", f.within, f.label) };
            let word = ctx.t(if f.required { "form-unseen-required" } else { "form-unseen-optional" });
            let link = components::link(&format!("{}#field-{}", self.at(page), f.name), label);
            Html::trusted(format!("<li>{link} <span class=\"muted\">{}</span></li>", Html::text(&word)))
        };
        let is_new = |f: &&FieldView| !f.locked && f.is_unanswered() && !self.asked.contains(&f.name);
        let new = chapters.iter().flat_map(|c| c.rows.iter().filter(is_new).map(move |f| (c.page.name.as_str(), f)));
        let links = Html::join(new.map(|(page, f)| link(page, f)));
        if links.is_empty() {
            return links;
        }
        let text = Html::from(ctx.t("form-unseen"));
        let body = Html::trusted(format!("<p>{text}</p><ul>{links}</ul>"));
        components::banner(Tone::Warning, ctx.t("form-unseen-title"), body)
    }

    /// What stood on the page that was sent has been asked.
    fn note(&mut self, ctx: &PageContext, lists: &Lists, (name, sent): (Option<&str>, &SentForm)) {
        let stood = |f: &FieldView| sent.typed.contains_key(&f.name) || sent.files.iter().any(|(of, _)| *of == f.name);
        let fields = self.form.view(&self.draft, name, &self.around(ctx, lists), None).fields();
        self.asked.extend(fields.into_iter().filter(stood).map(|f| f.name));
    }

    fn shell(&self, ctx: &PageContext, body: Html, status: StatusCode) -> Response {
        let page = self
            .crumbs
            .iter()
            .fold(Page::new(ctx, self.here.clone()), |page, (text, href)| page.crumb(text.clone(), href.clone()));
        page.html(self.with_beside(ctx, body, status)).island(Island::Forms).status(status).into_response()
    }

    /// The form with what is decided on: side by side where there is room, else above; below when the form says what is wrong.
    fn with_beside(&self, ctx: &PageContext, form: Html, status: StatusCode) -> Html {
        if self.beside.is_empty() {
            return form;
        }
        let refused = if status == StatusCode::OK { "" } else { " beside--refused" };
        let (title, beside) = (Html::from(ctx.t("task-given")), &self.beside);
        Html::trusted(format!(
            r#"<div class="beside{refused}"><details class="matter" open><summary>{title}</summary>{beside}</details><div>{form}</div></div>"#
        ))
    }

    /// What was filled in: kept, and on to where its button leads.
    ///
    /// # Errors
    /// When it cannot be kept; what is wrong with the answers is shown at their fields.
    pub async fn take(&mut self, ctx: &PageContext, s: &ServicesState, sent: &SentForm) -> Result<Filling, PageError> {
        let mut asked = sent.typed.clone();
        if !matches!(sent.action, Some(Action::Find(_))) {
            // A register is searched for whoever asks for it, and not with every page.
            asked.retain(|name, _| !name.ends_with(".find"));
        }
        let (mut lists, busy) = self.lists(ctx, s, &asked).await?;
        if sent.action.as_ref().is_some_and(|a| *a != Action::Send) {
            enclosed::take_in(ctx, s, self, (sent, &mut lists)).await?;
        }
        let answer = |r: Response| Ok(Filling::Answer(r));
        let Some(action) = &sent.action else { return answer(Redirect::to(&self.action).into_response()) };
        if *action == Action::Send {
            return Ok(self.finished(ctx, &lists));
        }
        if *action == Action::Save && sent.typed.is_empty() {
            return answer(Redirect::to(&self.back).into_response());
        }
        let name = (!sent.page.is_empty()).then_some(sent.page.as_str());
        let taken = self.form.accept(name, &self.draft, Sent::Typed(&sent.typed), &self.around(ctx, &lists));
        let (draft, refused) = match taken {
            Ok(draft) => (draft, None),
            Err(refused) => (refused.draft.clone(), Some(refused)),
        };
        self.draft = self.form.act(&draft, action, &self.around(ctx, &lists));
        self.note(ctx, &lists, (name, sent));
        let next = match (action, &refused) {
            (Action::Next, None) => self.next(ctx, &lists, name),
            (Action::Page(to), _) => to.clone(),
            _ => sent.page.clone(),
        };
        self.keep(ctx, s, (&sent.page, &next)).await?;
        answer(match (action, refused) {
            (Action::Next, Some(refused)) => self.page(ctx, &lists, name, Some(&refused)),
            (Action::Next, None) => Redirect::to(&self.at(&next)).into_response(),
            (Action::Save, _) => Redirect::to(&self.back).into_response(),
            (Action::Page(to), _) => Redirect::to(&self.at(to)).into_response(),
            // What a search found stands on this page only.
            (Action::Find(_), _) => self.page(ctx, &lists, name, self.busy(ctx, &lists, (busy, sent)).as_ref()),
            _ => Redirect::to(&self.at(name.unwrap_or_default())).into_response(),
        })
    }

    /// What is said where a register could not be searched; none where all could.
    fn busy(&self, ctx: &PageContext, lists: &Lists, (busy, sent): (Vec<String>, &SentForm)) -> Option<Refused> {
        let name = (!sent.page.is_empty()).then_some(sent.page.as_str());
        let fields = self.form.view(&self.draft, name, &self.around(ctx, lists), None).fields();
        let error = |f: FieldView| FieldError {
            name: f.name,
            label: f.label,
            within: f.within,
            rule: "register-busy",
            args: Vec::new(),
        };
        let errors: Vec<FieldError> = fields.into_iter().filter(|f| busy.contains(&f.name)).map(error).collect();
        let (draft, typed) = (self.draft.clone(), sent.typed.clone());
        (!errors.is_empty()).then_some(Refused { draft, typed, errors, appeared: Vec::new() })
    }

    /// What comes behind a page: the next one that is shown, or all answers.
    fn next(&self, ctx: &PageContext, lists: &Lists, name: Option<&str>) -> String {
        let view = self.form.view(&self.draft, name, &self.around(ctx, lists), None);
        view.pages.get(view.page + 1).map_or(CHECK, |p| p.name.as_str()).to_owned()
    }

    fn finished(&self, ctx: &PageContext, lists: &Lists) -> Filling {
        match self.form.finish(&self.draft, &self.around(ctx, lists)) {
            Err(errors) => Filling::Answer(self.overview(ctx, lists, &errors)),
            Ok(done) => match ctx.confirm_first(&self.at(CHECK)).filter(|_| self.form.is_signed()) {
                Some(proof) => Filling::Answer(proof),
                None => Filling::Done(done),
            },
        }
    }
}

/// What the register knows of the applicant: `applicant.<attribute>`.
pub fn prefill(ctx: &PageContext, applicant: &Entity) -> Prefill {
    let source = ctx.tf("service-source", &[("register", ctx.t(&format!("type-{}", applicant.kind)).into())]);
    let Value::Object(known) = plain(applicant) else { return Prefill::new() };
    let as_of = |name: &str| applicant.attributes.get(name).map(|a| a.modified(applicant.created_at));
    let known = known.into_iter().filter(|(_, value)| !value.is_null());
    known
        .map(|(name, value)| {
            let filled = Filled { value, source: source.clone(), as_of: as_of(&name) };
            (format!("applicant.{name}"), filled)
        })
        .collect()
}

/// What the registers have for a form, and the fields whose registers cannot be searched just now.
///
/// # Errors
/// When one cannot be read.
pub async fn look_up(
    ctx: &PageContext,
    s: &ServicesState,
    space: &SpacePath,
    wanted: &Wanted,
) -> Result<(Lists, Vec<String>), PageError> {
    let catalogue = s.registry.catalogue();
    let mut lists = Lists::default();
    for code in &wanted.codes {
        let values = catalogue.metamodel.enums.get(code).map(|e| e.values.clone()).unwrap_or_default();
        lists.codes.insert(code.clone(), values);
    }
    for (register, id) in &wanted.addresses {
        let Ok(urn) = id.parse() else { continue };
        if let Ok(found) = s.registry.entity(&ctx.actor, &urn).await
            && found.kinds().any(|kind| kind == register)
            && space.top().covers(&found.space)
        {
            lists.addresses.insert(id.clone(), found.text("name").unwrap_or(found.id.as_str()).to_owned());
        }
    }
    let mut busy = Vec::new();
    for (field, register, words) in &wanted.searches {
        match search(ctx, s, space, (register, words)).await? {
            Some(found) => _ = lists.found.insert(field.clone(), found),
            None => busy.push(field.clone()),
        }
    }
    Ok((lists, busy))
}

/// Things of a register whose names have words that begin as all of these do; those that hold them whole come first. The index of
/// words leads to them: a register may be as large as a city, so that more is read until enough hold them whole. None while a large
/// register has its index made, which the first search begins.
async fn search(
    ctx: &PageContext,
    s: &ServicesState,
    space: &SpacePath,
    (register, typed): (&str, &str),
) -> Result<Option<Vec<Choice>>, PageError> {
    let asked: Vec<String> = words::of_text(typed).collect();
    let mut named: Vec<(usize, Choice)> = Vec::new();
    for page in 0..if asked.is_empty() { 0 } else { PAGES } {
        let filter = Filter::All(asked.iter().cloned().map(Filter::Word).collect());
        let query = Query { types: Types::Is(register.to_owned()), filter: Some(filter), ..Query::default() };
        let (space, offset) = (space.top(), page * LOOKED);
        let find = Find { space, below: true, query, order: Vec::new(), offset, limit: LOOKED, count: false };
        let found = match s.registry.find(&ctx.actor, &find).await {
            Ok(found) => found,
            Err(QueryError::TooBroad(_)) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        named.extend(found.entities.iter().filter_map(|e| fitting(e, &asked)));
        let whole = named.iter().filter(|(whole, _)| *whole == asked.len()).count();
        if !found.more || whole >= FOUND {
            break;
        }
    }
    named.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.label.cmp(&y.label)));
    named.truncate(FOUND);
    Ok(Some(named.into_iter().map(|(_, choice)| choice).collect()))
}

/// A thing whose name has all the words, and how many of them whole.
fn fitting(entity: &Entity, asked: &[String]) -> Option<(usize, Choice)> {
    let name = entity.text("name")?;
    let has: BTreeSet<String> = words::of_text(name).collect();
    let all = asked.iter().all(|word| has.iter().any(|w| w.starts_with(word)));
    let whole = asked.iter().filter(|word| has.contains(*word)).count();
    all.then(|| (whole, Choice { value: entity.id.as_str().into(), label: name.to_owned() }))
}
