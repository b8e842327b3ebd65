//! Live conversations: started at a desk, continued message by message, watched while they go on.
//!
//! Messages are kept exactly like imported ones, by the same merge ([`crate::store`]) and mined by the same miner once an agent has answered.
//! Whoever watches a conversation ([`Live::watch`]) is told of every message and gets suggestions for the customer's latest turn, computed
//! once however many watch, and by the same use case as a single request for suggestions. `room` holds the rules, `event` the words.
//!
//! What happens through another process on the same store is told by it ([`Live::changed_elsewhere`]) and read from the store; each process
//! computes suggestions for those who watch through it. A customer's unsent words stay where they were sent.

mod event;
mod room;
mod shown;
mod watcher;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::domain::{
    Clock, Conversation, ConversationDraft, ConversationFilter, ConversationHead, ConversationId, ConversationState, DeskId, MessageDraft,
    MessageKind, Role, Timestamp,
};
use crate::embed::{EmbedError, Lane};
use crate::jobs::answered::Answered;
use crate::rt::{self, WorkError};
use crate::store::{Store, StoreError};
use crate::suggest::request::{LiveConversation, LiveMessage};
use crate::suggest::{SuggestError, SuggestRequest, SuggestResponse, Suggester};

pub use event::{
    ConversationEvent, EventId, FailedEvent, InvalidEventId, StateEvent, SuggestionsEvent, TypingEvent, WithdrawnEvent, WithdrawnReason,
};
pub use room::Sent;
pub use shown::ShownMessage;
use shown::shown_messages;
pub use watcher::{WatchFrom, Watcher};

use room::{Room, Standing, Task};

/// Longest text of a live message, in characters: what suggestions read of one.
pub const MAX_MESSAGE_CHARS: usize = 8_000;
/// Longest id, channel or value of the customer's profile, in characters.
const MAX_FIELD_CHARS: usize = 200;
/// Most values of a customer's profile.
const MAX_PROFILE_VALUES: usize = 50;
/// Messages looked at for the last one's words in a list: enough to know whose names occur.
const PREVIEW_MESSAGES: u32 = 20;
/// Messages of a conversation that suggestions are computed from.
const CONTEXT_MESSAGES: usize = 500;
/// Rooms kept without watchers, so that one who comes back finds the set that stands.
const KEPT_ROOMS: usize = 1024;
/// Pause before a full encoder is asked again.
const OVERLOAD_PAUSE: Duration = Duration::from_secs(1);

/// Why something could not be done with a live conversation.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// A field can't be taken as it is; the pointer names it, the text says how to mend it.
    #[error("{detail}")]
    Invalid {
        /// JSON pointer into the request.
        pointer: &'static str,
        /// What to do.
        detail: String,
    },
    /// There is no such conversation on this desk.
    #[error("no conversation {0}")]
    UnknownConversation(ConversationId),
    /// The conversation takes no messages.
    #[error("conversation {0} is closed")]
    Closed(ConversationId),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A panic, or the runtime is going down.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// A conversation to be started.
#[derive(Debug, Clone, Default)]
pub struct NewConversation {
    /// The host's own id; one is made when absent.
    pub external_id: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// The host's id of the customer.
    pub customer_id: Option<String>,
    /// What the host knows of the customer: masked wherever it occurs.
    pub customer: BTreeMap<String, String>,
}

/// A message to be added.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The client's own id: the same again adds nothing.
    pub external_id: Option<String>,
    /// Customer or agent.
    pub role: Role,
    /// The words.
    pub text: String,
    /// Who speaks, for an agent's message.
    pub author: Option<String>,
}

/// One line of a desk's list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The conversation.
    pub head: ConversationHead,
    /// Its last message, masked.
    pub last_message: Option<ShownMessage>,
}

