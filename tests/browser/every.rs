//! Every page of one program of several archetypes: each state that its scenarios reach, each action of everybody, each part of
//! each form. Pages that are built of nothing new are fetched and measured; axe-core looks at all others, in both languages,
//! light and dark, on a phone and on a desk.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use service::Viewer;
use testkit::{Life, TestDatabase, TestOffice};

use acceptance::site::Served;

use crate::chrome::{Chrome, DESK, PHONE, Setting, browse};

/// Of as many archetypes; where judges or partners go on, the state up to which a case gets there without them.
const PROGRAMS: [(&str, Option<&str>); 10] = [
    ("mizuho/human-resources", None),
    ("hino/new-field-pioneer", None),
    ("sumida/field-test", Some("judging")),
    ("arakawa/commerce-vitality", None),
    ("arakawa/merchant-visit", Some("assigned")),
    ("mizuho/loan-mediation", Some("submitted")),
    ("ome/dx-community", None),
    ("mizuho/interest-subsidy", None),
    ("itabashi/cashless-shops", None),
    ("mizuho/business-attraction", None),
];

const SETTINGS: [Setting; 2] = [Setting { language: "ja", dark: true, ..PHONE }, Setting { language: "en", ..DESK }];

/// Bytes of a page with its style and script.
const LARGEST: u64 = 50 * 1024;

/// What a page says of itself: its size, where its links to actions and to parts of a form lead, and of which elements it
/// is built: each with its class, the names of its attributes and what it stands in.
const LOOK: &str = "const [path, done] = arguments; (async () => {
  const bytes = async (path) => (await (await fetch(path)).arrayBuffer()).byteLength;
  const answer = await fetch(path); const html = await answer.text();
  const page = new DOMParser().parseFromString(html, 'text/html');
  const shape = (e) => `${e.localName}.${e.className}[${e.getAttributeNames().sort()}]${e.type ?? ''}`;
  const own = [...page.querySelectorAll('link[rel=stylesheet],script[src]')].map((e) => e.getAttribute('href') ?? e.getAttribute('src'));
  const sizes = await Promise.all(own.map(bytes));
  const links = [...page.querySelectorAll('a[href*=\"/act/\"]')].map((a) => a.getAttribute('href').split('#')[0]);
  const shapes = [...page.querySelectorAll('main *')].map((e) => `${shape(e.parentElement)}>${shape(e)}`);
  done({ status: answer.status, bytes: new TextEncoder().encode(html).length + sizes.reduce((a, b) => a + b, 0),
         links: [...new Set(links)], shapes: [...new Set(shapes)] });
})()";

struct Walk<'a> {
    chrome: &'a Chrome,
    /// Pages that the visitor of now has been on.
    been: BTreeSet<String>,
    seen: &'a mut BTreeSet<String>,
}

impl Walk<'_> {
    /// Looks at a page and, from a case, at all that it leads to.
    async fn visit(&mut self, path: &str) {
        let mut ahead = vec![path.to_owned()];
        while let Some(path) = ahead.pop() {
            if !self.been.insert(path.clone()) {
                continue;
            }
            let page = self.chrome.client.execute_async(LOOK, vec![json!(path)]).await.unwrap();
            assert!(matches!(page["status"].as_u64(), Some(200 | 404)), "{path}: {page}");
            assert!(page["bytes"].as_u64().unwrap() <= LARGEST || path.contains("/edit"), "{path}: {}", page["bytes"]);
            ahead.extend(strings(&page["links"]));
            let shapes = strings(&page["shapes"]);
            if shapes.iter().all(|shape| self.seen.contains(shape)) {
                continue;
            }
            self.seen.extend(shapes);
            for setting in SETTINGS {
                self.chrome.change(setting).await;
                self.chrome.go(&path).await;
                self.chrome.is_accessible().await;
            }
        }
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_page_of_several_archetypes() {
    let mut seen = BTreeSet::new();
    for (program, alone_until) in PROGRAMS {
        let (place, _) = program.split_once('/').unwrap();
        let database = TestDatabase::sqlite();
        let office = TestOffice::of(&database, &[place]).await;
        let served = Served::on_this_machine(&office).await;
        let lives = match alone_until {
            None => office.one_in_each_state(program).await,
            Some(state) => {
                let mut life = office.life(program, 0).await;
                office.live_until(&mut life, state).await;
                vec![life]
            }
        };
        browse(&served, DESK, async |chrome| {
            let mut walk = async |email: &str, paths: &[String]| {
                chrome.sign_in(&office, email).await;
                let mut walk = Walk { chrome, been: BTreeSet::new(), seen: &mut seen };
                for path in paths {
                    walk.visit(path).await;
                }
            };
            for life in &lives {
                let own = ["/applications", "/businesses", &format!("/programs/{program}")].map(str::to_owned);
                let case = [format!("/applications/{}", life.application)];
                walk(&life.party.owner.email, &[&case[..], &own].concat()).await;
            }
            for (who, viewer) in office.all_staff(place) {
                let mut paths = vec!["/".to_owned(), "/cases".to_owned(), "/budgets".to_owned()];
                paths.extend(match who {
                    "program_officer" => officer(program),
                    "finance_maker" | "finance_checker" => vec!["/finance".to_owned()],
                    "auditor" => ["/audit", "/audit/access", "/audit/check"].map(str::to_owned).into(),
                    "administrator" => ["/staff/people", "/staff/offices"].map(str::to_owned).into(),
                    _ => Vec::new(),
                });
                for life in &lives {
                    if who == "clerk" || may_act(&office, viewer, life).await {
                        paths.push(format!("/applications/{}", life.application));
                    }
                }
                walk(&viewer.email, &paths).await;
            }
        })
        .await;
    }
}

/// Whether something on the case waits for this person; what the others of the office see of it, the clerk sees too.
async fn may_act(office: &TestOffice, viewer: &Viewer, life: &Life) -> bool {
    let Some(case) = office.service.application(viewer, life.application).await.unwrap() else { return false };
    let offered = office.service.available_actions(viewer, std::slice::from_ref(&case)).await.unwrap();
    offered.iter().flatten().any(|action| action.permitted)
}

fn officer(program: &str) -> Vec<String> {
    let pages = [
        "",
        "/edit",
        "/edit/changes",
        "/edit/try",
        "/definition",
        "/diagram",
        "/scenarios",
        "/differences",
        "/texts",
        "/calls",
        "/migration",
        "/publish",
    ];
    let own = pages.iter().map(|page| format!("/staff/programs/{program}{page}"));
    own.chain(["/staff/programs".to_owned(), "/rankings".to_owned()]).collect()
}
