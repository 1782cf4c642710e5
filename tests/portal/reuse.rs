//! The next application of a business: with what it said in an earlier one, as far as that fits.

use acceptance::site::Served;
use reqwest::StatusCode;
use testkit::office::SALES_CHANNEL;
use testkit::{TestOffice, each_database};

use crate::browser::Browser;
use crate::filling::fill_in;

#[tokio::test]
async fn an_earlier_application_is_taken_over_as_far_as_it_fits() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let step = life.next().unwrap().clone();
        let values = life.values(&step);
        let earlier = office.live_until(&mut life, "submitted").await;
        let handed_in = &earlier.case.body.forms["application"];
        let (_, file) = handed_in.documents.iter().find(|(slot, _)| *slot != "pledge").unwrap();
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let apply = format!("/programs/{SALES_CHANNEL}/apply");
        let offered = browser.get(&format!("/programs/{SALES_CHANNEL}")).await;
        offered.says("Take over from an earlier application").says("pledges and consents are given anew each time");
        offered.says(&earlier.case.body.numbers["application"]);
        let form = offered.form(&apply);
        assert_eq!(form.get("earlier"), "", "nothing is taken over unasked");

        let form = form.set("earlier", &life.application.to_string());
        let told = browser.submit(&form).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text());
        told.says("Taken over from: ").says("Left out").says("I pledge that I have no links");
        let path = told.link("Continue");
        assert_ne!(path, format!("/applications/{}/act/submit", life.application));
        assert_eq!(browser.submit(&form).await.link("Continue"), path, "pressed twice, one draft");

        // Every answer is there, but not the pledge; the document has its receipt.
        let mut pages = String::new();
        let mut documents = None;
        for page in 1..=8 {
            let page = browser.get(&format!("{path}?page={page}")).await;
            pages.push_str(&page.html);
            if page.html.contains("type=\"file\"") {
                documents = Some(page.clone());
            }
            let forms = page.forms();
            for (name, value) in forms.iter().flat_map(|form| &form.fields) {
                let Some(field) = name.strip_prefix("v.") else { continue };
                if field == "pledge" {
                    panic!("the pledge was taken over");
                }
                if let Some(text) = values.get(field).and_then(|value| value.as_str()).filter(|_| field != "start_on") {
                    assert!(value == text || value.is_empty(), "{field}: {value}");
                }
            }
        }
        assert!(pages.contains(values["contact_name"].as_str().unwrap()), "{}", values["contact_name"]);
        let documents = documents.unwrap();
        documents.says(&file[0].name).says(&file[0].sha256).says("received");
        let link = documents.link(&file[0].name);
        assert_ne!(link, format!("/files/{}", file[0].file), "a row of its own");
        assert_eq!(browser.get(&link).await.status, StatusCode::OK);
        // What is still asked is filled in, and it goes on as any other.
        let confirm = fill_in(&browser, &path, &values).await;
        browser.submit(&confirm.form(&path).set("step", "perform")).await.says("Submitted");
        // The earlier one is as it was.
        let after = office.look(&life.party.owner, life.application).await;
        assert_eq!(after.case.body.forms["application"], *handed_in);
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_over_what_another_business_said() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let (life, mut other) = (office.life(SALES_CHANNEL, 0).await, office.life(SALES_CHANNEL, 0).await);
        office.live_until(&mut other, "submitted").await;
        let browser = Browser::signed_in(&served, &office, &life.party.owner.email).await;
        let page = browser.get(&format!("/programs/{SALES_CHANNEL}")).await;
        page.silent("Take over from an earlier application");
        let form =
            page.form(&format!("/programs/{SALES_CHANNEL}/apply")).set("earlier", &other.application.to_string());
        let page = browser.submit(&form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.says("Nothing can be taken over from it");
    })
    .await;
}
