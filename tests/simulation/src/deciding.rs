//! Commands: looked up by their key, decided, journaled and remembered in one transaction; tried again when its end is not known.
use std::collections::VecDeque;

use crate::{
    appending::{Appended, append},
    database::{Key, Lock, Write},
    row::Row,
    shared::{Shared, tells},
};

#[derive(Debug, Default)]
pub struct Deciding {
    pub calls: VecDeque<u32>,
    /// Decided together, and the transaction that they are decided in.
    hand: Vec<u32>,
    transaction: Option<u32>,
    appended: bool,
}

impl Deciding {
    /// One step: a lock, the rows, or the commit.
    pub fn step(&mut self, shared: &mut Shared) {
        if self.hand.is_empty() {
            while self.hand.len() < 3
                && let Some(call) = self.calls.pop_front()
            {
                if !self.hand.contains(&call) {
                    self.hand.push(call);
                }
            }
            if self.hand.is_empty() {
                return;
            }
        }
        let now = shared.now;
        let Some(transaction) = self.transaction else {
            self.answer_repeats(shared);
            if !self.hand.is_empty() {
                self.transaction = Some(shared.db(0).begin(now));
                self.appended = false;
            }
            return;
        };
        if self.appended {
            if shared.commit(0, transaction) {
                shared.answered.extend(self.hand.drain(..));
            }
            self.transaction = None;
            return;
        }
        for place in tells(0) {
            match shared.db(0).lock(transaction, Key::Stream(place), now) {
                Lock::Held => {}
                Lock::Wait => return,
                Lock::Gone => return self.transaction = None,
            }
        }
        let rows: Vec<Row> = self.hand.iter().map(|body| Row::new(0, *body)).collect();
        let remembered = self.hand.iter().all(|body| shared.db(0).write(transaction, Write::Command(*body), now));
        match append(shared, 0, transaction, &rows) {
            Appended::Written if remembered => self.appended = true,
            Appended::Wait => {}
            _ => self.transaction = None,
        }
    }

    fn answer_repeats(&mut self, shared: &mut Shared) {
        let known: Vec<u32> = self.hand.iter().copied().filter(|call| shared.databases[0].commands.contains(call)).collect();
        self.hand.retain(|call| !known.contains(call));
        shared.answered.extend(known);
    }
}
