//! Apply, correct, grant, report, claim, pay: one case, its people, their pages.

use casework::scenario::moment;
use fantoccini::Locator;
use serde_json::{Map, Value, json};
use testkit::office::{SALES_CHANNEL, sample_pdf};
use testkit::{Life, TestDatabase, TestOffice};

use acceptance::site::Served;

use crate::chrome::{Chrome, DESK, PHONE, Setting, browse};
use crate::hands::Hands;

/// A journey under way.
struct Journey<'a> {
    chrome: &'a Chrome,
    office: &'a TestOffice,
    life: Life,
    hands: Hands,
    setting: Setting,
    files: tempfile::TempDir,
}

impl Journey<'_> {
    fn case(&self) -> String {
        format!("/applications/{}", self.life.application)
    }

    async fn sign_in(&self, who: &str) {
        let email = match who {
            "applicant" => self.life.party.owner.email.clone(),
            who => self.office.staff("hino", who).email.clone(),
        };
        self.chrome.sign_in(self.office, &email).await;
    }

    async fn look(&self) {
        if self.setting.scripts {
            self.chrome.is_accessible().await;
        }
    }

    /// From the page of the case through all pages of the action to the page of the case again.
    async fn take(&self, who: &str, action: &str, values: &Map<String, Value>) {
        let (chrome, hands) = (self.chrome, self.hands);
        self.sign_in(who).await;
        chrome.go(&self.case()).await;
        self.look().await;
        hands.press(chrome, &format!("a[href^='{}/act/{action}']", self.case())).await;
        loop {
            chrome.client.wait().for_element(Locator::Css("h1")).await.unwrap();
            self.look().await;
            if self.there("main button[value=perform]").await {
                break;
            }
            let before = chrome.here().await;
            if self.there("input[type=file]").await {
                self.attach().await;
                self.look().await;
            } else {
                hands.fill_in(chrome, values).await;
            }
            let on =
                if self.there("main button[value=next]").await { "main button[value=next]" } else { "p.row a.button" };
            hands.press(chrome, on).await;
            self.left(&before).await;
        }
        hands.fill_in(chrome, values).await;
        let before = chrome.here().await;
        hands.press(chrome, "main button[value=perform]").await;
        self.left(&before).await;
        chrome.client.wait().for_element(Locator::Css(".notice[role=status]")).await.unwrap();
        assert_eq!(chrome.here().await, self.case(), "{}", chrome.text().await);
        self.look().await;
        self.office.work_off().await;
    }

    async fn there(&self, css: &str) -> bool {
        self.chrome.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits until the page is another one, or says why it is not.
    async fn left(&self, before: &str) {
        for _ in 0..1_000 {
            if self.chrome.here().await != before {
                return;
            }
            assert!(!self.there("#summary").await, "{}", self.chrome.text().await);
        }
        panic!("still on {before}: {}", self.chrome.text().await);
    }

    /// A file into every slot. The dialog that chooses a file is the browser's own.
    async fn attach(&self) {
        let mut done = Vec::new();
        for number in 1.. {
            let inputs = self.chrome.client.find_all(Locator::Css("input[type=file]")).await.unwrap();
            let mut next = None;
            for input in inputs {
                let id = input.attr("id").await.unwrap().unwrap();
                if !done.contains(&id) {
                    next = Some((id, input));
                    break;
                }
            }
            let Some((id, input)) = next else { return };
            let name = format!("{id}-{number}.pdf");
            let path = self.files.path().join(&name);
            std::fs::write(&path, sample_pdf(&name)).unwrap();
            input.send_keys(path.to_str().unwrap()).await.unwrap();
            self.hands.press(self.chrome, &format!("form:has(#{id}) button")).await;
            self.chrome.says(&name).await;
            // The page chooses the first row of costs that no file proves yet.
            if !self.there(&format!("form:has(#{id}) input[name=row]:checked")).await {
                done.push(id);
            }
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("{value}") };
    map
}

async fn travel(setting: Setting, hands: Hands) {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let life = office.life(SALES_CHANNEL, 0).await;
    browse(&served, setting, async |chrome| {
        let files = tempfile::tempdir().unwrap();
        let mut journey = Journey { chrome, office: &office, life, hands, setting, files };
        while let Some(step) = journey.life.next() {
            if let Some(day) = step.on {
                office.advance_to(moment(day)).await;
            }
            let action = step.action.as_deref().unwrap_or_default();
            match step.by.as_str() {
                "clock" | "treasury" => {
                    office.step(&mut journey.life).await;
                    continue;
                }
                by => journey.take(by, action, &journey.life.values(step)).await,
            }
            if action == "receive" {
                let asked =
                    json!({ "message": "電話番号をご確認ください", "marks": { "contact_phone": "市外局番から" } });
                journey.take("clerk", "request_correction", &object(asked)).await;
                journey.take("applicant", "resubmit", &object(json!({ "contact_phone": "042-555-0199" }))).await;
            }
            journey.life.taken += 1;
        }
        journey.sign_in("applicant").await;
        chrome.go(&journey.case()).await;
        chrome.says("This case is closed").await;
        journey.look().await;
        let case = office.look(&journey.life.party.owner, journey.life.application).await.case;
        assert_eq!(case.body.forms["application"].values["contact_phone"], "042-555-0199");
    })
    .await;
}

#[tokio::test]
async fn on_a_phone() {
    travel(PHONE, Hands::Pointer).await;
}

#[tokio::test]
async fn without_scripts() {
    travel(Setting { scripts: false, ..PHONE }, Hands::Pointer).await;
}

#[tokio::test]
async fn by_keyboard_alone() {
    travel(DESK, Hands::Keyboard).await;
}

#[tokio::test]
async fn what_is_typed_without_a_connection_is_sent_when_there_is_one() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let life = office.life(SALES_CHANNEL, 0).await;
    browse(&served, PHONE, async |chrome| {
        chrome.sign_in(&office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        chrome.go(&path).await;
        let kept = async || {
            let now = office.look(&life.party.owner, life.application).await;
            let draft = office.service.draft_of(&life.party.owner, &now, "application").await.unwrap();
            draft.and_then(|draft| draft.values.get("contact_name").cloned())
        };
        chrome.connect(false).await;
        Hands::Pointer.fill(chrome, "v.contact_name", "日野 花子").await;
        chrome.says("The server cannot be reached").await;
        chrome.is_accessible().await;
        // Pressing the button leads nowhere, and the page stays.
        Hands::Pointer.press(chrome, "main button[value=next]").await;
        assert_eq!(chrome.here().await, path);
        assert_eq!(kept().await, None);
        chrome.connect(true).await;
        chrome.says("Saved at").await;
        assert_eq!(kept().await, Some(json!("日野 花子")));
    })
    .await;
}

#[tokio::test]
async fn what_is_typed_is_kept_by_itself() {
    let database = TestDatabase::sqlite();
    let office = TestOffice::of(&database, &["hino"]).await;
    let served = Served::on_this_machine(&office).await;
    let life = office.life(SALES_CHANNEL, 0).await;
    browse(&served, PHONE, async |chrome| {
        chrome.sign_in(&office, &life.party.owner.email).await;
        let path = format!("/applications/{}/act/submit", life.application);
        chrome.go(&path).await;
        Hands::Pointer.fill(chrome, "v.contact_name", "日野 花子").await;
        chrome.says("Saved at").await;
        // The tab is closed and opened again.
        chrome.go("/").await;
        chrome.go(&path).await;
        let kept = chrome.ask("return document.getElementsByName('v.contact_name')[0].value", Vec::new()).await;
        assert_eq!(kept, "日野 花子");

        // The award appears while the costs are typed, and nothing below it moves.
        chrome.go(&format!("{path}?page=3")).await;
        let place = "return document.querySelector('main button[value=next]').getBoundingClientRect().top + scrollY";
        let before = chrome.ask(place, Vec::new()).await;
        for (part, value) in [("category", "booth_fee"), ("what", "1小間"), ("net", "240,000"), ("tax", "24000")] {
            Hands::Pointer.fill(chrome, &format!("v.costs.0.{part}"), value).await;
        }
        chrome.says("120,000").await;
        chrome.says("How it is computed").await;
        assert_eq!(chrome.ask(place, Vec::new()).await, before);
        let sum = chrome.ask("return document.querySelector('[data-sum=net]').textContent", Vec::new()).await;
        assert_eq!(sum, "240,000");
        chrome.is_accessible().await;
    })
    .await;
}
