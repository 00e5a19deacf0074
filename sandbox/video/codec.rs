//! A very small H.264 encoder (ITU-T H.264, constrained baseline, CAVLC).
//!
//! Every macroblock is one flat colour: predicted from the block beside it (Intra 16x16) and
//! corrected by the DC coefficients alone. In every frame but the first, a block that keeps its
//! colour is skipped. The deblocking filter is off, so what is decoded is known exactly and each
//! prediction holds.

use super::BLOCK;

/// Luma step of one coefficient at [`QP`]: `(4c * 64 + 32) >> 6` of clause 8.5.
const LUMA_STEP: i32 = 4;

/// Chroma step of one coefficient, at the chroma quantiser 36 that belongs to [`QP`].
const CHROMA_STEP: i32 = 5;

/// The quantiser of every block; its steps come out as whole numbers.
const QP: i32 = 40;

/// The bits of `frame_num`.
const FRAME_NUM_BITS: u32 = 8;

/// The colour the decoder predicts where there is no neighbour.
const GREY: Colour = Colour {
    luma: 128,
    blue: 128,
    red: 128,
};

/// A colour as the codec has it (Y, Cb, Cr).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    pub luma: i32,
    pub blue: i32,
    pub red: i32,
}

/// What all frames have in common.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// In pixels, even.
    pub width: u32,
    /// In pixels, even.
    pub height: u32,
    pub fps: u32,
}

impl Format {
    /// Blocks beside each other.
    pub fn columns(&self) -> u32 {
        self.width.div_ceil(BLOCK)
    }

    /// Blocks above each other.
    pub fn rows(&self) -> u32 {
        self.height.div_ceil(BLOCK)
    }

    /// The level whose frame size is enough (table A-1).
    pub fn level(&self) -> u8 {
        match self.columns() * self.rows() {
            0..=3600 => 31,
            3601..=8192 => 40,
            8193..=36864 => 51,
            _ => 62,
        }
    }

    /// The sequence parameter set (clause 7.3.2.1), with its NAL header.
    pub fn sequence(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.put(8, 66); // baseline
        bits.put(8, 0xC0); // constrained
        bits.put(8, u32::from(self.level()));
        bits.unsigned(0); // id
        bits.unsigned(FRAME_NUM_BITS - 4);
        bits.unsigned(2); // output order is decoding order
        bits.unsigned(1); // one reference frame
        bits.put(1, 0); // no gaps
        bits.unsigned(self.columns() - 1);
        bits.unsigned(self.rows() - 1);
        bits.put(1, 1); // frames, no fields
        bits.put(1, 1); // direct 8x8
        let right = self.columns() * BLOCK - self.width;
        let bottom = self.rows() * BLOCK - self.height;
        if right + bottom == 0 {
            bits.put(1, 0);
        } else {
            bits.put(1, 1);
            for cropped in [0, right, 0, bottom] {
                bits.unsigned(cropped / 2);
            }
        }
        bits.put(1, 1); // usability information follows
        bits.put(4, 0); // no aspect, overscan, signal type, chroma location
        bits.put(1, 1); // timing
        bits.put(32, 1);
        bits.put(32, 2 * self.fps);
        bits.put(1, 1); // fixed
        bits.put(4, 0); // no HRD (twice), no picture structure, no restrictions
        bits.unit(0x67)
    }

    /// The picture parameter set (clause 7.3.2.2), with its NAL header.
    pub fn picture(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.unsigned(0); // id
        bits.unsigned(0); // of sequence 0
        bits.put(1, 0); // CAVLC
        bits.put(1, 0);
        bits.unsigned(0); // one slice group
        bits.unsigned(0);
        bits.unsigned(0);
        bits.put(3, 0); // no weighting
        bits.signed(QP - 26);
        bits.signed(0);
        bits.signed(0);
        bits.put(1, 1); // slices say whether to deblock
        bits.put(1, 0); // intra may look at inter
        bits.put(1, 0);
        bits.unit(0x68)
    }
}

/// Encodes frame after frame.
pub struct Encoder {
    format: Format,
    frame: u32,
    /// What the decoder shows now, row by row.
    shown: Vec<Colour>,
}

impl Encoder {
    pub fn new(format: Format) -> Encoder {
        let blocks = format.columns() * format.rows();
        Encoder {
            format,
            frame: 0,
            shown: vec![GREY; blocks as usize],
        }
    }

    /// The next frame as one NAL unit; `colour` gives what a block, by column and row, should
    /// show.
    pub fn encode(&mut self, colour: impl Fn(u32, u32) -> Colour) -> Vec<u8> {
        let first = self.frame == 0;
        let mut bits = Bits::default();
        bits.unsigned(0); // first block
        bits.unsigned(if first { 7 } else { 5 }); // all I, all P
        bits.unsigned(0); // picture parameters
        bits.put(FRAME_NUM_BITS, self.frame % (1 << FRAME_NUM_BITS));
        if first {
            bits.unsigned(0); // IDR id
            bits.put(2, 0); // marking
        } else {
            bits.put(3, 0); // no override, no reordering, sliding window
        }
        bits.signed(0); // quantiser as in the picture parameters
        bits.unsigned(1); // no deblocking

        let mut skipped = 0;
        for row in 0..self.format.rows() {
            for column in 0..self.format.columns() {
                let at = (row * self.format.columns() + column) as usize;
                let wanted = colour(column, row);
                if !first {
                    if near(self.shown[at], wanted) {
                        skipped += 1;
                        continue;
                    }
                    bits.unsigned(skipped);
                    skipped = 0;
                }
                self.shown[at] = self.block(&mut bits, column, row, wanted, first);
            }
        }
        if skipped > 0 {
            bits.unsigned(skipped);
        }
        self.frame += 1;
        bits.unit(if first { 0x65 } else { 0x61 })
    }