/// The use cases of live conversations.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    suggester: Suggester,
    answered: Arc<Answered>,
    clock: Arc<dyn Clock>,
    rooms: Mutex<HashMap<ConversationId, (DeskId, Arc<Room>)>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Live {
    /// Puts the use case together. What it does in the background is tracked by `tasks` and ends with `stop`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        suggester: Suggester,
        answered: Arc<Answered>,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner { store, suggester, answered, clock, rooms: Mutex::default(), tasks, stop }))
    }

    /// Starts a conversation, or goes on with the one that the desk knows by the same external id; tells whether it is new to the desk.
    pub async fn start(&self, desk: &DeskId, new: NewConversation) -> Result<(ConversationHead, bool), LiveError> {
        check_start(&new)?;
        let (live, desk) = (self.clone(), desk.clone());
        self.to_its_end(async move { live.start_now(&desk, new).await }).await
    }

    async fn start_now(&self, desk: &DeskId, new: NewConversation) -> Result<(ConversationHead, bool), LiveError> {
        let now = self.0.clock.now();
        let external_id = new.external_id.unwrap_or_else(|| Uuid::now_v7().to_string());
        let id = ConversationId::derive(&[desk.as_str(), &external_id]);
        let room = self.room(desk, id);
        let _order = room.order.lock().await;
        let known = self.0.store.conversation_head(desk, id).await?;
        let draft = ConversationDraft {
            external_id,
            channel: new.channel,
            customer_id: new.customer_id,
            customer_personal: new.customer.into_values().filter(|value| !value.trim().is_empty()).collect(),
            agent_id: None,
            // The beginning of an imported conversation is known better.
            started_at: if known.is_some() { None } else { Some(now) },
            tags: Vec::new(),
            messages: Vec::new(),
        };
        let merged = self.0.store.merge_conversations(desk, std::slice::from_ref(&draft), now, None).await?;
        if self.0.store.set_conversation_state(desk, id, ConversationState::Live, now).await? {
            room.set_state(self.standing_of(desk, id).await?);
            self.compute(&room, desk, id);
        }
        let head = self.head(desk, id).await?;
        Ok((head, merged.first().is_some_and(|merged| merged.created)))
    }

    /// Adds a message; tells whether it is new. A message of an id that the conversation knows already is given back as it is there.
    pub async fn add_message(&self, desk: &DeskId, id: ConversationId, new: NewMessage) -> Result<(ShownMessage, bool), LiveError> {
        check_message(&new)?;
        let (live, desk) = (self.clone(), desk.clone());
        self.to_its_end(async move { live.add_message_now(&desk, id, new).await }).await
    }

    async fn add_message_now(&self, desk: &DeskId, id: ConversationId, new: NewMessage) -> Result<(ShownMessage, bool), LiveError> {
        let room = self.room(desk, id);
        let _order = room.order.lock().await;
        let head = self.head(desk, id).await?;
        if head.state == ConversationState::Closed {
            return Err(LiveError::Closed(id));
        }
        // A clock that is set back must not move a message before those it follows.
        let at = self.0.clock.now().max(head.last_at);
        let key = new.external_id.unwrap_or_else(|| Uuid::now_v7().to_string());
        let message = MessageDraft {
            external_id: Some(key.clone()),
            role: new.role,
            kind: MessageKind::Text,
            text: new.text,
            media_ref: None,
            at: Some(at),
            author: new.author,
        };
        let draft = ConversationDraft {
            external_id: head.external_id,
            channel: None,
            customer_id: None,
            customer_personal: Vec::new(),
            agent_id: None,
            started_at: None,
            tags: Vec::new(),
            messages: vec![message],
        };
        let merged = self.0.store.merge_conversations(desk, &[draft], self.0.clock.now(), None).await?;
        let is_new = merged.first().is_some_and(|merged| merged.messages_added > 0);
        let (conversation, shown) = self.shown(desk, id).await?;
        let place = conversation.messages.iter().position(|message| message.external_key == key);
        let message = place.and_then(|place| shown.get(place).cloned()).ok_or(StoreError::NotFound("message"))?;
        if is_new {
            room.add(shown, standing(&conversation, ConversationState::Live));
            self.compute(&room, desk, id);
            if new.role == Role::Agent {
                self.0.answered.wake(desk);
            }
        }
        Ok((message, is_new))
    }

    /// Tells whoever watches that somebody writes. A customer's unsent words bring provisional suggestions; they are kept nowhere.
    pub async fn set_typing(
        &self,
        desk: &DeskId,
        id: ConversationId,
        role: Role,
        text: Option<&str>,
        typing: bool,
    ) -> Result<(), LiveError> {
        if text.is_some_and(|text| text.chars().nth(MAX_MESSAGE_CHARS).is_some()) {
            return Err(too_long("/text", MAX_MESSAGE_CHARS));
        }
        if role != Role::Customer && text.is_some() {
            return Err(LiveError::Invalid { pointer: "/text", detail: "only a customer's unsent words are looked at".to_owned() });
        }
        if self.head(desk, id).await?.state == ConversationState::Closed {
            return Err(LiveError::Closed(id));
        }
        let words = text.map(str::trim).filter(|text| !text.is_empty() && typing);
        let room = self.room(desk, id);
        room.set_typing(role, words.map(str::to_owned), typing);
        self.compute(&room, desk, id);
        Ok(self.0.store.tell_typing(desk, id, role, typing).await?)
    }

    /// Closes a conversation; closing a closed one changes nothing.
    pub async fn close(&self, desk: &DeskId, id: ConversationId) -> Result<ConversationHead, LiveError> {
        let (live, desk) = (self.clone(), desk.clone());
        self.to_its_end(async move { live.close_now(&desk, id).await }).await
    }

    async fn close_now(&self, desk: &DeskId, id: ConversationId) -> Result<ConversationHead, LiveError> {
        let room = self.room(desk, id);
        let _order = room.order.lock().await;
        self.head(desk, id).await?;
        if self.0.store.set_conversation_state(desk, id, ConversationState::Closed, self.0.clock.now()).await? {
            room.set_state(self.standing_of(desk, id).await?);
            self.0.answered.wake(desk);
        }
        self.head(desk, id).await
    }

    /// A desk's conversations, those with the newest activity first, behind `after` (activity and id of the last one seen).
    pub async fn page(
        &self,
        desk: &DeskId,
        filter: &ConversationFilter,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Listed>, LiveError> {
        let heads = self.0.store.conversation_heads(desk, filter, after, limit).await?;
        let ids: Vec<ConversationId> = heads.iter().map(|head| head.id).collect();
        let recent = self.0.store.recent_messages(desk, &ids, PREVIEW_MESSAGES).await?;
        let previews = move || -> HashMap<ConversationId, ShownMessage> {
            recent.iter().filter_map(|conversation| Some((conversation.id, shown_messages(conversation).pop()?))).collect()
        };
        let mut previews = rt::cpu(previews).await?;
        Ok(heads.into_iter().map(|head| Listed { last_message: previews.remove(&head.id), head }).collect())
    }

    /// One line of the list.
    pub async fn listed(&self, desk: &DeskId, id: ConversationId) -> Result<Listed, LiveError> {
        let head = self.head(desk, id).await?;
        let recent = self.0.store.recent_messages(desk, &[id], PREVIEW_MESSAGES).await?;
        let last_message = rt::cpu(move || recent.first().and_then(|conversation| shown_messages(conversation).pop())).await?;
        Ok(Listed { head, last_message })
    }

    /// Watches a conversation on behalf of `actor`.
    pub async fn watch(&self, desk: &DeskId, id: ConversationId, from: WatchFrom, actor: &str) -> Result<Watcher, LiveError> {
        Watcher::begin(self, desk, id, from, actor).await
    }

    /// How many conversations are watched, and by how many in all.
    #[must_use]
    pub fn watching(&self) -> (usize, usize) {
        let rooms = self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = rooms.values().map(|(_, room)| room.watchers()).filter(|watchers| *watchers > 0);
        watched.fold((0, 0), |(conversations, in_all), watchers| (conversations + 1, in_all + watchers))
    }

    /// One conversation without its words.
    pub async fn head(&self, desk: &DeskId, id: ConversationId) -> Result<ConversationHead, LiveError> {
        self.0.store.conversation_head(desk, id).await?.ok_or(LiveError::UnknownConversation(id))
    }

    /// A conversation, and its messages as they are shown.
    ///
    /// # Errors
    /// `UnknownConversation`, or the store's.
    pub async fn shown(&self, desk: &DeskId, id: ConversationId) -> Result<(Arc<Conversation>, Vec<ShownMessage>), LiveError> {
        let conversation = self.0.store.conversation(desk, id).await?.ok_or(LiveError::UnknownConversation(id))?;
        let conversation = Arc::new(conversation);
        let masking = Arc::clone(&conversation);
        let shown = rt::cpu(move || shown_messages(&masking)).await?;
        Ok((conversation, shown))
    }

    async fn standing_of(&self, desk: &DeskId, id: ConversationId) -> Result<Standing, LiveError> {
        let state = self.head(desk, id).await?.state;
        let conversation = self.0.store.conversation(desk, id).await?.ok_or(LiveError::UnknownConversation(id))?;
        Ok(standing(&conversation, state))
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<ConversationId, (DeskId, Arc<Room>)>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self, desk: &DeskId, id: ConversationId) -> Arc<Room> {
        let mut rooms = self.rooms();
        if rooms.len() >= KEPT_ROOMS && !rooms.contains_key(&id) {
            // Whoever holds a room keeps it in the map: two rooms of one conversation would not know of each other.
            rooms.retain(|_, (_, room)| Arc::strong_count(room) > 1);
        }
        let (_, room) = rooms.entry(id).or_insert_with(|| (desk.clone(), Arc::new(Room::new())));
        Arc::clone(room)
    }

    fn watched_room(&self, id: ConversationId) -> Option<Arc<Room>> {
        self.rooms().get(&id).map(|(_, room)| Arc::clone(room)).filter(|room| room.is_watched())
    }

    /// Tells whoever watches a conversation here what another process has done to it.
    ///
    /// # Errors
    /// `UnknownConversation`, or the store's.
    pub async fn changed_elsewhere(&self, desk: &DeskId, id: ConversationId) -> Result<(), LiveError> {
        let Some(room) = self.watched_room(id) else { return Ok(()) };
        let _order = room.order.lock().await;
        let (conversation, shown) = self.shown(desk, id).await?;
        room.learn(shown, standing(&conversation, self.head(desk, id).await?.state));
        self.compute(&room, desk, id);
        Ok(())
    }

    /// Tells whoever watches a conversation here that somebody writes, or has stopped to, as another process was told.
    pub fn typing_elsewhere(&self, id: ConversationId, role: Role, typing: bool) {
        if let Some(room) = self.watched_room(id) {
            room.tell_typing(role, typing);
        }
    }

    /// Reads again whatever is watched here: other processes may have changed it without this one being told.
    ///
    /// # Errors
    /// The store's.
    pub async fn catch_up(&self) -> Result<(), LiveError> {
        let watched: Vec<(DeskId, ConversationId)> =
            self.rooms().iter().filter(|(_, (_, room))| room.is_watched()).map(|(id, (desk, _))| (desk.clone(), *id)).collect();
        for (desk, id) in watched {
            self.changed_elsewhere(&desk, id).await?;
        }
        Ok(())
    }

    /// Runs what must not stop half-way when the caller leaves.
    async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, LiveError>> + Send + 'static,
    ) -> Result<T, LiveError> {
        self.0.tasks.spawn(work).await.map_err(|_ended| LiveError::Stopping)?
    }

    /// Computes what a room wants, unless that is being done already.
    fn compute(&self, room: &Arc<Room>, desk: &DeskId, id: ConversationId) {
        if !room.begin_computing() {
            return;
        }
        let (live, room, desk) = (self.clone(), Arc::clone(room), desk.clone());
        self.0.tasks.spawn(async move {
            let mut unfinished = Unfinished(Some(Arc::clone(&room)));
            let stop = live.0.stop.clone();
            if stop.run_until_cancelled(live.compute_all(&room, &desk, id)).await.is_some() {
                // Said already, in the same breath as that nothing is left to do.
                unfinished.0 = None;
            }
        });
    }

    async fn compute_all(&self, room: &Room, desk: &DeskId, id: ConversationId) {
        while let Some(task) = room.task() {
            tokio::select! {
                biased;
                () = room.outdated(&task) => {}
                set = self.suggestions(desk, id, &task) => room.offer(&task, set),
            }
        }
    }

    /// Computes suggestions; `None` when they can't be had.
    async fn suggestions(&self, desk: &DeskId, id: ConversationId, task: &Task) -> Option<SuggestResponse> {
        loop {
            match self.suggest(desk, id, task).await {
                Ok(set) => return Some(set),
                Err(SuggestError::Embed(EmbedError::Overloaded)) => tokio::time::sleep(OVERLOAD_PAUSE).await,
                Err(error) => {
                    tracing::error!(desk = %desk, error = &error as &dyn std::error::Error, "no suggestions for a live conversation");
                    return None;
                }
            }
        }
    }

    async fn suggest(&self, desk: &DeskId, id: ConversationId, task: &Task) -> Result<SuggestResponse, SuggestError> {
        let conversation = self.0.store.conversation(desk, id).await?.ok_or(StoreError::NotFound("conversation"))?;
        let mut messages: Vec<LiveMessage> = conversation.messages.iter().map(live_message).collect();
        if let Some(draft) = &task.draft {
            messages.push(LiveMessage { role: Role::Customer, text: draft.clone(), at: Some(self.0.clock.now()), id: None });
        }
        let left_out = messages.len().saturating_sub(CONTEXT_MESSAGES);
        messages.drain(..left_out);
        // The host's names of the values are not kept: what a value can stand for is told by its form.
        let customer =
            (0..).zip(conversation.customer_personal).map(|(number, value): (u32, _)| (format!("value_{number}"), value)).collect();
        let request = SuggestRequest {
            desk: desk.clone(),
            conversation: LiveConversation { id: Some(conversation.external_id), customer, messages },
            limit: None,
            language: None,
            filters: crate::suggest::request::SuggestFilters::default(),
            explain: false,
        };
        let mut set = match &task.draft {
            Some(_) => self.0.suggester.suggest_unrecorded(&request, Lane::Interactive).await?,
            None => self.0.suggester.suggest(&request, &task.actor, Lane::Interactive).await?,
        };
        for turn in &mut set.query.used_turns {
            *turn += left_out as u32;
        }
        Ok(set)
    }
}

