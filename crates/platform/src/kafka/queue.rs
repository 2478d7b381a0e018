//! The queue between the group and one consume loop: bounded by messages and by bytes, and it knows how long work has waited.
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{
        Notify,
        mpsc::{
            self,
            error::{TryRecvError, TrySendError},
        },
    },
    time::{Instant, timeout},
};

use super::group::{Signal, lock};

/// What lies in a queue and in the hands of its loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Messages in the queue.
    pub messages: usize,
    /// Bytes in the queue, and in the batch that is gathered or worked off.
    pub bytes: usize,
    /// Bytes of these that the loop has in hand.
    in_hand: usize,
    /// Since when there has been work without the loop coming back for more; `None` when there is none.
    pub since: Option<Instant>,
}

/// The end of the group.
#[derive(Clone)]
pub struct Feed {
    sender: mpsc::Sender<Signal>,
    load: Arc<Mutex<Load>>,
    most_bytes: usize,
}

/// The end of the loop.
pub struct Queue {
    receiver: mpsc::Receiver<Signal>,
    load: Arc<Mutex<Load>>,
    empty: Arc<Notify>,
    most_bytes: usize,
}

/// A queue as another loop sees it that gives way to it.
#[derive(Clone)]
pub struct Ahead {
    load: Arc<Mutex<Load>>,
    empty: Arc<Notify>,
}

/// Room for `messages`, and for `bytes` that include the batch in hand; one message larger than that still fits into an empty queue.
pub fn queue(messages: usize, bytes: usize) -> (Feed, Queue) {
    let (sender, receiver) = mpsc::channel(messages);
    let load = Arc::new(Mutex::new(Load::default()));
    (Feed { sender, load: Arc::clone(&load), most_bytes: bytes }, Queue { receiver, load, empty: Arc::default(), most_bytes: bytes })
}

impl Feed {
    /// Fails as `Full` when there is no room.
    pub fn try_send(&self, signal: Signal) -> Result<(), TrySendError<Signal>> {
        let bytes = weight(&signal);
        let mut load = lock(&self.load);
        if bytes > 0 && load.bytes > 0 && load.bytes.saturating_add(bytes) > self.most_bytes {
            return Err(TrySendError::Full(signal));
        }
        self.sender.try_send(signal)?;
        load.messages += 1;
        load.bytes += bytes;
        load.since.get_or_insert_with(Instant::now);
        Ok(())
    }
}

impl Queue {
    /// The next signal. Asking for it says that what was taken before is done.
    pub async fn recv(&mut self) -> Option<Signal> {
        self.done();
        let signal = self.receiver.recv().await?;
        Some(self.taken(signal))
    }

    /// One more for the batch that is gathered.
    pub fn try_recv(&mut self) -> Result<Signal, TryRecvError> {
        if self.hand_is_full() {
            return Err(TryRecvError::Empty);
        }
        let signal = self.receiver.try_recv()?;
        Ok(self.taken(signal))
    }

    /// The batch that is gathered holds as many bytes as one may.
    pub fn hand_is_full(&self) -> bool {
        lock(&self.load).in_hand >= self.most_bytes / 2
    }

    /// What others may look at.
    pub fn load(&self) -> Arc<Mutex<Load>> {
        Arc::clone(&self.load)
    }

    /// For whoever gives way to what lies here.
    pub fn ahead(&self) -> Ahead {
        Ahead { load: Arc::clone(&self.load), empty: Arc::clone(&self.empty) }
    }

    fn done(&self) {
        let mut load = lock(&self.load);
        load.bytes -= load.in_hand;
        load.in_hand = 0;
        load.since = (load.messages > 0).then(Instant::now);
        if load.since.is_none() {
            self.empty.notify_waiters();
        }
    }

    fn taken(&self, signal: Signal) -> Signal {
        let mut load = lock(&self.load);
        load.messages -= 1;
        load.in_hand += weight(&signal);
        signal
    }
}

