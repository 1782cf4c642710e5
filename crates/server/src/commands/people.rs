//! `user`, `token` and `business`: accounts, roles, positions, tokens and businesses, by whoever runs the installation.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _};

use chrono::NaiveDate;
use program::definition::{ApplicantFacts, Role};
use serde::de::DeserializeOwned;
use serde_json::json;
use service::{NewBusiness, PositionHeld};
use uuid::Uuid;
use vocabulary::{EmailAddress, Yen, day_in_japan};

use super::tell;
use crate::cli::{BusinessArgs, Common, TokenCommand, UserCommand};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

pub async fn user(common: &Common, command: &UserCommand) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    match command {
        UserCommand::Add { email, name, locale } => {
            let password = password()?;
            let id = service.add_account(email, name, Some(&password), (*locale).into()).await?;
            tell(common, &json!({ "id": id, "email": email }), || format!("{email} has an account: {id}"))
        }
        UserCommand::List { municipality } => list(common, &installation, municipality).await,
        UserCommand::Role { email, municipality, roles, end } => {
            let account = account(&installation, email).await?;
            let roles = roles.iter().map(|word| role(word)).collect::<Outcome<Vec<_>>>()?;
            for role in &roles {
                set_role(&installation, account, municipality, *role, *end).await?;
            }
            let words: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            let how = if *end { "no longer has" } else { "has" };
            tell(common, &json!({ "account": account, "roles": words, "ended": end }), || {
                format!("{email} {how} in {municipality}: {}", words.join(", "))
            })
        }
        UserCommand::Position { email, municipality, position, from, until, acting } => {
            let account = account(&installation, email).await?;
            let held = PositionHeld {
                account,
                municipality: municipality.clone(),
                position: position.clone(),
                from_day: *from,
                until_day: *until,
                acting: *acting,
            };
            service.put_position(held).await?;
            tell(common, &json!({ "account": account, "position": position }), || {
                format!("{email} holds {position} in {municipality} from {from}")
            })
        }
        UserCommand::Password { email, end_second_factor } => {
            let account = account(&installation, email).await?;
            if *end_second_factor {
                service.recover_account(account, &password()?).await?;
            } else {
                service.set_password(account, &password()?).await?;
            }
            tell(common, &json!({ "account": account }), || format!("{email} has a new password"))
        }
    }
}

pub async fn token(common: &Common, command: &TokenCommand) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    match command {
        TokenCommand::Create { email, name, scopes, days } => {
            let viewer = service.viewer_by_email(email).await?;
            let token = service.create_api_token(&viewer, name, scopes.clone(), *days, None).await?;
            tell(common, &json!({ "token": token, "scopes": scopes, "days": days }), || token.clone())
        }
        TokenCommand::List { email } => {
            let viewer = service.viewer_by_email(email).await?;
            let tokens: Vec<_> = service
                .api_tokens(&viewer)
                .await?
                .into_iter()
                .map(|token| {
                    json!({
                        "id": token.id, "name": token.name, "scopes": token.scopes, "expiresAt": token.expires_at,
                        "lastUsedAt": token.last_used_at, "revokedAt": token.revoked_at,
                    })
                })
                .collect();
            tell(common, &tokens, || tokens.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
        TokenCommand::Revoke { email, id } => {
            let viewer = service.viewer_by_email(email).await?;
            service.revoke_api_token(&viewer, *id, None).await?;
            tell(common, &json!({ "revoked": id }), || format!("{id} is revoked"))
        }
    }
}

pub async fn add_business(common: &Common, args: &BusinessArgs) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    let owner = service.viewer_by_email(&args.actor).await?;
    let new = NewBusiness {
        name: args.name.clone(),
        name_kana: args.kana.clone(),
        address: args.address.clone(),
        representative: args.representative.clone(),
        corporate_number: args.corporate_number.clone(),
        facts: ApplicantFacts {
            kind: word("--kind", &args.kind)?,
            size: word("--size", &args.size)?,
            deemed_large: false,
            established_here_on: args.since,
            employees: args.employees,
            capital: Yen::new(args.capital).map_err(|error| Failure::misuse(format!("--capital: {error}")))?,
            trade: args.trade.clone(),
        },
    };
    let business = service.register_business(&owner, new, &installation.fresh_key()).await?.business;
    tell(common, &json!({ "id": business.id, "name": business.name }), || business.id.to_string())
}

