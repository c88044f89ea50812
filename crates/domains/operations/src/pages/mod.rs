//! One folder a page: the handler and its template side by side.

pub mod accounts;
pub mod cases;
pub mod clients;
pub mod designer;
pub mod devices;
pub mod file;
pub mod pack;
pub mod packs;
pub mod quarantine;
pub mod refused;

use svod_kernel::{Actor, Urn};
use svod_model::PackSource;
use svod_portal::{Html, PageContext, components, encoded};
use svod_registry::{Action, Registry};

/// May the actor publish packs in some space?
fn may_publish_somewhere(registry: &Registry, actor: &Actor) -> bool {
    let tree = registry.spaces();
    tree.all().iter().any(|s| registry.may(actor, Action::PublishPack, &registry.resource("Pack", &s.path)))
}

/// A pack's title, or its id.
fn pack_title(ctx: &PageContext, id: &str) -> String {
    ctx.t_or(&format!("pack-{id}-title"), id)
}

/// Who published: a persona, the platform, or the id as it stands.
fn actor_name(ctx: &PageContext, id: &str) -> String {
    if id.starts_with("platform:") {
        return ctx.t("packs-actor-platform");
    }
    ctx.t_or(&format!("persona-{id}"), id)
}

/// A link to an entity by its name; its type where there is none to be seen.
async fn entity_link(ctx: &PageContext, registry: &Registry, id: &str) -> Html {
    let Ok(urn) = id.parse::<Urn>() else { return Html::text(id) };
    match registry.entity(&ctx.actor, &urn).await {
        Ok(e) => {
            let called = e.text("name").map_or_else(|| ctx.type_name(&e.kind), str::to_owned);
            components::link(&format!("/entities/{}", encoded(id)), called)
        }
        // The platform's own packs belong to nobody's register.
        Err(_) if id == "urn:svod:body:svod:platform" => ctx.t("packs-owner-platform").into(),
        Err(_) => ctx.closed(&urn).into(),
    }
}

/// The address of a pack's file.
fn file_address(pack: &str, path: &str) -> String {
    let path: Vec<String> = path.split('/').map(encoded).collect();
    format!("/packs/{}/files/{}", encoded(pack), path.join("/"))
}

/// A long text that may break anywhere: payloads have no spaces.
fn breakable(text: &str) -> Html {
    const RUN: usize = 20;
    let (mut pieces, mut piece, mut run) = (Vec::new(), String::new(), 0);
    for c in text.chars() {
        piece.push(c);
        run = if c.is_whitespace() { 0 } else { run + 1 };
        if ",:;}]/".contains(c) || run >= RUN {
            run = 0;
            pieces.push(Html::text(&piece).to_string());
            piece.clear();
        }
    }
    pieces.push(Html::text(&piece).to_string());
    Html::trusted(pieces.join("<wbr>"))
}

/// Bytes of all files together, written for people in KiB.
fn size(ctx: &PageContext, source: &PackSource) -> String {
    let bytes: usize = source.files.values().map(String::len).sum();
    ctx.tf("packs-size", &[("n", (bytes.div_ceil(1024)).into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_their_slashes_only() {
        assert_eq!(
            file_address("kuzbass", "model/воздух a?.yaml"),
            "/packs/kuzbass/files/model/%D0%B2%D0%BE%D0%B7%D0%B4%D1%83%D1%85%20a%3F.yaml"
        );
    }

    #[test]
    fn payloads_can_break_and_are_escaped() {
        assert_eq!(breakable("{\"a\":<1>,b}").as_str(), "{&quot;a&quot;:<wbr>&lt;1&gt;,<wbr>b}<wbr>");
        assert_eq!(breakable(&"x".repeat(45)).as_str().matches("<wbr>").count(), 2);
        assert_eq!(breakable("words of milliseconds need nothing").as_str(), "words of milliseconds need nothing");
    }
}
