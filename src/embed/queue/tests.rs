//! The queue with a model that computes only when told to, so that every test decides what waits together.

use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt as _, join_all};
use proptest::prelude::*;

use super::*;
use crate::embed::fake::{FakeEmbedder, FakeModel};

/// Tells what it is about to compute, then waits for leave. Once the other end of `leave` is gone it no longer waits.
struct GatedModel {
    inner: FakeModel,
    started: mpsc::Sender<Vec<Vec<u32>>>,
    leave: mpsc::Receiver<()>,
}

impl EmbedModel for GatedModel {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }

    fn tokenize(&self, text: &str, kind: TextKind) -> Result<(Vec<u32>, bool), EmbedError> {
        assert!(text != "panic while tokenising", "told to panic");
        self.inner.tokenize(text, kind)
    }

    fn forward(&mut self, batch: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let _ = self.started.send(batch.to_vec());
        let _ = self.leave.recv();
        let (panic, _) = self.inner.tokenize("panic", TextKind::Query)?;
        assert!(!batch.contains(&panic), "told to panic");
        let (lose, _) = self.inner.tokenize("lose a row", TextKind::Query)?;
        let kept: Vec<_> = batch.iter().filter(|row| **row != lose).cloned().collect();
        self.inner.forward(&kept)
    }
}

struct Gate {
    started: mpsc::Receiver<Vec<Vec<u32>>>,
    leave: Option<mpsc::Sender<()>>,
}

impl Gate {
    /// Waits until a batch is being computed; its texts.
    fn batch(&self) -> Vec<String> {
        texts_of(self.started.recv().unwrap())
    }

    fn leave(&self) {
        self.leave.as_ref().unwrap().send(()).unwrap();
    }

    /// From now on batches are computed without asking.
    fn open(&mut self) {
        self.leave = None;
    }

    fn remaining_batches(&self) -> Vec<Vec<String>> {
        self.started.try_iter().map(texts_of).collect()
    }
}

fn texts_of(batch: Vec<Vec<u32>>) -> Vec<String> {
    let text = |row: Vec<u32>| row[1..row.len() - 1].iter().map(|&code| char::from_u32(code).unwrap()).collect();
    batch.into_iter().map(text).collect()
}

fn gated(settings: &QueueSettings) -> (EmbedQueue, Gate) {
    let (started_sender, started) = mpsc::channel();
    let (leave, leave_receiver) = mpsc::channel();
    let model = GatedModel { inner: FakeModel::default(), started: started_sender, leave: leave_receiver };
    (EmbedQueue::start(Box::new(model), settings).unwrap(), Gate { started, leave: Some(leave) })
}

type Call<'a> = BoxFuture<'a, Result<Vec<Embedding>, EmbedError>>;

/// A call that has put its texts into the queue.
fn call<'a>(queue: &'a EmbedQueue, texts: &[&str], lane: Lane) -> Call<'a> {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    let mut call = queue.embed(texts, TextKind::Query, lane).boxed();
    assert!(poll(&mut call).is_pending());
    call
}

fn poll<T>(call: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Poll<T> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Occupies the model, so that what is called next waits together.
fn occupy<'a>(queue: &'a EmbedQueue, gate: &Gate) -> Call<'a> {
    let call = call(queue, &["first"], Lane::Bulk);
    assert_eq!(gate.batch(), ["first"]);
    call
}

fn expected(texts: &[&str]) -> Vec<Embedding> {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    block_on(FakeEmbedder::default().embed(texts, TextKind::Query, Lane::Bulk)).unwrap()
}

fn without_cache() -> QueueSettings {
    QueueSettings { cache_vectors: 0, ..QueueSettings::default() }
}

#[test]
fn interactive_texts_go_first_and_apart() {
    let (queue, mut gate) = gated(&without_cache());
    let first = occupy(&queue, &gate);
    let bulk = call(&queue, &["bulk one", "bulk two"], Lane::Bulk);
    let interactive = call(&queue, &["typed"], Lane::Interactive);
    gate.leave();
    assert_eq!(gate.batch(), ["typed"]);
    gate.leave();
    assert_eq!(gate.batch(), ["bulk one", "bulk two"]);
    gate.open();
    assert_eq!(block_on(first).unwrap(), expected(&["first"]));
    assert_eq!(block_on(bulk).unwrap(), expected(&["bulk one", "bulk two"]));
    assert_eq!(block_on(interactive).unwrap(), expected(&["typed"]));
}

#[test]
fn a_full_interactive_lane_refuses_and_recovers() {
    let (queue, mut gate) = gated(&QueueSettings { interactive_texts: 2, ..QueueSettings::default() });
    let _first = occupy(&queue, &gate);
    let one = call(&queue, &["one"], Lane::Interactive);
    let refused = block_on(queue.embed(vec!["two".into(), "three".into()], TextKind::Query, Lane::Interactive));
    assert!(matches!(refused, Err(EmbedError::Overloaded)));
    let two = call(&queue, &["two"], Lane::Interactive);
    gate.open();
    assert_eq!(block_on(one).unwrap(), expected(&["one"]));
    assert_eq!(block_on(two).unwrap(), expected(&["two"]));
    assert!(block_on(queue.embed(vec!["three".into()], TextKind::Query, Lane::Interactive)).is_ok());
}

