//! Whether what lies on a disk is encrypted there, as far as Linux tells.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Layers of devices that are looked through.
const DEEPEST: u32 = 8;

/// Whether the disk under a path is encrypted (dm-crypt, LUKS); none where it cannot be told, as in a container.
pub fn is_sealed(path: &Path) -> Option<bool> {
    let device = fs::metadata(path).ok()?.dev();
    // makedev(3): twelve bits of the major number stand above the low eight of the minor one.
    let (major, minor) =
        (((device >> 8) & 0xFFF) | ((device >> 32) & !0xFFF), (device & 0xFF) | ((device >> 12) & !0xFF));
    sealed(Path::new("/sys/dev/block"), &format!("{major}:{minor}"), DEEPEST)
}

/// A mapped device says what maps it; one that stands on others is encrypted where all of them are.
fn sealed(devices: &Path, numbers: &str, deeper: u32) -> Option<bool> {
    let device = devices.join(numbers);
    if deeper == 0 || !device.exists() {
        return None;
    }
    if fs::read_to_string(device.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-")) {
        return Some(true);
    }
    let below = fs::read_dir(device.join("slaves")).into_iter().flatten().flatten();
    let mut below = below.filter_map(|one| fs::read_to_string(one.path().join("dev")).ok()).peekable();
    if below.peek().is_none() {
        return Some(false);
    }
    below
        .map(|numbers| sealed(devices, numbers.trim(), deeper - 1))
        .try_fold(true, |all, one| one.map(|one| all && one))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device of the kernel's picture: what maps it, and on what it stands.
    fn device(root: &Path, numbers: &str, uuid: &str, below: &[&str]) {
        let folder = root.join(numbers);
        fs::create_dir_all(folder.join("dm")).unwrap();
        fs::write(folder.join("dm/uuid"), uuid).unwrap();
        for other in below {
            let slave = folder.join("slaves").join(other.replace(':', "-"));
            fs::create_dir_all(&slave).unwrap();
            fs::write(slave.join("dev"), format!("{other}\n")).unwrap();
        }
    }

    /// ASVS V14.2.4: volumes upon encrypted disks are encrypted, half of them is not enough.
    #[test]
    fn what_stands_on_encrypted_disks_is_encrypted() {
        let root = tempfile::tempdir().unwrap();
        device(root.path(), "8:1", "", &[]);
        device(root.path(), "253:0", "CRYPT-LUKS2-0123\n", &["8:1"]);
        device(root.path(), "253:1", "LVM-abc\n", &["253:0"]);
        device(root.path(), "253:2", "LVM-def\n", &["253:0", "8:1"]);
        device(root.path(), "253:3", "LVM-ghi\n", &["253:3"]);
        let of = |numbers| sealed(root.path(), numbers, DEEPEST);
        assert_eq!([of("253:0"), of("253:1")], [Some(true); 2]);
        assert_eq!([of("8:1"), of("253:2")], [Some(false); 2]);
        assert_eq!([of("0:42"), of("253:3")], [None; 2], "what is not known, and what stands on itself");
    }
}
