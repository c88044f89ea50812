//! `/vocabulary`: types that are declared or in use, by whom and where; `/vocabulary/{type}`: one of them with its attributes.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_model::{AttributeType, EntityType, Range, SecrecyClass};
use svod_portal::components::{self, Field, Filters, SummaryRow, Table};
use svod_portal::{Html, Page, PageContext, PageError, encoded};
use svod_registry::{Action, InUse};

use super::map::territories;
use super::space_of;
use crate::Room;
use crate::show::{Sight, names};

/// What the address may say.
#[derive(Deserialize)]
pub struct Params {
    space: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/vocabulary/vocabulary.html")]
struct ListPage<'a> {
    ctx: &'a PageContext,
    title: String,
    filters: Html,
    table: Option<Html>,
}

#[derive(Template)]
#[template(path = "pages/vocabulary/type.html")]
struct TypePage<'a> {
    ctx: &'a PageContext,
    title: String,
    facts: Html,
    filters: Html,
    table: Option<Html>,
}

/// What a visitor sees of the vocabulary in a territory.
struct Vocabulary<'a> {
    sight: Sight<'a>,
    space: SpacePath,
    used: InUse,
}

impl<'a> Vocabulary<'a> {
    async fn of(room: &'a Room, ctx: &'a PageContext, p: &Params) -> Result<Self, PageError> {
        let space = space_of(&room.registry, ctx, p.space.as_deref())?;
        let used = room.registry.in_use(&ctx.actor, &space, true).await?;
        Ok(Self { sight: Sight::new(&room.registry, ctx), space, used })
    }

    /// May the visitor know of entities of the type?
    fn knows(&self, kind: &str) -> bool {
        let registry = self.sight.registry;
        registry.may(&self.sight.ctx.actor, Action::Read, &registry.resource(kind, &self.space))
    }

    /// Types that are declared or in use, by their names for people.
    fn types(&self) -> Vec<&str> {
        let declared =
            self.sight.catalogue.metamodel.types.values().filter(|t| !t.is_abstract).map(|t| t.name.as_str());
        let known = declared.filter(|name| self.knows(name));
        let all: BTreeSet<&str> = known.chain(self.used.types.keys().map(String::as_str)).collect();
        let mut all: Vec<&str> = all.into_iter().collect();
        all.sort_by_cached_key(|name| names::of_type(self.sight.ctx, name).to_lowercase());
        all
    }

    fn declared(&self, kind: &str) -> Option<&EntityType> {
        self.sight.catalogue.metamodel.types.get(kind)
    }

    /// Who declares it.
    fn declared_by(&self, kind: &str) -> Html {
        let ctx = self.sight.ctx;
        match self.declared(kind) {
            Some(t) => ctx.t_or(&format!("pack-{}-title", t.pack), &t.pack).into(),
            None => ctx.t("vocabulary-undeclared").into(),
        }
    }

    /// How many entities there are, leading to them.
    fn count(&self, kind: &str) -> Html {
        let count = self.used.types.get(kind).map_or(0, |t| t.count);
        let text = self.sight.ctx.number(count as f64);
        let at = names::href("/entities", &[("space", self.space.as_str()), ("type", kind)]);
        if count == 0 { text.into() } else { components::link(&at, text) }
    }

    fn filters(&self, room: &Room, at: &str) -> Html {
        let ctx = self.sight.ctx;
        let spaces = territories(&room.registry, ctx, &self.space);
        let field = Field::select("space", ctx.t("map-territory"), spaces).value(self.space.as_str());
        Filters { action: at.to_owned(), fields: vec![field] }.html(ctx)
    }
}

/// A name for people with the one of the interface behind it.
fn both(title: String, name: &str) -> Html {
    if title == name { title.into() } else { format!("{title} ({name})").into() }
}

/// The list of types.
pub async fn list(State(room): State<Room>, ctx: PageContext, Query(p): Query<Params>) -> Result<Response, PageError> {
    let all = Vocabulary::of(&room, &ctx, &p).await?;
    let mut table = Table::new(ctx.t("vocabulary-title"))
        .hide_caption()
        .column(ctx.t("object-type"))
        .column(ctx.t("vocabulary-declared"))
        .number_column(ctx.t("vocabulary-attributes"))
        .number_column(ctx.t("vocabulary-entities"));
    for kind in all.types() {
        let at = names::href(&format!("/vocabulary/{}", encoded(kind)), &[("space", all.space.as_str())]);
        let attributes = all.attributes(kind).len();
        table.row([
            components::link(&at, both(names::of_type(&ctx, kind), kind)),
            all.declared_by(kind),
            ctx.number(attributes as f64).into(),
            all.count(kind),
        ]);
    }
    let body = ListPage {
        ctx: &ctx,
        title: ctx.t("vocabulary-title"),
        filters: all.filters(&room, "/vocabulary"),
        table: (!table.is_empty()).then(|| table.html()),
    };
    Ok(Page::new(&ctx, ctx.t("vocabulary-title")).wide().body(&body).into_response())
}

