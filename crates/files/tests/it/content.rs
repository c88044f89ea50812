//! What is taken, and what becomes of it.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use svod_files::{Examined, FileKind};
use svod_kernel::Coded as _;
use svod_store::testing::TestPlace;

use crate::house::{House, PDF, citizen, mandate, olga, upload};

fn picture(image: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Vec::new();
    image.write_to(&mut Cursor::new(&mut out), format).unwrap();
    out
}

fn png() -> Vec<u8> {
    picture(DynamicImage::new_rgb8(4, 2), ImageFormat::Png)
}

fn jpeg() -> Vec<u8> {
    picture(DynamicImage::new_rgb8(4, 2), ImageFormat::Jpeg)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

/// A house and where it stands: the place is gone with its value.
async fn house() -> (House, TestPlace) {
    let place = TestPlace::sqlite();
    (House::new(&place, None).await, place)
}

async fn examined(house: &House, name: &str, bytes: impl Into<Vec<u8>>) -> Result<Examined, &'static str> {
    house.files.examine(upload(name, bytes)).await.map_err(|e| e.code())
}

async fn refused(house: &House, name: &str, bytes: impl Into<Vec<u8>>) -> &'static str {
    examined(house, name, bytes).await.map(|e| e.kind()).unwrap_err()
}

#[tokio::test]
async fn content_decides_and_the_name_agrees_with_it() {
    let (house, _place) = house().await;
    let webp = |image| picture(image, ImageFormat::WebP);
    for (name, bytes, kind) in [
        ("a.png", png(), FileKind::Png),
        ("a.JPG", jpeg(), FileKind::Jpeg),
        ("a.jpeg", jpeg(), FileKind::Jpeg),
        ("a.pdf", PDF.to_vec(), FileKind::Pdf),
        ("без окончания", PDF.to_vec(), FileKind::Pdf),
        ("a.webp", webp(DynamicImage::new_rgb8(4, 2)), FileKind::Jpeg),
        ("a.webp", webp(DynamicImage::new_rgba8(4, 2)), FileKind::Png),
    ] {
        assert_eq!(examined(&house, name, bytes).await.map(|e| e.kind()), Ok(kind), "{name}");
    }
    for (name, bytes) in [("a.jpg", png()), ("a.png", jpeg()), ("a.pdf", png()), ("a.html", PDF.to_vec())] {
        assert_eq!(refused(&house, name, bytes).await, "file-name-differs", "{name}");
    }
    for (name, bytes) in [
        ("a.pdf", &b"<html><script>alert(1)</script>"[..]),
        ("a.png", &b"MZ\x90\x00"[..]),
        ("a.svg", &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..]),
        ("a.gif", &b"GIF89a\x01\x00\x01\x00"[..]),
        ("a.pdf", &b"\n%PDF-1.4"[..]),
    ] {
        assert_eq!(refused(&house, name, bytes).await, "file-kind", "{name}");
    }
    assert_eq!(refused(&house, "a.png", b"\x89PNG\r\n\x1a\nnothing").await, "file-broken");
    assert_eq!(refused(&house, "a.jpg", jpeg()[..60].to_vec()).await, "file-broken");
}

#[tokio::test]
async fn names_are_made_harmless() {
    let (house, _place) = house().await;
    let me = citizen(&olga());
    for (sent, kept) in [("../../etc/passwd\r\n.pdf", "passwd.pdf"), ("скан.PDF", "скан.pdf"), ("", "document.pdf")]
    {
        let file = house.files.put(&me, &mandate(), upload(sent, PDF)).await.unwrap();
        assert_eq!(file.name, kept);
        assert!(file.disposition().is_ascii(), "{}", file.disposition());
    }
}

#[tokio::test]
async fn what_hides_behind_a_picture_does_not_come_along() {
    let (house, _place) = house().await;
    let script = b"<script>alert(document.cookie)</script>";
    for (name, plain) in [("a.png", png()), ("a.jpg", jpeg())] {
        let both = [&plain[..], &script[..]].concat();
        let kept = examined(&house, name, both).await.unwrap();
        assert!(!holds(kept.bytes(), b"script"), "{name}");
        let seen = image::load_from_memory(kept.bytes()).unwrap();
        assert_eq!((seen.width(), seen.height()), (4, 2));
    }
}

/// A JPEG whose camera was held on its side and knew where it was.
fn taken_somewhere() -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    // Orientation (0x0112), one SHORT of the value 6: turn it right.
    exif.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0");
    exif.extend(b"GPS 53.7596 87.1216");
    let plain = jpeg();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&plain[..2], &[0xff, 0xe1][..], &length[..], &exif[..], &plain[2..]].concat()
}

#[tokio::test]
async fn where_a_picture_was_taken_is_forgotten_and_how_it_was_held_is_not() {
    let (house, _place) = house().await;
    let sent = taken_somewhere();
    assert!(holds(&sent, b"GPS") && holds(&sent, b"Exif"));
    let kept = examined(&house, "a.jpg", sent).await.unwrap();
    assert!(!holds(kept.bytes(), b"GPS") && !holds(kept.bytes(), b"Exif"));
    let seen = image::load_from_memory(kept.bytes()).unwrap();
    assert_eq!((seen.width(), seen.height()), (2, 4), "it stands upright");
}

/// CRC-32 of PNG (ISO/IEC 15948, annex D).
fn crc(bytes: &[u8]) -> u32 {
    let step = |c: u32, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 };
    !bytes.iter().fold(!0_u32, |c, b| (0..8).fold(c ^ u32::from(*b), step))
}

/// A PNG of some hundred bytes that says it is so large.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut out = png();
    out[16..20].copy_from_slice(&width.to_be_bytes());
    out[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&out[12..29]);
    out[29..33].copy_from_slice(&sum.to_be_bytes());
    out
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let (house, _place) = house().await;
    assert_eq!(bomb(4, 2), png(), "the sum is the right one");
    for (width, height) in [(10_000, 5_001), (60_000, 60_000)] {
        let code = refused(&house, "a.png", bomb(width, height)).await;
        assert_eq!(code, "file-too-many-pixels", "{width} x {height}");
    }
}

#[tokio::test]
async fn a_pdf_that_does_something_is_refused() {
    let (house, _place) = house().await;
    for active in ["/S /JavaScript /JS (app.alert(1))", "/OpenAction 4 0 R", "/S /Launch", "/Type /EmbeddedFile"] {
        let body = format!("%PDF-1.7\n1 0 obj\n<< {active} >>\nendobj\n%%EOF\n");
        assert_eq!(refused(&house, "a.pdf", body).await, "file-active", "{active}");
    }
    assert_eq!(examined(&house, "a.pdf", PDF).await.unwrap().bytes(), PDF, "kept as it is");
}

#[tokio::test]
async fn what_is_empty_or_too_large_is_refused() {
    let (house, _place) = house().await;
    assert_eq!(refused(&house, "a.pdf", b"").await, "file-empty");
    let mut large = PDF.to_vec();
    large.resize(house.files.max_bytes(), b' ');
    assert!(examined(&house, "a.pdf", large.clone()).await.is_ok(), "just so large");
    large.push(b' ');
    assert_eq!(refused(&house, "a.pdf", large).await, "file-too-large");
}
