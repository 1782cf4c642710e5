//! A ZIP archive that is written while it is sent: files one after the other, as they are, and their list at the end.

use vocabulary::{Instant, day_in_japan};

/// Of the format's parts, with the version that reads it and the mark of names in UTF-8 (APPNOTE.TXT 4.3, 4.4.4).
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const VERSION: u16 = 20;
const UTF_8: u16 = 1 << 11;

/// An archive under way.
pub(crate) struct Archive {
    list: Vec<u8>,
    entries: u16,
    /// Bytes that were written.
    written: u32,
    /// As MS-DOS writes a day.
    day: u16,
}

impl Archive {
    pub fn new(at: Instant) -> Self {
        use chrono::Datelike as _;
        let day = day_in_japan(at);
        let year = u16::try_from(day.year() - 1980).unwrap_or_default();
        let (month, day) = (u16::try_from(day.month()).unwrap_or(1), u16::try_from(day.day()).unwrap_or(1));
        Self { list: Vec::new(), entries: 0, written: 0, day: (year << 9) | (month << 5) | day }
    }

    /// The next part of the archive: one file.
    ///
    /// # Errors
    /// When the archive would be larger than the format allows.
    pub fn file(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let too_large = || std::io::Error::other("the archive is too large");
        let size = u32::try_from(bytes.len()).map_err(|_| too_large())?;
        let name_size = u16::try_from(name.len()).map_err(|_| too_large())?;
        let mut common = Vec::with_capacity(26);
        for number in [VERSION, UTF_8, 0, 0, self.day] {
            common.extend(number.to_le_bytes());
        }
        for number in [crc32fast::hash(bytes), size, size] {
            common.extend(number.to_le_bytes());
        }
        for number in [name_size, 0] {
            common.extend(number.to_le_bytes());
        }
        let part = [&LOCAL.to_le_bytes()[..], &common, name.as_bytes(), bytes].concat();
        let (begins, length) = (self.written, u32::try_from(part.len()).map_err(|_| too_large())?);
        self.written = begins.checked_add(length).ok_or_else(too_large)?;
        self.entries = self.entries.checked_add(1).ok_or_else(too_large)?;
        self.list.extend(CENTRAL.to_le_bytes());
        self.list.extend(VERSION.to_le_bytes());
        self.list.extend(&common);
        // No comment, on the first disk, no attributes.
        self.list.extend([0; 10]);
        self.list.extend(begins.to_le_bytes());
        self.list.extend(name.as_bytes());
        Ok(part)
    }

    /// The last part: what is in it.
    ///
    /// # Errors
    /// When the archive would be larger than the format allows.
    pub fn end(self) -> std::io::Result<Vec<u8>> {
        let size = u32::try_from(self.list.len()).map_err(std::io::Error::other)?;
        let mut part = self.list;
        part.extend(END.to_le_bytes());
        for number in [0, 0, self.entries, self.entries] {
            part.extend(number.to_le_bytes());
        }
        part.extend(size.to_le_bytes());
        part.extend(self.written.to_le_bytes());
        part.extend(0_u16.to_le_bytes());
        Ok(part)
    }
}