impl Vocabulary<'_> {
    /// Attributes of a type, declared or in use.
    fn attributes(&self, kind: &str) -> Vec<&str> {
        let declared = self.declared(kind).into_iter().flat_map(|t| t.attributes.keys());
        let used = self.used.types.get(kind).into_iter().flat_map(|t| t.attributes.keys());
        let all: BTreeSet<&str> = declared.chain(used).map(String::as_str).collect();
        all.into_iter().collect()
    }

    fn row(&self, kind: &str, name: &str) -> [Html; 6] {
        let ctx = self.sight.ctx;
        let declared = self.sight.declared(kind, name);
        let used = self.used.types.get(kind).and_then(|t| t.attributes.get(name));
        let holds = declared.map_or_else(
            || used.map(|u| u.holds.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default(),
            |a| range(ctx, a),
        );
        let unit = declared.and_then(|a| a.unit.as_deref()).map(|u| names::of_unit(ctx, u)).unwrap_or_default();
        let class = match declared.map(|a| a.class) {
            None => ctx.t("vocabulary-undeclared"),
            Some(SecrecyClass::Open) => ctx.t("vocabulary-class-open"),
            Some(SecrecyClass::Internal) => ctx.t("vocabulary-class-internal"),
            Some(SecrecyClass::Personal) => ctx.t("vocabulary-class-personal"),
            Some(SecrecyClass::Special) => ctx.t("vocabulary-class-special"),
            Some(SecrecyClass::Secret) => ctx.t("vocabulary-class-secret"),
        };
        let yes = |is: bool| ctx.t(if is { "object-yes" } else { "object-no" });
        [
            both(names::of_attribute(ctx, name), name),
            holds.into(),
            unit.into(),
            class.into(),
            yes(declared.is_some_and(|a| a.required)).into(),
            used.map_or_else(|| "—".into(), |u| ctx.number(u.count as f64).into()),
        ]
    }
}

/// What an attribute may hold, in words.
fn range(ctx: &PageContext, a: &AttributeType) -> String {
    let one = match &a.range {
        Range::String | Range::Uri => ctx.t("vocabulary-holds-text"),
        Range::Integer | Range::Float => ctx.t("vocabulary-holds-number"),
        Range::Boolean => ctx.t("vocabulary-holds-switch"),
        Range::Datetime => ctx.t("vocabulary-holds-moment"),
        Range::Point | Range::Geometry => ctx.t("vocabulary-holds-place"),
        Range::Enum(list) => ctx.tf("vocabulary-holds-word", &[("list", list.as_str().into())]),
        Range::Entity(kind) => ctx.tf("vocabulary-holds-link", &[("type", names::of_type(ctx, kind).as_str().into())]),
    };
    if a.multivalued { ctx.tf("vocabulary-holds-several", &[("what", one.as_str().into())]) } else { one }
}

/// One type.
pub async fn one(
    State(room): State<Room>,
    ctx: PageContext,
    Path(kind): Path<String>,
    Query(p): Query<Params>,
) -> Result<Response, PageError> {
    let all = Vocabulary::of(&room, &ctx, &p).await?;
    if !all.types().contains(&kind.as_str()) {
        return Err(PageError::not_found());
    }
    let title = names::of_type(&ctx, &kind);
    let mut facts = vec![
        SummaryRow::new(ctx.t("vocabulary-name"), Html::text(&kind)),
        SummaryRow::new(ctx.t("vocabulary-declared"), all.declared_by(&kind)),
        SummaryRow::new(ctx.t("vocabulary-entities"), all.count(&kind)),
    ];
    if let Some(uri) = all.declared(&kind).and_then(|t| t.class_uri.as_deref()) {
        facts.push(SummaryRow::new(ctx.t("vocabulary-uri"), Html::text(uri)));
    }
    let mut table = Table::new(ctx.t("vocabulary-attributes"))
        .column(ctx.t("vocabulary-attribute"))
        .column(ctx.t("vocabulary-holds"))
        .column(ctx.t("vocabulary-unit"))
        .column(ctx.t("vocabulary-class"))
        .column(ctx.t("vocabulary-required"))
        .number_column(ctx.t("vocabulary-in-use"));
    for name in all.attributes(&kind) {
        table.row(all.row(&kind, name));
    }
    let body = TypePage {
        ctx: &ctx,
        title: title.clone(),
        facts: components::summary_list(&facts),
        filters: all.filters(&room, &format!("/vocabulary/{}", encoded(&kind))),
        table: (!table.is_empty()).then(|| table.html()),
    };
    let up = names::href("/vocabulary", &[("space", all.space.as_str())]);
    Ok(Page::new(&ctx, title).wide().crumb(ctx.t("vocabulary-title"), up).body(&body).into_response())
}
