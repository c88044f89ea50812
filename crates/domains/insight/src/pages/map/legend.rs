use svod_model::{LayerSpec, LayerStyle};
use svod_portal::Html;
use svod_text::format_value;

use crate::show::{Sight, names};

/// What the colours of one layer mean.
pub struct Legend {
    /// The layer.
    pub title: String,
    /// What gives the colour.
    pub by: String,
    /// Colour and range, from the lowest.
    pub stops: Vec<(Html, String)>,
}

/// The legends of the layers that are coloured by a value.
pub fn of<'l>(sight: &Sight<'_>, layers: impl Iterator<Item = &'l LayerSpec>) -> Vec<Legend> {
    let ctx = sight.ctx;
    layers
        .filter_map(|layer| {
            let by = layer.style.colour_by.as_deref()?;
            let declared = sight.declared(&layer.kind, by);
            let unit = declared.and_then(|a| a.unit.as_deref()).map(|u| names::of_unit(ctx, u));
            let by = match (by, unit) {
                ("worstRatio", _) => ctx.t("map-legend-ratio"),
                (name, Some(unit)) => format!("{}, {unit}", names::of_attribute(ctx, name)),
                (name, None) => names::of_attribute(ctx, name),
            };
            let words = |low: f64, high: Option<f64>| match high {
                Some(high) => format!("{} … {}", format_value(ctx.lang, low), format_value(ctx.lang, high)),
                None => ctx.tf("map-legend-from", &[("value", format_value(ctx.lang, low).into())]),
            };
            let title = ctx.t_or(&format!("layer-{}", layer.id), &names::of_type(ctx, &layer.kind));
            let stops = ranges(&layer.style).into_iter().map(|(c, low, high)| (swatch(c), words(low, high))).collect();
            Some(Legend { title, by, stops })
        })
        .collect()
}

/// Colour, from, up to.
fn ranges(style: &LayerStyle) -> Vec<(&str, f64, Option<f64>)> {
    let next = |i: usize| style.stops.get(i + 1).map(|s| s.0);
    style.stops.iter().enumerate().map(|(i, (from, colour))| (colour.as_str(), *from, next(i))).collect()
}

/// A dot of the colour, as an attribute of a drawing: the page's policy allows no inline style.
fn swatch(colour: &str) -> Html {
    let fill = Html::text(colour);
    Html::trusted(format!(
        r#"<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false"><circle cx="7" cy="7" r="7" fill="{fill}"/></svg>"#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stop_reaches_to_the_next() {
        let style = LayerStyle {
            kind: "circle".into(),
            colour_by: Some("worstRatio".into()),
            stops: vec![(0.0, "#111111".into()), (0.5, "#222222".into())],
            trail: false,
        };
        assert_eq!(ranges(&style), [("#111111", 0.0, Some(0.5)), ("#222222", 0.5, None)]);
        assert!(!swatch("\"><script>").as_str().contains("<script>"));
    }
}
