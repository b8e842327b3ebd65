use super::test_support::authenticator;
use super::*;

fn only(desk: &str) -> DeskScope {
    DeskScope::Only([desk.parse().unwrap()].into())
}

#[tokio::test]
async fn a_session_lasts_twelve_hours_and_ends_on_sign_out() {
    let (auth, clock, _) = authenticator();
    let (account, generated) = auth.add_account("li", None, AccessRole::Agent, only("shop")).await.unwrap();
    let password = generated.unwrap();
    assert!(!account.password_hash.contains(&password));

    let session = auth.sign_in("li", &password).await.unwrap();
    assert_eq!(session.expires_at, clock.now().plus_seconds(12 * 3600));
    let principal = auth.authenticate_session(&session.token).await.unwrap();
    assert_eq!((principal.kind, principal.role, &principal.desks), (PrincipalKind::Account, AccessRole::Agent, &only("shop")));
    clock.advance_seconds(12 * 3600);
    assert!(matches!(auth.authenticate_session(&session.token).await, Err(AuthError::BadCredentials)));

    let session = auth.sign_in("li", &password).await.unwrap();
    auth.sign_out(&session.token).await.unwrap();
    assert!(matches!(auth.authenticate_session(&session.token).await, Err(AuthError::BadCredentials)));
}

#[tokio::test]
async fn unknown_names_and_wrong_passwords_look_alike_and_are_slowed_down_alike() {
    let (auth, clock, _) = authenticator();
    auth.add_account("li", Some("a long enough one".to_owned()), AccessRole::Agent, DeskScope::All).await.unwrap();
    for name in ["li", "nobody"] {
        for _ in 0..10 {
            assert!(matches!(auth.sign_in(name, "wrong").await, Err(AuthError::BadCredentials)));
        }
        assert!(matches!(auth.sign_in(name, "a long enough one").await, Err(AuthError::TooManyAttempts { retry_after_seconds: 300 })));
    }
    clock.advance_seconds(300);
    assert!(auth.sign_in("li", "a long enough one").await.is_ok());
}

#[tokio::test]
async fn a_key_opens_until_it_is_withdrawn() {
    let (auth, _, _) = authenticator();
    let (key, text) = auth.add_api_key("host", AccessRole::Supervisor, only("shop")).await.unwrap();
    let principal = auth.authenticate_bearer(&text).await.unwrap();
    assert_eq!((principal.kind, principal.name.as_str()), (PrincipalKind::ApiKey, "host"));

    let (_, other) = auth.add_api_key("other", AccessRole::Agent, only("shop")).await.unwrap();
    let crossed = format!("{}{}", &text[..36], &other[36..]);
    assert!(matches!(auth.authenticate_bearer(&crossed).await, Err(AuthError::BadCredentials)));

    auth.revoke_api_key(key.id).await.unwrap();
    assert!(matches!(auth.authenticate_bearer(&text).await, Err(AuthError::BadCredentials)));
    assert!(matches!(auth.revoke_api_key(ApiKeyId::new()).await, Err(AuthError::UnknownKey(_))));
}

#[tokio::test]
async fn the_local_token_is_an_admin_and_no_other_one_is() {
    let (auth, _, token) = authenticator();
    let principal = auth.authenticate_bearer(&token).await.unwrap();
    assert_eq!((principal.kind, principal.role, principal.desks), (PrincipalKind::Local, AccessRole::Admin, DeskScope::All));
    for bad in ["", "rl_", &format!("{token}x"), &local_token().unwrap().0] {
        assert!(matches!(auth.authenticate_bearer(bad).await, Err(AuthError::BadCredentials)), "{bad}");
    }
}

#[tokio::test]
async fn accounts_that_make_no_sense_are_refused() {
    let (auth, _, _) = authenticator();
    let pointer = |result: Result<(Account, Option<String>), AuthError>| match result {
        Err(AuthError::Invalid { pointer, .. }) => pointer,
        Err(AuthError::NameTaken) => "taken",
        _ => "accepted",
    };
    let agent = AccessRole::Agent;
    assert_eq!(pointer(auth.add_account("two words", None, agent, DeskScope::All).await), "/name");
    assert_eq!(pointer(auth.add_account("li", Some("short".to_owned()), agent, DeskScope::All).await), "/password");
    assert_eq!(pointer(auth.add_account("li", None, agent, DeskScope::Only([].into())).await), "/desks");
    assert_eq!(pointer(auth.add_account("li", None, AccessRole::Admin, only("shop")).await), "/desks");
    assert_eq!(pointer(auth.add_account("李", None, agent, only("shop")).await), "accepted");
    assert_eq!(pointer(auth.add_account("李", None, agent, only("shop")).await), "taken");
}

