//! One reader of a conversation's events.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;

use super::event::{ConversationEvent, EventId, WithdrawnEvent, WithdrawnReason};
use super::room::{Next, Room, Sent};
use super::{Live, LiveError, standing};
use crate::domain::{ConversationId, DeskId};

/// Where a stream of events begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchFrom {
    /// With what happens from now on.
    Now,
    /// With the messages from this position on.
    Message(u32),
    /// Behind the event that was read last.
    After(EventId),
}

/// One reader of a conversation's events. Dropping it ends the watching.
pub struct Watcher {
    live: Live,
    desk: DeskId,
    id: ConversationId,
    room: Arc<Room>,
    changes: watch::Receiver<()>,
    /// What comes before the room's events.
    pending: VecDeque<Sent>,
    /// Number of the room's last event that was read.
    place: u64,
    /// Messages that the reader knows.
    messages: u32,
}

impl Watcher {
    pub(super) async fn begin(live: &Live, desk: &DeskId, id: ConversationId, from: WatchFrom, actor: &str) -> Result<Self, LiveError> {
        let room = live.room(desk, id);
        let order = room.order.lock().await;
        let head = live.head(desk, id).await?;
        let conversation = live.0.store.conversation(desk, id).await?.ok_or(LiveError::UnknownConversation(id))?;
        let resume = match from {
            WatchFrom::After(id) => Some(id),
            WatchFrom::Now | WatchFrom::Message(_) => None,
        };
        let changes = room.changes();
        let (place, is_known) = room.join(actor, standing(&conversation, head.state), resume);
        let messages = match from {
            WatchFrom::Now => head.message_count,
            WatchFrom::Message(position) => position,
            WatchFrom::After(id) => id.messages,
        };
        let mut watcher = Self {
            live: live.clone(),
            desk: desk.clone(),
            id,
            room: Arc::clone(&room),
            changes,
            pending: VecDeque::new(),
            place,
            messages: messages.min(head.message_count),
        };
        if !is_known {
            watcher.catch_up(resume.is_some()).await?;
        }
        drop(order);
        live.compute(&room, desk, id);
        Ok(watcher)
    }

    /// The next event.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Result<Sent, LiveError> {
        loop {
            if let Some(sent) = self.pending.pop_front() {
                return Ok(sent);
            }
            self.changes.borrow_and_update();
            match self.room.after(self.place) {
                Next::Event(sent) => {
                    (self.place, self.messages) = (sent.id.number, sent.id.messages);
                    return Ok(sent);
                }
                Next::Nothing => self.changes.changed().await.map_err(|_closed| LiveError::Stopping)?,
                Next::Lost => {
                    let room = Arc::clone(&self.room);
                    let _order = room.order.lock().await;
                    self.catch_up(true).await?;
                }
            }
        }
    }

    /// Reads from the store what the reader has missed and goes on with what is the case now; the room's order is held by the caller. Whoever
    /// was shown something before must not keep it.
    async fn catch_up(&mut self, withdraws: bool) -> Result<(), LiveError> {
        let missed = if self.live.head(&self.desk, self.id).await?.message_count > self.messages {
            self.live.shown(&self.desk, self.id).await?.1
        } else {
            Vec::new()
        };
        let (place, present) = self.room.present();
        // Of no run: who is interrupted among these begins again behind the last message that was read.
        let sent = |messages: u32, event| Sent { id: EventId { messages, run: 0, number: 0 }, event: Arc::new(event) };
        let mut pending: VecDeque<Sent> = VecDeque::new();
        if withdraws {
            let withdrawn = WithdrawnEvent { turn: None, reason: WithdrawnReason::Resumed };
            pending.push_back(sent(self.messages, ConversationEvent::Withdrawn(withdrawn)));
        }
        for message in missed.into_iter().filter(|message| message.position >= self.messages) {
            pending.push_back(sent(message.position + 1, ConversationEvent::Message(message)));
        }
        self.messages = present.last().map_or(self.messages, |sent| sent.id.messages);
        pending.extend(present);
        (self.place, self.pending) = (place, pending);
        Ok(())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.room.leave();
    }
}
