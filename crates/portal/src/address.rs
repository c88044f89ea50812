/// A text as one segment of a path or one value of a query (RFC 3986, 2.1 and 3.3); a colon stays as it is.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~:".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_encoded_is_one_segment() {
        let one = "https://example.org/дом?x";
        assert_eq!(super::encoded(one), "https:%2F%2Fexample.org%2F%D0%B4%D0%BE%D0%BC%3Fx");
        assert_eq!(super::encoded("urn:svod:task:1-0_~."), "urn:svod:task:1-0_~.");
    }
}
