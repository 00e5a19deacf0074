//! Faults that wait for calls, of whichever emulator.
//!
//! A fault waits for the next calls of its operation and is used up by them, in the order they
//! were pushed.

use serde::{Deserialize, Serialize};

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault<K> {
    /// An operation of the emulator; none is every operation the kind fits.
    pub operation: Option<String>,
    /// How many calls it spoils; once when absent.
    #[serde(default = "once")]
    pub times: u32,
    pub kind: K,
}

fn once() -> u32 {
    1
}

impl<K> Fault<K> {
    /// A fault for one call of an operation.
    pub fn once(operation: &str, kind: K) -> Fault<K> {
        Fault::times(1, operation, kind)
    }

    /// A fault for so many calls of an operation.
    pub fn times(times: u32, operation: &str, kind: K) -> Fault<K> {
        Fault {
            operation: Some(operation.to_owned()),
            times,
            kind,
        }
    }
}

/// A kind of fault that may be none for some operations.
pub trait Fits: Clone {
    fn fits(&self, operation: &str) -> bool;
}

/// The faults that wait.
#[derive(Debug)]
pub struct Faults<K> {
    waiting: Vec<Fault<K>>,
}

impl<K> Default for Faults<K> {
    fn default() -> Faults<K> {
        Faults {
            waiting: Vec::new(),
        }
    }
}

impl<K: Fits> Faults<K> {
    pub fn push(&mut self, fault: Fault<K>) {
        if fault.times > 0 {
            self.waiting.push(fault);
        }
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    pub fn waiting(&self) -> Vec<Fault<K>> {
        self.waiting.clone()
    }

    /// The fault of this call, used up by it.
    pub fn take(&mut self, operation: &str) -> Option<K> {
        let hits = |fault: &Fault<K>| {
            let named = fault.operation.as_deref();
            named.is_none_or(|named| named == operation) && fault.kind.fits(operation)
        };
        let at = self.waiting.iter().position(hits)?;
        let fault = &mut self.waiting[at];
        let kind = fault.kind.clone();
        fault.times -= 1;
        if fault.times == 0 {
            self.waiting.remove(at);
        }
        Some(kind)
    }
}

/// The word of a prompt that is among the magic ones, in any case.
pub fn magic_word(prompt: &str, words: &[(&'static str, &str)]) -> Option<&'static str> {
    let prompt = prompt.to_lowercase();
    prompt
        .split(|c: char| c.is_whitespace() || ",.!?;:()".contains(c))
        .find_map(|word| {
            let magic = words.iter().find(|(magic, _)| *magic == word)?;
            Some(magic.0)
        })
}