impl Ahead {
    /// When its loop has been at work for longer than `soon`, waits until the queue is empty and the loop done with what it had, at most `patience`.
    pub async fn passed(&self, soon: Duration, patience: Duration) {
        if self.since().is_none_or(|since| since.elapsed() < soon) {
            return;
        }
        let passed = async {
            loop {
                let emptied = self.empty.notified();
                if self.since().is_none() {
                    return;
                }
                emptied.await;
            }
        };
        let _ = timeout(patience, passed).await;
    }

    fn since(&self) -> Option<Instant> {
        lock(&self.load).since
    }
}

/// Bytes that a signal keeps in memory, roughly.
fn weight(signal: &Signal) -> usize {
    match signal {
        Signal::Delivered(delivery) => delivery.payload.len() + delivery.headers.bytes() + delivery.headers.len() * 8 + 256,
        Signal::Assigned(_) | Signal::Revoked(_) | Signal::Rewound(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::Delivery;

    fn delivery(bytes: usize) -> Signal {
        Signal::Delivered(Delivery { payload: vec![0; bytes].into(), ..Delivery::default() })
    }

    proptest! {
        #[test]
        fn memory_is_bounded_however_slow_the_loop_is(sizes in prop::collection::vec(0_usize..5_000, 1..300), takes in prop::collection::vec(any::<bool>(), 300)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (feed, mut queue) = queue(20, 10_000);
            for (bytes, takes) in sizes.into_iter().zip(takes) {
                let _ = feed.try_send(delivery(bytes));
                let load = *lock(&queue.load);
                prop_assert!(load.messages <= 20 && load.bytes <= 10_000);
                if takes && load.messages > 0 {
                    runtime.block_on(queue.recv());
                    while queue.try_recv().is_ok() {}
                }
            }
            while lock(&queue.load).messages > 0 {
                runtime.block_on(queue.recv());
            }
            queue.done();
            prop_assert_eq!(*lock(&queue.load), Load::default());
        }
    }

    #[tokio::test]
    async fn who_gives_way_goes_on_when_the_loop_ahead_comes_back_for_more_and_there_is_none() {
        let (feed, mut queue) = queue(20, 10_000);
        let ahead = queue.ahead();
        ahead.passed(Duration::ZERO, Duration::MAX).await;
        feed.try_send(delivery(10)).unwrap();
        queue.recv().await;
        ahead.passed(Duration::from_secs(60), Duration::MAX).await;
        let before = Instant::now();
        ahead.passed(Duration::ZERO, Duration::from_millis(20)).await;
        assert!(before.elapsed() >= Duration::from_millis(20));
        let (_, ()) = tokio::join!(timeout(Duration::from_millis(1), queue.recv()), ahead.passed(Duration::ZERO, Duration::MAX));
    }

    #[test]
    fn one_message_larger_than_the_queue_still_passes() {
        let (feed, _queue) = queue(20, 1_000);
        assert!(feed.try_send(delivery(5_000)).is_ok());
        assert!(matches!(feed.try_send(delivery(1)), Err(TrySendError::Full(_))));
        // What tells of partitions never waits for bytes.
        assert!(feed.try_send(Signal::Revoked(Vec::new())).is_ok());
    }

    #[tokio::test]
    async fn work_has_waited_since_it_came_or_since_the_loop_last_came_back() {
        let (feed, mut queue) = queue(20, 10_000);
        let load = queue.load();
        let since = || lock(&load).since;
        assert_eq!(since(), None);
        feed.try_send(delivery(1)).unwrap();
        let came = since();
        feed.try_send(delivery(1)).unwrap();
        assert!(came.is_some() && since() == came);
        queue.recv().await;
        let back = since();
        assert!(back > came);
        queue.try_recv().unwrap();
        assert_eq!(since(), back, "in hand counts as work");
        let _ = tokio::time::timeout(std::time::Duration::ZERO, queue.recv()).await;
        assert_eq!(since(), None);
    }
}
