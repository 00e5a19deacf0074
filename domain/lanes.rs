//! Three bounded lanes behind one smooth weighted round robin, fair per user inside a lane.
//!
//! Saturated, the lanes share dispatches 8:3:1. An empty lane gives its share away
//! (work-conserving), and no lane waits for ever: each is served at least once in every
//! [`STARVATION_BOUND`] dispatches. Inside a lane users take turns, so
//! one who floods it delays another by one dispatch and not by a thousand.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::UserId;
use crate::job::LaneName;

/// Weights of high, normal and low.
pub const WEIGHTS: [i64; 3] = [8, 3, 1];

/// In any window of this many dispatches each lane that stays non-empty is served. Saturated
/// lanes need half of it; a lane that was served alone meets the others with a whole round of
/// debt.
pub const STARVATION_BOUND: usize = 24;

/// The lanes of one node, holding `T` for each waiting job.
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: [Lane<T>; 3],
    /// The running credit of each lane in the smooth weighted round robin.
    credit: [i64; 3],
}

/// A lane took no more: its capacity is reached. The row stays in the database.
#[derive(Debug, PartialEq, Eq)]
pub struct LaneFull<T>(pub T);

impl<T> Lanes<T> {
    /// Empty lanes, each holding at most `capacity` jobs.
    pub fn new(capacity: usize) -> Self {
        Self {
            lanes: std::array::from_fn(|_| Lane::new(capacity)),
            credit: [0; 3],
        }
    }

    /// Puts a job at the end of its user's turn in the lane.
    pub fn push(&mut self, lane: LaneName, user: UserId, item: T) -> Result<(), LaneFull<T>> {
        self.lanes[index(lane)].push(user, item)
    }

    /// Takes the next job, or `None` when all lanes are empty.
    pub fn pop(&mut self) -> Option<(LaneName, T)> {
        let mut total = 0;
        let mut chosen: Option<usize> = None;
        for (lane, weight) in WEIGHTS.into_iter().enumerate() {
            if self.lanes[lane].len == 0 {
                // An idle lane saves no credit up for later.
                self.credit[lane] = 0;
                continue;
            }
            self.credit[lane] += weight;
            total += weight;
            if chosen.is_none_or(|best| self.credit[lane] > self.credit[best]) {
                chosen = Some(lane);
            }
        }
        let lane = chosen?;
        self.credit[lane] -= total;
        let item = self.lanes[lane].pop()?;
        Some((LaneName::ALL[lane], item))
    }

    /// Jobs waiting in a lane.
    pub fn len(&self, lane: LaneName) -> usize {
        self.lanes[index(lane)].len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.len == 0)
    }

    /// Places left in a lane.
    pub fn room(&self, lane: LaneName) -> usize {
        let lane = &self.lanes[index(lane)];
        lane.capacity.saturating_sub(lane.len)
    }
}

fn index(lane: LaneName) -> usize {
    match lane {
        LaneName::High => 0,
        LaneName::Normal => 1,
        LaneName::Low => 2,
    }
}

/// One lane: users in turn, each with a queue of their own.
#[derive(Debug)]
struct Lane<T> {
    capacity: usize,
    len: usize,
    turns: VecDeque<UserId>,
    waiting: BTreeMap<UserId, VecDeque<T>>,
}

impl<T> Lane<T> {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            len: 0,
            turns: VecDeque::new(),
            waiting: BTreeMap::new(),
        }
    }

    fn push(&mut self, user: UserId, item: T) -> Result<(), LaneFull<T>> {
        if self.len >= self.capacity {
            return Err(LaneFull(item));
        }
        let queue = self.waiting.entry(user).or_default();
        if queue.is_empty() {
            self.turns.push_back(user);
        }
        queue.push_back(item);
        self.len += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        let user = self.turns.pop_front()?;
        let queue = self.waiting.get_mut(&user)?;
        let item = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(&user);
        } else {
            self.turns.push_back(user);
        }
        self.len -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn full(each: usize) -> Lanes<usize> {
        let mut lanes = Lanes::new(each);
        for lane in LaneName::ALL {
            for n in 0..each {
                lanes.push(lane, UserId(1), n).expect("there is room");
            }
        }
        lanes
    }

    #[test]
    fn saturated_lanes_share_eight_to_three_to_one() {
        let mut lanes = full(1_200);
        let mut served = BTreeMap::new();
        for _ in 0..1_200 {
            let (lane, _) = lanes.pop().expect("the lanes are full");
            *served.entry(lane).or_insert(0) += 1;
        }
        let shares: Vec<i32> = served.into_values().collect();
        assert_eq!(shares, [800, 300, 100]);
    }

    #[test]
    fn one_job_is_not_buried_under_a_thousand_of_another_user() {
        let mut lanes = Lanes::new(2_000);
        for n in 0..1_000 {
            lanes
                .push(LaneName::Normal, UserId(1), n)
                .expect("there is room");
        }
        lanes
            .push(LaneName::Normal, UserId(2), 9_999)
            .expect("there is room");
        let first_two: Vec<i32> = (0..2).filter_map(|_| lanes.pop()).map(|(_, n)| n).collect();
        assert_eq!(first_two, [0, 9_999]);
    }

    #[test]
    fn a_full_lane_gives_the_job_back() {
        let mut lanes = Lanes::new(1);
        assert_eq!(lanes.push(LaneName::Low, UserId(1), 'a'), Ok(()));
        assert_eq!(
            lanes.push(LaneName::Low, UserId(2), 'b'),
            Err(LaneFull('b'))
        );
        assert_eq!(lanes.push(LaneName::High, UserId(2), 'c'), Ok(()));
    }

    proptest! {
        #[test]
        fn every_waiting_lane_is_served_within_the_bound(
            arrivals in prop::collection::vec((0usize..3, 0i64..5), 1..400)
        ) {
            let mut lanes = Lanes::new(1_000);
            let mut since = [0usize; 3];
            for (lane, user) in arrivals {
                lanes.push(LaneName::ALL[lane], UserId(user), ()).expect("there is room");
            }
            while !lanes.is_empty() {
                let waiting: Vec<bool> =
                    LaneName::ALL.iter().map(|lane| lanes.len(*lane) > 0).collect();
                let (served, ()) = lanes.pop().expect("not empty");
                for lane in 0..3 {
                    if LaneName::ALL[lane] == served || !waiting[lane] {
                        since[lane] = 0;
                    } else {
                        since[lane] += 1;
                        prop_assert!(since[lane] < STARVATION_BOUND);
                    }
                }
            }
        }

        #[test]
        fn nothing_is_lost_or_served_twice(
            arrivals in prop::collection::vec((0usize..3, 0i64..5), 0..300)
        ) {
            let mut lanes = Lanes::new(1_000);
            for (n, (lane, user)) in arrivals.iter().enumerate() {
                lanes.push(LaneName::ALL[*lane], UserId(*user), n).expect("there is room");
            }
            let mut served: Vec<usize> = Vec::new();
            while let Some((_, n)) = lanes.pop() {
                served.push(n);
            }
            served.sort_unstable();
            prop_assert_eq!(served, (0..arrivals.len()).collect::<Vec<_>>());
        }
    }
}