#[tokio::test]
async fn a_widget_token_opens_one_desk_until_it_expires_or_its_key_goes() {
    use super::grant::permission::{MakeWidgetTokens, ReadEntries, Suggest};
    let (auth, clock, local) = authenticator();
    let (key, text) = auth.add_api_key("host", AccessRole::Supervisor, only("shop")).await.unwrap();
    let holder = auth.authenticate_bearer(&text).await.unwrap();
    let shop: DeskId = "shop".parse().unwrap();
    let access = Grant::<MakeWidgetTokens>::check(&holder).unwrap().enter(&shop).unwrap();
    let (token, text) = auth.add_widget_token(&access, "小王", Some("c-1".to_owned()), 600).await.unwrap();
    assert_eq!((token.key, token.expires_at), (key.id, clock.now().plus_seconds(600)));

    let agent = auth.authenticate_bearer(&text).await.unwrap();
    assert_eq!((agent.kind, agent.name.as_str(), agent.role), (PrincipalKind::WidgetToken, "小王", AccessRole::Agent));
    assert_eq!((&agent.desks, agent.conversation.as_deref()), (&only("shop"), Some("c-1")));
    assert!(Grant::<Suggest>::check(&agent).is_ok());
    assert!(matches!(Grant::<ReadEntries>::check(&agent), Err(AuthError::WrongCredential { .. })));
    // A token makes no tokens, and whoever has no key makes none either: there would be nothing to end them with.
    assert!(matches!(Grant::<MakeWidgetTokens>::check(&agent), Err(AuthError::WrongCredential { .. })));
    let console = Grant::<MakeWidgetTokens>::check(&auth.authenticate_bearer(&local).await.unwrap()).unwrap().enter(&shop).unwrap();
    assert!(matches!(auth.add_widget_token(&console, "li", None, 600).await, Err(AuthError::WrongCredential { .. })));

    assert!(auth.still_stands(&agent).await.unwrap());
    clock.advance_seconds(600);
    assert!(!auth.still_stands(&agent).await.unwrap());
    assert!(matches!(auth.authenticate_bearer(&text).await, Err(AuthError::BadCredentials)));
    let (_, text) = auth.add_widget_token(&access, "小王", None, 600).await.unwrap();
    let agent = auth.authenticate_bearer(&text).await.unwrap();
    auth.revoke_api_key(key.id).await.unwrap();
    assert!(!auth.still_stands(&agent).await.unwrap());
    assert!(matches!(auth.authenticate_bearer(&text).await, Err(AuthError::BadCredentials)));
    assert!(matches!(auth.authenticate_bearer("rw_").await, Err(AuthError::BadCredentials)));
}

#[tokio::test]
async fn widget_tokens_that_make_no_sense_are_refused() {
    use super::grant::permission::MakeWidgetTokens;
    let (auth, _, _) = authenticator();
    let (_, text) = auth.add_api_key("host", AccessRole::Agent, only("shop")).await.unwrap();
    let holder = auth.authenticate_bearer(&text).await.unwrap();
    let access = Grant::<MakeWidgetTokens>::check(&holder).unwrap().enter(&"shop".parse().unwrap()).unwrap();
    let pointer = async |agent: &str, conversation: Option<&str>, seconds: i64| match auth
        .add_widget_token(&access, agent, conversation.map(str::to_owned), seconds)
        .await
    {
        Err(AuthError::Invalid { pointer, .. }) => pointer,
        _ => "accepted",
    };
    assert_eq!(pointer("Li Na", None, 60).await, "accepted");
    assert_eq!(pointer("李娜", Some("c 1"), 12 * 3600).await, "accepted");
    assert_eq!(pointer(" ", None, 60).await, "/agent");
    assert_eq!(pointer("a\nb", None, 60).await, "/agent");
    assert_eq!(pointer(&"a".repeat(65), None, 60).await, "/agent");
    assert_eq!(pointer("a", Some(""), 60).await, "/conversation");
    assert_eq!(pointer("a", None, 59).await, "/ttl_seconds");
    assert_eq!(pointer("a", None, 12 * 3600 + 1).await, "/ttl_seconds");
}
