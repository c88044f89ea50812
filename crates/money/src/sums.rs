//! Sums as people write and read them.

/// Digits behind the point of a currency (ISO 4217, table A.1).
pub fn digits(currency: &str) -> usize {
    match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// A sum in the currency's main unit: `350.00` of 35000.
pub fn written(amount: i64, currency: &str) -> String {
    let digits = digits(currency);
    let (sign, whole) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
    let scale = 10_u64.pow(u32::try_from(digits).unwrap_or(0));
    match digits {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{}.{:0digits$}", whole / scale, whole % scale),
    }
}

/// The smallest units of a sum as somebody types it: `350`, `350,5`, `1 350.00`; none when it is no sum.
pub fn read(text: &str, currency: &str) -> Option<i64> {
    let digits = digits(currency);
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == ',' { '.' } else { c }).collect();
    let (whole, part) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let numeric = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 13 || !numeric(whole) || !numeric(part) || part.len() > digits {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_they_are_written() {
        for (amount, currency, text) in [
            (35_000, "RUB", "350.00"),
            (5, "RUB", "0.05"),
            (-120, "USD", "-1.20"),
            (7, "JPY", "7"),
            (1_234, "KWD", "1.234"),
        ] {
            assert_eq!(written(amount, currency), text);
            assert_eq!(read(text, currency), (amount > 0).then_some(amount));
        }
        assert_eq!(read("1 350,5", "RUB"), Some(135_050));
        for wrong in ["", "x", "1.234", "1.2.3", "1e5", "-5", ".5", "99999999999999"] {
            assert_eq!(read(wrong, "RUB"), None, "{wrong}");
        }
    }
}
