//! Repeatable chance.

/// The seed of a prompt: the same for the same words and the same turn, in every release of the
/// compiler (FNV-1a).
pub fn seed_of(prompt: &str, turn: u64) -> u64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for byte in prompt.bytes().chain(turn.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash
}

/// A small generator (splitmix64): the same seed rolls the same numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// From `low` up to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // 24 bits fit a float's mantissa, so the division is exact.
        let part = ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32;
        low + (high - low) * part
    }

    /// A whole number from 0 to below `sides`, which is at least 1.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.between(0.0, sides as f32) as usize % sides
    }
}
