use super::*;

fn said() -> NewServiceAccount {
    NewServiceAccount {
        name: "portal".into(),
        scopes: vec!["clients:read".into(), "admin".into()],
        client_id: None,
        expires_at: None,
        allowed_addresses: None,
        public_keys: None,
        disabled: None,
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn account() -> Account {
    Account::new("a".into(), &said(), accept(&said()).unwrap(), "me", at(0))
}

fn secret(id: &str, seconds: i64) -> KeptSecret {
    KeptSecret { id: id.into(), digest: id.into(), created_at: at(seconds), good_until: None }
}

#[test]
fn everything_wrong_with_an_account_is_told_at_once() {
    let key = |kid: &str, kty: &str| {
        let json = serde_json::json!({"kid": kid, "kty": kty, "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        serde_json::from_value(json).unwrap()
    };
    let wrong = NewServiceAccount {
        scopes: vec!["clients:read".into(), "everything".into()],
        allowed_addresses: Some(vec!["203.0.113.0/24".into(), "here".into()]),
        expires_at: Some(DateTime::UNIX_EPOCH - TimeDelta::days(1)),
        public_keys: Some(vec![key("a", "OKP"), key("a", "OKP"), key("b", "oct")]),
        ..said()
    };
    assert_eq!(
        accept(&wrong).unwrap_err(),
        [
            Refusal::UnknownScope { index: 1 },
            Refusal::Address { index: 1 },
            Refusal::Era,
            Refusal::SameKid { index: 1 },
            Refusal::Key { index: 2, why: Weakness::Kind },
        ]
    );
    let twice = NewServiceAccount { scopes: vec!["admin".into(), "admin".into()], ..said() };
    assert_eq!(accept(&twice).unwrap().scopes, [Scope::Admin]);
}

#[test]
fn an_account_is_let_in_or_not() {
    let open = account();
    let with = |change: fn(&mut Account)| {
        let mut account = account();
        change(&mut account);
        account
    };
    let here = Some("203.0.113.7".parse().unwrap());
    for (account, expected) in [
        (open, Ok(())),
        (with(|a| a.disabled = true), Err(Shut::Disabled)),
        (with(|a| a.reach.expires_at = Some(at(11))), Ok(())),
        (with(|a| a.reach.expires_at = Some(at(10))), Err(Shut::Expired)),
        (with(|a| a.reach.addresses = vec!["203.0.113.0/24".parse().unwrap()]), Ok(())),
        (with(|a| a.reach.addresses = vec!["198.51.100.0/24".parse().unwrap()]), Err(Shut::Elsewhere)),
    ] {
        assert_eq!(account.admits(here, at(10)), expected);
    }
}

#[test]
fn an_old_secret_stays_good_for_the_overlap_and_no_longer() {
    let hour = TimeDelta::hours(1);
    let one = account().with_secret(secret("one", 0), hour).unwrap();
    assert_eq!(one.secrets[0].good_until, None);
    let two = one.with_secret(secret("two", 100), hour).unwrap();
    assert_eq!(two.secrets[0].good_until, Some(at(3700)));
    assert!(two.secrets[0].good(at(3699)) && !two.secrets[0].good(at(3700)));
    // A later rotation does not prolong it, and forgets what is over.
    let three = two.clone().with_secret(secret("three", 200), TimeDelta::hours(9)).unwrap();
    assert_eq!(three.secrets[0].good_until, Some(at(3700)));
    let four = three.with_secret(secret("four", 3700), hour).unwrap();
    assert_eq!(four.secrets.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["two", "three", "four"]);
    assert!(!four.has("one") && four.has("two"));
    // At once: without an overlap.
    let only = four.with_secret(secret("only", 3701), TimeDelta::zero()).unwrap();
    assert_eq!(only.secrets.len(), 1);
    assert_eq!((only.revision, only.updated_at), (6, at(3701)));
    let mut many = account();
    for n in 0..MOST_SECRETS {
        many = many.with_secret(secret(&n.to_string(), 0), hour).unwrap();
    }
    assert!(many.with_secret(secret("more", 0), hour).is_none());
    assert!(two.clone().without_secret("nobody", at(1)).is_none());
    assert!(!two.without_secret("one", at(1)).unwrap().has("one"));
}

#[test]
fn more_is_given_by_a_key_by_leave_to_call_again_and_by_reach() {
    let key = |kid: &str, x: &str| {
        let json = serde_json::json!({"kid": kid, "kty": "OKP", "crv": "Ed25519", "x": x});
        serde_json::from_value::<PublicJwk>(json).unwrap()
    };
    let (one, two) =
        ("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw");
    let account = |disabled| {
        let said = NewServiceAccount { public_keys: Some(vec![key("a", one), key("b", two)]), ..said() };
        Account { disabled, ..Account::new("a".into(), &said, accept(&said).unwrap(), "me", at(0)) }
    };
    let with = |disabled, change: fn(&mut NewServiceAccount)| {
        let mut said = account(disabled).said();
        change(&mut said);
        said
    };
    for (what, disabled, said, more) in [
        ("the same", false, with(false, |_| {}), false),
        ("the same, disabled", true, with(true, |_| {}), false),
        ("another name", true, with(true, |said| said.name = "x".into()), false),
        ("disabled", false, with(false, |said| said.disabled = Some(true)), false),
        ("called back", true, with(true, |said| said.disabled = Some(false)), true),
        ("called back by silence", true, with(true, |said| said.disabled = None), true),
        ("fewer keys", false, with(false, |said| said.public_keys.as_mut().unwrap().truncate(1)), false),
        ("no keys", false, with(false, |said| said.public_keys = None), false),
        ("fewer scopes", false, with(false, |said| said.scopes.truncate(1)), false),
        ("more scopes", false, with(false, |said| said.scopes.push("contacts:read".into())), true),
    ] {
        let reach = accept(&said).unwrap();
        assert_eq!(account(disabled).gives_more(&said, &reach), more, "{what}");
    }
    for (what, keys) in
        [("another key", vec![key("c", one)]), ("another key by the same name", vec![key("a", two)])]
    {
        let said = NewServiceAccount { public_keys: Some(keys), ..account(false).said() };
        assert!(account(false).gives_more(&said, &accept(&said).unwrap()), "{what}");
    }
}
