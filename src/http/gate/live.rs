//! The way to live conversations. A credential that is bound to one conversation finds no other.

use super::GateRef;
use crate::auth::grant::permission::{Converse, MakeWidgetTokens, ReadConversations};
use crate::auth::{DeskAccess, Permission};
use crate::domain::{ConversationFilter, ConversationId, Principal, PrincipalKind, Role, Timestamp, WidgetToken};
use crate::http::problem::{Code, Problem};
use crate::live::{Listed, LiveError, NewConversation, NewMessage, ShownMessage, WatchFrom, Watcher};

impl GateRef {
    /// Refuses a conversation that the caller's credential is not for, exactly like one that does not exist.
    pub(super) fn within_credential<P: Permission>(access: &DeskAccess<P>, id: ConversationId) -> Result<(), Problem> {
        match &access.principal().conversation {
            Some(only) if ConversationId::derive(&[access.desk().as_str(), only]) != id => Err(Problem::new(Code::UnknownConversation)),
            _ => Ok(()),
        }
    }

    pub(in crate::http) async fn start_conversation(
        &self,
        access: &DeskAccess<Converse>,
        mut new: NewConversation,
    ) -> Result<(Listed, bool), Problem> {
        if let Some(only) = &access.principal().conversation {
            let asked = new.external_id.get_or_insert_with(|| only.clone());
            if asked != only {
                return Err(Problem::new(Code::UnknownConversation));
            }
        }
        let (head, is_new) = self.0.live.start(access.desk(), new).await?;
        Ok((self.0.live.listed(access.desk(), head.id).await?, is_new))
    }

    pub(in crate::http) async fn add_message(
        &self,
        access: &DeskAccess<Converse>,
        id: ConversationId,
        mut new: NewMessage,
    ) -> Result<(ShownMessage, bool), Problem> {
        Self::within_credential(access, id)?;
        // A person is known by the name they came in with; a host's key stands for many.
        let is_person = matches!(access.principal().kind, PrincipalKind::Account | PrincipalKind::WidgetToken);
        if new.role == Role::Agent && new.author.is_none() && is_person {
            new.author = Some(access.actor().to_owned());
        }
        Ok(self.0.live.add_message(access.desk(), id, new).await?)
    }

    pub(in crate::http) async fn report_typing(
        &self,
        access: &DeskAccess<Converse>,
        id: ConversationId,
        role: Role,
        text: Option<&str>,
        typing: bool,
    ) -> Result<(), Problem> {
        Self::within_credential(access, id)?;
        Ok(self.0.live.set_typing(access.desk(), id, role, text, typing).await?)
    }

    pub(in crate::http) async fn close_conversation(&self, access: &DeskAccess<Converse>, id: ConversationId) -> Result<Listed, Problem> {
        Self::within_credential(access, id)?;
        self.0.live.close(access.desk(), id).await?;
        Ok(self.0.live.listed(access.desk(), id).await?)
    }

    pub(in crate::http) async fn watch_conversation(
        &self,
        access: &DeskAccess<Converse>,
        id: ConversationId,
        from: WatchFrom,
    ) -> Result<Watcher, Problem> {
        Self::within_credential(access, id)?;
        Ok(self.0.live.watch(access.desk(), id, from, access.actor()).await?)
    }

    pub(in crate::http) async fn conversations(
        &self,
        access: &DeskAccess<ReadConversations>,
        filter: &ConversationFilter,
        after: Option<(Timestamp, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<Listed>, Problem> {
        let Some(only) = &access.principal().conversation else {
            return Ok(self.0.live.page(access.desk(), filter, after, limit).await?);
        };
        let id = ConversationId::derive(&[access.desk().as_str(), only]);
        match self.0.live.listed(access.desk(), id).await {
            Ok(listed) => Ok(vec![listed]),
            Err(LiveError::UnknownConversation(_)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    pub(in crate::http) async fn add_widget_token(
        &self,
        access: &DeskAccess<MakeWidgetTokens>,
        agent: &str,
        conversation: Option<String>,
        seconds: i64,
    ) -> Result<(WidgetToken, String), Problem> {
        Ok(self.0.auth.add_widget_token(access, agent, conversation, seconds).await?)
    }

    /// Whether the credential with which a long answer began is still good; what can't be told ends the answer, too.
    pub(in crate::http) async fn still_stands(&self, principal: &Principal) -> bool {
        self.0.auth.still_stands(principal).await.unwrap_or(false)
    }
}
