use svod_kernel::Lang;

/// No-break space: thousands in Russian and Kazakh.
const NBSP: char = '\u{a0}';

/// The number with exactly `decimals` digits after the decimal sign (at most 12): `1 234,50` has a comma and
/// no-break spaces in Russian and Kazakh, a point and commas in English. Russian and Kazakh group from five
/// digits on, English from four. A number that is not finite is written as a dash.
pub fn format_number(lang: Lang, value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "—".into();
    }
    localise(lang, &format!("{value:.*}", decimals.min(12)), true)
}

/// The number with as many digits as it needs, at most six after the decimal sign.
pub fn format_value(lang: Lang, value: f64) -> String {
    let text = format_number(lang, value, 6);
    let sign = if lang == Lang::En { '.' } else { ',' };
    if text.contains(sign) && value.is_finite() {
        let cut = text.rsplit_once(sign).map_or(0, |(_, tail)| tail.len());
        let (head, tail) = text.split_at(text.len() - cut);
        let tail = tail.trim_end_matches('0');
        let kept = if tail.is_empty() { head.trim_end_matches(sign).to_owned() } else { format!("{head}{tail}") };
        return if kept == "−0" { "0".into() } else { kept };
    }
    text
}

/// Turns `-1234.5` into the language's form.
pub(crate) fn localise(lang: Lang, plain: &str, grouping: bool) -> String {
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain), |d| (true, d));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (separator, sign, from) = if lang == Lang::En { (',', '.', 4) } else { (NBSP, ',', 5) };
    let zero = digits.bytes().all(|b| b == b'0' || b == b'.');
    let mut out = String::with_capacity(plain.len() + 8);
    if negative && !zero {
        out.push('−');
    }
    let grouped = grouping && whole.len() >= from;
    for (i, c) in whole.chars().enumerate() {
        if grouped && i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(c);
    }
    if !fraction.is_empty() {
        out.push(sign);
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_the_language_does() {
        assert_eq!(format_number(Lang::Ru, 1_234_567.891, 2), "1\u{a0}234\u{a0}567,89");
        assert_eq!(format_number(Lang::Kk, 1234.5, 1), "1234,5");
        assert_eq!(format_number(Lang::En, 1234.5, 1), "1,234.5");
        assert_eq!(format_number(Lang::Ru, -12.0, 0), "−12");
        assert_eq!(format_number(Lang::Ru, -0.001, 1), "0,0");
        assert_eq!(format_number(Lang::En, f64::NAN, 1), "—");
    }

    #[test]
    fn values_have_no_needless_digits() {
        assert_eq!(format_value(Lang::Ru, 0.16), "0,16");
        assert_eq!(format_value(Lang::En, 100.0), "100");
        assert_eq!(format_value(Lang::En, 12_000.25), "12,000.25");
        assert_eq!(format_value(Lang::Ru, 12_000.0), "12\u{a0}000");
        assert_eq!(format_value(Lang::Ru, -1e-9), "0");
        assert_eq!(format_value(Lang::Ru, f64::INFINITY), "—");
    }
}