/// Says that nobody computes any more when a computation breaks off.
struct Unfinished(Option<Arc<Room>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(room) = &self.0 {
            room.stop_computing();
        }
    }
}

fn live_message(message: &crate::domain::Message) -> LiveMessage {
    let text = match message.kind {
        MessageKind::Text => message.text.clone(),
        kind if message.text.is_empty() => format!("[{}]", kind.as_str()),
        kind => format!("[{}] {}", kind.as_str(), message.text),
    };
    LiveMessage { role: message.role, text, at: message.at, id: None }
}

/// Where a conversation stands.
fn standing(conversation: &Conversation, state: ConversationState) -> Standing {
    let speaks = |role: Role| matches!(role, Role::Customer | Role::Agent);
    let last = conversation.messages.iter().rev().find(|message| speaks(message.role));
    let turn = last.filter(|message| message.role == Role::Customer).map(|message| message.position);
    Standing { state, messages: conversation.messages.len() as u32, turn }
}

fn too_long(pointer: &'static str, limit: usize) -> LiveError {
    LiveError::Invalid { pointer, detail: format!("use at most {limit} characters") }
}

fn check_field(pointer: &'static str, value: Option<&str>) -> Result<(), LiveError> {
    match value {
        Some(value) if value.trim().is_empty() => {
            Err(LiveError::Invalid { pointer, detail: "leave it out, or give at least one character".to_owned() })
        }
        Some(value) if value.chars().nth(MAX_FIELD_CHARS).is_some() => Err(too_long(pointer, MAX_FIELD_CHARS)),
        _ => Ok(()),
    }
}

