//! A bounded collection by id that remembers the order of arrival; the oldest object is forgotten when it is full.

use std::collections::{HashMap, VecDeque};

/// The most objects of one kind that a merchant keeps; it bounds the memory of a long load test.
pub(crate) const LARGEST_SHELF: usize = 200_000;

/// Objects of one kind of one merchant.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    items: HashMap<String, T>,
    order: VecDeque<String>,
    capacity: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self::with_capacity(LARGEST_SHELF)
    }
}

impl<T> Shelf<T> {
    /// Returns an empty shelf for at most `capacity` objects.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { items: HashMap::new(), order: VecDeque::new(), capacity }
    }

    /// Puts an object on the shelf, in the place of one with the same id.
    pub(crate) fn insert(&mut self, id: &str, item: T) {
        if self.items.insert(id.to_owned(), item).is_some() {
            return;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.items.remove(&oldest);
        }
    }

    /// Returns the object with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(id)
    }

    /// Returns the object with this id, to change it.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(id)
    }

    /// Takes the object off the shelf.
    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let item = self.items.remove(id)?;
        self.order.retain(|known| known != id);
        Some(item)
    }

    /// Returns all objects, the newest first.
    pub(crate) fn newest(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.order.iter().rev().filter_map(|id| self.items.get(id))
    }

    /// Returns all ids, the oldest first.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.order.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_shelf_forgets_the_oldest() {
        let mut shelf = Shelf::with_capacity(2);
        for id in ["a", "b", "c"] {
            shelf.insert(id, id);
        }
        assert_eq!(shelf.get("a"), None);
        assert_eq!(shelf.newest().copied().collect::<Vec<_>>(), ["c", "b"]);
    }
}
