//! Documents as pictures, so that whoever reviews sees them beside the form without opening a file of a stranger.
//!
//! A function of its arguments. Files may be made to harm: the caller runs it in a process of its own, with limits of time
//! and memory (`hojokin preview`).

use std::io::Cursor;
use std::sync::Arc;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::FontQuery;
use hayro::hayro_interpret::hayro_cmap::CidFamily;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

/// Pixels across a picture, and down at most.
const WIDTH: f32 = 900.0;
const MOST_DOWN: f32 = 2_700.0;
/// Pixels across or down an image that is looked at, and bytes that unpacking it may take.
const LARGEST_SIDE: u32 = 12_000;
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// A font for Japanese text whose document brings none, and its place in its collection.
pub type Font = (Arc<Vec<u8>>, u32);

/// One page.
#[derive(Debug)]
pub struct Picture {
    pub png: Vec<u8>,
    /// Pages of the whole document.
    pub pages: usize,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPicture {
    /// Of files of this kind none are made.
    Kind,
    /// It has fewer pages.
    Page,
    /// It is damaged, encrypted or too large.
    Unreadable,
}

/// A page of a document, from 1, as PNG of at most 900 × 2,700 pixels. An image is one page.
///
/// # Errors
/// [`NoPicture`].
pub fn picture(media_type: &str, bytes: Vec<u8>, page: usize, japanese: Option<Font>) -> Result<Picture, NoPicture> {
    match media_type {
        "application/pdf" => pdf(bytes, page, japanese),
        "image/png" => image(&bytes, ImageFormat::Png, page),
        "image/jpeg" => image(&bytes, ImageFormat::Jpeg, page),
        _ => Err(NoPicture::Kind),
    }
}

fn pdf(bytes: Vec<u8>, page: usize, japanese: Option<Font>) -> Result<Picture, NoPicture> {
    let pdf = Pdf::new(bytes).map_err(|_| NoPicture::Unreadable)?;
    let pages = pdf.pages();
    let wanted = page.checked_sub(1).and_then(|index| pages.get(index)).ok_or(NoPicture::Page)?;
    let (width, height) = wanted.render_dimensions();
    if !(width.is_finite() && height.is_finite() && width >= 1.0 && height >= 1.0) {
        return Err(NoPicture::Unreadable);
    }
    let scale = (WIDTH / width).min(MOST_DOWN / height);
    // A strip that is one pixel wide shows nothing.
    if width * scale < 1.0 || height * scale < 1.0 {
        return Err(NoPicture::Unreadable);
    }
    let drawn = render(
        wanted,
        &RenderCache::new(),
        &fonts(japanese),
        &RenderSettings::default(),
        &PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE },
    );
    let png = drawn.into_png().map_err(|_| NoPicture::Unreadable)?;
    Ok(Picture { png, pages: pages.len() })
}

/// Of fonts that a document does not bring: its own stand-ins for Latin letters, and the machine's for Japanese.
fn fonts(japanese: Option<Font>) -> InterpreterSettings {
    InterpreterSettings {
        font_resolver: Arc::new(move |query| match query {
            FontQuery::Standard(standard) => Some(standard.get_font_data()),
            FontQuery::Fallback(asked) => {
                let is_japanese =
                    asked.character_collection.as_ref().is_some_and(|own| own.family == CidFamily::AdobeJapan1);
                match &japanese {
                    Some((bytes, index)) if is_japanese => Some((bytes.clone(), *index)),
                    _ => Some(asked.pick_standard_font().get_font_data()),
                }
            }
        }),
        ..InterpreterSettings::default()
    }
}

fn image(bytes: &[u8], format: ImageFormat, page: usize) -> Result<Picture, NoPicture> {
    if page != 1 {
        return Err(NoPicture::Page);
    }
    let unreadable = |_| NoPicture::Unreadable;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MOST_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    // A photograph of a receipt stands upright as the camera was held.
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut whole = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    whole.apply_orientation(orientation);
    let small = if whole.width() > 900 || whole.height() > 2_700 { whole.thumbnail(900, 2_700) } else { whole };
    let mut png = Cursor::new(Vec::new());
    small.into_rgb8().write_to(&mut png, ImageFormat::Png).map_err(unreadable)?;
    Ok(Picture { png: png.into_inner(), pages: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that holds a black square and a line of text in a font of every reader.
    fn sample() -> Vec<u8> {
        let content = "0 0 0 rg 100 500 200 200 re f BT /F1 24 Tf 100 400 Td (Quotation) Tj ET";
        format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
             2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
             3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n\
             4 0 obj<</Length {}>>stream\n{content}\nendstream endobj\n\
             5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
            content.len()
        )
        .into_bytes()
    }

    #[test]
    fn a_page_is_drawn() {
        let picture = picture("application/pdf", sample(), 1, None).unwrap();
        assert_eq!(picture.pages, 1);
        let drawn = image::load_from_memory(&picture.png).unwrap().into_luma8();
        assert_eq!(drawn.dimensions(), (900, 1273));
        // The square, the paper beside it, and something of the text.
        assert_eq!(drawn.get_pixel(300, 400).0, [0]);
        assert_eq!(drawn.get_pixel(800, 100).0, [255]);
        assert!((640..680).any(|y| (150..300).any(|x| drawn.get_pixel(x, y).0[0] < 128)), "no text");
    }

    #[test]
    fn photographs_become_small() {
        let mut jpeg = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(3_000, 1_500).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
        let picture = picture("image/jpeg", jpeg.into_inner(), 1, None).unwrap();
        let drawn = image::load_from_memory(&picture.png).unwrap();
        assert_eq!((drawn.width(), drawn.height()), (900, 450));
    }

    #[test]
    fn what_cannot_be_shown_is_said() {
        let of = |kind: &str, bytes: &[u8], page| picture(kind, bytes.to_vec(), page, None).map(|_| ()).unwrap_err();
        assert_eq!(of("text/csv", b"a,b", 1), NoPicture::Kind);
        assert_eq!(of("application/pdf", &sample(), 2), NoPicture::Page);
        assert_eq!(of("application/pdf", &sample(), 0), NoPicture::Page);
        assert_eq!(of("application/pdf", b"%PDF-1.7 nothing", 1), NoPicture::Unreadable);
        assert_eq!(of("image/png", b"\x89PNG\r\n\x1a\nnothing", 1), NoPicture::Unreadable);
        // A few bytes that unpack to a picture of 60,000 by 60,000.
        let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0".to_vec();
        bomb.extend([0; 64]);
        assert_eq!(of("image/png", &bomb, 1), NoPicture::Unreadable);
    }
}
