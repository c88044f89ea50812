//! Pictures are decoded and encoded anew: what is not picture (where it was taken and by which device, other files behind or
//! inside it) does not come along.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use crate::{FileError, FileKind};

/// Largest picture.
pub const MAX_PIXELS: u64 = 50_000_000;
/// Bytes that a decoder may take; 50 megapixels of four bytes fit.
const MAX_MEMORY: u64 = 256 << 20;
/// Of JPEG, from 1 to 100: print of a scanned page stays sharp.
const QUALITY: u8 = 85;

/// The picture made anew: JPEG stays JPEG and PNG PNG, WebP becomes PNG where parts of it are transparent, else JPEG. Of one that
/// moves the first frame stays.
pub(crate) fn anew(bytes: &[u8], format: ImageFormat) -> Result<(FileKind, Vec<u8>), FileError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_MEMORY {
        return Err(FileError::TooManyPixels);
    }
    // A camera notes how it was held instead of turning the picture: that note does not come along.
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(turned);
    let kind = match format {
        ImageFormat::Png => FileKind::Png,
        ImageFormat::Jpeg => FileKind::Jpeg,
        _ if picture.color().has_alpha() => FileKind::Png,
        _ => FileKind::Jpeg,
    };
    let mut out = Vec::new();
    let encoded = if kind == FileKind::Png {
        picture.write_with_encoder(PngEncoder::new(&mut out))
    } else {
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY))
    };
    encoded.map_err(refused)?;
    Ok((kind, out))
}

fn refused(error: ImageError) -> FileError {
    match error {
        ImageError::Limits(_) => FileError::TooManyPixels,
        _ => FileError::Broken,
    }
}
