//! What is owed in the case, and the way to pay it.

use svod_model::Entity;
use svod_portal::components::{self, ButtonKind, PostButton, Table, Tone};
use svod_portal::{Html, PageContext, encoded};

use super::scene::Scene;
use crate::pages::payments::{invoice, sum, sum_of, whole};

/// Something of it must be paid yet.
pub fn is_due(accrual: &Entity) -> bool {
    matches!(accrual.text("status"), Some("open" | "partly"))
}

/// What is left to pay, in words.
pub fn owed(ctx: &PageContext, accrual: &Entity) -> String {
    let rest = whole(accrual, "amount") - whole(accrual, "paid");
    sum(ctx.lang, rest, accrual.text("currency").unwrap_or_default())
}

/// The part; empty when nothing was ever owed.
pub fn part(ctx: &PageContext, scene: &Scene) -> Html {
    if scene.accruals.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("case-payments"))
        .hide_caption()
        .column(ctx.t("case-pay-purpose"))
        .number_column(ctx.t("case-pay-sum"))
        .column(ctx.t("case-pay-due"))
        .column(ctx.t("case-pay-status"))
        .column(ctx.t("case-pay-act"));
    for accrual in &scene.accruals {
        table.row(row(ctx, scene, accrual));
    }
    let all = if scene.own {
        Html::trusted(format!("<p>{}</p>", components::link("/my/payments", ctx.t("payments-back"))))
    } else {
        Html::default()
    };
    Html::trusted(format!(
        r#"<section aria-labelledby="payments"><h2 id="payments">{}</h2>{}{all}</section>"#,
        Html::from(ctx.t("case-payments")),
        table.html()
    ))
}

fn row(ctx: &PageContext, scene: &Scene, accrual: &Entity) -> [Html; 5] {
    let status = accrual.text("status").unwrap_or_default();
    let late = is_due(accrual) && accrual.time("dueAt").is_some_and(|at| at < ctx.now);
    let tone = match status {
        "paid" => Tone::Good,
        _ if late => Tone::Danger,
        "open" | "partly" => Tone::Warning,
        _ => Tone::Quiet,
    };
    let due = accrual.time("dueAt").map_or_else(|| ctx.t("case-pay-no-due").into(), |at| components::time(ctx, at));
    let mut amount = Html::from(sum_of(ctx, accrual, "amount"));
    if status == "partly" {
        let left = ctx.tf("case-pay-left", &[("sum", owed(ctx, accrual).into())]);
        amount = Html::trusted(format!(r#"{amount}<br><span class="muted">{}</span>"#, Html::from(left)));
    }
    let act = if scene.own && is_due(accrual) {
        let action = format!("/pay/{}", encoded(accrual.id.as_str()));
        let text = ctx.t("case-pay");
        let pay = components::post_button(
            ctx,
            &PostButton { action: &action, text, kind: ButtonKind::Primary, ..PostButton::default() },
        );
        let invoice = components::link(&invoice::address(&accrual.id), ctx.t("payments-invoice"));
        Html::join([pay, " ".into(), invoice])
    } else {
        ctx.t("case-pay-nothing").into()
    };
    let purpose = accrual.text("purpose").unwrap_or_default();
    let number = accrual.text("number").unwrap_or_default();
    let what = Html::trusted(format!(
        r#"{}<br><span class="muted number">{}</span>"#,
        Html::text(purpose),
        Html::text(number)
    ));
    [what, amount, due, components::tag(tone, ctx.word("AccrualStatus", status)), act]
}
