//! Numbers that look random and come out the same on every run (splitmix64).

/// A sequence that starts the same in every sandbox.
#[derive(Debug, Default)]
pub struct Chance {
    drawn: u64,
}

impl Chance {
    /// Whether something that happens so often of a thousand times happens now.
    pub fn hits(&mut self, per_thousand: u32) -> bool {
        if per_thousand == 0 {
            return false;
        }
        self.drawn += 1;
        Chance::rank(0, self.drawn) % 1000 < u64::from(per_thousand)
    }

    /// A number for each seed and place, evenly spread.
    pub fn rank(seed: u64, place: u64) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = seed
            .wrapping_mul(0xd134_2543_de82_ef95)
            .wrapping_add(place.wrapping_mul(step));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
