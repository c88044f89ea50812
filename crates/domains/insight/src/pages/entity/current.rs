use svod_model::Entity;
use svod_portal::Html;
use svod_portal::components::{self, SummaryRow, Table, Tone};
use svod_twin::LiveValue;

use crate::show::{Sight, facts, names, values};

/// Values that the card shows unfolded.
const ON_CARD: usize = 5;

/// The newest value of each attribute, the worst first; none when nothing is known.
pub fn table(sight: &Sight<'_>, e: &Entity, current: &[(&str, &LiveValue)]) -> Option<Html> {
    let ctx = sight.ctx;
    if current.is_empty() {
        return None;
    }
    let mut table = Table::new(ctx.t("card-current"))
        .hide_caption()
        .column(ctx.t("card-attribute"))
        .number_column(ctx.t("card-value"));
    let normed = current.iter().any(|(_, v)| v.ratio.is_some());
    if normed {
        table = table.column(ctx.t("card-norm"));
    }
    table = table.column(ctx.t("object-age"));
    for (name, v) in in_order(current) {
        let declared = sight.declared(&e.kind, name);
        let mut cells = vec![names::of_attribute(ctx, name).into(), values::observed(ctx, declared, &v.value).into()];
        if normed {
            cells.push(match (v.ratio, declared.and_then(|a| a.norm)) {
                (Some(ratio), Some(norm)) => facts::lines([
                    values::meter(ctx, ratio),
                    values::level(ctx, Some(ratio)),
                    format!(
                        "{} ({})",
                        values::ratio_words(ctx, ratio),
                        ctx.tf("card-norm-is", &[("value", values::norm(ctx, declared, norm).into())])
                    )
                    .into(),
                ]),
                _ => values::level(ctx, None),
            });
        }
        cells.push(values::age(ctx, v));
        table.row(cells);
    }
    Some(table.html())
}

/// The same for the map's card: the first few, the others folded away.
pub fn summary(sight: &Sight<'_>, e: &Entity, current: &[(&str, &LiveValue)]) -> Option<Html> {
    let all: Vec<SummaryRow> = in_order(current).into_iter().map(|(name, v)| row(sight, e, name, v)).collect();
    let (first, others) = all.split_at(all.len().min(ON_CARD));
    let mut pieces = vec![components::summary_list(first)];
    if !others.is_empty() {
        pieces.push(components::more(sight.ctx.t("card-more-values"), components::summary_list(others)));
    }
    (!first.is_empty()).then(|| Html::join(pieces))
}

fn row(sight: &Sight<'_>, e: &Entity, name: &str, v: &LiveValue) -> SummaryRow {
    let ctx = sight.ctx;
    let value = Html::from(values::observed(ctx, sight.declared(&e.kind, name), &v.value));
    let value = Html::trusted(format!(r#"<strong class="number">{value}</strong>"#));
    let mut lines = vec![value];
    if let Some(ratio) = v.ratio {
        let words = format!("{}, {}", ctx.t(values::level_key(v.ratio)), values::ratio_words(ctx, ratio));
        lines.push(components::level(Tone::of_ratio(ratio), words));
    }
    lines.push(Html::trusted(format!(r#"<span class="muted small">{}</span>"#, values::age(ctx, v))));
    SummaryRow::new(names::of_attribute(ctx, name), facts::lines(lines))
}

/// What is farthest above its norm first, what has no norm last.
pub fn in_order<'v>(current: &[(&'v str, &'v LiveValue)]) -> Vec<(&'v str, &'v LiveValue)> {
    let mut all = current.to_vec();
    all.sort_by(|a, b| b.1.ratio.unwrap_or(-1.0).total_cmp(&a.1.ratio.unwrap_or(-1.0)).then_with(|| a.0.cmp(b.0)));
    all
}

#[cfg(test)]
mod tests {
    use svod_kernel::Timestamp;
    use svod_model::ObservedValue;

    use super::*;

    #[test]
    fn the_worst_ratio_comes_first() {
        let value = |ratio| LiveValue {
            value: ObservedValue::Number(1.0),
            at: Timestamp(1),
            received: Timestamp(1),
            simulated: false,
            ratio,
        };
        let (none, low, high) = (value(None), value(Some(0.1)), value(Some(2.0)));
        let order = in_order(&[("b", &none), ("a", &none), ("low", &low), ("high", &high)]);
        assert_eq!(order.iter().map(|(n, _)| *n).collect::<Vec<_>>(), ["high", "low", "a", "b"]);
    }
}
