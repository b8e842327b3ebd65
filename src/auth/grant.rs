//! Permissions as values: whoever wants to do something holds a [`Grant`] for it, and a [`DeskAccess`] for doing it on one desk.
//!
//! The table below is the only place that says which role may do what. Neither type has a public constructor besides the check itself, and
//! what touches data takes them as arguments (`http::gate`): a handler that forgets to check does not compile. A desk outside the
//! scope is told apart from an absent one nowhere outside this module.

use std::marker::PhantomData;

use super::AuthError;
use crate::domain::{AccessRole, DeskId, DeskScope, Principal, PrincipalKind};

/// Something that only some roles may do; implemented by the markers of [`permission`] alone.
pub trait Permission: Send + Sync + 'static {
    /// What it allows.
    const ACTION: Action;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident => $text:literal, [$($role:ident),+ $(,)?];)+) => {
        /// Everything that is checked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What it is called in messages, as what comes after "may not".
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The roles that may do it.
            #[must_use]
            pub const fn roles(self) -> &'static [AccessRole] {
                match self {
                    $(Self::$name => &[$(AccessRole::$role),+],)+
                }
            }
        }

        /// One marker per action, to be named in a [`Grant`].
        pub mod permission {
            $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub enum $name {}

            impl super::Permission for $name {
                const ACTION: super::Action = super::Action::$name;
            })+
        }
    };
}

permissions! {
    /// Asks for suggestions.
    Suggest => "ask for suggestions", [Agent, Supervisor, KbEditor, Admin];
    /// Learns why an answer is as it is.
    Explain => "have suggestions explained", [Supervisor, KbEditor, Admin];
    /// Says what became of a suggestion.
    GiveFeedback => "give feedback", [Agent, Supervisor, KbEditor, Admin];
    /// Sees the answers that were reported outdated, and decides about them.
    ReviewAnswers => "review answers reported outdated", [Supervisor, KbEditor, Admin];
    /// Reads archived conversations, masked.
    ReadConversations => "read conversations", [Agent, Supervisor, KbEditor, Auditor, Admin];
    /// Starts, continues, watches and closes live conversations.
    Converse => "hold live conversations", [Agent, Supervisor, KbEditor, Admin];
    /// Makes short-lived tokens for widgets.
    MakeWidgetTokens => "make widget tokens", [Agent, Supervisor, KbEditor, Admin];
    /// Reads knowledge entries.
    ReadEntries => "read entries", [Agent, Supervisor, KbEditor, Auditor, Admin];
    /// Writes knowledge entries.
    WriteEntries => "write entries", [Supervisor, KbEditor, Admin];
    /// Reads what has been decided about single answers.
    ReadControls => "read controls", [Supervisor, KbEditor, Auditor, Admin];
    /// Pins, boosts and blocks answers.
    ControlAnswers => "control answers", [Supervisor, KbEditor, Admin];
    /// Sees the desks of its scope, their settings and counts.
    ReadDesks => "read desks", [Agent, Supervisor, KbEditor, Auditor, Admin];
    /// Reads clusters.
    ReadClusters => "read clusters", [Supervisor, KbEditor, Auditor, Admin];
    /// Sees clusters of fewer customers than the desk's minimum.
    ReadSmallClusters => "see clusters below the desk's minimum of customers", [Supervisor, Admin];
    /// Decides about clusters: approves, dismisses, merges, splits, moves, takes back.
    ReviewClusters => "decide about clusters", [Supervisor, KbEditor, Admin];
    /// Has a desk's questions grouped again.
    RebuildClusters => "rebuild clusters", [Supervisor, KbEditor, Admin];
    /// Decides about gaps: dismisses them, says what answers them.
    DecideGaps => "decide about gaps", [Supervisor, KbEditor, Admin];
    /// Imports conversations.
    ManageImports => "import conversations", [Supervisor, Admin];
    /// Reads jobs and their reports.
    ReadJobs => "read jobs", [Supervisor, KbEditor, Auditor, Admin];
    /// Stops jobs.
    CancelJobs => "cancel jobs", [Supervisor, Admin];
    /// Changes a desk's settings.
    ChangeDeskSettings => "change a desk's settings", [Supervisor, Admin];
    /// Adapts the encoder to a desk, or goes back.
    AdaptDesks => "adapt a desk", [Admin];
    /// Creates desks.
    CreateDesks => "create desks", [Admin];
    /// Manages accounts and API keys.
    ManageAccess => "manage accounts and keys", [Admin];
}

/// What a widget token is for; everything else is refused it, though an agent may do it.
const FOR_WIDGETS: [Action; 4] = [Action::Suggest, Action::GiveFeedback, Action::ReadConversations, Action::Converse];

/// Whether a principal's role, and the kind of credential they hold, include an action (the scope of desks is another question:
/// [`Grant::enter`]).
#[must_use]
pub fn principal_may(principal: &Principal, action: Action) -> bool {
    let is_for_kind = principal.kind != PrincipalKind::WidgetToken || FOR_WIDGETS.contains(&action);
    is_for_kind && action.roles().contains(&principal.role)
}

/// A checked permission: its holder's role includes `P`.
#[derive(Debug, Clone)]
pub struct Grant<P> {
    principal: Principal,
    permission: PhantomData<P>,
}