#[test]
fn bulk_calls_larger_than_the_queue_wait_for_room() {
    let (queue, mut gate) = gated(&QueueSettings { bulk_texts: 3, batch_texts: 2, ..QueueSettings::default() });
    let texts: Vec<String> = (0..20).map(|number| format!("text {number}")).collect();
    let calls: Vec<_> = (0..4).map(|_| queue.embed(texts.clone(), TextKind::Query, Lane::Bulk)).collect();
    gate.open();
    let expected = expected(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    for result in block_on(join_all(calls)) {
        assert_eq!(result.unwrap(), expected);
    }
}

#[test]
fn identical_texts_that_wait_together_are_computed_once_across_lanes() {
    let (queue, mut gate) = gated(&without_cache());
    let _first = occupy(&queue, &gate);
    let bulk = call(&queue, &["same", "same", "other"], Lane::Bulk);
    let typed = call(&queue, &["same"], Lane::Interactive);
    gate.open();
    assert_eq!(block_on(bulk).unwrap(), expected(&["same", "same", "other"]));
    assert_eq!(block_on(typed).unwrap(), expected(&["same"]));
    assert_eq!(gate.remaining_batches(), [["same"], ["other"]]);
    assert_eq!((queue.stats().texts, queue.stats().rows, queue.stats().cache_hits), (5, 3, 0));
}

#[test]
fn queries_and_passages_are_different_texts() {
    let (queue, mut gate) = gated(&QueueSettings::default());
    gate.open();
    for kind in [TextKind::Query, TextKind::Passage, TextKind::Query] {
        block_on(queue.embed(vec!["text".into()], kind, Lane::Bulk)).unwrap();
    }
    assert_eq!((queue.stats().rows, queue.stats().cache_hits), (2, 1));
}

#[test]
fn the_cache_answers_what_was_computed_since_the_text_began_to_wait() {
    let (queue, mut gate) = gated(&QueueSettings::default());
    let first = occupy(&queue, &gate);
    let again = call(&queue, &["first", "new"], Lane::Bulk);
    gate.open();
    assert_eq!(block_on(first).unwrap(), expected(&["first"]));
    assert_eq!(block_on(again).unwrap(), expected(&["first", "new"]));
    assert_eq!(gate.remaining_batches(), [["new"]]);
    let stats = queue.stats();
    assert_eq!((stats.texts, stats.cache_hits, stats.rows, stats.batches), (3, 1, 2, 2));
    assert_eq!(stats.tokens, 7 + 5);
    assert!(stats.busy > Duration::ZERO);
}

#[test]
fn texts_of_callers_who_left_are_not_computed() {
    let (queue, mut gate) = gated(&QueueSettings { interactive_texts: 1, ..QueueSettings::default() });
    let _first = occupy(&queue, &gate);
    drop(call(&queue, &["left"], Lane::Interactive));
    drop(call(&queue, &["left too"], Lane::Bulk));
    let stays = call(&queue, &["stays"], Lane::Bulk);
    gate.open();
    assert_eq!(block_on(stays).unwrap(), expected(&["stays"]));
    assert_eq!(gate.remaining_batches(), [["stays"]]);
    // The place of the one who left is free again.
    assert!(block_on(queue.embed(vec!["next".into()], TextKind::Query, Lane::Interactive)).is_ok());
}

#[test]
fn a_panic_fails_its_batch_and_nothing_else() {
    let (queue, mut gate) = gated(&without_cache());
    let _first = occupy(&queue, &gate);
    let batch = call(&queue, &["panic"], Lane::Bulk);
    let mate = call(&queue, &["mate"], Lane::Bulk);
    let tokenizing = call(&queue, &["panic while tokenising"], Lane::Interactive);
    gate.open();
    for failed in [batch, mate, tokenizing] {
        assert!(matches!(block_on(failed), Err(EmbedError::Model(message)) if message.contains("panicked")));
    }
    let after = block_on(queue.embed(vec!["after".into()], TextKind::Query, Lane::Interactive));
    assert_eq!(after.unwrap(), expected(&["after"]));
}

#[test]
fn a_model_that_loses_rows_is_found_out() {
    let (queue, mut gate) = gated(&without_cache());
    gate.open();
    let result = block_on(queue.embed(vec!["lose a row".into(), "other".into()], TextKind::Query, Lane::Bulk));
    assert!(matches!(result, Err(EmbedError::Model(message)) if message == "1 vectors for 2 rows"));
}

#[test]
fn closing_computes_what_waits_and_refuses_what_comes() {
    let (queue, mut gate) = gated(&QueueSettings::default());
    let first = occupy(&queue, &gate);
    let bulk = call(&queue, &["bulk"], Lane::Bulk);
    let typed = call(&queue, &["typed"], Lane::Interactive);
    gate.open();
    queue.close();
    queue.close();
    assert_eq!(block_on(first).unwrap(), expected(&["first"]));
    assert_eq!(block_on(bulk).unwrap(), expected(&["bulk"]));
    assert_eq!(block_on(typed).unwrap(), expected(&["typed"]));
    for lane in [Lane::Interactive, Lane::Bulk] {
        let refused = block_on(queue.embed(vec!["late".into()], TextKind::Query, lane));
        assert!(matches!(refused, Err(EmbedError::Stopped)));
    }
}

#[test]
fn closing_ends_the_waiting_for_room() {
    let (queue, mut gate) = gated(&QueueSettings { bulk_texts: 1, ..QueueSettings::default() });
    let first = occupy(&queue, &gate);
    let waiting = call(&queue, &["waits", "for room"], Lane::Bulk);
    gate.open();
    queue.close();
    assert_eq!(block_on(first).unwrap(), expected(&["first"]));
    assert!(matches!(block_on(waiting), Err(EmbedError::Stopped)));
}

#[test]
fn no_texts_need_no_model() {
    let (queue, _gate) = gated(&QueueSettings::default());
    for lane in [Lane::Interactive, Lane::Bulk] {
        assert!(block_on(queue.embed(Vec::new(), TextKind::Query, lane)).unwrap().is_empty());
    }
    assert_eq!(queue.stats(), QueueStats::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_text_is_answered_in_order_and_batches_keep_their_limits(
        calls in prop::collection::vec((prop::collection::vec("[a-c]{0,12}", 0..12), any::<bool>()), 1..8),
        batch_texts in 1_usize..6,
        batch_padded_tokens in 1_usize..60,
        bulk_batch_padded_tokens in 1_usize..40,
        bulk_texts in 1_usize..20,
        cache_vectors in prop::sample::select(vec![0_usize, 4, 1000]),
    ) {
        let interactive_texts = 1000;
        let settings =
            QueueSettings { batch_texts, batch_padded_tokens, bulk_batch_padded_tokens, interactive_texts, bulk_texts, cache_vectors };
        let (queue, mut gate) = gated(&settings);
        let asked: u64 = calls.iter().map(|(texts, _)| texts.len() as u64).sum();
        let lane = |&interactive: &bool| if interactive { Lane::Interactive } else { Lane::Bulk };
        // The first poll, with the gate closed, puts every call's texts into the queue: much waits together.
        let calls_in = calls.iter().map(|(texts, interactive)| queue.embed(texts.clone(), TextKind::Query, lane(interactive)));
        let mut running = join_all(calls_in).boxed();
        let early = poll(&mut running);
        gate.open();
        let results = match early {
            Poll::Ready(results) => results,
            Poll::Pending => block_on(running),
        };
        for (result, (texts, _)) in results.into_iter().zip(&calls) {
            prop_assert_eq!(result.unwrap(), expected(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        let stats = queue.stats();
        prop_assert_eq!(stats.texts, asked);
        let batches: Vec<_> = gate.started.try_iter().collect();
        prop_assert_eq!(stats.batches, batches.len() as u64);
        prop_assert_eq!(stats.rows, batches.iter().map(|batch| batch.len() as u64).sum::<u64>());
        prop_assert_eq!(stats.tokens, batches.iter().flatten().map(|row| row.len() as u64).sum::<u64>());
        let limit = batch_padded_tokens.max(bulk_batch_padded_tokens);
        for batch in &batches {
            let padded = batch.len() * batch.iter().map(Vec::len).max().unwrap_or(0);
            prop_assert!(batch.len() <= batch_texts);
            prop_assert!(batch.len() == 1 || padded <= limit);
            let distinct: std::collections::BTreeSet<_> = batch.iter().collect();
            prop_assert_eq!(distinct.len(), batch.len());
        }
    }

    #[test]
    fn texts_of_a_lane_are_computed_in_the_order_they_came(
        lengths in prop::collection::vec(1_usize..30, 1..30),
        batch_padded_tokens in 1_usize..80,
    ) {
        let settings = QueueSettings { batch_padded_tokens, ..without_cache() };
        let (queue, mut gate) = gated(&settings);
        let first = occupy(&queue, &gate);
        let texts: Vec<String> = lengths.iter().enumerate().map(|(index, length)| format!("{index} {}", "x".repeat(*length))).collect();
        let waiting = call(&queue, &texts.iter().map(String::as_str).collect::<Vec<_>>(), Lane::Interactive);
        gate.open();
        block_on(first).unwrap();
        block_on(waiting).unwrap();
        prop_assert_eq!(gate.remaining_batches().concat(), texts);
    }
}