    /// Writes one block (clause 7.3.5) and gives the colour it decodes to.
    fn block(&self, bits: &mut Bits, column: u32, row: u32, wanted: Colour, first: bool) -> Colour {
        let at = (row * self.format.columns() + column) as usize;
        // Prediction modes: luma vertical 0, horizontal 1, DC 2; chroma DC 0, horizontal 1,
        // vertical 2.
        let (predicted, luma_mode, chroma_mode) = if column > 0 {
            (self.shown[at - 1], 1, 1)
        } else if row > 0 {
            (self.shown[at - self.format.columns() as usize], 0, 2)
        } else {
            (GREY, 2, 0)
        };
        let luma = level(predicted.luma, wanted.luma, LUMA_STEP);
        let blue = level(predicted.blue, wanted.blue, CHROMA_STEP);
        let red = level(predicted.red, wanted.red, CHROMA_STEP);
        let chroma = u32::from(blue != 0 || red != 0);
        let kind = 1 + luma_mode + 4 * chroma;
        bits.unsigned(if first { kind } else { kind + 5 });
        bits.unsigned(chroma_mode);
        bits.signed(0); // quantiser unchanged
        bits.coefficient(luma, ["1", "000101", "01"]);
        if chroma == 1 {
            bits.coefficient(blue, ["01", "000111", "1"]);
            bits.coefficient(red, ["01", "000111", "1"]);
        }
        Colour {
            luma: predicted.luma + LUMA_STEP * luma,
            blue: predicted.blue + CHROMA_STEP * blue,
            red: predicted.red + CHROMA_STEP * red,
        }
    }
}

/// Whether the eye would not mind.
fn near(shown: Colour, wanted: Colour) -> bool {
    (shown.luma - wanted.luma).abs() < LUMA_STEP
        && (shown.blue - wanted.blue).abs() < 2 * CHROMA_STEP
        && (shown.red - wanted.red).abs() < 2 * CHROMA_STEP
}

/// The coefficient that leads nearest to the wanted value without leaving 0 to 255, where the
/// decoder would clip.
fn level(predicted: i32, wanted: i32, step: i32) -> i32 {
    let missing = wanted.clamp(0, 255) - predicted;
    let level = (missing + step / 2).div_euclid(step);
    match predicted + level * step {
        0..=255 => level,
        // Rounding went past an end, by less than a step.
        _ => missing / step,
    }
}

/// A bit stream.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    last: u8,
    filled: u32,
}

impl Bits {
    /// The low `count` bits, the highest first.
    fn put(&mut self, count: u32, value: u32) {
        for bit in (0..count).rev() {
            self.last = (self.last << 1) | u8::from((value >> bit) & 1 == 1);
            self.filled += 1;
            if self.filled == 8 {
                self.bytes.push(self.last);
                self.last = 0;
                self.filled = 0;
            }
        }
    }

    /// Bits as they stand in the tables of the standard.
    fn code(&mut self, code: &str) {
        for bit in code.bytes() {
            self.put(1, u32::from(bit == b'1'));
        }
    }

    /// Exp-Golomb, `ue(v)`.
    fn unsigned(&mut self, value: u32) {
        let value = value + 1;
        let length = 32 - value.leading_zeros();
        self.put(length - 1, 0);
        self.put(length, value);
    }

    /// Exp-Golomb, `se(v)`.
    fn signed(&mut self, value: i32) {
        let magnitude = value.unsigned_abs() * 2;
        self.unsigned(if value > 0 { magnitude - 1 } else { magnitude });
    }

    /// A block of which at most the first coefficient is not zero (clause 9.2). `tokens` are
    /// those for none, for one, and for one of magnitude 1. The neighbours of a block of ours
    /// have no coefficients that count, so the tables for `nC` below 2 hold.
    fn coefficient(&mut self, level: i32, tokens: [&str; 3]) {
        match level.unsigned_abs() {
            0 => self.code(tokens[0]),
            1 => {
                self.code(tokens[2]);
                self.put(1, u32::from(level < 0));
                self.code("1"); // no zeros before it
            }
            magnitude => {
                self.code(tokens[1]);
                // Twice the magnitude and the sign, less the two values a single coefficient
                // that is no trailing one cannot have.
                let code = 2 * magnitude - 2 + u32::from(level < 0) - 2;
                match code {
                    0..14 => self.prefix(code),
                    14..30 => {
                        self.prefix(14);
                        self.put(4, code - 14);
                    }
                    _ => {
                        self.prefix(15);
                        self.put(12, code - 30);
                    }
                }
                self.code("1"); // no zeros before it
            }
        }
    }

    fn prefix(&mut self, zeros: u32) {
        self.put(zeros, 0);
        self.put(1, 1);
    }

    /// Ends the stream and wraps it as a NAL unit (clause 7.3.1).
    fn unit(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        while self.filled > 0 {
            self.put(1, 0);
        }
        let mut unit = Vec::with_capacity(self.bytes.len() + 8);
        unit.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}
