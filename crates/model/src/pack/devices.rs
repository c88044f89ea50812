use super::DeviceProfile;
use super::reader::Cx;
use super::yaml::Node;
use crate::duration::whole;

/// How far in the future an observation may lie when the profile does not say.
const MAX_FUTURE: f64 = 300.0;

/// Reads one file of `devices/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<DeviceProfile> {
    let f = cx.fields(root, &["id", "topic", "type", "mapping", "max_future"])?;
    let id = cx.need_word(&f, "id");
    let topic = cx.need_text(&f, "topic");
    if let Some(fault) = topic.and_then(topic_fault) {
        cx.error(f.place("topic"), "bad-value", fault, "write a topic such as air/{device}/up");
    }
    let kind = cx.need_text(&f, "type");
    let mapping = cx.need_text(&f, "mapping");
    let future = f.get("max_future").map_or(Some(MAX_FUTURE), |n| cx.duration(n));
    let id = id?;
    cx.declare("device profile", id, f.place("id"));
    cx.trace("device profile", id, &f);
    Some(DeviceProfile {
        id: id.into(),
        pack: cx.manifest.id.clone(),
        file: cx.file.into(),
        topic: topic?.into(),
        kind: kind?.into(),
        mapping: mapping?.into(),
        max_future_seconds: whole(future?.ceil()),
    })
}

fn topic_fault(topic: &str) -> Option<String> {
    let levels: Vec<&str> = topic.split('/').collect();
    let devices = levels.iter().filter(|l| **l == "{device}").count();
    if devices != 1 {
        return Some("the topic needs '{device}' as exactly one of its levels".into());
    }
    let plain = |l: &&str| !l.is_empty() && (*l == "{device}" || !l.contains(['#', '+', '{', '}', '\0']));
    (topic.len() > 256 || levels[0].starts_with('$') || !levels.iter().all(plain))
        .then(|| "a topic has non-empty levels without #, + and braces, at most 256 bytes".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        assert_eq!(topic_fault("air/{device}/up"), None);
        for bad in [
            "air",
            "air/{device}/{device}",
            "air/x{device}",
            "air//{device}",
            "+/{device}",
            "$SYS/{device}",
            "a/#/{device}",
        ] {
            assert!(topic_fault(bad).is_some(), "{bad}");
        }
    }
}
