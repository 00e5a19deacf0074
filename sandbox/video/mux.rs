//! Frames and silence as one MP4 file, its index in front.

use super::Sound;
use super::boxes::{boxed, full, words};
use super::codec::Format;

/// Ticks of the film's clock a second.
const TIMESCALE: u32 = 1000;

/// Ticks of the picture's clock a frame.
const FRAME_TICKS: u32 = 512;

/// Sound frames a second, each of [`SOUND_FRAME_TICKS`].
const SOUND_RATE: u32 = 44_100;
const SOUND_FRAME_TICKS: u32 = 1024;

/// One frame of AAC-LC in mono that says nothing.
const SILENCE: [u8; 4] = [0x01, 0x18, 0x20, 0x07];

/// No rotation, no scaling.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// The file.
pub fn file(format: &Format, pictures: Vec<Vec<u8>>, sound: Sound) -> Vec<u8> {
    let samples: Vec<Vec<u8>> = pictures.iter().map(|unit| with_length(unit)).collect();
    let frames = u32::try_from(samples.len()).expect("the number of frames came as 32 bits");
    let millis = ticks(frames, TIMESCALE, format.fps);
    let silent_frames = match sound {
        Sound::None => 0,
        Sound::Silence => ticks(frames, SOUND_RATE, format.fps).div_ceil(SOUND_FRAME_TICKS),
    };

    let kind = boxed(b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41");
    // The index says where the samples begin, and is before them: its size comes first.
    let sizes: Vec<u32> = samples.iter().map(|it| length(it)).collect();
    let pictures_size: u32 = sizes.iter().sum();
    let index = |start: u32| {
        let mut content = header(millis, silent_frames);
        content.extend(picture_track(format, &sizes, millis, start));
        if silent_frames > 0 {
            content.extend(sound_track(silent_frames, millis, start + pictures_size));
        }
        boxed(b"moov", &content)
    };
    let start = length(&kind) + length(&index(0)) + 8;

    let mut file = kind;
    file.extend(index(start));
    let mut samples = samples.concat();
    for _ in 0..silent_frames {
        samples.extend(SILENCE);
    }
    file.extend(boxed(b"mdat", &samples));
    file
}

/// So many frames, on a clock of so many ticks a second.
fn ticks(frames: u32, per_second: u32, fps: u32) -> u32 {
    let ticks = u64::from(frames) * u64::from(per_second) / u64::from(fps);
    u32::try_from(ticks).unwrap_or(u32::MAX)
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a clip of seconds is far below 4 GB")
}

fn with_length(unit: &[u8]) -> Vec<u8> {
    let mut sample = length(unit).to_be_bytes().to_vec();
    sample.extend_from_slice(unit);
    sample
}

fn header(millis: u32, silent_frames: u32) -> Vec<u8> {
    let mut content = words(&[0, 0, TIMESCALE, millis, 0x1_0000, 0x0100_0000, 0, 0]);
    content.extend(words(&MATRIX));
    content.extend(words(&[0; 6]));
    content.extend(words(&[if silent_frames > 0 { 3 } else { 2 }]));
    full(b"mvhd", 0, &content)
}

fn track_header(id: u32, millis: u32, volume: u32, width: u32, height: u32) -> Vec<u8> {
    let mut content = words(&[0, 0, id, 0, millis, 0, 0, 0, volume << 16]);
    content.extend(words(&MATRIX));
    content.extend(words(&[width << 16, height << 16]));
    full(b"tkhd", 3, &content)
}

fn picture_track(format: &Format, sizes: &[u32], millis: u32, start: u32) -> Vec<u8> {
    let (sequence, picture) = (format.sequence(), format.picture());
    let mut codec = vec![1, sequence[1], sequence[2], sequence[3], 0xFF, 0xE1];
    for set in [&sequence, &picture] {
        codec.extend((length(set) as u16).to_be_bytes());
        codec.extend_from_slice(set);
        if set == &sequence {
            codec.push(1);
        }
    }
    let mut entry = words(&[0, 1, 0, 0, 0, 0, format.width << 16 | format.height]);
    entry.extend(words(&[0x48_0000, 0x48_0000, 0, 0x1_0000]));
    entry.extend([0; 30]);
    entry.extend([0, 0x18, 0xFF, 0xFF]);
    entry.extend(boxed(b"avcC", &codec));

    let frames = u32::try_from(sizes.len()).expect("the number of frames came as 32 bits");
    let media = Media {
        handler: b"vide",
        head: full(b"vmhd", 1, &[0; 8]),
        rate: format.fps * FRAME_TICKS,
        frames,
        frame_ticks: FRAME_TICKS,
        entry: boxed(b"avc1", &entry),
        sizes: [words(&[0, frames]), words(sizes)].concat(),
        start,
        // Only the first frame stands alone.
        more: full(b"stss", 0, &words(&[1, 1])),
    };
    let head = track_header(1, millis, 0, format.width, format.height);
    boxed(b"trak", &[head, media.render()].concat())
}

fn sound_track(frames: u32, millis: u32, start: u32) -> Vec<u8> {
    let mut entry = words(&[0, 1, 0, 0, 0x0001_0010, 0, SOUND_RATE << 16]);
    // Stream descriptor: AAC-LC, 44.1 kHz, one channel (ISO/IEC 14496-1 and -3).
    entry.extend(full(
        b"esds",
        0,
        &[
            0x03, 25, 0, 2, 0, 0x04, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0x7D, 0, 0, 0, 0x7D, 0, 0x05,
            2, 0x12, 0x08, 0x06, 1, 2,
        ],
    ));
    let media = Media {
        handler: b"soun",
        head: full(b"smhd", 0, &[0; 4]),
        rate: SOUND_RATE,
        frames,
        frame_ticks: SOUND_FRAME_TICKS,
        entry: boxed(b"mp4a", &entry),
        sizes: words(&[length(&SILENCE), frames]),
        start,
        more: Vec::new(),
    };
    let head = track_header(2, millis, 0x0100, 0, 0);
    boxed(b"trak", &[head, media.render()].concat())
}

/// What the two tracks say in the same words.
struct Media {
    handler: &'static [u8; 4],
    head: Vec<u8>,
    /// Ticks a second.
    rate: u32,
    frames: u32,
    frame_ticks: u32,
    entry: Vec<u8>,
    /// The content of `stsz`.
    sizes: Vec<u8>,
    /// Where the samples begin in the file; they lie together.
    start: u32,
    more: Vec<u8>,
}

impl Media {
    fn render(self) -> Vec<u8> {
        let length = self.frames.saturating_mul(self.frame_ticks);
        // `und`, the language nobody has determined.
        let head = full(b"mdhd", 0, &words(&[0, 0, self.rate, length, 0x55C4_0000]));
        let mut handler = words(&[0]);
        handler.extend_from_slice(self.handler);
        handler.extend([0; 13]);
        let data = full(b"dref", 0, &[words(&[1]), full(b"url ", 1, &[])].concat());
        let table = [
            full(b"stsd", 0, &[words(&[1]), self.entry].concat()),
            full(b"stts", 0, &words(&[1, self.frames, self.frame_ticks])),
            self.more,
            full(b"stsc", 0, &words(&[1, 1, self.frames, 1])),
            full(b"stsz", 0, &self.sizes),
            full(b"stco", 0, &words(&[1, self.start])),
        ];
        let inside = [
            self.head,
            boxed(b"dinf", &data),
            boxed(b"stbl", &table.concat()),
        ];
        let parts = [
            head,
            full(b"hdlr", 0, &handler),
            boxed(b"minf", &inside.concat()),
        ];
        boxed(b"mdia", &parts.concat())
    }
}