fn check_start(new: &NewConversation) -> Result<(), LiveError> {
    check_field("/external_id", new.external_id.as_deref())?;
    check_field("/channel", new.channel.as_deref())?;
    check_field("/customer_id", new.customer_id.as_deref())?;
    if new.customer.len() > MAX_PROFILE_VALUES || new.customer.values().any(|value| value.chars().nth(MAX_FIELD_CHARS).is_some()) {
        let detail = format!("give at most {MAX_PROFILE_VALUES} values of at most {MAX_FIELD_CHARS} characters each");
        return Err(LiveError::Invalid { pointer: "/customer", detail });
    }
    Ok(())
}

fn check_message(new: &NewMessage) -> Result<(), LiveError> {
    check_field("/id", new.external_id.as_deref())?;
    if !matches!(new.role, Role::Customer | Role::Agent) {
        return Err(LiveError::Invalid { pointer: "/role", detail: "use `customer` or `agent`".to_owned() });
    }
    if new.text.trim().is_empty() {
        return Err(LiveError::Invalid { pointer: "/text", detail: "write something: an empty message is not kept".to_owned() });
    }
    if new.text.chars().nth(MAX_MESSAGE_CHARS).is_some() {
        return Err(too_long("/text", MAX_MESSAGE_CHARS));
    }
    Ok(())
}
