//! Screenshots.

use std::sync::Arc;

/// How a screenshot is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    Png,
    Jpeg,
    Webp,
}

impl ImageFormat {
    /// The media type, as in `data:image/png;base64,...`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The usual file name extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

/// An encoded picture. It stays in base64, as Chromium delivers it and as events and models need it, and is decoded
/// only for drawing on it.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    pub format: ImageFormat,
    /// Standard base64 with padding.
    pub base64: Arc<str>,
}

impl Image {
    /// Bytes of the encoded picture, base64 undone; up to two too many for its padding.
    pub fn bytes(&self) -> usize {
        self.base64.len() / 4 * 3
    }

    /// The picture as a `data:` URL.
    pub fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.format.media_type(), self.base64)
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({}, {} base64 bytes)", self.format.media_type(), self.base64.len())
    }
}