impl<P: Permission> Grant<P> {
    /// Checks the role.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`] when it does not include the action.
    pub fn check(principal: &Principal) -> Result<Self, AuthError> {
        if principal_may(principal, P::ACTION) {
            Ok(Self { principal: principal.clone(), permission: PhantomData })
        } else if principal.kind == PrincipalKind::WidgetToken {
            Err(AuthError::WrongCredential { who: "a widget token", action: P::ACTION })
        } else {
            Err(AuthError::Forbidden { role: principal.role, action: P::ACTION })
        }
    }

    /// Who holds it.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The desks it reaches.
    #[must_use]
    pub fn scope(&self) -> &DeskScope {
        &self.principal.desks
    }

    /// Takes the permission to one desk.
    ///
    /// # Errors
    /// [`AuthError::OutsideScope`] for a desk the holder may not touch, whether it exists or not.
    pub fn enter(&self, desk: &DeskId) -> Result<DeskAccess<P>, AuthError> {
        if self.principal.desks.contains(desk) {
            Ok(DeskAccess { desk: desk.clone(), principal: self.principal.clone(), permission: PhantomData })
        } else {
            Err(AuthError::OutsideScope(desk.clone()))
        }
    }
}

/// A checked permission on one desk. The desk may still not exist.
#[derive(Debug, Clone)]
pub struct DeskAccess<P> {
    desk: DeskId,
    principal: Principal,
    permission: PhantomData<P>,
}

impl<P: Permission> DeskAccess<P> {
    /// The desk.
    #[must_use]
    pub fn desk(&self) -> &DeskId {
        &self.desk
    }

    /// Who holds it.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Who acts, for records.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.principal.name
    }

    /// Checks whether the same principal may also do `Q`, on the same desk.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`] when the role does not include it.
    pub fn also<Q: Permission>(&self) -> Result<DeskAccess<Q>, AuthError> {
        Grant::<Q>::check(&self.principal)?.enter(&self.desk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(role: AccessRole, desks: DeskScope) -> Principal {
        let (kind, name) = (PrincipalKind::Account, "li".to_owned());
        Principal { kind, name, role, desks, key: None, conversation: None, expires_at: None }
    }

    /// The table once more, written as the roles are described to people; both must agree on every cell.
    fn expected(role: AccessRole, action: Action) -> bool {
        let agent =
            matches!(action, Action::Suggest | Action::GiveFeedback | Action::ReadConversations | Action::ReadEntries | Action::ReadDesks)
                || matches!(action, Action::Converse | Action::MakeWidgetTokens);
        let reading = matches!(
            action,
            Action::ReadConversations
                | Action::ReadEntries
                | Action::ReadDesks
                | Action::ReadClusters
                | Action::ReadJobs
                | Action::ReadControls
        );
        match role {
            AccessRole::Agent => agent,
            AccessRole::KbEditor => {
                let knowledge = matches!(
                    action,
                    Action::WriteEntries
                        | Action::Explain
                        | Action::ReviewAnswers
                        | Action::ReadControls
                        | Action::ControlAnswers
                        | Action::DecideGaps
                );
                agent
                    || knowledge
                    || matches!(action, Action::ReadClusters | Action::ReviewClusters | Action::RebuildClusters | Action::ReadJobs)
            }
            AccessRole::Supervisor => !matches!(action, Action::AdaptDesks | Action::CreateDesks | Action::ManageAccess),
            AccessRole::Auditor => reading,
            AccessRole::Admin => true,
        }
    }

    #[test]
    fn every_role_may_do_exactly_what_its_description_says() {
        for role in AccessRole::ALL {
            for &action in Action::ALL {
                let allowed = principal_may(&principal(role, DeskScope::All), action);
                assert_eq!(allowed, expected(role, action), "{} / {}", role.as_str(), action.as_str());
            }
        }
    }

    #[test]
    fn a_widget_token_is_for_little_whatever_the_role() {
        for &action in Action::ALL {
            let holder = Principal { kind: PrincipalKind::WidgetToken, ..principal(AccessRole::Admin, DeskScope::All) };
            assert_eq!(principal_may(&holder, action), FOR_WIDGETS.contains(&action), "{}", action.as_str());
            assert!(!FOR_WIDGETS.contains(&action) || action.roles().contains(&AccessRole::Agent), "{}", action.as_str());
        }
    }

    #[test]
    fn a_grant_needs_the_role_and_a_desk_needs_the_scope() {
        let (mine, other): (DeskId, DeskId) = ("mine".parse().unwrap(), "other".parse().unwrap());
        let scope = DeskScope::Only([mine.clone()].into());
        assert!(matches!(
            Grant::<permission::ManageImports>::check(&principal(AccessRole::Agent, DeskScope::All)),
            Err(AuthError::Forbidden { role: AccessRole::Agent, action: Action::ManageImports })
        ));
        let grant = Grant::<permission::Suggest>::check(&principal(AccessRole::Agent, scope)).unwrap();
        assert_eq!(grant.enter(&mine).unwrap().desk(), &mine);
        assert!(matches!(grant.enter(&other), Err(AuthError::OutsideScope(desk)) if desk == other));
        assert!(grant.enter(&mine).unwrap().also::<permission::ReadEntries>().is_ok());
        assert!(grant.enter(&mine).unwrap().also::<permission::ReadSmallClusters>().is_err());
    }
}
