use svod_model::{AttributeType, ObservedValue, Point, Range};
use svod_portal::components::{self, Tone};
use svod_portal::{Html, PageContext};
use svod_text::format_number;
use svod_twin::LiveValue;

use super::names;

/// Digits of a coordinate: ten metres.
const PLACE_DIGITS: usize = 4;

/// Digits after the decimal sign of numbers rounded to a multiple of `precision`.
fn digits(precision: f64) -> usize {
    (0..=9)
        .find(|d| {
            let scaled = precision * 10f64.powi(i32::try_from(*d).unwrap_or(0));
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(9)
}

/// A number with the digits that are declared for it, without its unit.
pub fn number(ctx: &PageContext, declared: Option<&AttributeType>, n: f64) -> String {
    match declared.and_then(|a| a.precision).filter(|p| *p > 0.0) {
        Some(p) => format_number(ctx.lang, n, digits(p)),
        None => ctx.number(n),
    }
}

/// A number with its unit.
pub fn quantity(ctx: &PageContext, declared: Option<&AttributeType>, n: f64) -> String {
    let value = number(ctx, declared, n);
    match declared.and_then(|a| a.unit.as_deref()).filter(|u| *u != "1") {
        Some("deg") => format!("{value}{}", names::of_unit(ctx, "deg")),
        Some(code) => format!("{value}\u{a0}{}", names::of_unit(ctx, code)),
        None => value,
    }
}

/// A norm with its unit: as it was declared, whatever the precision of what is measured.
pub fn norm(ctx: &PageContext, declared: Option<&AttributeType>, n: f64) -> String {
    let exact = declared.map(|a| AttributeType { precision: None, ..a.clone() });
    quantity(ctx, exact.as_ref(), n)
}

/// A place, latitude first, as people write it.
pub fn place(ctx: &PageContext, p: Point) -> String {
    let coordinate = |x: f64| format_number(ctx.lang, x, PLACE_DIGITS);
    ctx.tf("object-place", &[("lat", coordinate(p.lat).into()), ("lon", coordinate(p.lon).into())])
}

/// Yes or no.
pub fn switch(ctx: &PageContext, on: bool) -> String {
    ctx.t(if on { "object-yes" } else { "object-no" })
}

/// An observed value with its unit.
pub fn observed(ctx: &PageContext, declared: Option<&AttributeType>, value: &ObservedValue) -> String {
    match (value, declared.map(|a| &a.range)) {
        (ObservedValue::Number(n), _) => quantity(ctx, declared, *n),
        (ObservedValue::Bool(on), _) => switch(ctx, *on),
        (ObservedValue::Point(p), _) => place(ctx, *p),
        (ObservedValue::Text(word), Some(Range::Enum(list))) => ctx.word(list, word),
        (ObservedValue::Text(text), _) => text.clone(),
    }
}

/// The message that says how a ratio to the norm is to be taken.
pub fn level_key(ratio: Option<f64>) -> &'static str {
    match ratio.map(Tone::of_ratio) {
        Some(Tone::Danger) => "level-above",
        Some(Tone::Warning) => "level-near",
        Some(_) => "level-within",
        None => "level-none",
    }
}

/// The colour and the word of a ratio to the norm.
pub fn level(ctx: &PageContext, ratio: Option<f64>) -> Html {
    components::level(ratio.map_or(Tone::Quiet, Tone::of_ratio), ctx.t(level_key(ratio)))
}

/// A ratio to the norm in words: `2,17 нормы`.
pub fn ratio_words(ctx: &PageContext, ratio: f64) -> String {
    ctx.tf("level-ratio", &[("ratio", format_number(ctx.lang, ratio, 2).into())])
}

/// A bar that is full at one and a half norms, with the ratio for those who do not see it.
pub fn meter(ctx: &PageContext, ratio: f64) -> Html {
    let words = Html::from(ratio_words(ctx, ratio));
    Html::trusted(format!(
        r#"<meter min="0" max="1.5" low="0.8" high="0.999" optimum="0" value="{:.3}" aria-label="{words}">{words}</meter>"#,
        ratio.clamp(0.0, 1.5)
    ))
}

/// How old a value is, with the mark of a simulated one.
pub fn age(ctx: &PageContext, value: &LiveValue) -> Html {
    let ago = components::ago(ctx, value.at);
    if value.simulated { Html::join([ago, Html::trusted(" "), components::simulated_tag(ctx)]) } else { ago }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_words() {
        let words = [None, Some(0.0), Some(0.799), Some(0.8), Some(0.999), Some(1.0), Some(12.0)].map(level_key);
        assert_eq!(
            words,
            ["level-none", "level-within", "level-within", "level-near", "level-near", "level-above", "level-above"]
        );
    }

    #[test]
    fn as_many_digits_as_the_precision_has() {
        assert_eq!([1.0, 0.1, 0.25, 0.001, 5.0, 0.05].map(digits), [0, 1, 2, 3, 0, 2]);
    }
}
