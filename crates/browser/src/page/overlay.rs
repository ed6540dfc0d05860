//! Draws element boxes and indices on screenshots.
//!
//! Not on a canvas in the page, which a busy page would delay.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{ColorType, Compression, Decoder, Encoder, Transformations};

use crate::observe::IndexBox;
use agent::image::{Image, ImageFormat};

#[derive(Debug, thiserror::Error)]
pub(crate) enum OverlayError {
    #[error("the picture is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("the picture cannot be read: {0}")]
    Decoding(#[from] png::DecodingError),
    #[error("the picture cannot be written: {0}")]
    Encoding(#[from] png::EncodingError),
    /// Chromium's screenshots are RGB or RGBA.
    #[error("the picture is in {0:?}")]
    Colours(ColorType),
    #[error("drawing on the picture was interrupted")]
    Interrupted,
}

/// Neighbours differ, and white digits are readable on each.
const INKS: [[u8; 3]; 6] = [[208, 0, 0], [0, 80, 208], [0, 128, 48], [160, 0, 160], [176, 80, 0], [0, 112, 128]];
const WHITE: [u8; 3] = [255; 3];
const MASK: [u8; 3] = [0; 3];
/// Line width of a box.
const LINE: i32 = 2;
/// Pixel size of a digit's dot.
const DOT: i32 = 2;
/// The digits 0 to 9: three by five dots, row by row from the top, the leftmost dot the highest bit.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];

/// Draws boxes on a PNG screenshot. Takes some 20 ms of CPU time on a blocking thread.
///
/// # Errors
/// When the image is not a PNG as Chromium writes it.
pub(crate) async fn draw_boxes(picture: Image, boxes: Vec<IndexBox>) -> Result<Image, OverlayError> {
    edit(picture, move |png| drawn(png, &boxes)).await
}

/// Paints areas of a PNG screenshot black.
///
/// # Errors
/// As [`draw_boxes`].
pub(crate) async fn mask(picture: Image, areas: Vec<[i32; 4]>) -> Result<Image, OverlayError> {
    let masked = move |png: &[u8]| {
        let mut canvas = Canvas::read(png)?;
        for place in areas {
            canvas.fill(place, MASK);
        }
        canvas.write()
    };
    edit(picture, masked).await
}

/// Edits a PNG on a blocking thread.
async fn edit(
    picture: Image,
    edited: impl FnOnce(&[u8]) -> Result<Vec<u8>, OverlayError> + Send + 'static,
) -> Result<Image, OverlayError> {
    let png = tokio::task::spawn_blocking(move || edited(&STANDARD.decode(&*picture.base64)?)).await;
    let png = png.map_err(|_| OverlayError::Interrupted)??;
    Ok(Image { format: ImageFormat::Png, base64: STANDARD.encode(png).into() })
}

fn drawn(png: &[u8], boxes: &[IndexBox]) -> Result<Vec<u8>, OverlayError> {
    let mut canvas = Canvas::read(png)?;
    for IndexBox(index, place) in boxes {
        canvas.frame(*place, ink(*index));
    }
    // After all boxes, which would otherwise cross the numbers.
    for IndexBox(index, place) in boxes {
        canvas.number(*index, *place, ink(*index));
    }
    canvas.write()
}

fn ink(index: u32) -> [u8; 3] {
    INKS[index as usize % INKS.len()]
}

struct Canvas {
    width: i32,
    height: i32,
    colours: ColorType,
    pixels: Vec<u8>,
}

impl Canvas {
    fn read(png: &[u8]) -> Result<Self, OverlayError> {
        let mut decoder = Decoder::new(Cursor::new(png));
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let size = reader.output_buffer_size().ok_or(OverlayError::Interrupted)?;
        let mut pixels = vec![0; size];
        let frame = reader.next_frame(&mut pixels)?;
        if !matches!(frame.color_type, ColorType::Rgb | ColorType::Rgba) {
            return Err(OverlayError::Colours(frame.color_type));
        }
        pixels.truncate(frame.buffer_size());
        let side = |length: u32| i32::try_from(length).unwrap_or(i32::MAX);
        Ok(Self { width: side(frame.width), height: side(frame.height), colours: frame.color_type, pixels })
    }

    fn write(&self) -> Result<Vec<u8>, OverlayError> {
        let mut png = Vec::new();
        let mut encoder = Encoder::new(&mut png, self.width.unsigned_abs(), self.height.unsigned_abs());
        encoder.set_color(self.colours);
        encoder.set_compression(Compression::Fast);
        encoder.write_header()?.write_image_data(&self.pixels)?;
        Ok(png)
    }

    /// Fills the part of a rectangle that is inside the image.
    fn fill(&mut self, [x, y, width, height]: [i32; 4], colour: [u8; 3]) {
        let columns = x.max(0)..x.saturating_add(width).min(self.width);
        for row in y.max(0)..y.saturating_add(height).min(self.height) {
            for column in columns.clone() {
                let pixel = (row as usize * self.width as usize + column as usize) * self.colours.samples();
                if let Some(pixel) = self.pixels.get_mut(pixel..pixel + 3) {
                    pixel.copy_from_slice(&colour);
                }
            }
        }
    }

    fn frame(&mut self, [x, y, width, height]: [i32; 4], ink: [u8; 3]) {
        let (right, bottom) = (x.saturating_add(width) - LINE, y.saturating_add(height) - LINE);
        for side in [[x, y, width, LINE], [x, bottom, width, LINE], [x, y, LINE, height], [right, y, LINE, height]] {
            self.fill(side, ink);
        }
    }

    /// Above the right corner where possible, to keep the content visible.
    fn number(&mut self, index: u32, [x, y, width, _]: [i32; 4], ink: [u8; 3]) {
        let digits: Vec<usize> = index.to_string().bytes().map(|digit| usize::from(digit - b'0')).collect();
        let wide = DOT * (1 + 4 * digits.len() as i32);
        let high = DOT * 7;
        let left = x.saturating_add((width - wide).max(0)).min(self.width - wide).max(0);
        let top = y.saturating_sub(high).max(0);
        self.fill([left, top, wide, high], ink);
        for (n, digit) in digits.into_iter().enumerate() {
            for (row, dots) in DIGITS[digit].iter().enumerate() {
                for column in (0..3).filter(|column| dots >> (2 - column) & 1 == 1) {
                    let dot = [left + DOT * (1 + 4 * n as i32 + column), top + DOT * (1 + row as i32), DOT, DOT];
                    self.fill(dot, WHITE);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(width: i32, height: i32, colours: ColorType) -> Vec<u8> {
        let pixels = vec![200; (width * height) as usize * colours.samples()];
        Canvas { width, height, colours, pixels }.write().unwrap()
    }

    fn pixel(canvas: &Canvas, x: i32, y: i32) -> [u8; 3] {
        let at = (y * canvas.width + x) as usize * canvas.colours.samples();
        canvas.pixels[at..at + 3].try_into().unwrap()
    }

    #[test]
    fn boxes_have_an_outline_and_an_index_and_keep_their_content() {
        for colours in [ColorType::Rgb, ColorType::Rgba] {
            let drawn = drawn(&paper(100, 80, colours), &[IndexBox(7, [20, 30, 40, 20])]).unwrap();
            let canvas = Canvas::read(&drawn).unwrap();
            for (x, y) in [(20, 30), (59, 30), (20, 49), (59, 49), (40, 31)] {
                assert_eq!(pixel(&canvas, x, y), ink(7), "{x}, {y}");
            }
            for (x, y) in [(19, 30), (60, 40), (40, 40), (40, 50)] {
                assert_eq!(pixel(&canvas, x, y), [200; 3], "{x}, {y}");
            }
            // The top of a seven is three dots wide.
            let label = (16..30).flat_map(|y| (50..60).map(move |x| (x, y)));
            let white = label.filter(|(x, y)| pixel(&canvas, *x, *y) == WHITE).count();
            assert_eq!(white, 7 * 4, "a seven has seven dots");
        }
    }

    #[test]
    fn boxes_are_clipped_to_the_image() {
        let places = [[-50, -50, 60, 60], [90, 70, 500, 500], [i32::MAX, i32::MIN, i32::MAX, 5], [0, 0, 0, 0]];
        let boxes: Vec<IndexBox> = (0..).zip(places).map(|(n, place)| IndexBox(u32::MAX - n, place)).collect();
        assert!(drawn(&paper(100, 80, ColorType::Rgb), &boxes).is_ok());
    }

    #[test]
    fn invalid_images_are_rejected() {
        assert!(matches!(drawn(b"GIF89a", &[]), Err(OverlayError::Decoding(_))));
        let grey = paper(4, 4, ColorType::Grayscale);
        assert!(matches!(drawn(&grey, &[]), Err(OverlayError::Colours(ColorType::Grayscale))));
    }
}
