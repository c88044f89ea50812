//! A pack as one zip file: what a person takes home, and what comes back.
//!
//! What comes is somebody else's: nothing of it is believed before it was looked at. Nothing is written to a disk.

use std::io::{Cursor, Read as _, Write as _};

use svod_model::{MAX_FILE, MAX_FILES, MAX_PACK, PackError, PackSource, Position, place_of};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::actions::edit::MANIFEST;

/// Entries of an archive: the files of a pack, their folders, and what a desktop adds to each.
const MAX_ENTRIES: usize = MAX_FILES * 3;

/// What a desktop adds beside the files.
const LITTER: [&str; 3] = ["__MACOSX", "Thumbs.db", "desktop.ini"];

/// The pack's files in a folder of its name.
///
/// # Errors
/// What the archive's format refuses.
pub fn pack(id: &str, source: &PackSource) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, text) in &source.files {
        zip.start_file(format!("{id}/{path}"), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The files of an archive as those of the pack `id`, without the folder around them all and without hidden files.
///
/// # Errors
/// Everything that is wrong, each with the file, the rule and what to do.
pub fn unpack(id: &str, bytes: &[u8]) -> Result<PackSource, Vec<PackError>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| vec![broken("", &e)])?;
    if zip.len() > MAX_ENTRIES {
        return Err(vec![fault("", "too-many", format!("the archive has {} entries", zip.len()), &files_at_most())]);
    }
    let (mut found, mut faults, mut left) = (Vec::new(), Vec::new(), MAX_PACK);
    for number in 0..zip.len() {
        match entry(&mut zip, number, left) {
            Ok(None) => {}
            Ok(Some((path, text))) => {
                left -= text.len();
                found.push((path, text));
            }
            Err(e) => {
                let over = e.rule == "too-large-together";
                faults.push(*e);
                if over {
                    break;
                }
            }
        }
    }
    let source = named(found, &mut faults);
    if faults.is_empty() {
        belongs(id, &source, &mut faults);
    }
    if faults.is_empty() { Ok(source) } else { Err(faults) }
}

type Fault = Box<PackError>;

/// One entry: its path and text; none of folders and of what is left out.
fn entry(zip: &mut ZipArchive<Cursor<&[u8]>>, number: usize, left: usize) -> Result<Option<(String, String)>, Fault> {
    let mut file = zip.by_index(number).map_err(|e| Box::new(broken(&format!("#{number}"), &e)))?;
    let path = file.name().map_err(|e| Box::new(broken(&format!("#{number}"), &e)))?.replace('\\', "/");
    if file.is_dir() || hidden(&path) {
        return Ok(None);
    }
    let refuse = |rule: &str, message: &str, fix: &str| Err(Box::new(fault(&path, rule, message.to_owned(), fix)));
    let leads_out =
        path.starts_with('/') || path.contains(':') || path.split('/').any(|p| matches!(p, "" | "." | ".."));
    if leads_out {
        return refuse("path", "the path leads out of the archive", "pack the folder of the pack anew");
    }
    if file.is_symlink() {
        return refuse("link", "it is a link to another file", "put the file itself into the archive");
    }
    // The size that stands in the archive is anybody's word: what comes out is counted.
    let most = MAX_FILE.min(left);
    let mut bytes = Vec::new();
    let read = file.by_ref().take(most as u64 + 1).read_to_end(&mut bytes);
    if let Err(e) = read {
        return refuse("broken", &format!("it cannot be unpacked: {e}"), "pack the folder of the pack anew");
    }
    if bytes.len() > MAX_FILE {
        return refuse("too-large", "it is larger than 4 MiB", "split the file");
    }
    if bytes.len() > most {
        return refuse("too-large-together", "the files are larger than 64 MiB together", "leave out what is no pack");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((path, text))),
        Err(_) => refuse("encoding", "the file is no UTF-8 text", "save it as UTF-8 or remove it"),
    }
}

/// The files by their paths inside the pack; what has no place in a pack is a fault.
fn named(found: Vec<(String, String)>, faults: &mut Vec<PackError>) -> PackSource {
    if found.len() > MAX_FILES {
        faults.push(fault("", "too-many", format!("the archive has {} files", found.len()), &files_at_most()));
        return PackSource::default();
    }
    let around = found.first().and_then(|(path, _)| path.split_once('/')).map(|(folder, _)| format!("{folder}/"));
    let whole = |folder: &String| {
        found.iter().all(|(path, _)| path.starts_with(folder))
            && found.iter().any(|(path, _)| path.strip_prefix(folder.as_str()) == Some(MANIFEST))
    };
    let around = around.filter(whole).unwrap_or_default();
    let mut source = PackSource::default();
    for (path, text) in found {
        let path = path[around.len()..].to_owned();
        match place_of(&path) {
            Err(fix) => faults.push(fault(&path, "unknown-file", "the file has no meaning in a pack".into(), &fix)),
            Ok(()) if source.files.contains_key(&path) => {
                faults.push(fault(&path, "twice", "the archive has the file twice".into(), "leave one of the two"));
            }
            Ok(()) => {
                source.files.insert(path, text);
            }
        }
    }
    source
}

