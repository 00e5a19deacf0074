//! The boxes an MP4 is made of (ISO/IEC 14496-12): size, kind, content.

/// A box of this kind around the content.
pub fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).expect("a clip of seconds is far below 4 GB");
    let mut bytes = Vec::with_capacity(content.len() + 8);
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(content);
    bytes
}

/// A box with version 0 and flags.
pub fn full(kind: &[u8; 4], flags: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = flags.to_be_bytes().to_vec();
    bytes.extend_from_slice(content);
    boxed(kind, &bytes)
}

/// Whole numbers of 32 bits, one after the other.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The same file, made larger to at least this size with bytes that mean nothing.
pub fn grown(mut file: Vec<u8>, size: usize) -> Vec<u8> {
    let missing = size.saturating_sub(file.len());
    if missing > 0 {
        file.extend(boxed(b"free", &vec![0; missing.saturating_sub(8)]));
    }
    file
}

/// The boxes that lie side by side in some bytes; ends where they are none.
pub struct Boxes<'a> {
    rest: &'a [u8],
}

impl<'a> Boxes<'a> {
    pub fn of(bytes: &'a [u8]) -> Boxes<'a> {
        Boxes { rest: bytes }
    }

    /// The content of the first box of a kind.
    pub fn first(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
        Boxes::of(bytes).find_map(|(found, content)| (found == kind).then_some(content))
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, _) = self.rest.split_at_checked(8)?;
        let (size, kind) = head.split_at(4);
        let (header, size) = match u32::from_be_bytes(size.try_into().ok()?) {
            // To the end of the file.
            0 => (8, self.rest.len()),
            // In 64 bits behind the kind.
            1 => {
                let size = self.rest.get(8..16)?.try_into().ok()?;
                (16, usize::try_from(u64::from_be_bytes(size)).ok()?)
            }
            size => (8, usize::try_from(size).ok()?),
        };
        let content = self.rest.get(header..size)?;
        self.rest = &self.rest[size..];
        Some((kind, content))
    }
}
