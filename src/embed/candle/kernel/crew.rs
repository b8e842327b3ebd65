//! Sharing the parts of a short step out over threads.
//!
//! A forward pass of one text is some thirty steps of a tenth of a millisecond each; handing every one to a thread pool would cost as much
//! as it saves. Here the pool is asked once per pass: whoever of it is free joins in, looks for the parts of whatever step is on, and stays
//! until the pass is over. Nobody waits for a thread that has not come: the caller takes parts as well, all of them if need be.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// The low half of a ticket: parts not yet taken. The high half counts steps.
const PARTS: u64 = 0xffff_ffff;

/// Looks after which a thread that has nothing to do lets others run.
const PATIENCE: u32 = 2_000;

/// Whoever works on a pass.
#[derive(Debug)]
pub(in crate::embed::candle) struct Crew<'a>(Option<&'a Board>);

/// Where the caller writes what is to be done.
#[derive(Debug, Default)]
struct Board {
    ticket: AtomicU64,
    /// Address of the reference to the step's closure.
    step: AtomicPtr<&'static (dyn Fn(usize) + Sync)>,
    /// All parts of the step.
    parts: AtomicUsize,
    /// Parts done.
    done: AtomicUsize,
    over: AtomicBool,
}

/// Tells the caller that a part is done, also when it panicked: the caller must not wait for ever, and the panic reaches it with the
/// thread pool.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Crew<'_> {
    /// The calling thread alone.
    pub(in crate::embed::candle) const ALONE: Self = Self(None);

    /// Runs `pass` with whatever threads of the pool are free.
    pub(in crate::embed::candle) fn run<T: Send>(pass: impl FnOnce(&Crew<'_>) -> T + Send) -> T {
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Release);
            }
        }
        let board = Board::default();
        rayon::in_place_scope(|scope| {
            for _ in 1..rayon::current_num_threads() {
                scope.spawn(|_| board.help());
            }
            let _over = Over(&board.over);
            pass(&Crew(Some(&board)))
        })
    }

    /// Runs `step` for every number below `parts`, on whatever thread, and returns when all are done.
    pub(in crate::embed::candle) fn each(&self, parts: usize, step: &(dyn Fn(usize) + Sync)) {
        match self.0 {
            Some(board) if parts > 1 => board.each(parts, step),
            _ => (0..parts).for_each(step),
        }
    }
}

impl Board {
    fn each(&self, parts: usize, step: &(dyn Fn(usize) + Sync)) {
        /// Takes back what is not yet taken, should a part panic, and waits for what is.
        struct Wait<'a>(&'a Board, usize);
        impl Drop for Wait<'_> {
            fn drop(&mut self) {
                let Self(board, parts) = *self;
                let untaken = (board.ticket.fetch_and(!PARTS, Ordering::AcqRel) & PARTS) as usize;
                wait_until(|| board.done.load(Ordering::Acquire) + untaken >= parts);
            }
        }
        let mut step: &(dyn Fn(usize) + Sync) = step;
        self.done.store(0, Ordering::Relaxed);
        self.parts.store(parts, Ordering::Relaxed);
        // Only an address: the lifetime is given back by `Wait`, which does not return before the last part is done.
        self.step.store((&raw mut step).cast(), Ordering::Relaxed);
        let number = (self.ticket.load(Ordering::Relaxed) | PARTS).wrapping_add(1);
        let wait = Wait(self, parts);
        self.ticket.store(number | parts as u64, Ordering::Release);
        while let Some(part) = self.take() {
            let _done = Done(&self.done);
            step(part);
        }
        drop(wait);
    }

    fn help(&self) {
        let mut idle = 0;
        while !self.over.load(Ordering::Acquire) {
            let Some(part) = self.take() else {
                idle += 1;
                pause(idle);
                continue;
            };
            idle = 0;
            let done = Done(&self.done);
            // SAFETY: a part was taken and is not yet done, so the caller is still in `each`, where the closure lives and the address
            // was written before the ticket that the part was taken from.
            let step = unsafe { *self.step.load(Ordering::Relaxed) };
            step(part);
            drop(done);
        }
    }

    /// Takes a part of the step that is on.
    fn take(&self) -> Option<usize> {
        let mut ticket = self.ticket.load(Ordering::Acquire);
        while ticket & PARTS > 0 {
            match self.ticket.compare_exchange_weak(ticket, ticket - 1, Ordering::AcqRel, Ordering::Acquire) {
                // The first part first. Whoever has taken one keeps the step from ending, so the number of parts is that of the step.
                Ok(_) => return Some(self.parts.load(Ordering::Relaxed) - (ticket & PARTS) as usize),
                Err(now) => ticket = now,
            }
        }
        None
    }
}

fn wait_until(over: impl Fn() -> bool) {
    let mut idle = 0;
    while !over() {
        idle += 1;
        pause(idle);
    }
}

fn pause(idle: u32) {
    if idle.is_multiple_of(PATIENCE) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}