/// Is it the pack that it is to become?
fn belongs(id: &str, source: &PackSource, faults: &mut Vec<PackError>) {
    let Some(manifest) = source.files.get(MANIFEST) else {
        let fix = "put pack.yaml and the folders of the pack into the archive, alone or in one folder";
        faults.push(fault(MANIFEST, "file-needed", "the archive has no pack.yaml".into(), fix));
        return;
    };
    let said = manifest.lines().find_map(|line| line.strip_prefix("id:")).unwrap_or_default();
    let said = said.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    if said != id {
        let message = format!("it is the pack '{said}', and this is the working copy of '{id}'");
        faults.push(fault(MANIFEST, "other-pack", message, "take the archive to the designer of its own pack"));
    }
}

fn hidden(path: &str) -> bool {
    path.split('/').any(|p| LITTER.contains(&p) || (p.starts_with('.') && ![".", "..", ".gitignore"].contains(&p)))
}

fn files_at_most() -> String {
    format!("a pack has {MAX_FILES} files at the most: put the folder of one pack into the archive")
}

fn broken(file: &str, error: &ZipError) -> PackError {
    let fix = "make a zip file without a password, packed as usual (deflate) or not at all";
    fault(file, "broken", format!("it cannot be read: {error}"), fix)
}

fn fault(file: &str, rule: &str, message: String, fix: &str) -> PackError {
    let file = if file.is_empty() { "zip".to_owned() } else { file.chars().take(200).collect() };
    PackError { file, position: Position::default(), rule: rule.into(), message, fix: fix.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (path, bytes) in files {
            zip.start_file(*path, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn rules(files: &[(&str, &[u8])]) -> Vec<(String, String)> {
        unpack("a", &zip(files)).unwrap_err().into_iter().map(|f| (f.file, f.rule)).collect()
    }

    const MANIFEST_OF_A: (&str, &[u8]) = ("pack.yaml", b"id: a # ours\nversion: 1.0.0\n");

    #[test]
    fn what_goes_out_comes_back() {
        let files = [("pack.yaml", "id: a\n"), ("model/a.yaml", "types: []\n"), ("locales/ru.ftl", "a = б\n")];
        let source = PackSource { files: files.map(|(p, t)| (p.to_owned(), t.to_owned())).into() };
        assert_eq!(unpack("a", &pack("a", &source).unwrap()).unwrap(), source);
    }

    #[test]
    fn what_a_desktop_adds_is_left_out() {
        let files = [MANIFEST_OF_A, ("__MACOSX/._pack.yaml", b"\xff"), (".git/HEAD", b"x"), ("model/.DS_Store", b"x")];
        assert_eq!(unpack("a", &zip(&files)).unwrap().files.len(), 1);
    }

    #[test]
    fn paths_that_lead_out_and_files_without_a_place_are_named() {
        let all = [
            ("../pack.yaml", "path"),
            ("/etc/passwd", "path"),
            ("C:/x.yaml", "path"),
            ("model/../../x.yaml", "path"),
            ("model\\..\\..\\y.yaml", "path"),
            ("processes/run.exe", "unknown-file"),
            ("notes/a.yaml", "unknown-file"),
        ];
        for (path, rule) in all {
            let found = rules(&[MANIFEST_OF_A, (path, b"x")]);
            assert_eq!(found, [(path.replace('\\', "/"), rule.to_owned())]);
        }
    }

    #[test]
    fn what_unpacks_to_more_than_it_may_is_refused() {
        let large = vec![b' '; MAX_FILE + 1];
        let packed = zip(&[MANIFEST_OF_A, ("model/a.yaml", &large)]);
        assert!(packed.len() < 20_000, "a bomb is small: {}", packed.len());
        assert_eq!(rules(&[MANIFEST_OF_A, ("model/a.yaml", &large)]), [("model/a.yaml".into(), "too-large".into())]);
        let full = vec![b' '; MAX_FILE];
        let names: Vec<String> = (0..20).map(|n| format!("model/a{n}.yaml")).collect();
        let mut many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), full.as_slice())).collect();
        many.insert(0, MANIFEST_OF_A);
        let found = rules(&many);
        assert_eq!(found.len(), 1, "nothing is unpacked after that: {found:?}");
        assert_eq!(found[0].1, "too-large-together");
    }

    #[test]
    fn too_many_files_another_pack_and_no_pack_are_refused() {
        let names: Vec<String> = (0..=MAX_FILES).map(|n| format!("model/a{n}.yaml")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), b"x".as_slice())).collect();
        assert_eq!(rules(&many)[0].1, "too-many");
        assert_eq!(rules(&[("pack.yaml", b"id: b\n")])[0].1, "other-pack");
        assert_eq!(rules(&[("model/a.yaml", b"x")])[0].1, "file-needed");
        assert_eq!(rules(&[MANIFEST_OF_A, ("model/a.yaml", b"\xff\xfe")])[0].1, "encoding");
        assert_eq!(unpack("a", b"PK no zip").unwrap_err()[0].rule, "broken");
        // A byte of what was packed is another than its sum says.
        let mut bytes = zip(&[MANIFEST_OF_A]);
        bytes[45] ^= 0xff;
        assert_eq!(unpack("a", &bytes).unwrap_err()[0].rule, "broken");
    }
}
