/// A condition on scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeExpr {
    /// One scope fits the pattern.
    Is(ScopePattern),
    /// At least one holds.
    Any(Vec<ScopeExpr>),
    /// All hold.
    All(Vec<ScopeExpr>),
}

/// `/a/b`, `/a/+/c` (one level, whichever), `/a/#` (and all below), `/#` (any scope).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopePattern {
    levels: Vec<String>,
    below: bool,
}

impl std::str::FromStr for ScopePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix('/').unwrap_or(text);
        let mut levels: Vec<String> = path.split('/').map(str::to_owned).collect();
        let below = levels.last().is_some_and(|l| l == "#");
        if below {
            levels.pop();
        }
        let fine =
            |l: &String| l == "+" || (!l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)));
        if !levels.iter().all(fine) {
            return Err(format!("'{text}' is no scope: write /a/b, /a/+/c or /a/#"));
        }
        Ok(Self { levels, below })
    }
}

impl ScopePattern {
    fn fits(&self, scope: &str) -> bool {
        let mut given = scope.trim_start_matches('/').split('/');
        for level in &self.levels {
            match given.next() {
                Some(g) if level == "+" || level == g => {}
                _ => return false,
            }
        }
        self.below || given.next().is_none()
    }
}

impl std::fmt::Display for ScopePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}", self.levels.join("/"))?;
        match (self.below, self.levels.is_empty()) {
            (false, _) => Ok(()),
            (true, true) => f.write_str("#"),
            (true, false) => f.write_str("/#"),
        }
    }
}

/// As it is asked for: `,` between alternatives, `;` between what must hold together.
impl std::fmt::Display for ScopeExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (all, between) = match self {
            Self::Is(pattern) => return pattern.fmt(f),
            Self::Any(all) => (all, ","),
            Self::All(all) => (all, ";"),
        };
        let parts: Vec<String> = all.iter().map(ToString::to_string).collect();
        write!(f, "({})", parts.join(between))
    }
}

impl ScopeExpr {
    /// Do these scopes fit?
    pub fn fits(&self, scopes: &[String]) -> bool {
        match self {
            Self::Is(pattern) => scopes.iter().any(|s| pattern.fits(s)),
            Self::Any(all) => all.iter().any(|e| e.fits(scopes)),
            Self::All(all) => all.iter().all(|e| e.fits(scopes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_written() {
        let fits = |p: &str, s: &str| ScopeExpr::Is(p.parse().unwrap()).fits(&[s.to_owned()]);
        assert!(fits("/Madrid", "/Madrid") && !fits("/Madrid", "/Madrid/Gardens"));
        assert!(fits("/Madrid/#", "/Madrid/Gardens/ParqueNorte") && fits("/Madrid/#", "/Madrid"));
        assert!(fits("/Madrid/+/Sub", "/Madrid/Gardens/Sub") && !fits("/Madrid/+", "/Madrid"));
        assert!(fits("/#", "/x") && !ScopeExpr::Is("/#".parse().unwrap()).fits(&[]));
        assert!("/a b".parse::<ScopePattern>().is_err() && "/a//b".parse::<ScopePattern>().is_err());
    }
}
