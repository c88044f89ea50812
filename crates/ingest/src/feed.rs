use crate::examine::Examined;

/// What of a space somebody may deliver: a device with credentials of its own often for itself alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    /// By this device profile only; none: by any.
    pub profile: Option<String>,
    /// For this external id only; none: for any.
    pub device: Option<String>,
}

impl Feed {
    pub(crate) fn takes(&self, profile: &str) -> bool {
        self.profile.as_deref().is_none_or(|only| only == profile)
    }

    /// Whether it is all told of the one device.
    pub(crate) fn covers(&self, examined: &Examined) -> bool {
        let Some(only) = self.device.as_deref() else { return true };
        examined.drafts.iter().all(|d| d.device.id == only)
            && examined.wrong.iter().filter_map(|w| w.device.as_deref()).all(|device| device == only)
    }
}