/// One of the words that definitions use.
fn word<T: DeserializeOwned>(flag: &str, text: &str) -> Outcome<T> {
    serde_json::from_value(text.into()).map_err(|error| Failure::misuse(format!("{flag}: {error}")))
}

/// The first line of standard input: never an argument, which other users of the machine could read.
fn password() -> Outcome<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Type the password and press Enter (it is shown as you type):");
    }
    let mut line = String::new();
    input.lock().read_line(&mut line).map_err(|error| Failure::fault(error.to_string()))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        Err(Failure::misuse("give the password on standard input"))
    } else {
        Ok(password.to_owned())
    }
}

async fn account(installation: &Installation, email: &str) -> Outcome<Uuid> {
    let address: EmailAddress =
        email.parse().map_err(|invalid: vocabulary::Invalid| Failure::misuse(invalid.message.en))?;
    let found = installation.store.read().account_by_email(&address).await?;
    found.map(|account| account.id).ok_or_else(|| Failure::refused(format!("nobody has the address {email}")))
}

fn role(word: &str) -> Outcome<Role> {
    let found = Role::STAFF.into_iter().find(|role| role.as_str() == word);
    found.ok_or_else(|| {
        let known: Vec<_> = Role::STAFF.iter().map(|role| role.as_str()).collect();
        Failure::misuse(format!("there is no role `{word}`; there are {}", known.join(", ")))
    })
}

/// By the clock of the installation, which the demonstration sets.
fn today(installation: &Installation) -> NaiveDate {
    day_in_japan(installation.service.now())
}

async fn set_role(installation: &Installation, account: Uuid, municipality: &str, role: Role, end: bool) -> Outcome {
    let today = today(installation);
    if end {
        let ended = installation.store.write(|tx| {
            Box::pin(async move { tx.end_staff_role(account, municipality, role, today).await.map(|_| ()) })
        });
        return Ok(ended.await?);
    }
    Ok(installation.service.give_role(account, municipality, role, today).await?)
}

async fn list(common: &Common, installation: &Installation, municipality: &str) -> Outcome {
    let store = installation.store.read();
    let mut people: BTreeMap<Uuid, (Vec<&'static str>, Vec<String>)> = BTreeMap::new();
    let today = today(installation);
    for given in store.staff_roles(municipality).await? {
        if given.until_day.is_none_or(|until| until >= today) {
            people.entry(given.account).or_default().0.push(given.role.as_str());
        }
    }
    for held in store.positions(municipality).await? {
        if held.from_day <= today && held.until_day.is_none_or(|until| until >= today) {
            people.entry(held.account).or_default().1.push(held.position);
        }
    }
    let ids: Vec<Uuid> = people.keys().copied().collect();
    let listed: Vec<_> = store
        .accounts(&ids)
        .await?
        .into_iter()
        .map(|account| {
            let (roles, positions) = people.remove(&account.id).unwrap_or_default();
            (account.email.to_string(), account.name, roles, positions, account.id)
        })
        .collect();
    let machine: Vec<_> = listed
        .iter()
        .map(|(email, name, roles, positions, id)| {
            json!({ "id": id, "email": email, "name": name, "roles": roles, "positions": positions })
        })
        .collect();
    tell(common, &machine, || {
        let line = |(email, name, roles, positions, _): &(String, String, Vec<&str>, Vec<String>, Uuid)| {
            format!("{email}\t{name}\t{}\t{}", roles.join(","), positions.join(","))
        };
        listed.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
