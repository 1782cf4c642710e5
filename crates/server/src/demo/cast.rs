//! The people and businesses of the demonstration; all of them are invented.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use program::definition::{ApplicantFacts, ApplicantKind, BusinessSize, Municipality, Role};
use serde::Deserialize;
use service::{NewBusiness, PositionHeld, Service, Viewer};
use uuid::Uuid;
use vocabulary::{Locale, Yen};

use crate::demonstration::Account;
use crate::outcome::{Failure, Outcome};

/// What the demonstration is made of, as data.
#[derive(Debug, Deserialize)]
pub struct Script {
    pub municipalities: Vec<String>,
    /// Of every account.
    pub password: String,
    /// The day on which the demonstration's clock begins …
    pub begins_on: NaiveDate,
    /// … and where it stands when everything is made.
    pub ends_on: NaiveDate,
    staff: BTreeMap<Role, StaffMember>,
    position_names: Vec<String>,
    businesses: Vec<BusinessMember>,
}

#[derive(Debug, Deserialize)]
struct StaffMember {
    ja: String,
    id: String,
}

#[derive(Debug, Deserialize)]
struct BusinessMember {
    kind: ApplicantKind,
    name: String,
    kana: String,
    representative: String,
    owner: String,
    id: String,
    employees: u32,
    capital: Yen,
    trade: String,
}

/// A business that can apply.
#[derive(Clone, Debug)]
pub struct Player {
    pub business: Uuid,
    pub kind: ApplicantKind,
    pub trade: String,
    pub owner: Viewer,
    /// 口座名義 and 口座番号 of its account.
    pub account: (String, String),
}

/// Everybody, by what they can do.
#[derive(Debug)]
pub struct Cast {
    pub accounts: Vec<Account>,
    pub players: Vec<Player>,
    /// Municipality and role, or `position:<name>`, as scenarios name them.
    staff: BTreeMap<(String, String), Viewer>,
}

pub const SCRIPT: &str = include_str!("demo.json");

const TOKEN_DAYS: i64 = 366;

impl Cast {
    pub async fn hire(service: &Service, script: &Script, places: &[Arc<Municipality>]) -> Outcome<Self> {
        let mut cast = Self { accounts: Vec::new(), players: Vec::new(), staff: BTreeMap::new() };
        for place in places {
            cast.open_office(service, script, place).await?;
        }
        for (business, number) in script.businesses.iter().zip(1..) {
            cast.found(service, script, business, number).await?;
        }
        Ok(cast)
    }

    /// Whoever a scenario's step names.
    pub fn staff(&self, municipality: &str, by: &str) -> Option<&Viewer> {
        self.staff.get(&(municipality.to_owned(), by.to_owned()))
    }

    async fn open_office(&mut self, service: &Service, script: &Script, place: &Municipality) -> Outcome {
        let name = &place.municipality;
        let today = vocabulary::day_in_japan(service.now());
        for (role, member) in &script.staff {
            let email = format!("{}@{name}.example", member.id);
            let account = service.add_account(&email, &member.ja, Some(&script.password), Locale::Ja).await?;
            service.give_role(account, name, *role, today).await?;
            let viewer = self.introduce(service, script, &email, format!("{name} {}", role.as_str())).await?;
            self.staff.insert((name.clone(), role.as_str().to_owned()), viewer);
        }
        for (position, person) in place.positions.keys().zip(script.position_names.iter().cycle()) {
            let email = format!("{}@{name}.example", position.replace('_', "-"));
            let account = service.add_account(&email, person, Some(&script.password), Locale::Ja).await?;
            service.give_role(account, name, Role::Approver, today).await?;
            let held = PositionHeld {
                account,
                municipality: name.clone(),
                position: position.clone(),
                from_day: today,
                until_day: None,
                acting: false,
            };
            service.put_position(held).await?;
            let viewer = self.introduce(service, script, &email, format!("{name} position {position}")).await?;
            self.staff.insert((name.clone(), format!("position:{position}")), viewer);
        }
        Ok(())
    }

    async fn found(&mut self, service: &Service, script: &Script, member: &BusinessMember, number: u32) -> Outcome {
        let email = format!("{}@business.example", member.id);
        service.add_account(&email, &member.owner, Some(&script.password), Locale::Ja).await?;
        let viewer = service.viewer_by_email(&email).await?;
        let new = NewBusiness {
            name: member.name.clone(),
            name_kana: member.kana.clone(),
            address: format!("東京都見本市中央{number}-1-1"),
            representative: member.representative.clone(),
            corporate_number: None,
            facts: ApplicantFacts {
                kind: member.kind,
                size: BusinessSize::Sme,
                deemed_large: false,
                established_here_on: NaiveDate::from_ymd_opt(2012, 4, 1).unwrap_or_default(),
                employees: member.employees,
                capital: member.capital,
                trade: member.trade.clone(),
            },
        };
        let business = service.register_business(&viewer, new, &format!("demo-business-{number}")).await?.business;
        let owner = self.introduce(service, script, &email, member.name.clone()).await?;
        let account = (member.kana.clone(), format!("{:07}", 4_401_000 + number * 37));
        let (business, kind, trade) = (business.id, member.kind, member.trade.clone());
        self.players.push(Player { business, kind, trade, owner, account });
        Ok(())
    }

    /// Remembers an account, with a token, and who it is now.
    async fn introduce(&mut self, service: &Service, script: &Script, email: &str, what: String) -> Outcome<Viewer> {
        let viewer = service.viewer_by_email(email).await?;
        let scopes = service::SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        let token = service.create_api_token(&viewer, "demo", scopes, TOKEN_DAYS, None).await?;
        self.accounts.push(Account {
            email: email.to_owned(),
            name: viewer.person.name.clone(),
            password: script.password.clone(),
            label: what,
            token: Some(token),
        });
        Ok(viewer)
    }
}

pub fn script() -> Outcome<Script> {
    serde_json::from_str(SCRIPT).map_err(|error| Failure::fault(format!("demo.json: {error}")))
}

/// One empty page.
pub fn sample_pdf(mark: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n% {mark}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    .into_bytes()
}
