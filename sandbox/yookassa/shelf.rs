//! Objects in the order they were made, found by id or walked newest first.

use std::collections::HashMap;

/// A store of objects that are never taken away.
#[derive(Debug)]
pub struct Shelf<T> {
    items: Vec<T>,
    by_id: HashMap<String, usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf {
            items: Vec::new(),
            by_id: HashMap::new(),
        }
    }
}

impl<T> Shelf<T> {
    /// Puts a new object behind the others.
    pub fn add(&mut self, id: String, item: T) {
        self.by_id.insert(id, self.items.len());
        self.items.push(item);
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        self.by_id.get(id).map(|at| &self.items[*at])
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.by_id.get(id).map(|at| &mut self.items[*at])
    }

    /// Newest first, each with its place; only those made before the place `before`.
    pub fn newest(&self, before: Option<usize>) -> impl Iterator<Item = (usize, &T)> {
        let end = before.unwrap_or(self.items.len()).min(self.items.len());
        self.items[..end].iter().enumerate().rev()
    }
}
