//! Pairs of small numbers to numbers.

use hashbrown::HashMap;

use crate::kql::column::NO_ROW;

/// How large the table of a [`Pairs`] may grow (entries of four bytes) before it is hashed instead.
const TABLE: usize = 1 << 21;

type Map = HashMap<u64, u32, foldhash::fast::FixedState>;

/// Numbers pairs of small numbers in the order in which they are first met: by a table where the numbers are small, by a hash table where they are not.
#[derive(Default)]
pub struct Pairs {
    /// The pair of each number.
    met: Vec<(u32, u32)>,
    /// `table[left << shift | right]`; not used once `map` is there.
    table: Vec<u32>,
    shift: u32,
    /// The largest left side that has a place in `table`.
    last: u32,
    map: Option<Map>,
}

impl Pairs {
    /// How many pairs were met.
    pub fn len(&self) -> usize {
        self.met.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    /// The pair with the number `id`.
    pub fn parts(&self, id: u32) -> (u32, u32) {
        self.met
            .get(id as usize)
            .copied()
            .unwrap_or((NO_ROW, NO_ROW))
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.met.len() * 8
            + self.table.len() * 4
            + self.map.as_ref().map_or(0, |map| map.capacity() * 16)
    }

    /// Puts the number of each pair in the place of its left side; pairs that were not met before get the next number.
    pub fn assign(&mut self, lefts: &mut [u32], rights: &[u32]) {
        self.make_room(
            lefts.iter().copied().max().unwrap_or(0),
            rights.iter().copied().max().unwrap_or(0),
        );
        if let Some(map) = &mut self.map {
            for (left, right) in lefts.iter_mut().zip(rights) {
                let next = self.met.len() as u32;
                let id = *map.entry(joined(*left, *right)).or_insert(next);
                if id == next {
                    self.met.push((*left, *right));
                }
                *left = id;
            }
            return;
        }
        for (left, right) in lefts.iter_mut().zip(rights) {
            let at = ((*left as usize) << self.shift) | *right as usize;
            if let Some(slot) = self.table.get_mut(at) {
                if *slot == NO_ROW {
                    *slot = self.met.len() as u32;
                    self.met.push((*left, *right));
                }
                *left = *slot;
            }
        }
    }

    /// Puts the number of each pair in the place of its left side; [`NO_ROW`] where it was never met, or a side is [`NO_ROW`].
    pub fn find(&self, lefts: &mut [u32], rights: &[u32]) {
        for (left, right) in lefts.iter_mut().zip(rights) {
            let known = *left != NO_ROW && *right != NO_ROW;
            *left = match &self.map {
                _ if !known => NO_ROW,
                Some(map) => map.get(&joined(*left, *right)).copied().unwrap_or(NO_ROW),
                // A right side beyond the width of the table would be taken for another left side.
                None if *right >> self.shift != 0 => NO_ROW,
                None => self
                    .table
                    .get(((*left as usize) << self.shift) | *right as usize)
                    .copied()
                    .unwrap_or(NO_ROW),
            };
        }
    }

    /// Sees to it that every pair up to `left` and `right` has a place.
    fn make_room(&mut self, left: u32, right: u32) {
        if self.map.is_some() {
            return;
        }
        let shift = self.shift.max(u32::BITS - right.leading_zeros());
        let left = self.last.max(left);
        self.last = left;
        let size = (left as usize + 1) << shift;
        if size > TABLE {
            self.table = Vec::new();
            let met = self.met.iter().zip(0_u32..);
            self.map = Some(
                met.map(|((left, right), id)| (joined(*left, *right), id))
                    .collect(),
            );
            return;
        }
        if shift > self.shift {
            self.shift = shift;
            self.table.clear();
            self.table.resize(size, NO_ROW);
            for ((left, right), id) in self.met.iter().zip(0_u32..) {
                if let Some(slot) = self
                    .table
                    .get_mut(((*left as usize) << shift) | *right as usize)
                {
                    *slot = id;
                }
            }
        } else if size > self.table.len() {
            self.table.resize(size, NO_ROW);
        }
    }
}

fn joined(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}
