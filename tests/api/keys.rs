//! A command that is sent twice with one key has one effect; with another input the key is refused.

use serde_json::{Value, json};
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use crate::client::{Answer, Api};

struct Command<'a> {
    token: &'a str,
    name: &'static str,
    /// What is asked of the payload.
    selection: &'static str,
    input: Value,
    /// A field, and another value of it.
    other: (&'static str, Value),
}

impl Command<'_> {
    async fn send(&self, api: &Api, input: &Value) -> Answer {
        let kind = format!("{}{}Input", self.name[..1].to_uppercase(), &self.name[1..]);
        let query = format!("mutation($i: {kind}!) {{ {}(input: $i) {{ {} }} }}", self.name, self.selection);
        api.graphql(Some(self.token), &query, json!({ "i": input })).await
    }
}

#[tokio::test]
async fn a_command_sent_twice_has_one_effect() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.ordered().await;
        office.work_off().await;
        office.mail.take();
        let all = ["read", "apply", "act", "pay"];
        let owner = office.token(&life.party.owner, &all).await;
        let administrator = office.token(office.staff("hino", "administrator"), &all).await;
        let maker = office.token(office.staff("hino", "finance_maker"), &all).await;
        let commands = [
            Command {
                token: &owner,
                name: "registerBusiness",
                selection: "business { id name } refusals { code }",
                input: json!({
                    "name": "株式会社二度", "nameKana": "カブシキガイシャニド", "address": "日野市", "representative": "二度 花子",
                    "kind": "COMPANY", "size": "SME", "establishedHereOn": "2015-04-01", "idempotencyKey": "register",
                }),
                other: ("name", json!("株式会社三度")),
            },
            Command {
                token: &owner,
                name: "inviteMember",
                selection: "done refusals { code }",
                input: json!({
                    "businessId": life.party.business, "email": "invited@example.jp", "role": "MEMBER",
                    "idempotencyKey": "invite",
                }),
                other: ("email", json!("another@example.jp")),
            },
            Command {
                token: &administrator,
                name: "inviteStaff",
                selection: "done refusals { code }",
                input: json!({
                    "municipality": "hino", "email": "colleague@example.jp", "roles": ["CLERK"], "idempotencyKey": "staff",
                }),
                other: ("roles", json!(["REVIEWER"])),
            },
            Command {
                token: &maker,
                name: "createPaymentBatch",
                selection: "batch { id count } refusals { code }",
                input: json!({ "municipality": "hino", "transferDate": "2026-10-27", "idempotencyKey": "batch" }),
                other: ("transferDate", json!("2026-10-28")),
            },
        ];
        for command in &commands {
            let first = command.send(&api, &command.input).await;
            let second = command.send(&api, &command.input).await;
            assert_eq!(first.data(), second.data(), "{}", command.name);
            let refusals = &first.data()[command.name]["refusals"];
            assert_eq!(*refusals, json!([]), "{}", command.name);
            let mut other = command.input.clone();
            other[command.other.0] = command.other.1.clone();
            assert_eq!(command.send(&api, &other).await.codes(), ["IDEMPOTENCY_CONFLICT"], "{}", command.name);
        }
        assert_eq!(office.viewer(&life.party.owner.email).await.person.memberships.len(), 2);
        let batches = office.service.payment_batches(office.staff("hino", "finance_maker"), 10, None).await.unwrap();
        assert_eq!(batches.items.len(), 1);
        office.work_off().await;
        let mut invited: Vec<String> = office.mail.take().into_iter().map(|mail| mail.to).collect();
        invited.sort();
        assert_eq!(invited, ["colleague@example.jp", "invited@example.jp"]);

        // A draft is started once.
        let business = office.viewer(&life.party.owner.email).await.person.memberships;
        let start = Command {
            token: &owner,
            name: "startApplication",
            selection: "application { id } refusals { code }",
            input: json!({ "program": SALES_CHANNEL, "business": business[1], "idempotencyKey": "start" }),
            other: ("business", json!(business[0])),
        };
        let first = start.send(&api, &start.input).await.data();
        assert_eq!(first, start.send(&api, &start.input).await.data());
        assert!(first["startApplication"]["application"]["id"].is_string());
        let mut other = start.input.clone();
        other[start.other.0] = start.other.1.clone();
        assert_eq!(start.send(&api, &other).await.codes(), ["IDEMPOTENCY_CONFLICT"]);
    })
    .await;
}
