//! The values that templates may use.

use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::{Map, Value as Json, json};
use vocabulary::Locale;

/// Every name that a template may use, with values to try it on. What does not apply to a notice is null there:
/// templates ask `{% if deadline %}` first. A pair `{ja, en}` stands for its text in the reader's language.
///
/// | name | what |
/// |---|---|
/// | `today`, `deadline` | dates; the deadline is the last day of the state that the case is in now |
/// | `issuer`, `office.*` | who writes, whom to ask |
/// | `business.*`, `program.title`, `case.*` | whom and what it is about; `case.fiscal_year` is that of the award |
/// | `procedure` | the procedure beside the case that it is about |
/// | `amounts.*` | frozen amounts in yen |
/// | `dates.*` | the dates that were put down, `dates.decision.notice_date` |
/// | `input.*` | what was filled in with the action |
/// | `municipality`, `partner.name`, `partner.label` | who asks; the partner that is invited or acts |
/// | `marks` | fields to correct, each with `label` and `remark` |
/// | `url` | the case in the portal |
#[must_use]
pub fn sample_data() -> Json {
    json!({
        "today": "2026-05-22",
        "deadline": "2026-10-30",
        "issuer": { "ja": "日野市長", "en": "Mayor of Hino City" },
        "office": {
            "name": { "ja": "産業振興課", "en": "Industry Promotion Division" },
            "phone": "042-000-0101",
            "email": "sangyo@hino.example",
        },
        "business": {
            "name": "株式会社日野製作所",
            "address": "東京都日野市神明1-1-1",
            "representative": "代表取締役 日野 太郎",
        },
        "program": { "title": { "ja": "販路開拓支援事業補助金", "en": "Sales Channel Development Subsidy" } },
        "case": {
            "number": "2026-00012",
            "state": { "ja": "審査中", "en": "Under review" },
            "fiscal_year": { "ja": "令和8年度", "en": "FY2026" },
        },
        "procedure": { "ja": "変更承認申請", "en": "Change request" },
        "amounts": { "advance": 80_000, "refund": 20_000, "surcharge": 300, "arrears": 0, "request": 170_000, "award": 167_000, "finalized": 165_000 },
        "municipality": { "ja": "日野市", "en": "Hino City" },
        "partner": { "key": "bank", "label": { "ja": "取扱金融機関", "en": "Bank" }, "name": "見本銀行 日野支店" },
        "dates": {
            "submitted_on": "2026-05-11",
            "received_on": "2026-05-12",
            "decision.decided_on": "2026-05-22",
            "decision.notice_date": "2026-05-22",
            "reported_on": "2026-10-05",
            "inspected_on": "2026-10-09",
            "finalization.decided_on": "2026-10-16",
            "finalization.notice_date": "2026-10-16",
            "claimed_on": "2026-10-20",
            "paid_on": "2026-10-30",
            "refund_due_on": "2026-12-25",
            "returned_on": "2026-12-18",
        },
        "input": {
            "reason": "補助対象外の経費です。",
            "message": "見積書の内訳をご確認ください。",
            "conditions": "展示会の来場者数を報告すること。",
        },
        "marks": [{
            "label": { "ja": "補助対象経費", "en": "Eligible costs" },
            "remark": "税抜の金額を入力してください",
        }],
        "url": "https://hojokin.example/cases/2026-00012",
    })
}

/// Names that are always there, null when the data lacks them, so that a condition on them is no fault.
fn skeleton() -> Json {
    fn emptied(value: &Json) -> Json {
        match value {
            Json::Object(fields) if !is_bilingual(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.clone(), emptied(value))).collect())
            }
            Json::Array(_) => Json::Array(Vec::new()),
            _ => Json::Null,
        }
    }
    emptied(&sample_data())
}

/// The data as templates read it: complete, in one language, dotted names of dates as parts.
pub(crate) fn prepared(data: &Json, locale: Locale) -> Value {
    let mut complete = skeleton();
    merge(&mut complete, data);
    if let Some(dates) = complete.get_mut("dates").and_then(Json::as_object_mut) {
        *dates = nested(std::mem::take(dates));
    }
    value(&complete, locale)
}

fn merge(below: &mut Json, above: &Json) {
    match (below, above) {
        (Json::Object(below), Json::Object(above)) if !is_bilingual(above) => {
            for (name, value) in above {
                merge(below.entry(name.clone()).or_insert(Json::Null), value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

/// `{"decision.notice_date": x}` becomes `{"decision": {"notice_date": x}}`.
fn nested(flat: Map<String, Json>) -> Map<String, Json> {
    let mut whole = Map::new();
    for (name, value) in flat {
        match name.split_once('.') {
            Some((first, rest)) => {
                let inner = whole.entry(first.to_owned()).or_insert_with(|| Json::Object(Map::new()));
                if let Some(inner) = inner.as_object_mut() {
                    inner.insert(rest.to_owned(), value);
                }
            }
            None => {
                whole.insert(name, value);
            }
        }
    }
    whole
}

fn is_bilingual(fields: &Map<String, Json>) -> bool {
    fields.len() == 2 && ["ja", "en"].iter().all(|language| fields.get(*language).is_some_and(Json::is_string))
}

fn value(json: &Json, locale: Locale) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole),
            None => Value::from(number.to_string()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(|item| value(item, locale)).collect::<Vec<_>>()),
        Json::Object(fields) if is_bilingual(fields) => {
            let language = if locale == Locale::En { "en" } else { "ja" };
            value(fields.get(language).unwrap_or(&Json::Null), locale)
        }
        Json::Object(fields) => Value::from(
            fields.iter().map(|(name, field)| (name.clone(), value(field, locale))).collect::<BTreeMap<_, _>>(),
        ),
    }
}
